import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { recordedEvents } from '../../test/recording.js';
import { memoryStream } from '../../test/memory-streams.js';
import { screen } from '../../test/screen.js';
import { createOutput } from '../output.js';
import { drawEvent } from './draw-event.js';
import { newPicture } from './run-picture.js';
import { liveView, plainView } from './run-view.js';

describe('live view', () => {
  it('shows the telling events above, the frame below, and ends with the cursor on a line of its own', async () => {
    const clock = new FakeClock('2026-11-21T11:02:04.000Z');
    const terminal = screen(80, 24);
    const picture = newPicture();
    const view = liveView({ terminal, clock, picture, out: { divertNotes() {} } });
    for (const event of recordedEvents()) {
      drawEvent(picture, event);
      view.show(event);
      if (event.seq % 20 === 0) await clock.advance(100);
    }
    view.end();
    expect(terminal.cursorVisible).toBe(true);
    expect(terminal.lines[0]).toMatch(/The run begins$/u);
    expect(terminal.lines.filter((line) => line.startsWith('── Transliteration'))).toHaveLength(1);
    expect(terminal.lines.at(-2)).toContain('eval-code-quality PASS');
    await clock.settle();
    expect(clock.pending).toBe(0);
  });

  it('draws at most once a tick, however many events come', async () => {
    const clock = new FakeClock();
    const terminal = screen(80, 24);
    const picture = newPicture();
    const view = liveView({ terminal, clock, picture, out: { divertNotes() {} } });
    await clock.advance(0);
    const before = terminal.written.length;
    for (const event of recordedEvents()) {
      drawEvent(picture, event);
      view.show(event);
    }
    await clock.advance(100);
    expect(terminal.written.length - before).toBe(1);
    view.end();
  });
});

describe('notes during a live view', () => {
  it('pass above the frame, and go their own way again after it', async () => {
    const clock = new FakeClock();
    const terminal = screen(80, 24);
    const stderr = memoryStream();
    const out = createOutput({ json: false, quiet: false, stdout: memoryStream(), stderr });
    const view = liveView({ terminal, clock, picture: newPicture(), out });
    out.note('Ending workers');
    await clock.advance(100);
    expect(terminal.lines[0]).toBe('00:00:00  Ending workers');
    expect(terminal.lines[1]).toMatch(/^── /u);
    view.end();
    expect(stderr.text).toBe('');
    out.note('Ended');
    expect(stderr.text).toBe('Ended\n');
  });
});

describe('plain view', () => {
  it('hands over the event with its line, and nothing of events that only the log needs', () => {
    const told: [unknown, string][] = [];
    const picture = newPicture();
    const view = plainView({ line: (_kind, fields, text) => void told.push([fields['event'], text]) }, picture);
    for (const event of recordedEvents()) {
      drawEvent(picture, event);
      view.show(event);
    }
    expect(told.map(([, text]) => text)).toContainEqual(
      expect.stringMatching(/^\d\d:\d\d:\d\d  Task Fix 1 done, commit d7dc2e1: The table leaves & alone$/u),
    );
    expect(told.length).toBeLessThan(recordedEvents().length / 2);
  });
});
