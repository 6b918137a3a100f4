import { describe, expect, it } from 'vitest';
import { screen } from '../../test/screen.js';
import { createPainter } from './painter.js';

describe('painter', () => {
  it('draws a frame over the one before', () => {
    const terminal = screen(80, 24);
    const painter = createPainter(terminal);
    painter.paint(['one', 'two', 'three']);
    painter.paint(['one', 'zwei']);
    painter.paint(['one', 'zwei', 'drei', 'vier']);
    expect(terminal.lines).toEqual(['one', 'zwei', 'drei', 'vier', '']);
  });

  it('writes only the lines that differ, and nothing when none does', () => {
    const terminal = screen(80, 24);
    const painter = createPainter(terminal);
    painter.paint(['same', 'old']);
    painter.paint(['same', 'new']);
    expect(terminal.written[1]).not.toContain('same');
    painter.paint(['same', 'new']);
    expect(terminal.written).toHaveLength(2);
  });

  it('lets lines pass above the frame, where they stay', () => {
    const terminal = screen(80, 24);
    const painter = createPainter(terminal);
    painter.paint(['frame 1']);
    painter.paint(['frame 2'], ['told first']);
    painter.paint(['frame 3', 'more'], ['told second']);
    expect(terminal.lines).toEqual(['told first', 'told second', 'frame 3', 'more', '']);
  });

  it('hides the cursor while it draws and gives it back, below the last frame', () => {
    const terminal = screen(80, 24);
    const painter = createPainter(terminal);
    expect(terminal.cursorVisible).toBe(true);
    painter.paint(['frame']);
    expect(terminal.cursorVisible).toBe(false);
    painter.end();
    painter.end();
    expect(terminal.cursorVisible).toBe(true);
    painter.paint(['never']);
    terminal.write('after');
    expect(terminal.lines).toEqual(['frame', 'after']);
  });

  it('leaves a terminal alone on which nothing was drawn', () => {
    const terminal = screen(80, 24);
    createPainter(terminal).end();
    expect(terminal.written).toEqual([]);
  });

  it('draws anew after a resize, from where its broken lines now begin', () => {
    const terminal = screen(80, 24);
    const painter = createPainter(terminal);
    painter.paint(['x'.repeat(30), 'second']);
    terminal.columns = 20; // the first line takes two rows now
    painter.paint(['x'.repeat(19), 'second']);
    expect(terminal.written[1]).toContain('\u001b[3A');
    expect(terminal.written[1]).toContain('\u001b[J');
  });
});
