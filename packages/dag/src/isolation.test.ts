import { describe, expect, it } from 'vitest';
import { buildGraph } from './graph.js';
import { downstream, mayRetry, pausedByFailures, unblockedBy } from './isolation.js';

const node = (id: string, ...dependsOn: string[]) => ({ id, dependsOn });
const graph = buildGraph([
  node('a'),
  node('b', 'a'),
  node('c', 'b'),
  node('d', 'a', 'c'),
  node('e'),
  node('f', 'e', 'd'),
]);

describe('downstream', () => {
  it('names everything behind a task once, nearest first, and nothing beside it', () => {
    expect(downstream(graph, 'a')).toEqual(['b', 'd', 'c', 'f']);
    expect(downstream(graph, 'f')).toEqual([]);
  });

  it('ends on a cycle', () => {
    expect(downstream(buildGraph([node('a', 'b'), node('b', 'a')]), 'a')).toEqual(['b']);
  });
});

describe('pausedByFailures', () => {
  it('tells which failures pause a task', () => {
    expect([...pausedByFailures(graph, ['e', 'b'])]).toEqual([
      ['c', ['b']],
      ['d', ['b']],
      ['f', ['b', 'e']],
    ]);
  });
});

describe('unblockedBy', () => {
  it('names the dependents whose other dependencies are complete, not those with one dependency [PAR-17]', () => {
    expect(unblockedBy(graph, 'a', () => false)).toEqual(['b']);
    expect(unblockedBy(graph, 'a', (id) => id === 'c')).toEqual(['b', 'd']);
    expect(unblockedBy(graph, 'd', (id) => id === 'e')).toEqual(['f']);
    expect(unblockedBy(graph, 'a', (id) => id === 'b')).toEqual([]);
  });
});

describe('mayRetry', () => {
  it('allows two retries by default: the third failure is the last', () => {
    expect([0, 1, 2, 3].map((failures) => mayRetry(failures))).toEqual([true, true, true, false]);
    expect(mayRetry(1, 1)).toBe(false);
  });
});
