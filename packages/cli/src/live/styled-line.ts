import { cut, fit, plain, widthOf } from '../plain-text.js';

export type Style = 'good' | 'bad' | 'wait' | 'dim' | 'strong' | 'plain';

/** A piece of a line. Its text is cleaned and cut before a colour is put round it, so no width is ever miscounted. */
export interface Piece {
  readonly text: string;
  readonly style?: Style | undefined;
  /** Exactly so many columns. */
  readonly columns?: number | undefined;
}

export type StyledLine = readonly (Piece | string)[];

const codes: Readonly<Record<Style, string>> = {
  good: '\u001b[32m',
  bad: '\u001b[31m',
  wait: '\u001b[33m',
  dim: '\u001b[2m',
  strong: '\u001b[1m',
  plain: '',
};
const reset = '\u001b[0m';

/** The line as the terminal gets it, in at most `columns` columns. */
export function renderLine(
  line: StyledLine,
  { columns, color }: { readonly columns: number; readonly color: boolean },
): string {
  let left = columns;
  let rendered = '';
  for (const piece of line) {
    const { text, style = 'plain', columns: exact } = typeof piece === 'string' ? { text: piece } : piece;
    const clean = spaced(text);
    const shown = exact === undefined ? cut(clean, left) : fit(clean, Math.min(exact, left));
    left -= widthOf(shown);
    rendered += color && style !== 'plain' && shown !== '' ? `${codes[style]}${shown}${reset}` : shown;
    if (left <= 0) break;
  }
  return rendered.trimEnd();
}

/** Cleaned, but the spaces that a caller put round a text stay. */
function spaced(text: string): string {
  const inner = plain(text);
  if (inner === '') return text.replaceAll(/[^ ]/gu, '');
  return (/^ */u.exec(text)?.[0] ?? '') + inner + (/ *$/u.exec(text)?.[0] ?? '');
}
