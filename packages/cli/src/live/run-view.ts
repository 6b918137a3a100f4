import { instant } from '@conductor/core';
import type { Clock, EventEnvelope } from '@conductor/core/ports';
import type { CommandContext, Terminal } from '../command.js';
import type { Output } from '../output.js';
import { cut } from '../plain-text.js';
import { frame } from './frame.js';
import { createPainter } from './painter.js';
import type { RunPicture } from './run-picture.js';
import { renderLine } from './styled-line.js';
import { tellingLine } from './telling-line.js';
import type { TellingLine } from './telling-line.js';

/** Shows a run as it goes. Events from before it are folded, never shown. */
export interface RunView {
  /** The picture is the one after the event. */
  show(event: EventEnvelope): void;
  end(): void;
}

/** Width of lines where no terminal says how wide it is. */
const lineColumns = 80;

/** The view that fits: NDJSON, a live view on a terminal, plain lines elsewhere, nothing with `--quiet`. */
export function runView({ out, flags, terminal, clock }: CommandContext, picture: RunPicture): RunView {
  if (flags.json) return { show: (event) => out.line('event', { event }, ''), end() {} };
  if (flags.quiet) return { show() {}, end() {} };
  return terminal ? liveView({ terminal, clock, picture, out }) : plainView(out, picture);
}

/** One line for each telling event, at most 80 columns. */
export function plainView(out: Pick<Output, 'line'>, picture: RunPicture): RunView {
  return {
    show(event) {
      const line = tellingLine(event, picture);
      if (line) out.line('event', { event }, plainLine(line));
    },
    end() {},
  };
}

/** `12:03:04  Task 1.1 begins: …` */
export function plainLine({ at, text }: TellingLine, columns = lineColumns): string {
  return cut(`${at.slice(11, 19)}  ${text}`, columns);
}

const tickMs = 100;

/** A frame redrawn in place, above it the telling events; drawn at most ten times a second, written only where it changed. */
export function liveView({
  terminal,
  clock,
  picture,
  out,
}: {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly picture: RunPicture;
  readonly out: Pick<Output, 'divertNotes'>;
}): RunView {
  const painter = createPainter(terminal);
  const over = new AbortController();
  let passing: TellingLine[] = [];
  // A line that somebody else writes would shift the frame under the painter.
  out.divertNotes((text) => passing.push({ at: instant(clock.now()), text, tone: 'wait' }));

  const paint = () => {
    const { columns, rows, color } = terminal;
    const lines = passing.map(({ at, text, tone }) =>
      renderLine(
        [
          { text: `${at.slice(11, 19)}  `, style: 'dim' },
          { text, style: tone },
        ],
        { columns: columns - 1, color },
      ),
    );
    passing = [];
    painter.paint(frame(picture, { columns, rows, color, now: clock.now() }), lines);
  };
  const keepPainting = async () => {
    for (;;) {
      paint();
      await clock.sleep(tickMs, { signal: over.signal });
    }
  };
  // Ends by the abort below, and only by that.
  keepPainting().catch(() => {});
  return {
    show(event) {
      const line = tellingLine(event, picture);
      if (line) passing.push(line);
    },
    end() {
      over.abort();
      paint();
      painter.end();
      out.divertNotes();
    },
  };
}
