import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from './graph.js';
import { levels } from './levels.js';
import { validateGraph } from './validate-graph.js';

const node = (id: string, ...dependsOn: string[]) => ({ id, dependsOn });

describe('validateGraph', () => {
  it('finds nothing in a sound plan', () => {
    expect(validateGraph(buildGraph([node('a'), node('b', 'a'), node('c', 'a', 'b')]))).toEqual([]);
  });

  it('refuses an id that is used twice [DAG-04]', () => {
    expect(validateGraph(buildGraph([node('1.1'), node('1.1')]))).toMatchObject([
      { severity: 'error', code: 'PLAN_DUPLICATE_ID', item: '1.1' },
    ]);
  });

  it('refuses a dependency that the plan does not have [DAG-05]', () => {
    expect(validateGraph(buildGraph([node('1.1', '9.9')]))).toMatchObject([
      { severity: 'error', code: 'PLAN_UNKNOWN_DEPENDENCY', item: '1.1', message: expect.stringContaining('9.9') },
    ]);
  });

  it('reports the path of a cycle, also of a task that depends on itself [DAG-07]', () => {
    const graph = buildGraph([node('a'), node('b', 'a', 'd'), node('c', 'b'), node('d', 'c'), node('e', 'e', 'd')]);
    expect(validateGraph(graph)).toMatchObject([
      { code: 'PLAN_CYCLE', message: 'Tasks wait for each other: b → d → c → b', evidence: ['b', 'd', 'c', 'b'] },
      { code: 'PLAN_CYCLE', message: 'Tasks wait for each other: e → e', evidence: ['e', 'e'] },
    ]);
  });

  it('names the shortest cycle of a knot and shortens a long one in the message only', () => {
    const knot = buildGraph([node('a', 'b'), node('b', 'c', 'a'), node('c', 'a')]);
    expect(validateGraph(knot)).toMatchObject([{ evidence: ['a', 'b', 'a'] }]);
    const ring = buildGraph(Array.from({ length: 50 }, (_, i) => node(`t${i}`, `t${(i + 1) % 50}`)));
    const [finding] = validateGraph(ring);
    expect(finding?.evidence).toHaveLength(51);
    expect(finding?.message).toMatch(/→ … → t0 \(50 tasks\)$/);
  });

  it('finds a cycle of 100,000 tasks without running out of stack', () => {
    const size = 100_000;
    const ring = buildGraph(Array.from({ length: size }, (_, i) => node(`t${i}`, `t${(i + 1) % size}`)));
    expect(validateGraph(ring)[0]?.evidence).toHaveLength(size + 1);
  });

  it('agrees with Kahn: no cycle is found exactly when every task has a level', () => {
    const edges = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 30 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const dependsOn = Array.from({ length: 12 }, () => [] as string[]);
        for (const [from, to] of pairs) dependsOn[from]?.push(`t${to}`);
        const graph = buildGraph(dependsOn.map((list, index) => ({ id: `t${index}`, dependsOn: list })));
        const cycles = validateGraph(graph);
        expect(cycles.length === 0).toBe(levels(graph).flat().length === 12);
        for (const { evidence = [] } of cycles) {
          expect(evidence[0]).toBe(evidence.at(-1));
          evidence.slice(1).forEach((id, i) => expect(graph.dependencies(evidence[i] ?? '')).toContain(id));
        }
      }),
    );
  });
});
