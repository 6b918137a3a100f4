import { describe, expect, it } from 'vitest';
import { conflicts } from './conflicts.js';
import { buildGraph } from './graph.js';

const graph = buildGraph([
  { id: 'a', dependsOn: [], files: ['src/b.ts', 'src/a.ts', 'src/a.ts'] },
  { id: 'b', dependsOn: [], files: ['src/a.ts'] },
  { id: 'c', dependsOn: [], files: ['src/b.ts', 'src/c.ts'] },
  { id: 'd', dependsOn: ['a'] },
]);

describe('conflicts', () => {
  it('names the files that two or more of the asked tasks use, sorted by path', () => {
    expect(conflicts(graph, ['c', 'a', 'b', 'd'])).toEqual([
      { file: 'src/a.ts', tasks: ['a', 'b'] },
      { file: 'src/b.ts', tasks: ['c', 'a'] },
    ]);
  });

  it('sees no conflict of a task with itself, with strangers or outside the question', () => {
    expect(conflicts(graph, ['a', 'a', 'nobody'])).toEqual([]);
    expect(conflicts(graph, ['b', 'c'])).toEqual([]);
  });
});
