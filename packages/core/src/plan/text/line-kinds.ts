import {
  asterisk,
  backtick,
  bar,
  closeParenthesis,
  dot,
  endsLine,
  equals,
  greater,
  hash,
  hyphen,
  isDigit,
  isGap,
  onlyGaps,
  plus,
  runLength,
  tilde,
  underscore,
} from './characters.js';
import type { LineKind, ScannedLine } from './line-reader.js';

/** What a line is by itself, outside of fenced code, comments and front matter. */
export function kindOf(text: string, line: ScannedLine): LineKind {
  if (line.content >= line.end) return 'blank';
  const code = text.charCodeAt(line.content);
  if (code === hash) return isHeading(text, line) ? 'heading' : 'text';
  if (code === hyphen || code === asterisk || code === plus || code === underscore) {
    if (code !== underscore && isGapOrEnd(text, line.content + 1, line.end)) return 'item';
    return isRule(text, line, code) ? 'rule' : 'text';
  }
  if (isDigit(code)) return isNumbered(text, line) ? 'item' : 'text';
  if (code === backtick || code === tilde) return isOpening(text, line, code) ? 'fenceOpen' : 'text';
  if (code === bar) return 'table';
  if (code === greater) return 'quote';
  return 'text';
}

function isGapOrEnd(text: string, at: number, end: number): boolean {
  return at >= end || isGap(text.charCodeAt(at));
}

function isHeading(text: string, line: ScannedLine): boolean {
  const length = runLength(text, line.content, line.end, hash);
  return length <= 6 && line.indent <= 3 && isGapOrEnd(text, line.content + length, line.end);
}

function isRule(text: string, line: ScannedLine, code: number): boolean {
  const length = runLength(text, line.content, line.end, code);
  return length >= 3 && onlyGaps(text, line.content + length, line.end);
}

function isNumbered(text: string, line: ScannedLine): boolean {
  let at = line.content;
  while (at < line.end && at - line.content < 10 && isDigit(text.charCodeAt(at))) at += 1;
  return at - line.content <= 9 && at < line.end && isMark(text.charCodeAt(at)) && isGapOrEnd(text, at + 1, line.end);
}

function isMark(code: number): boolean {
  return code === dot || code === closeParenthesis;
}

function isOpening(text: string, line: ScannedLine, code: number): boolean {
  const length = runLength(text, line.content, line.end, code);
  if (length < 3) return false;
  if (code === tilde) return true;
  // An info string with a backtick makes it inline code. Looked for in this line alone, or the scan would not be linear.
  return !text.slice(line.content + length, line.end).includes('`');
}

/** The line below a title in the older style of headings, as `ScannedLine.underline` counts it; 0 when it is none. */
export function underlineBelow(text: string, end: number): number {
  const start = end + (text.charCodeAt(end) === 13 && text.charCodeAt(end + 1) === 10 ? 2 : 1);
  const code = text.charCodeAt(start);
  if (code !== equals && code !== hyphen) return 0;
  const length = runLength(text, start, text.length, code);
  if (!endsLine(text, start + length)) return 0;
  if (code === equals) return length;
  return length < 3 ? 0 : -length;
}
