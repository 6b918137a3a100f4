import { parseInstant } from '@conductor/core';
import { describe, expect, it } from 'vitest';
import { drawEvent } from '../src/live/draw-event.js';
import { frame } from '../src/live/frame.js';
import { newPicture } from '../src/live/run-picture.js';
import { plainLine } from '../src/live/run-view.js';
import { tellingLine } from '../src/live/telling-line.js';
import { widthOf } from '../src/plain-text.js';
import { recordedEvents } from './recording.js';

const size = { columns: 80, rows: 24, color: false };

/** Moments of the run that a person should be able to tell apart at a glance. */
const moments: Readonly<Record<string, (type: string, count: number) => boolean>> = {
  'while the board votes': (type, count) => type === 'board.voted' && count === 3,
  'while a task waits for a file': (type) => type === 'lease.waited',
  'when the tests have failed': (type, count) => type === 'step.failed' && count === 2,
  'at the end': (type) => type === 'loop.stopped',
};

function replay(): { readonly lines: readonly string[]; readonly frames: ReadonlyMap<string, readonly string[]> } {
  const picture = newPicture();
  const lines: string[] = [];
  const frames = new Map<string, readonly string[]>();
  const counts = new Map<string, number>();
  for (const event of recordedEvents()) {
    drawEvent(picture, event);
    const line = tellingLine(event, picture);
    if (line) lines.push(plainLine(line));
    counts.set(event.type, (counts.get(event.type) ?? 0) + 1);
    for (const [name, isNow] of Object.entries(moments)) {
      if (isNow(event.type, counts.get(event.type) ?? 0))
        frames.set(name, frame(picture, { ...size, now: parseInstant(event.at) }));
    }
  }
  return { lines, frames };
}

describe('the recorded demo at 80 columns', () => {
  it('reads as in the committed recording, line by line and frame by frame', async () => {
    const { lines, frames } = replay();
    const parts = [lines.join('\n'), ...[...frames].map(([name, shown]) => `\n== ${name}\n\n${shown.join('\n')}`)];
    await expect(`${parts.join('\n')}\n`).toMatchFileSnapshot('recordings/quickstart-80.txt');
  });

  it('has no line that an 80 column terminal would break', () => {
    const { lines, frames } = replay();
    const all = [...lines, ...[...frames.values()].flat()];
    expect(Math.max(...all.map(widthOf))).toBeLessThanOrEqual(80);
    expect(frames.size).toBe(Object.keys(moments).length);
  });
});
