import type { SectionKind } from './plan.js';
import { readName, withoutComments, inlineComments } from './task-line.js';
import type { InlineComment, TaskName } from './task-line.js';

/** One heading, understood. Offsets count from the start of the line. */
export interface Heading {
  readonly level: number;
  /** Without `#`, marker, comments and checkpoint. */
  readonly title: string;
  readonly kind: SectionKind | 'task';
  /** Phase number as written. */
  readonly number?: string;
  readonly cycle?: number;
  readonly marker?: { readonly text: string; readonly start: number };
  /** Where the words begin, behind `#` and marker. */
  readonly textStart: number;
  readonly checkpoint?: { readonly value: string; readonly start: number; readonly end: number };
  readonly comments: readonly InlineComment[];
  /** The line with comments blanked out. */
  readonly shown: string;
  readonly name?: TaskName;
}

const checkpointSuffix = /\[checkpoint([^[\]]{0,120})\]/i;
const reports =
  /^(?:technical review|cto review|(?:phase [\w.-]+ )?(?:[\w'’-]+ )?(?:evaluation|completion|review|verification|critique) report)\b/i;
const phaseWord = /^(?:phase|fase|fáze|faza|фаза|阶段|階段|フェーズ|단계)(?![\p{L}\p{M}])[ \t]*/iu;
const phaseNumber =
  /^(?:\d{1,9}(?:\.\d{1,9}){0,8}[A-Za-z]?(?:[-–]\d{1,9})?(?![\p{L}\d])|[IVXLC]{1,6}(?=$|[ \t]*[:–—-])|[A-Z](?=$|[ \t]*[:–—-]))/u;
// The last one is a dash that was stored in UTF-8 and read in Windows-1252.
const phaseBreak = /^[ \t]*(?::|：|\.(?=[ \t])|(?:[-–—]|â€[”“])(?=[ \t]))[ \t]*/;
const numberedPhase = /^第[ \t]*([\d一二三四五六七八九十]{1,6})[ \t]*(?:阶段|階段)[ \t]*(?:[:：–—-][ \t]*)?/;

/**
 * Reads a heading line. Total: a heading of no known form has the kind `other`. `underline` tells a heading without `#` and its level,
 * see `ScannedLine.underline`.
 */
export function readHeading(line: string, underline = 0): Heading {
  const hashes = underline === 0 ? /#+/.exec(line.slice(0, 16))?.[0].length : undefined;
  const level = hashes ?? (underline < 0 ? 2 : 1);
  const comments = inlineComments(line);
  const shown = withoutComments(line, comments);
  const opening = hashes === undefined ? 0 : line.indexOf('#') + hashes;
  const marker = /^[ \t]*\[([^[\]]\ufe0f?)\](?=[ \t])/u.exec(shown.slice(opening, opening + 300));
  const textStart = skipGaps(shown, opening + (marker?.[0].length ?? 0));
  const found = shown.includes('[') ? checkpointSuffix.exec(shown) : null;
  const title = titleOf(shown, textStart, found);
  const common = { level, comments, shown, textStart, ...markerPart(marker, opening), ...checkpointPart(found) };
  return { ...common, ...understand(level, title) };
}

function titleOf(shown: string, from: number, checkpoint: RegExpExecArray | null): string {
  const text =
    checkpoint === null || checkpoint.index < from
      ? shown.slice(from)
      : shown.slice(from, checkpoint.index) + shown.slice(checkpoint.index + checkpoint[0].length);
  const trimmed = text.trim();
  let end = trimmed.length;
  while (end > 0 && trimmed[end - 1] === '#') end -= 1;
  // A closing run of # needs a space before it: `C#` is a word.
  return end > 0 && end < trimmed.length && !/[ \t]/.test(trimmed[end - 1] ?? '')
    ? trimmed
    : trimmed.slice(0, end).trim();
}

function markerPart(marker: RegExpExecArray | null, hashes: number): Pick<Heading, 'marker'> | object {
  if (marker === null) return {};
  const text = marker[1] ?? '';
  return { marker: { text, start: hashes + marker[0].length - 1 - text.length } };
}

function checkpointPart(found: RegExpExecArray | null): Pick<Heading, 'checkpoint'> | object {
  if (found === null) return {};
  const value = (found[1] ?? '').replace(/^:/, '').trim();
  const inner = found.index + '[checkpoint'.length;
  const close = found.index + found[0].length - 1;
  return { checkpoint: { value, start: inner, end: close } };
}

function understand(level: number, title: string): Pick<Heading, 'kind' | 'title' | 'number' | 'cycle' | 'name'> {
  const plain = title.replace(/^[^\p{L}\p{N}[(`]{0,20}/u, '');
  if (/^fix phase\b/i.test(plain)) return fixPhase(title);
  if (reports.test(plain)) return { kind: 'report', title };
  const phase = level <= 3 ? readPhase(level, plain) : undefined;
  if (phase !== undefined) return { kind: 'phase', ...phase };
  if (level >= 2 && level <= 5) {
    const name = readName(title);
    if (name.prefixed) return { kind: 'task', title, name };
  }
  return { kind: sectionKind(plain), title };
}

function fixPhase(title: string): Pick<Heading, 'kind' | 'title' | 'cycle'> {
  const cycle = /cycle[ \t]+(\d{1,6})/i.exec(title)?.[1];
  return { kind: 'fix', title, ...(cycle === undefined ? {} : { cycle: Number(cycle) }) };
}

function sectionKind(title: string): SectionKind {
  if (/^context$/i.test(title)) return 'context';
  if (/^(?:dependency graph|task dependency graph|dag)\b/i.test(title)) return 'dag';
  if (/^discovered work\b/i.test(title)) return 'discovered';
  return 'other';
}

function readPhase(level: number, title: string): { title: string; number?: string } | undefined {
  const unwrapped = title.replace(/^(?:\*\*|__)/, '').replace(/(?:\*\*|__)$/, '');
  const numbered = numberedPhase.exec(unwrapped);
  if (numbered !== null) return phaseOf(unwrapped, numbered[1], unwrapped.slice(numbered[0].length));
  const word = phaseWord.exec(unwrapped)?.[0];
  if (word === undefined) return undefined;
  const rest = unwrapped.slice(word.length);
  const number = phaseNumber.exec(rest)?.[0];
  const behind = rest.slice(number?.length ?? 0);
  const mark = phaseBreak.exec(behind)?.[0];
  if (mark === undefined && number === undefined) return undefined;
  // `# Phase 3 Frontend Migration` is the title of a document.
  if (mark === undefined && level === 1 && behind.trim() !== '') return undefined;
  return phaseOf(unwrapped, number, behind.slice(mark?.length ?? 0));
}

function phaseOf(whole: string, number: string | undefined, name: string): { title: string; number?: string } {
  const title = name.trim();
  return { title: title === '' ? whole : title, ...(number === undefined ? {} : { number }) };
}

function skipGaps(line: string, from: number): number {
  let at = from;
  while (line[at] === ' ' || line[at] === '\t') at += 1;
  return at;
}
