import { ConductorError } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { checkTopic } from '../topics.js';

/** What a segment of a topic may hold to be a token of a subject as it stands; all else would mean something to NATS. */
const plain = /^[A-Za-z0-9_-]+$/u;
const loneSurrogate = /\p{Surrogate}/u;
const prefixShape = /^[A-Za-z0-9_-]{1,64}$/u;
/**
 * A subject has to fit into one line of the protocol, 4 KiB. As long as the hash that stands for what is longer: the worst
 * topic of 512 letters, segments of three with nine each, takes 3,584.
 */
const maxEscaped = 34;
const maxId = 200;
const maxRemembered = 1_000;
/** A plain token is kept up to this length: consumers are named after queues. */
const maxPlain = 128;

/** Names on the server of one bus: all below its prefix, so that several buses share a server. */
export interface NatsNames {
  /** Streams: messages of topics, items of queues, items that were given up. */
  readonly topics: string;
  readonly work: string;
  readonly dead: string;
  /** What each stream takes in. */
  readonly subjectsOf: { readonly topics: string; readonly work: readonly string[]; readonly dead: string };
  ofTopic(topic: string): string;
  /** The subjects that hold every topic of a pattern, and for long or odd segments perhaps more: look at the topic again. */
  ofPattern(pattern: string): string;
  /** Items that can be taken, items that are not due yet, items that were given up. */
  ofQueue(queue: string): {
    readonly ready: string;
    readonly later: string;
    readonly dead: string;
    readonly name: string;
  };
}

/** Throws CONFIG_INVALID for a prefix that is no plain word of at most 64 letters. */
export function natsNames(prefix: string): NatsNames {
  if (!prefixShape.test(prefix))
    throw new ConductorError('CONFIG_INVALID', `${JSON.stringify(prefix.slice(0, 80))} cannot be the prefix of a bus`, {
      hint: 'Use 1 to 64 letters, digits, - and _.',
    });
  return Object.freeze<NatsNames>({
    topics: `${prefix}_topics`,
    work: `${prefix}_work`,
    dead: `${prefix}_dead`,
    subjectsOf: { topics: `${prefix}.t.>`, work: [`${prefix}.q.>`, `${prefix}.w.>`], dead: `${prefix}.x.>` },
    ofTopic: remembering((topic) => `${prefix}.t.${tokensOf(topic)}`),
    ofPattern: (pattern) => `${prefix}.t.${tokensOf(pattern)}`,
    ofQueue(queue) {
      // One token for the whole name: a consumer of a queue is named after it, and names have no dots.
      const name = encodeToken(checkTopic(queue).join('/'), 2 * maxEscaped);
      return { ready: `${prefix}.q.${name}`, later: `${prefix}.w.${name}`, dead: `${prefix}.x.${name}`, name };
    },
  });
}

function tokensOf(topic: string): string {
  return topic
    .split('/')
    .map((segment) => (segment === '*' ? '*' : segment === '**' ? '>' : encodeToken(segment, maxEscaped)))
    .join('.');
}

/**
 * Any text as one token of letters, digits, `-`, `_` and `=`; no two texts have one token. Other bytes of its UTF-8 are
 * `=XX`, a lone surrogate, which has no UTF-8, is `=uXXXX`; what would be longer than `maxLength` then is `=h` and 128 bits
 * of its SHA-256.
 */
export function encodeToken(text: string, maxLength: number): string {
  if (plain.test(text) && text.length <= Math.max(maxPlain, maxLength)) return text;
  return escaped(text, { maxLength, odd: /[^A-Za-z0-9_-]/gu });
}

/** Any text as a value of a header, of visible ASCII; no two texts have one value. As {@link encodeToken}, for at most 200 letters. */
export function encodeId(text: string): string {
  return escaped(text, { maxLength: maxId, odd: /[^!-<>-~]/gu });
}

function escaped(text: string, { maxLength, odd }: { readonly maxLength: number; readonly odd: RegExp }): string {
  const token = text.length > maxLength ? undefined : text.replace(odd, escapedLetter);
  if (token !== undefined && token.length <= maxLength) return token;
  // JSON writes a lone surrogate as its number, where UTF-8 would make all of them one letter.
  return `=h${sha256Hex(JSON.stringify(text)).slice(0, 32)}`;
}

function escapedLetter(letter: string): string {
  const code = letter.charCodeAt(0);
  if (code < 0x80) return `=${hex(code)}`;
  if (loneSurrogate.test(letter)) return `=u${hex(code)}`;
  return Array.from(new TextEncoder().encode(letter), (byte) => `=${hex(byte)}`).join('');
}

function hex(n: number): string {
  return n.toString(16).toUpperCase().padStart(2, '0');
}

/** Remembers the newest results: hosts publish much on few topics. */
function remembering(work: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let result = known.get(text);
    if (result !== undefined) return result;
    result = work(text);
    if (known.size >= maxRemembered) known.clear();
    known.set(text, result);
    return result;
  };
}
