import type { Terminal } from '../command.js';
import { widthOf } from '../plain-text.js';

const escape = '\u001b[';
const hideCursor = `${escape}?25l`;
const showCursor = `${escape}?25h`;
/** Terminals that know it show what comes between at once; the others ignore it. */
const beginTogether = `${escape}?2026h`;
const endTogether = `${escape}?2026l`;
const eraseLine = `${escape}2K`;
const eraseBelow = `${escape}J`;

/** Draws frames over each other at the end of what was printed, and lets lines pass above. */
export interface Painter {
  /** Lines that stay, above the frame; then the frame. Only lines that differ are written. */
  paint(frame: readonly string[], passing?: readonly string[]): void;
  /** Leaves the last frame where it is, the cursor below it and visible. May be called twice. */
  end(): void;
}

/** Styles are cut away where widths are counted: what was painted is our own text, with colours as the only sequences. */
// oxlint-disable-next-line no-control-regex -- colours begin with a control character
const colours = /\u001b\[\d+m/gu;

export function createPainter(terminal: Terminal): Painter {
  let shown: readonly string[] = [];
  let columns = terminal.columns;
  let started = false;
  let ended = false;

  /** After a resize the terminal may have broken our lines: as many rows up as they take now, and everything anew. */
  const rowsOf = (lines: readonly string[]) =>
    lines.reduce(
      (rows, line) =>
        rows + Math.max(1, Math.ceil(widthOf(line.replaceAll(colours, '')) / Math.max(1, terminal.columns))),
      0,
    );

  const up = (rows: number) => (rows > 0 ? `${escape}${rows}A\r` : '\r');

  return {
    paint(frame, passing = []) {
      if (ended) return;
      const resized = columns !== terminal.columns;
      columns = terminal.columns;
      const anew = resized || passing.length > 0;
      let text = started ? '' : hideCursor;
      if (anew) {
        text += `${up(rowsOf(shown))}${eraseBelow}`;
        text += [...passing, ...frame].map((line) => `${line}\n`).join('');
      } else {
        text += changes(shown, frame, up);
      }
      started = true;
      shown = [...frame];
      if (text !== '') terminal.write(`${beginTogether}${text}${endTogether}`);
    },
    end() {
      if (ended || !started) return;
      ended = true;
      terminal.write(showCursor);
    },
  };
}

/** From the line below the old frame to the line below the new one. */
function changes(before: readonly string[], after: readonly string[], up: (rows: number) => string): string {
  const same = before.length === after.length && before.every((line, index) => line === after[index]);
  if (same) return '';
  let text = up(before.length);
  for (const [index, line] of after.entries()) text += line === before[index] ? '\n' : `${eraseLine}${line}\n`;
  return before.length > after.length ? text + eraseBelow : text;
}
