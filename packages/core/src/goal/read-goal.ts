import { ConductorError } from '../kernel/error.js';
import { complexityOf, technicalWordsIn } from './complexity.js';
import type { Complexity } from './complexity.js';
import { intentOf, intentOfWord, offeredIntents } from './intent.js';
import type { Intent } from './intent.js';
import { keywordsOf } from './words.js';

/** A goal as it was understood. */
export interface GoalReading {
  /** The goal's words, without control characters. */
  readonly text: string;
  /** What a track for it is called: at most 80 characters of its first sentence. */
  readonly title: string;
  readonly intent: Intent;
  readonly complexity: Complexity;
  /** Technical words that it names; empty: not technical. */
  readonly technical: readonly string[];
  readonly keywords: ReadonlySet<string>;
  /** Paths that it names. */
  readonly paths: readonly string[];
  /** What it lists, one by one; empty for prose. */
  readonly items: readonly string[];
  /** Why nobody can say what is meant; absent for a clear goal. */
  readonly unclear?: Unclear;
}

/** `subject`: it says what to do, not to what. `intents`: it leaves the choice between these. */
export type Unclear = { readonly kind: 'subject' } | { readonly kind: 'intents'; readonly intents: readonly Intent[] };

const titleCharacters = 80;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const escapes = /\u001b(?:\[[0-9;?]{0,32}[ -/]?[@-~]|[()][A-B0-2]|[=>78cDEHM])?/gu;
// Half surrogate pairs, marks that turn the reading direction, and letters that nobody sees.
// eslint-disable-next-line no-control-regex -- the same
const unseen =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\p{Cs}\u{e0000}-\u{e007f}]/gu;

/**
 * Reads a goal in somebody's words: intent, complexity, what it is about, and whether it is clear. Pure and linear. Throws
 * `TOO_LARGE` above `maxBytes`, and `VALIDATION_FAILED` for a text without a word in it.
 */
export function readGoal(given: string, { maxBytes }: { readonly maxBytes: number }): GoalReading {
  if (given.length > maxBytes || new TextEncoder().encode(given).length > maxBytes) {
    throw new ConductorError('TOO_LARGE', `A goal is a sentence or two: this one is longer than ${maxBytes} bytes`, {
      hint: 'Put a long text into a file: conductor new "<name>" --spec <file>',
      details: { maxBytes },
    });
  }
  const text = cleanText(given);
  if (!/[\p{L}\p{N}]/u.test(text)) {
    throw new ConductorError('VALIDATION_FAILED', 'A goal needs words, and this one has none', {
      hint: 'Say in one sentence what shall be true afterwards.',
    });
  }
  const items = itemsOf(text);
  const unclear = unclearIn(text);
  return {
    text,
    title: titleOf(text),
    intent: intentOf(text),
    complexity: complexityOf({ text, tasks: items.length }),
    technical: technicalWordsIn(text),
    keywords: keywordsOf(text),
    paths: pathsIn(text),
    items,
    ...(unclear && { unclear }),
  };
}

/** No goal of its own: nothing, or the word `continue` (as the published command takes it). */
export function isNoGoal(given: string | undefined): boolean {
  return given === undefined || (/^\s*(?:continue)?\s*$/iu.test(given.slice(0, 1000)) && given.length <= 1000);
}

function cleanText(text: string): string {
  return text
    .replaceAll(/\r\n?|[\u2028\u2029\u0085]/gu, '\n')
    .replaceAll(escapes, '')
    .replaceAll(unseen, '')
    .trim();
}

function unclearIn(text: string): Unclear | undefined {
  const offered = offeredIntents(text);
  if (offered.length > 1) return { kind: 'intents', intents: offered };
  const subject = [...keywordsOf(text)].some((keyword) => intentOfWord(keyword) === undefined);
  return subject ? undefined : { kind: 'subject' };
}

/** The first sentence of the first line that says anything, without its bullet. A point before a small letter ends none: `e.g. this`. */
function titleOf(text: string): string {
  const lines = text.split('\n');
  const line = lines.find((each) => /[\p{L}\p{N}]/u.test(each)) ?? '';
  const words = line.slice(0, 1000).replace(/^\s*(?:(?:[-*+>]|#{1,6}|\d{1,3}[.)])\s+(?=\S))+/u, '');
  const [sentence = words] = words.split(/(?<=\S)[.!?。！？](?=\s+[^\s\p{Ll}]|\s*$)/u, 1);
  const plain = sentence
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .replace(/(?<=\S)[:;,]$/u, '');
  const letters = [...plain];
  if (letters.length <= titleCharacters) return plain;
  const cut = letters.slice(0, titleCharacters - 1).join('');
  const space = cut.lastIndexOf(' ');
  return `${space > titleCharacters / 2 ? cut.slice(0, space) : cut}…`;
}

/** Bullets and numbered lines, when there are two of them; one alone is a way to write a sentence. */
function itemsOf(text: string): readonly string[] {
  const items = text.split('\n').flatMap((line) => /^\s{0,12}(?:[-*+]|\d{1,3}[.)])\s+(\S.*)$/u.exec(line)?.[1] ?? []);
  return items.length > 1 ? items : [];
}

/** `src/export.ts`, `docs/`, `README.md`; no addresses of the web and no numbers. */
function pathsIn(text: string): readonly string[] {
  const words = text.split(/\s+/u).map(unquoted);
  const paths = words.filter((word) => !word.includes('://') && (/[^/]\/[^/]/u.test(word) || isFileName(word)));
  return [...new Set(paths.map((path) => path.replace(/^\.\//u, '').replace(/\/$/u, '')))];
}

const around = new Set('()[]<>"\'`,;:!?.');

/** A word without the marks around it, but with the dots that a path may begin with. A pattern would be quadratic here. */
function unquoted(word: string): string {
  let start = 0;
  let end = word.length;
  while (end > start && around.has(word.charAt(end - 1))) end -= 1;
  while (start < end && word.charAt(start) !== '.' && around.has(word.charAt(start))) start += 1;
  return word.slice(start, end);
}

function isFileName(word: string): boolean {
  return word.length <= 128 && /^[\p{L}\p{N}_.-]*[\p{L}_-][\p{L}\p{N}_-]*\.[a-z][a-z0-9]{0,4}$/u.test(word);
}
