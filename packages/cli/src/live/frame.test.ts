import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventEnvelope, Json } from '@conductor/core/ports';
import { widthOf } from '../plain-text.js';
import { drawEvent } from './draw-event.js';
import { duration, frame } from './frame.js';
import { newPicture } from './run-picture.js';
import type { RunPicture } from './run-picture.js';

const at = '2026-01-01T12:00:00.000Z';
const now = Date.parse(at);

let seq = 0;
function told(type: string, data: Json, stream = 'track/t'): EventEnvelope {
  seq += 1;
  const actor = { kind: 'engine', id: 'engine' } as const;
  return {
    id: `${stream}@${seq}`,
    seq,
    stream,
    version: seq,
    commit: seq,
    at,
    actor,
    correlation: { track: 't' },
    type,
    v: 1,
    data,
  };
}

function drawn(...events: readonly EventEnvelope[]): RunPicture {
  const picture = newPicture();
  for (const event of events) drawEvent(picture, event);
  return picture;
}

const planned = (...ids: readonly string[]) =>
  told('plan.submitted', {
    revision: 1,
    model: { title: 'P', tasks: ids.map((id) => ({ id, title: `Title of ${id}` })) },
  });
const started = (taskId: string, ...files: readonly string[]) =>
  told('task.started', {
    taskId,
    runId: `run-${taskId}`,
    attempt: 1,
    files: files.map((path) => ({ path, mode: 'exclusive' })),
  });

const lines = (picture: RunPicture, o: { columns?: number; rows?: number } = {}) =>
  frame(picture, { columns: 80, rows: 24, color: false, now, ...o });

describe('frame', () => {
  it('shows who works at what, in a lane that stays', () => {
    const picture = drawn(planned('1', '2', '3'), started('1'), started('2'));
    drawEvent(picture, told('task.completed', { taskId: '1', runId: 'run-1', commit: 'abc' }));
    expect(lines(picture).slice(3)).toEqual([
      '  1  idle',
      '  2  2        Title of 2                                                   0:00',
    ]);
    drawEvent(picture, started('3'));
    expect(lines(picture)[3]).toContain('Title of 3');
  });

  it('shows who holds a file and who waits for it, files that are waited for first', () => {
    const picture = drawn(
      planned('1', '2', '3'),
      started('1', 'free.js'),
      started('2', 'wanted.js'),
      told('lease.waited', { taskId: '3', keys: ['file:wanted.js'], holders: ['run-2'] }),
    );
    const locks = lines(picture).filter((line) => line.includes('held by'));
    expect(locks.map((line) => line.trim().replaceAll(/ +/gu, ' '))).toEqual([
      'Locks wanted.js held by 2 waited for by 3',
      'free.js held by 1',
    ]);
    drawEvent(picture, told('task.completed', { taskId: '2', runId: 'run-2' }));
    drawEvent(picture, started('3', 'wanted.js'));
    expect(lines(picture).join('\n')).not.toContain('waited');
  });

  it('shows assessments until the vote, then votes as they come, then the verdict', () => {
    const board = 'board/b';
    const picture = drawn(
      told('board.opened', { kind: 'full', directors: [{ id: 'CA' }, { id: 'CSO' }] }, board),
      told('board.assessed', { director: 'CA', verdict: 'CONCERNS' }, board),
    );
    expect(lines(picture).join('\n')).toContain('CA CONCERNS  CSO ·');
    drawEvent(picture, told('board.advanced', { phase: 'vote', round: 0 }, board));
    drawEvent(picture, told('board.voted', { director: 'CSO', verdict: 'REJECT' }, board));
    expect(lines(picture).join('\n')).toContain('CA ·  CSO REJECT');
    drawEvent(picture, told('board.concluded', { boardId: 'b', verdict: 'REJECTED', summary: '1-1' }));
    expect(lines(picture).join('\n')).toContain('REJECTED 1-1');
  });

  it('shows gates with their verdicts, those under way without', () => {
    const picture = drawn(
      told('step.started', { step: 'EVALUATE_EXECUTION', visit: 1 }),
      told('effect.started', { effect: 'e/1', role: 'structural' }),
      told('effect.started', { effect: 'e/2', role: 'eval-ui' }),
      told('evaluation.reported', { effect: 'e/1', evaluator: 'structural', verdict: 'PASS' }),
    );
    expect(lines(picture).join('\n')).toContain('structural PASS  eval-ui …');
  });

  it('opens later steps again when the loop goes back', () => {
    const picture = drawn(
      told('step.started', { step: 'EVALUATE_PLAN', visit: 1 }),
      told('step.failed', { step: 'EVALUATE_PLAN' }),
      told('step.started', { step: 'PLAN', visit: 2 }),
    );
    expect(lines(picture)[1]).toBe('▸ plan  · evaluate plan  · execute  · evaluate work  · complete');
  });

  it('gives a low terminal what matters most, never more lines than it has', () => {
    const picture = drawn(planned('1', '2'), started('1', 'a'), started('2', 'b'));
    expect(lines(picture, { rows: 5 })).toHaveLength(4);
    expect(lines(picture, { rows: 5 }).join('\n')).toContain('Title of 1');
    expect(lines(picture, { rows: 1 })).toHaveLength(1);
  });

  it('colours only round texts that are cut already', () => {
    const picture = drawn(told('track.created', { name: 'A name' }), planned('1'));
    const colored = frame(picture, { columns: 80, rows: 24, color: true, now });
    // oxlint-disable-next-line no-control-regex -- colours are what it takes away
    expect(colored.map((line) => line.replaceAll(/\u001b\[\d+m/gu, '').trimEnd())).toEqual(lines(picture));
    expect(colored.join('')).toContain('\u001b[1m');
  });

  it('fits any terminal, whatever names and texts hold', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.integer({ min: 21, max: 200 }),
        fc.integer({ min: 2, max: 60 }),
        (name, title, file, columns, rows) => {
          const picture = drawn(
            told('track.created', { name }),
            told('plan.submitted', { model: { tasks: [{ id: title.slice(0, 9), title }] } }),
            started(title.slice(0, 9), file),
            told('effect.started', { effect: 'x', role: name }),
            told('board.opened', { kind: 'full', directors: [{ id: name }, { id: file }] }, 'board/b'),
            told('lease.waited', { taskId: 'other', keys: [`file:${file}`], holders: [title] }),
          );
          const shown = lines(picture, { columns, rows });
          expect(shown.length).toBeLessThan(Math.max(2, rows));
          for (const line of shown) {
            expect(widthOf(line)).toBeLessThan(columns);
            expect(line).not.toMatch(/\p{Cc}/u);
          }
        },
      ),
    );
  });
});

describe('duration', () => {
  it.each([
    [0, '0:00'],
    [7999, '0:07'],
    [750_000, '12:30'],
    [3_723_000, '1:02:03'],
    [-5, '0:00'],
  ])('writes %i ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
