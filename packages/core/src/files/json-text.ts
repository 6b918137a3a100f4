import { ConductorError } from '../kernel/error.js';
import type { Json } from '../ports/values.js';

/** A JSON value with its place in the text. */
export type JsonNode = ObjectNode | ArrayNode | ScalarNode;
interface Place {
  readonly start: number;
  readonly end: number;
}
export interface ObjectNode extends Place {
  readonly kind: 'object';
  /** In the order of the text, duplicates included; the last of one key counts, as in `JSON.parse`. */
  readonly members: readonly { readonly key: string; readonly start: number; readonly value: JsonNode }[];
}
export interface ArrayNode extends Place {
  readonly kind: 'array';
  readonly items: readonly JsonNode[];
}
export interface ScalarNode extends Place {
  readonly kind: 'scalar';
  readonly value: null | boolean | number | string;
}

/** What is odd about a text that is JSON all the same. */
export interface JsonOddity {
  readonly kind: 'duplicate' | 'prototype';
  /** Keys and indexes from the root, joined by dots. */
  readonly path: string;
}

/** A text read as JSON, with places and oddities. */
export interface JsonText {
  readonly node: JsonNode;
  readonly oddities: readonly JsonOddity[];
}

const maxDepth = 64;
/** Characters, so that no text of 16 MiB is refused. */
const maxLength = 16 * 1024 * 1024;
const maxOddities = 100;

const space = /[ \t\n\r]*/y;
const quote = 0x22;
const backslash = 0x5c;
const bare = /-?[0-9][0-9+\-.eE]*|true|false|null/y;

/**
 * Reads a JSON text with the place of every value, so that an edit can leave the rest of the text alone. Linear. Throws
 * TOO_LARGE above 16 Mi characters, VALIDATION_FAILED with `details.offset` for what is no JSON, and below 64 levels.
 */
export function readJsonText(text: string): JsonText {
  if (text.length > maxLength) {
    throw new ConductorError('TOO_LARGE', `The JSON text is longer than ${maxLength} characters`, {
      details: { maxBytes: maxLength },
    });
  }
  const reader = new Reader(text);
  const node = reader.value([]);
  reader.end();
  return { node, oddities: reader.oddities };
}

/** Keeps the position; one reader reads one text once. */
class Reader {
  readonly oddities: JsonOddity[] = [];
  readonly #text: string;
  #at: number;

  constructor(text: string) {
    this.#text = text;
    this.#at = text.startsWith('\ufeff') ? 1 : 0;
  }

  value(path: readonly (string | number)[]): JsonNode {
    this.#take(space);
    const char = this.#text[this.#at];
    if (char !== '{' && char !== '[') return this.#scalar();
    if (path.length >= maxDepth) this.#refuse(`nested deeper than ${maxDepth} levels`);
    return char === '{' ? this.#object(path) : this.#array(path);
  }

  end(): void {
    this.#take(space);
    if (this.#at < this.#text.length) this.#refuse('more after its end');
  }

  #object(path: readonly (string | number)[]): ObjectNode {
    const start = this.#at;
    const members: ObjectNode['members'][number][] = [];
    const seen = new Set<string>();
    this.#at += 1;
    for (let more = !this.#skip('}'); more; more = this.#separator('}')) {
      this.#take(space);
      const from = this.#at;
      const key = this.#string();
      if (!this.#skip(':')) this.#refuse('a key without a colon');
      if (seen.has(key)) this.#odd('duplicate', [...path, key]);
      if (key === '__proto__') this.#odd('prototype', [...path, key]);
      seen.add(key);
      members.push({ key, start: from, value: this.value([...path, key]) });
    }
    return { kind: 'object', start, end: this.#at, members };
  }

  #array(path: readonly (string | number)[]): ArrayNode {
    const start = this.#at;
    const items: JsonNode[] = [];
    this.#at += 1;
    for (let more = !this.#skip(']'); more; more = this.#separator(']'))
      items.push(this.value([...path, items.length]));
    return { kind: 'array', start, end: this.#at, items };
  }

  #scalar(): ScalarNode {
    const start = this.#at;
    if (this.#text[start] === '"') return { kind: 'scalar', start, value: this.#string(), end: this.#at };
    const raw = this.#take(bare);
    if (raw === '') this.#refuse('no value');
    return { kind: 'scalar', start, end: this.#at, value: this.#parsed(raw) as ScalarNode['value'] };
  }

  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') this.#refuse('no string');
    let end = start + 1;
    for (let char = this.#text.charCodeAt(end); char !== quote; char = this.#text.charCodeAt(end)) {
      if (Number.isNaN(char)) this.#refuse('a string without an end');
      end += char === backslash ? 2 : 1;
    }
    this.#at = end + 1;
    return this.#parsed(this.#text.slice(start, this.#at)) as string;
  }

  /** Escapes and numbers are left to the platform; the patterns only find where they end. */
  #parsed(raw: string): unknown {
    try {
      return JSON.parse(raw);
    } catch {
      return this.#refuse(`no value: ${raw.slice(0, 40)}`);
    }
  }

  #separator(close: string): boolean {
    if (this.#skip(',')) return true;
    if (this.#skip(close)) return false;
    return this.#refuse(`neither "," nor "${close}"`);
  }

  #skip(char: string): boolean {
    this.#take(space);
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #odd(kind: JsonOddity['kind'], path: readonly (string | number)[]): void {
    if (this.oddities.length < maxOddities) this.oddities.push({ kind, path: path.join('.') });
  }

  #refuse(what: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    throw new ConductorError('VALIDATION_FAILED', `Line ${line} is no JSON: ${what}`, {
      details: { offset: this.#at, line },
    });
  }
}

/** The value of a node as `JSON.parse` would give it, but without any key `__proto__`. */
export function valueOf(node: JsonNode): Json {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'array') return node.items.map(valueOf);
  return Object.fromEntries(
    node.members.flatMap(({ key, value }) => (key === '__proto__' ? [] : [[key, valueOf(value)] as const])),
  );
}
