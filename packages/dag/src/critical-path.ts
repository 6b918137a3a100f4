import type { GraphNode, TaskGraph } from './graph.js';

/** Assumed for a task without an estimate, so that a plan without any is weighed by the number of tasks. */
export const defaultEstimateMinutes = 30;

/** The longest way through a plan, and how much of it lies before each task. */
export interface CriticalPath {
  /** From a task without dependencies to the end; empty for an empty plan. */
  readonly path: readonly string[];
  readonly minutes: number;
  /** Minutes from the start of this task to the end of the plan, on its longest way; 0 for an unknown id. */
  remaining(id: string): number;
}

/**
 * Longest path by estimate (CPM, Kelley and Walker 1959), computed backwards over a topological order. Tasks on a cycle
 * count with their own estimate only. O(nodes + edges).
 */
export function criticalPath(graph: TaskGraph): CriticalPath {
  const remaining = new Map<string, number>();
  const next = new Map<string, string>();
  for (const id of dependentsFirst(graph)) {
    let behind = 0;
    for (const dependent of graph.dependents(id)) {
      const minutes = remaining.get(dependent) ?? 0;
      if (minutes <= behind) continue;
      behind = minutes;
      next.set(id, dependent);
    }
    remaining.set(id, estimateOf(graph.node(id)) + behind);
  }
  for (const node of graph.nodes) if (!remaining.has(node.id)) remaining.set(node.id, estimateOf(node));

  const first = longest(graph, remaining);
  const path: string[] = [];
  for (let id = first; id !== undefined; id = next.get(id)) path.push(id);
  return Object.freeze({
    path,
    minutes: first === undefined ? 0 : (remaining.get(first) ?? 0),
    remaining: (id: string) => remaining.get(id) ?? 0,
  });
}

/** Each task's place in the order in which tasks should start: phase, then longest remaining way, then plan order. */
export type Priorities = (id: string) => number;

/** Total order of a plan's tasks for `pick` and `runGraph`; lower starts first. O(n log n), once per plan. */
export function priorities(graph: TaskGraph): Priorities {
  const { remaining } = criticalPath(graph);
  const ordered = graph.nodes
    .map((node, position) => ({ id: node.id, phase: node.phase ?? 0, minutes: remaining(node.id), position }))
    .sort((a, b) => a.phase - b.phase || b.minutes - a.minutes || a.position - b.position);
  const rank = new Map(ordered.map(({ id }, place) => [id, place]));
  return (id) => rank.get(id) ?? ordered.length;
}

function* dependentsFirst(graph: TaskGraph): Generator<string> {
  const open = new Map<string, number>();
  const queue: string[] = [];
  for (const { id } of graph.nodes) {
    open.set(id, graph.dependents(id).length);
    if (graph.dependents(id).length === 0) queue.push(id);
  }
  for (const id of queue) {
    yield id;
    for (const dependency of graph.dependencies(id)) {
      const left = (open.get(dependency) ?? 0) - 1;
      open.set(dependency, left);
      if (left === 0) queue.push(dependency);
    }
  }
}

function longest(graph: TaskGraph, remaining: ReadonlyMap<string, number>): string | undefined {
  let best: string | undefined;
  for (const { id } of graph.nodes) {
    if (best === undefined || (remaining.get(id) ?? 0) > (remaining.get(best) ?? 0)) best = id;
  }
  return best;
}

function estimateOf(node: GraphNode | undefined): number {
  const minutes = node?.estimateMinutes;
  return minutes !== undefined && Number.isFinite(minutes) && minutes > 0 ? minutes : defaultEstimateMinutes;
}
