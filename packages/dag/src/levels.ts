import type { TaskGraph } from './graph.js';

/**
 * Topological levels (Kahn 1962): the level of a task is the longest way to it from a task without dependencies, so the
 * tasks of one level do not depend on each other. Plan order inside a level. Tasks on a cycle, and behind one, are in no
 * level. O(nodes + edges).
 */
export function levels(graph: TaskGraph): readonly (readonly string[])[] {
  const open = new Map<string, number>();
  let level: string[] = [];
  for (const { id } of graph.nodes) {
    const count = graph.dependencies(id).length;
    if (count === 0) level.push(id);
    else open.set(id, count);
  }
  const found: (readonly string[])[] = [];
  while (level.length > 0) {
    found.push(level);
    level = nextLevel(graph, level, open);
  }
  return found;
}

function nextLevel(graph: TaskGraph, level: readonly string[], open: Map<string, number>): string[] {
  const next: string[] = [];
  for (const id of level) {
    for (const dependent of graph.dependents(id)) {
      const left = (open.get(dependent) ?? 0) - 1;
      open.set(dependent, left);
      if (left === 0) next.push(dependent);
    }
  }
  return next.sort((a, b) => graph.position(a) - graph.position(b));
}

/** How many tasks share their level with another one: what "can run concurrently" means for a plan (C-54). */
export function concurrentTasks(graph: TaskGraph): number {
  return levels(graph).reduce((count, level) => count + (level.length > 1 ? level.length : 0), 0);
}

/** PARALLEL pays off when at least `parallelFrom` tasks can run concurrently, else SEQUENTIAL (8.1, C-54). */
export function executionMode(graph: TaskGraph, parallelFrom = 3): 'PARALLEL' | 'SEQUENTIAL' {
  return concurrentTasks(graph) >= parallelFrom ? 'PARALLEL' : 'SEQUENTIAL';
}
