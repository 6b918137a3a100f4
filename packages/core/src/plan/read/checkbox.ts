import {
  asterisk,
  closeBracket,
  closeParenthesis,
  colon,
  dot,
  hyphen,
  isDigit,
  isGap,
  openBracket,
  openParenthesis,
  plus,
} from '../text/characters.js';
import type { PlanTaskState } from '../model/plan.js';

const states: ReadonlyMap<string, PlanTaskState> = new Map([
  ['', 'pending'],
  [' ', 'pending'],
  ['~', 'inProgress'],
  ['/', 'inProgress'],
  ['x', 'done'],
  ['X', 'done'],
  ['!', 'blocked'],
  ['-', 'skipped'],
]);

/** What a marker means; a character that nobody defined is `unknown`. */
export function stateOf(marker: string): PlanTaskState {
  return states.get(marker) ?? 'unknown';
}

/** The marker to write for a state, `undefined` for `unknown`, which is never written. */
export const markerOf: Readonly<Record<PlanTaskState, string | undefined>> = {
  pending: ' ',
  inProgress: '~',
  done: 'x',
  blocked: '!',
  skipped: '-',
  unknown: undefined,
};

/** A checkbox behind its bullet, in offsets of the line it was read from. */
export interface Checkbox {
  readonly marker: string;
  readonly markerStart: number;
  readonly textStart: number;
}

/**
 * Reads `- [x] ` at `start` of a text, nothing when it is another list item. The marker is one character, which may carry an emoji
 * selector; the gap behind `]` tells a checkbox from a link `[x](…)`. By character codes, because every line of a plan is asked.
 */
export function readCheckbox(text: string, start: number, end = text.length): Checkbox | undefined {
  const opening = behindBullet(text, start, end);
  if (opening === -1 || text.charCodeAt(opening) !== openBracket) return undefined;
  const markerStart = opening + 1;
  const close = markerStart + markerLength(text, markerStart);
  if (close >= end || text.charCodeAt(close) !== closeBracket) return undefined;
  const textStart = close + 1;
  const marker = text.slice(markerStart, close);
  if (textStart < end && !isGap(text.charCodeAt(textStart)) && (!states.has(marker) || beginsLink(text, textStart))) {
    return undefined;
  }
  return { marker, markerStart, textStart };
}

/** The marker of `[x]` that stands alone or before words, as after `**Status:**`. */
export function stateMarker(value: string): string | undefined {
  const length = markerLength(value, 1);
  const close = 1 + length;
  if (value.charCodeAt(0) !== openBracket || value.charCodeAt(close) !== closeBracket) return undefined;
  return close + 1 === value.length || isGap(value.charCodeAt(close + 1)) ? value.slice(1, close) : undefined;
}

/** Where the text of a list item begins, -1 when no bullet with a gap behind it stands at `start`. */
export function behindBullet(text: string, start: number, end: number): number {
  let at = start;
  const first = text.charCodeAt(at);
  if (isDigit(first)) {
    while (at < end && at - start < 9 && isDigit(text.charCodeAt(at))) at += 1;
    const mark = text.charCodeAt(at);
    if (mark !== dot && mark !== closeParenthesis) return -1;
  } else if (first !== hyphen && first !== asterisk && first !== plus) return -1;
  at += 1;
  if (at >= end || !isGap(text.charCodeAt(at))) return -1;
  while (at < end && isGap(text.charCodeAt(at))) at += 1;
  return at;
}

function beginsLink(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === openParenthesis || code === openBracket || code === colon;
}

function markerLength(text: string, at: number): number {
  const code = text.codePointAt(at) ?? closeBracket;
  if (code === openBracket || code === closeBracket) return 0;
  const length = code > 0xffff ? 2 : 1;
  return text.charCodeAt(at + length) === 0xfe0f ? length + 1 : length;
}
