import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventEnvelope } from '@conductor/core/ports';
import type { Op } from './history.js';
import { checkLinearizable } from './linearizable.js';
import { checkLog } from './log-check.js';

/** Four clients in two processes on one SQLite file, as they were answered: one call a line. */
const recorded: readonly Op[] = readFileSync(new URL('fixtures/recorded.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Op); // written by `runClient`

/** The recording with other answers in some lines, counted from 0. */
function planted(changes: Readonly<Record<number, Readonly<Record<string, unknown>>>>): readonly Op[] {
  return recorded.map((op, line) => ({ ...op, ...changes[line] }) as Op); // each change is written for its line
}

const lost = { answered: null, got: { is: 'unknown' } };
const tailAt24 = [
  ['c3-10', 1],
  ['c3-10', 0],
  ['c3-8', 2],
  ['c3-8', 1],
];

describe('the checker of recorded histories', () => {
  it.each(['all', 'handle'] as const)('accepts what was recorded, where reads see %s', (reads) => {
    expect(checkLinearizable(recorded, { reads })).toEqual({ ok: true, checked: 66, unknown: 0, stuck: [] });
  });

  it('accepts it when answers were lost: of what was written, of what was refused, of a lease that was granted', () => {
    const history = planted({ 27: lost, 30: lost, 34: lost, 39: lost, 61: lost });
    expect(checkLinearizable(history, { reads: 'all' })).toMatchObject({ ok: true, checked: 61, unknown: 5 });
  });

  it.each([
    [
      'a lost update: two appends at one version are acknowledged',
      { 28: { got: { is: 'done', version: 16, seq: 16 } } },
    ],
    ['a stale read: it shows version 24 when 25 was acknowledged', { 62: read(24) }],
    ['reads that go back from version 25 to 24', { 64: read(24) }],
    [
      'two holders: one is granted a key that the other keeps and gives back later',
      {
        11: { wish: { set: 'c0-6', ttlMs: 8 }, got: { is: 'done', token: 3 } },
        39: { got: { is: 'done', token: 4 } },
        41: { got: { is: 'done', token: 4 } },
        44: { fence: { set: 'c0-9', token: 4 } },
        45: { got: { is: 'done', token: 5 } },
        47: { held: { set: 'c0-14', token: 5 } },
        32: { got: { is: 'done', token: 6 } },
        49: { held: { set: 'c3-5', token: 6 } },
        52: { got: { is: 'done', token: 7 } },
        55: { got: { is: 'done', version: 24, seq: 24, token: 8 } },
        56: { fence: { set: 'c2-9', token: 7 } },
        58: { fence: { set: 'c3-10', token: 8 } },
        63: { fence: { set: 'c3-10', token: 8 } },
      },
    ],
    ['a token that goes back', { 45: { got: { is: 'done', token: 2 } }, 47: { held: { set: 'c0-14', token: 2 } } }],
    ['a stale token that writes', { 61: { fence: { set: 'c2-9', token: 6 } } }],
    ['a lease that writes after its time', { 58: { got: { is: 'done', version: 25, seq: 25 } }, 61: lost }],
    ['a conflict that tells a version that never was', { 22: { got: { is: 'conflict', actual: 20 } } }],
    ['an acknowledged append that a lost answer cannot explain away', { 25: lost, 27: { got: { is: 'nothing' } } }],
  ])('rejects %s', (_, changes) => {
    for (const reads of ['all', 'handle'] as const) {
      const { ok, stuck } = checkLinearizable(planted(changes), { reads });
      expect({ ok, stuck: stuck.length }).toEqual({ ok: false, stuck: 1 });
      expect(stuck[0]?.next.length).toBeGreaterThan(0);
    }
  });

  it('lets a read through another handle be behind only where that is all the driver promises', () => {
    const write = { client: 0, process: 0, object: 'a', called: 1, answered: 2 };
    const append = { do: 'append', id: 'x', count: 1, expected: 0, got: { is: 'done', version: 1, seq: 1 } } as const;
    const head = {
      client: 1,
      object: 'a',
      called: 3,
      answered: 4,
      do: 'head',
      got: { is: 'done', version: 0 },
    } as const;
    const history = (process: number): readonly Op[] => [
      { ...write, ...append },
      { ...head, process },
    ];
    expect(checkLinearizable(history(1), { reads: 'handle' }).ok).toBe(true);
    expect(checkLinearizable(history(1), { reads: 'all' }).ok).toBe(false);
    expect(checkLinearizable(history(0), { reads: 'handle' }).ok).toBe(false);
  });

  it('accepts every history that some order of one client after the other explains', () => {
    const versions = fc.array(fc.record({ client: fc.nat(3), read: fc.boolean(), overlap: fc.nat(3) }), {
      maxLength: 30,
    });
    fc.assert(fc.property(versions, (steps) => checkLinearizable(playedOut(steps), { reads: 'all' }).ok));
  });
});

/** A true history: each step happens at its own moment, and its call and answer lie around it as far as its client lets them. */
function playedOut(steps: readonly { client: number; read: boolean; overlap: number }[]): readonly Op[] {
  const free = new Map<number, number>();
  let version = 0;
  return steps.map(({ client, read: reads, overlap }, index): Op => {
    const at = (index + 1) * 10;
    const called = Math.max(free.get(client) ?? 0, at - overlap * 10) + 1;
    const later = steps.findIndex((other, place) => place > index && other.client === client);
    const answered = Math.min(at + overlap * 10 + 5, later === -1 ? Infinity : (later + 1) * 10 - 1);
    free.set(client, answered);
    const call = { client, process: client, object: 'a', called, answered };
    if (reads) return { ...call, do: 'head', got: { is: 'done', version } };
    version += 1;
    const got = { is: 'done', version, seq: version } as const;
    return { ...call, do: 'append', id: `x${index}`, count: 1, expected: version - 1, got };
  });
}

function read(version: number) {
  return { got: { is: 'done', version, tail: tailAt24 } };
}

describe('the check of the whole log', () => {
  const call = { client: 0, process: 0, object: 'a', do: 'append', count: 2 } as const;
  const append = (id: string, expected: number, called: number, got: object): Op =>
    ({ ...call, id, expected, called, answered: called + 1, got }) as Op; // `got` is one of its answers
  const told = [
    append('x', 0, 1, { is: 'done', version: 2, seq: 2, token: 1 }),
    append('y', 2, 3, { is: 'done', version: 4, seq: 4 }),
    append('z', 2, 3, { is: 'conflict', actual: 4 }),
  ];
  const event = (seq: number, id: string, index: number): EventEnvelope => ({
    id: `track/a@${seq}`,
    seq,
    stream: 'track/a',
    version: seq,
    type: 'thing.done',
    v: 1,
    commit: Math.ceil(seq / 2),
    data: { id, index, of: 2 },
    at: '2026-01-01T00:00:00.000Z',
    actor: { kind: 'system', id: 's' },
    correlation: {},
  });
  const log = [event(1, 'x', 0), event(2, 'x', 1), event(3, 'y', 0), event(4, 'y', 1)];

  it('finds nothing in a log that has what was acknowledged', () => {
    expect(checkLog(told, log)).toEqual([]);
  });

  it.each([
    ['an acknowledged commit that is gone', told, log.slice(0, 2)],
    ['half a commit', told, log.slice(0, 3)],
    ['a commit that is there twice', told, [...log, event(5, 'x', 0), event(6, 'x', 1)]],
    ['a gap', told, [...log.slice(0, 2), event(4, 'y', 0), event(5, 'y', 1)]],
    ['a commit that was refused', told, [...log, event(5, 'z', 0), event(6, 'z', 1)]],
    ['a commit that nobody asked for', told, [...log, event(5, 'w', 0), event(6, 'w', 1)]],
    ['a commit inside another one', told, [event(1, 'x', 0), event(2, 'y', 0), event(3, 'x', 1), event(4, 'y', 1)]],
    ['a seq against the order of time', [...told.slice(1), append('x', 0, 9, { is: 'done', version: 2, seq: 2 })], log],
  ])('finds %s', (_, history, found) => {
    expect(checkLog(history, found).length).toBeGreaterThan(0);
  });

  it('finds a token against the order of time', () => {
    const acquire = (set: string, called: number, token: number): Op => ({
      ...{ client: 0, process: 0, object: set, called, answered: called + 1, do: 'acquire' },
      ...{ wish: { set, ttlMs: 8 }, got: { is: 'done', token } },
    });
    expect(checkLog([acquire('s', 1, 1), acquire('t', 3, 2), acquire('s', 5, 1)], [])).toEqual([]);
    expect(checkLog([acquire('s', 1, 2), acquire('t', 3, 1)], [])).toHaveLength(1);
  });
});
