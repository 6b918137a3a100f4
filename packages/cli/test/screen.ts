import type { Terminal } from '../src/command.js';
import { widthOf } from '../src/plain-text.js';

export interface Screen extends Terminal {
  columns: number;
  rows: number;
  /** Lines as a person sees them, those that have scrolled off included, without trailing spaces. */
  readonly lines: readonly string[];
  readonly cursorVisible: boolean;
  /** Everything written, as it came. */
  readonly written: readonly string[];
}

/** As much of a terminal as the painter uses: new lines, carriage return, cursor up, erasing, colours, modes. Throws at anything else. */
export function screen(columns: number, rows: number): Screen {
  const lines: string[] = [''];
  const written: string[] = [];
  let row = 0;
  let cursorVisible = true;
  let fresh = true;

  const put = (text: string, self: Screen) => {
    if (widthOf(text) > self.columns) throw new Error(`A line of ${widthOf(text)} columns wraps: ${text}`);
    if (fresh && lines[row] !== '') throw new Error(`Written over a line that was not erased: ${text}`);
    lines[row] = (lines[row] ?? '') + text;
  };
  const control = (sequence: string) => {
    const [, digits = '', letter] = /^\u001b\[\??(\d*)([A-Za-z])$/u.exec(sequence) ?? [];
    const up = digits === '' ? 1 : Number(digits);
    if (sequence === '\u001b[2K') lines[row] = '';
    else if (sequence === '\u001b[J') lines.splice(row, lines.length, '');
    else if (letter === 'A') row = Math.max(0, row - up);
    else if (sequence === '\u001b[?25l') cursorVisible = false;
    else if (sequence === '\u001b[?25h') cursorVisible = true;
    else if (letter !== 'm' && !sequence.startsWith('\u001b[?2026'))
      throw new Error(`Unknown sequence ${JSON.stringify(sequence)}`);
  };
  const self: Screen = {
    columns,
    rows,
    color: true,
    get lines() {
      return lines.map((line) => line.trimEnd());
    },
    get cursorVisible() {
      return cursorVisible;
    },
    written,
    write(text) {
      written.push(text);
      for (const part of text.split(/(\u001b\[[0-9;?]*[A-Za-z]|\n|\r)/u)) {
        if (part === '') continue;
        if (part === '\n') {
          row += 1;
          lines[row] ??= '';
          fresh = true;
        } else if (part === '\r') fresh = true;
        else if (part.startsWith('\u001b')) control(part);
        else {
          put(part, self);
          fresh = false;
        }
      }
    },
  };
  return self;
}
