import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseVictim, findDeadlocks, waitForGraph, type Candidate } from './wait-for.js';

const holders = new Map([
  ['x.ts', ['w1']],
  ['y.ts', ['w2', 'w3']],
]);
const runs = new Map([['2.1', ['w1']]]);
const context = {
  workersOf: (task: string) => runs.get(task) ?? [],
  holdersOf: (resource: string) => holders.get(resource) ?? [],
};

describe('waitForGraph', () => {
  it('finds the holder of a resource and the worker of a task, and lets nobody wait for himself', () => {
    const edges = waitForGraph(
      [
        { worker: 'w1', resource: 'y.ts' },
        { worker: 'w2', task: '2.1', resource: 'x.ts' },
        { worker: 'w3', resource: 'y.ts' },
        { worker: 'w4', resource: 'free.ts' },
      ],
      context,
    );
    expect([...edges].map(([id, targets]) => [id, [...targets]])).toEqual([
      ['w1', ['w2', 'w3']],
      ['w2', ['w1']],
      ['w3', ['w2']],
      ['w4', []],
    ]);
    expect(findDeadlocks(edges)).toEqual([['w1', 'w2']]);
  });

  it('finds none in a chain of waits', () => {
    expect(findDeadlocks(new Map([['a', new Set(['b'])], ['b', new Set(['c'])]]))).toEqual([]); // prettier-ignore
  });
});

describe('chooseVictim', () => {
  const workers: readonly Candidate[] = [
    { id: 'w2', startedAt: '2026-02-01T10:00:00Z', locks: 1 },
    { id: 'w1', startedAt: '2026-02-01T12:00:00+02:00', locks: 3 },
    { id: 'w3', startedAt: '2026-02-01T11:00:00.000Z', locks: 1 },
    { id: 'w0', locks: 0 },
  ];

  it('takes the oldest, the youngest or the one with the fewest locks, ties by id', () => {
    expect(chooseVictim(workers)).toBe('w1');
    expect(chooseVictim(workers, 'youngest')).toBe('w3');
    expect(chooseVictim(workers, 'fewest-locks')).toBe('w2');
  });

  it('leaves it to a person when no start time is known', () => {
    expect(chooseVictim([{ id: 'w0', locks: 0 }, { id: 'w9', startedAt: 'yesterday', locks: 0 }])).toBeUndefined(); // prettier-ignore
  });

  it('does not depend on the order of the candidates', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...workers], { minLength: 4 }),
        fc.constantFrom('oldest', 'youngest', 'fewest-locks'),
        (shuffled, policy) => chooseVictim(shuffled, policy) === chooseVictim(workers, policy),
      ),
    );
  });
});
