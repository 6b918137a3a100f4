import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from './graph.js';
import { concurrentTasks, executionMode, levels } from './levels.js';
import { randomPlan } from '../test/random-plan.js';

const node = (id: string, ...dependsOn: string[]) => ({ id, dependsOn });

describe('levels', () => {
  it('puts a task on the level of its longest way from a start, in plan order', () => {
    const graph = buildGraph([node('d', 'b', 'a'), node('b', 'a'), node('a'), node('c', 'a'), node('e')]);
    expect(levels(graph)).toEqual([['a', 'e'], ['b', 'c'], ['d']]);
  });

  it('leaves out a cycle and what lies behind it', () => {
    expect(levels(buildGraph([node('a', 'b'), node('b', 'a'), node('c', 'b'), node('d')]))).toEqual([['d']]);
  });

  it('respects every dependency and loses no task', () => {
    fc.assert(
      fc.property(randomPlan(), (plan) => {
        const graph = buildGraph(plan);
        const levelOf = new Map(levels(graph).flatMap((level, index) => level.map((id) => [id, index] as const)));
        expect(levelOf.size).toBe(plan.length);
        for (const { id, dependsOn } of plan) {
          const below = dependsOn.map((other) => levelOf.get(other) ?? NaN);
          expect(levelOf.get(id)).toBe(below.length === 0 ? 0 : Math.max(...below) + 1);
        }
      }),
    );
  });
});

describe('executionMode', () => {
  it('counts tasks that share their level: three or more make it parallel (C-54)', () => {
    const two = buildGraph([node('a'), node('b', 'a'), node('c', 'a'), node('d', 'b', 'c')]);
    const four = buildGraph([node('a'), node('b'), node('c', 'a'), node('d', 'b')]);
    expect([concurrentTasks(two), concurrentTasks(four)]).toEqual([2, 4]);
    expect([executionMode(two), executionMode(four), executionMode(two, 2)]).toEqual([
      'SEQUENTIAL',
      'PARALLEL',
      'PARALLEL',
    ]);
  });
});
