import type { TaskGraph } from './graph.js';

/**
 * Every task that cannot be reached without this one, directly or not: what its failure pauses. Nearest first, each once,
 * never the task itself, also on a cycle. O(descendants and their edges).
 */
export function downstream(graph: TaskGraph, id: string): readonly string[] {
  const seen = new Set([id]);
  const found: string[] = [];
  let frontier = graph.dependents(id);
  while (frontier.length > 0) {
    const next: string[] = [];
    for (const dependent of frontier) {
      if (seen.has(dependent)) continue;
      seen.add(dependent);
      found.push(dependent);
      next.push(...graph.dependents(dependent));
    }
    frontier = next;
  }
  return found;
}

/** Which tasks which failures pause: paused task → the failed ones above it, in plan order. Everything else goes on. */
export function pausedByFailures(graph: TaskGraph, failed: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const paused = new Map<string, string[]>();
  const inPlanOrder = [...new Set(failed)].sort((a, b) => graph.position(a) - graph.position(b));
  for (const id of inPlanOrder) {
    for (const dependent of downstream(graph, id)) {
      const causes = paused.get(dependent);
      if (causes) causes.push(id);
      else paused.set(dependent, [id]);
    }
  }
  return paused;
}

/**
 * The dependents that may start once this task is done: those whose other dependencies are done (C-32), in plan order.
 * O(dependents and their dependencies).
 */
export function unblockedBy(graph: TaskGraph, id: string, isDone: (id: string) => boolean): readonly string[] {
  return graph
    .dependents(id)
    .filter(
      (dependent) =>
        !isDone(dependent) && graph.dependencies(dependent).every((other) => other === id || isDone(other)),
    );
}

/** True while a task that failed this often has an attempt left; `maxAttempts` counts the first one too (C-10). */
export function mayRetry(failures: number, maxAttempts = 3): boolean {
  return failures < maxAttempts;
}
