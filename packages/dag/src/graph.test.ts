import { describe, expect, it } from 'vitest';
import { buildGraph } from './graph.js';

describe('buildGraph', () => {
  it('answers for both directions of a dependency, each once and in order', () => {
    const graph = buildGraph([
      { id: 'a', dependsOn: [] },
      { id: 'c', dependsOn: ['b', 'a', 'b'] },
      { id: 'b', dependsOn: ['a'] },
    ]);
    expect(graph.dependencies('c')).toEqual(['b', 'a']);
    expect(graph.dependents('a')).toEqual(['c', 'b']);
    expect(graph.position('b')).toBe(2);
    expect(graph.node('c')?.dependsOn).toEqual(['b', 'a', 'b']);
  });

  it('keeps the first of a repeated id and remembers what is wrong instead of refusing', () => {
    const graph = buildGraph([
      { id: 'a', dependsOn: [], phase: 1 },
      { id: 'a', dependsOn: ['x'], phase: 2 },
      { id: 'b', dependsOn: ['nowhere'] },
    ]);
    expect(graph.nodes.map((node) => node.phase)).toEqual([1, undefined]);
    expect(graph.duplicates).toEqual(['a']);
    expect(graph.unknown).toEqual([{ id: 'b', dependsOn: 'nowhere' }]);
    expect(graph.dependencies('b')).toEqual([]);
  });

  it('takes names of the prototype for ordinary ids', () => {
    const graph = buildGraph([
      { id: '__proto__', dependsOn: [] },
      { id: 'constructor', dependsOn: ['__proto__', 'toString'] },
    ]);
    expect(graph.dependents('__proto__')).toEqual(['constructor']);
    expect(graph.unknown).toEqual([{ id: 'constructor', dependsOn: 'toString' }]);
    expect(graph.node('hasOwnProperty')).toBeUndefined();
  });

  it('cannot be changed afterwards', () => {
    const nodes = [
      { id: 'a', dependsOn: [] as string[] },
      { id: 'b', dependsOn: ['a'] },
    ];
    const graph = buildGraph(nodes);
    nodes.push({ id: 'c', dependsOn: [] });
    expect(graph.nodes).toHaveLength(2);
    expect([graph, graph.nodes, graph.dependents('a'), graph.dependencies('b')].every(Object.isFrozen)).toBe(true);
  });
});
