import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from './graph.js';
import { pick } from './pick.js';
import { randomPlan } from '../test/random-plan.js';

const graph = buildGraph([
  { id: 'a', dependsOn: [], files: ['x.ts'], estimateMinutes: 10 },
  { id: 'b', dependsOn: [], files: ['x.ts'], estimateMinutes: 60 },
  { id: 'c', dependsOn: [], files: ['y.ts'], estimateMinutes: 5 },
  { id: 'd', dependsOn: [], files: ['z.ts'], estimateMinutes: 5, phase: 1 },
  { id: 's1', dependsOn: [], files: ['s.ts'], estimateMinutes: 4, shareable: true },
  { id: 's2', dependsOn: [], files: ['s.ts'], estimateMinutes: 3, shareable: true },
]);

describe('pick', () => {
  it('takes phase before length and length before plan order', () => {
    expect(pick({ graph, ready: ['d', 'c', 'b'], running: [], slots: 5 })).toEqual(['b', 'c', 'd']);
  });

  it('keeps to the slots', () => {
    expect(pick({ graph, ready: ['a', 'b', 'c', 'd'], running: [], slots: 2 })).toEqual(['b', 'c']);
    expect(pick({ graph, ready: ['a'], running: [], slots: 0 })).toEqual([]);
  });

  it('fills slots with tasks that can have their files before tasks that would wait', () => {
    expect(pick({ graph, ready: ['a', 'b', 'c'], running: [], slots: 2 })).toEqual(['b', 'c']);
    expect(pick({ graph, ready: ['b', 'c', 'd'], running: ['a'], slots: 2 })).toEqual(['c', 'd']);
    expect(pick({ graph, ready: ['b', 'c'], running: ['a'], slots: 5 })).toEqual(['c', 'b']);
  });

  it('lets shareable tasks of one file start together', () => {
    expect(pick({ graph, ready: ['s1', 's2', 'd'], running: [], slots: 2 })).toEqual(['s1', 's2']);
  });

  it('never picks what runs already or what the plan does not have', () => {
    expect(pick({ graph, ready: ['a', 'c', 'nobody'], running: ['c'], slots: 5 })).toEqual(['a']);
  });

  it('picks as many as there are, each once, whatever the order of the question', () => {
    const inputs = randomPlan({ files: 4 }).chain((plan) => {
      const ids = plan.map((task) => task.id);
      return fc.record({ plan: fc.constant(plan), ready: fc.shuffledSubarray(ids), slots: fc.nat(8) });
    });
    fc.assert(
      fc.property(inputs, ({ plan, ready, slots }) => {
        const input = { graph: buildGraph(plan), running: [], slots };
        const picked = pick({ ...input, ready });
        expect(new Set(picked).size).toBe(Math.min(slots, ready.length));
        expect(pick({ ...input, ready: ready.toReversed() })).toEqual(picked);
      }),
    );
  });
});
