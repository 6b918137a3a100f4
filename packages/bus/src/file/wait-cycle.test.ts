import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findWaitCycle } from './wait-cycle.js';

const graph = (edges: Readonly<Record<string, readonly string[]>>) =>
  new Map(Object.entries(edges).map(([worker, targets]) => [worker, new Set(targets)]));

describe('findWaitCycle', () => {
  it('finds the cycle behind a tail, and none in a chain', () => {
    expect(findWaitCycle(graph({ a: ['b'], b: ['c'], c: [] }))).toBeUndefined();
    expect(findWaitCycle(graph({ a: ['c'], d: ['c'], c: ['d'] }))).toEqual(['c', 'd']);
    expect(findWaitCycle(new Map())).toBeUndefined();
  });

  it('finds a cycle exactly when there is one, and it is one', () => {
    const worker = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    fc.assert(
      fc.property(fc.array(fc.tuple(worker, worker), { maxLength: 12 }), (pairs) => {
        const waits = new Map<string, Set<string>>();
        for (const [from, to] of pairs) if (from !== to) waits.set(from, (waits.get(from) ?? new Set()).add(to));
        const cycle = findWaitCycle(waits);
        cycle?.forEach((id, index) => expect(waits.get(id)).toContain(cycle[(index + 1) % cycle.length]));
        expect(cycle !== undefined).toBe([...waits.keys()].some((id) => reaches(waits, id, id)));
      }),
    );
  });
});

function reaches(waits: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [...(waits.get(from) ?? [])];
  for (const id of open) {
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(waits.get(id) ?? []));
  }
  return false;
}
