import type { SectionKind } from '../model/plan.js';
import { endOfMatch, hash, isGap, isLetterAt, skipGaps } from '../text/characters.js';
import { inlineComments, withoutComments } from '../text/inline-comments.js';
import type { InlineComment } from '../text/inline-comments.js';
import { readName } from './task-names.js';

/** One heading, understood. Offsets count from the start of the line. */
export interface Heading {
  readonly level: number;
  /** Without `#`, marker, comments and checkpoint. */
  readonly title: string;
  readonly kind: SectionKind | 'task';
  /** Phase number as written. */
  readonly number: string | undefined;
  readonly cycle: number | undefined;
  readonly marker: { readonly text: string; readonly start: number } | undefined;
  /** Where the words begin, behind `#` and marker. */
  readonly textStart: number;
  readonly checkpoint: { readonly value: string; readonly start: number; readonly end: number } | undefined;
  readonly comments: readonly InlineComment[];
}

const headingMarker = /^[ \t]*\[([^[\]]\ufe0f?)\](?=[ \t])/u;
const checkpointSuffix = /\[checkpoint([^[\]]{0,120})\]/i;
const reports =
  /^(?:technical review|cto review|(?:phase [\w.-]+ )?(?:[\w'’-]+ )?(?:evaluation|completion|review|verification|critique) report)\b/i;
const phaseWord = /(?:phase|fase|fáze|faza|фаза|阶段|階段|フェーズ|단계)/iy;
const phaseNumber =
  /(?:\d{1,9}(?:\.\d{1,9}){0,8}[A-Za-z]?(?:[-–]\d{1,9})?(?![\p{L}\d])|[IVXLC]{1,6}(?=$|[ \t]*[:–—-])|[A-Z](?=$|[ \t]*[:–—-]))/uy;
// The last one is a dash that was stored in UTF-8 and read in Windows-1252.
const phaseBreak = /[ \t]*(?::|：|\.(?=[ \t])|(?:[-–—]|â€[”“])(?=[ \t]))[ \t]*/y;
const numberedPhase = /^第[ \t]*([\d一二三四五六七八九十]{1,6})[ \t]*(?:阶段|階段)[ \t]*(?:[:：–—-][ \t]*)?/;

/**
 * Reads a heading line. Total: a heading of no known form has the kind `other`. `underline` tells a heading without `#` and its level,
 * see `ScannedLine.underline`.
 */
export function readHeading(line: string, underline = 0): Heading {
  const hashes = underline === 0 ? countHashes(line) : 0;
  const level = hashes > 0 ? hashes : underline < 0 ? 2 : 1;
  const comments = inlineComments(line);
  const shown = comments.length === 0 ? line : withoutComments(line, comments);
  const opening = hashes === 0 ? 0 : line.indexOf('#') + hashes;
  const bracketed = shown.includes('[');
  const marker = bracketed ? headingMarker.exec(shown.slice(opening, opening + 300)) : null;
  const textStart = skipGaps(shown, opening + (marker?.[0].length ?? 0));
  const found = bracketed ? checkpointSuffix.exec(shown) : null;
  const heading: Mutable<Heading> = {
    kind: 'other',
    title: titleOf(shown, textStart, found),
    level,
    number: undefined,
    cycle: undefined,
    marker: marker === null ? undefined : markerPart(marker, opening),
    checkpoint: found === null ? undefined : checkpointPart(found),
    comments,
    textStart,
  };
  understand(heading);
  return heading;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function countHashes(line: string): number {
  const start = line.indexOf('#');
  if (start === -1) return 0;
  let end = start;
  while (line.charCodeAt(end) === hash) end += 1;
  return end - start;
}

function titleOf(shown: string, from: number, checkpoint: RegExpExecArray | null): string {
  const text =
    checkpoint === null || checkpoint.index < from
      ? shown.slice(from)
      : shown.slice(from, checkpoint.index) + shown.slice(checkpoint.index + checkpoint[0].length);
  const trimmed = text.trim();
  if (trimmed.charCodeAt(trimmed.length - 1) !== hash) return trimmed;
  let end = trimmed.length;
  while (end > 0 && trimmed.charCodeAt(end - 1) === hash) end -= 1;
  // A closing run of # needs a space before it: `C#` is a word.
  return end > 0 && !isGap(trimmed.charCodeAt(end - 1)) ? trimmed : trimmed.slice(0, end).trim();
}

function markerPart(marker: RegExpExecArray, opening: number): Heading['marker'] {
  const text = marker[1] ?? '';
  return { text, start: opening + marker[0].length - 1 - text.length };
}

function checkpointPart(found: RegExpExecArray): Heading['checkpoint'] {
  const value = (found[1] ?? '').replace(/^:/, '').trim();
  const inner = found.index + '[checkpoint'.length;
  const close = found.index + found[0].length - 1;
  return { value, start: inner, end: close };
}

const asciiWord = /^[A-Za-z0-9]/;
/** First letters of the words for a phase that are written in ASCII. */
const beginsPhase = /^[pf]|^[^\0-\x7f]/i;

/** Says what a heading is. The first letter and a word or two tell most headings to be nothing that the codec knows. */
function understand(heading: Mutable<Heading>): void {
  const { level, title } = heading;
  const plain = asciiWord.test(title) ? title : title.replace(/^[^\p{L}\p{N}[(`]{0,20}/u, '');
  if (/^fix phase\b/i.test(plain)) {
    heading.kind = 'fix';
    const cycle = /cycle[ \t]+(\d{1,6})/i.exec(title)?.[1];
    if (cycle !== undefined) heading.cycle = Number(cycle);
  } else if (/re(?:port|view)/i.test(plain) && reports.test(plain)) heading.kind = 'report';
  else if (level > 3 || !beginsPhase.test(plain) || !readPhase(heading, plain)) {
    const isTask = level >= 2 && level <= 5 && readName(title).prefixed;
    heading.kind = isTask ? 'task' : sectionKind(plain);
  }
}

function sectionKind(title: string): SectionKind {
  if (/^context$/i.test(title)) return 'context';
  if (/^(?:dependency graph|task dependency graph|dag)\b/i.test(title)) return 'dag';
  if (/^discovered work\b/i.test(title)) return 'discovered';
  return 'other';
}

function readPhase(heading: Mutable<Heading>, title: string): boolean {
  const unwrapped = title.endsWith('**') || title.endsWith('__') ? title.slice(0, -2) : title;
  const numbered = unwrapped.charCodeAt(0) < 128 ? null : numberedPhase.exec(unwrapped);
  if (numbered !== null) return isPhase(heading, unwrapped, numbered[1], unwrapped.slice(numbered[0].length));
  const wordEnd = endOfMatch(phaseWord, unwrapped, 0);
  if (wordEnd === 0 || isLetterAt(unwrapped, wordEnd)) return false;
  const start = skipGaps(unwrapped, wordEnd);
  const end = endOfMatch(phaseNumber, unwrapped, start);
  const behind = endOfMatch(phaseBreak, unwrapped, end);
  const separated = behind > end;
  const number = end === start ? undefined : unwrapped.slice(start, end);
  if (number === undefined && !separated) return false;
  const name = unwrapped.slice(behind).trim();
  // `# Phase 3 Frontend Migration` is the title of a document.
  if (!separated && heading.level === 1 && name !== '') return false;
  return isPhase(heading, unwrapped, number, name);
}

function isPhase(heading: Mutable<Heading>, whole: string, number: string | undefined, name: string): true {
  const title = name.trim();
  heading.kind = 'phase';
  heading.title = title === '' ? whole : title;
  heading.number = number;
  return true;
}
