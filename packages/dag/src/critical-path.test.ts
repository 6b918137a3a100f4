import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { criticalPath, defaultEstimateMinutes, priorities } from './critical-path.js';
import { buildGraph } from './graph.js';
import { randomPlan } from '../test/random-plan.js';

const node = (id: string, estimateMinutes: number | undefined, ...dependsOn: string[]) => ({
  id,
  estimateMinutes,
  dependsOn,
});

describe('criticalPath', () => {
  it('follows the longest way by estimate, not by number of tasks', () => {
    const graph = buildGraph([
      node('a', 5),
      node('b', 90, 'a'),
      node('c', 10, 'a'),
      node('d', 10, 'c'),
      node('e', 1, 'b', 'd'),
    ]);
    const { path, minutes, remaining } = criticalPath(graph);
    expect(path).toEqual(['a', 'b', 'e']);
    expect(minutes).toBe(96);
    expect([remaining('c'), remaining('e'), remaining('nobody')]).toEqual([21, 1, 0]);
  });

  it('weighs a plan without usable estimates by the number of tasks', () => {
    const graph = buildGraph([node('a', undefined), node('b', 0, 'a'), node('c', -5, 'b'), node('d', Infinity, 'a')]);
    expect(criticalPath(graph)).toMatchObject({ path: ['a', 'b', 'c'], minutes: 3 * defaultEstimateMinutes });
    expect(criticalPath(buildGraph([]))).toMatchObject({ path: [], minutes: 0 });
  });

  it('counts a task on a cycle with its own estimate', () => {
    expect(criticalPath(buildGraph([node('a', 7, 'b'), node('b', 9, 'a')])).remaining('a')).toBe(7);
  });

  it('is never shorter than any dependency chain behind a task', () => {
    fc.assert(
      fc.property(randomPlan(), (plan) => {
        const graph = buildGraph(plan);
        const { remaining, minutes } = criticalPath(graph);
        for (const task of plan) {
          const own = task.estimateMinutes ?? defaultEstimateMinutes;
          const behind = graph.dependents(task.id).map(remaining);
          expect(remaining(task.id)).toBe(own + Math.max(0, ...behind));
          expect(minutes).toBeGreaterThanOrEqual(remaining(task.id));
        }
      }),
    );
  });
});

describe('priorities', () => {
  it('orders by phase, then by what is left behind a task, then by plan', () => {
    const graph = buildGraph([
      { id: 'late', dependsOn: [], phase: 2, estimateMinutes: 900 },
      { id: 'short', dependsOn: [], phase: 1, estimateMinutes: 5 },
      { id: 'long', dependsOn: [], phase: 1, estimateMinutes: 50 },
      { id: 'also short', dependsOn: [], phase: 1, estimateMinutes: 5 },
    ]);
    const rank = priorities(graph);
    const ids = graph.nodes.map((task) => task.id).sort((a, b) => rank(a) - rank(b));
    expect(ids).toEqual(['long', 'short', 'also short', 'late']);
    expect(rank('nobody')).toBe(4);
  });
});
