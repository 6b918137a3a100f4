import { describe, expect, it } from 'vitest';
import { buildGraph } from './graph.js';
import { renderGraph } from './render-graph.js';

describe('renderGraph', () => {
  it('draws tasks in plan order and arrows from what comes first', () => {
    const graph = buildGraph([
      { id: '1.2', dependsOn: ['1.1'] },
      { id: '1.1', dependsOn: [] },
    ]);
    expect(renderGraph(graph)).toBe('flowchart TD\n  n0["1.2"]\n  n1["1.1"]\n  n1 --> n0\n');
  });

  it('escapes everything that could leave a label', () => {
    const graph = buildGraph([{ id: 'a"]\n  click n0 "javascript:alert(1)" %%<img src=x>', dependsOn: [] }]);
    const [, line, ...rest] = renderGraph(graph).split('\n');
    expect(rest).toEqual(['']);
    expect(line?.slice('  n0["'.length, -'"]'.length)).not.toMatch(/["<>\][()%]/);
    expect(line).toContain('a#34;#93;   click n0 #34;javascript:alert#40;1#41;#34;');
  });

  it('marks the status of tasks and styles only what occurs', () => {
    const graph = buildGraph([
      { id: 'a', dependsOn: [] },
      { id: 'b', dependsOn: [] },
    ]);
    const text = renderGraph(graph, {
      direction: 'LR',
      label: (node) => node.id.repeat(200),
      status: (id) => (id === 'a' ? 'done' : undefined),
    });
    expect(text).toMatch(/^flowchart LR\n {2}n0\["a{119}…"\]:::done\n {2}n1\["b{119}…"\]\n {2}classDef done /);
    expect(text).not.toContain('classDef failed');
  });
});
