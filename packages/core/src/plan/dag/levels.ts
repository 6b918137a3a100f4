/** Levels of a dependency graph: 0 for a task without dependencies, else one more than its deepest dependency. */
export interface Levels {
  /** Tasks on a cycle, and those that wait for one, have no level. */
  readonly levelOf: ReadonlyMap<string, number>;
  /** One cycle as a closed path, `['a', 'b', 'a']`: each depends on the next. Absent when there is none. */
  readonly cycle?: readonly string[];
}

/**
 * Levels by longest path (Kahn 1962, counting), in O(nodes + edges). Dependencies outside the graph are ignored here: they are a
 * finding of their own.
 */
export function levelsOf(dependencies: ReadonlyMap<string, readonly string[]>): Levels {
  const waiting = new Map<string, number>();
  const dependents = new Map<string, string[]>();
  for (const [id, needs] of dependencies) {
    const known = needs.filter((need) => dependencies.has(need));
    waiting.set(id, known.length);
    for (const need of known) {
      const list = dependents.get(need);
      if (list === undefined) dependents.set(need, [id]);
      else list.push(id);
    }
  }
  const levelOf = new Map<string, number>();
  let front = [...waiting].filter(([, count]) => count === 0).map(([id]) => id);
  for (let level = 0; front.length > 0; level += 1) {
    const next: string[] = [];
    for (const id of front) {
      levelOf.set(id, level);
      for (const dependent of dependents.get(id) ?? []) {
        const left = (waiting.get(dependent) ?? 0) - 1;
        waiting.set(dependent, left);
        if (left === 0) next.push(dependent);
      }
    }
    front = next;
  }
  if (levelOf.size === dependencies.size) return { levelOf };
  return { levelOf, cycle: findCycle(dependencies, levelOf) };
}

/** Every node without a level has a dependency without one, so following these must come back to a node seen before. */
function findCycle(
  dependencies: ReadonlyMap<string, readonly string[]>,
  levelOf: ReadonlyMap<string, number>,
): readonly string[] {
  const stuck = (id: string): boolean => dependencies.has(id) && !levelOf.has(id);
  const path: string[] = [];
  const place = new Map<string, number>();
  let at = [...dependencies.keys()].find(stuck);
  while (at !== undefined && !place.has(at)) {
    place.set(at, path.length);
    path.push(at);
    at = dependencies.get(at)?.find(stuck);
  }
  return at === undefined ? path : [...path.slice(place.get(at)), at];
}
