/** Edges of a directed graph: the ids that `id` points to. */
export type Successors = (id: string) => Iterable<string>;

/**
 * Finds the strongly connected components that hold a cycle (self-loops included) and names one cycle of each: the
 * shortest through the component's first id, closed (`a b a`). Tarjan 1972, with an explicit stack, because a plan may
 * be deeper than the call stack. O(ids + edges). Order and paths depend on the order of `ids` and edges alone.
 */
export function findCycles(ids: Iterable<string>, successors: Successors): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  for (const id of ids) order.set(id, order.size);
  const cycles: { readonly first: number; readonly path: readonly string[] }[] = [];
  for (const component of components(order.keys(), successors)) {
    component.sort((a, b) => (order.get(a) ?? Infinity) - (order.get(b) ?? Infinity));
    const path = cycleThroughFirst(component, successors);
    if (path) cycles.push({ first: order.get(component[0] ?? '') ?? Infinity, path });
  }
  return cycles.sort((a, b) => a.first - b.first).map((cycle) => cycle.path);
}

interface Frame {
  readonly id: string;
  readonly edges: Iterator<string>;
}

/** Tarjan's algorithm; `low` is the smallest index reachable through the component that is being built. */
function* components(ids: Iterable<string>, successors: Successors): Generator<string[]> {
  const indexOf = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const frames: Frame[] = [];

  const enter = (id: string) => {
    low.set(id, indexOf.size);
    indexOf.set(id, indexOf.size);
    open.push(id);
    isOpen.add(id);
    frames.push({ id, edges: successors(id)[Symbol.iterator]() });
  };
  const lower = (id: string, value: number) => low.set(id, Math.min(low.get(id) ?? value, value));

  for (const root of ids) {
    if (!indexOf.has(root)) enter(root);
    for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
      const edge = frame.edges.next();
      if (!edge.done) {
        const seen = indexOf.get(edge.value);
        if (seen === undefined) enter(edge.value);
        else if (isOpen.has(edge.value)) lower(frame.id, seen);
        continue;
      }
      frames.pop();
      const reached = low.get(frame.id) ?? 0;
      const parent = frames.at(-1);
      if (parent) lower(parent.id, reached);
      if (reached !== indexOf.get(frame.id)) continue;
      const component = open.splice(open.lastIndexOf(frame.id));
      for (const id of component) isOpen.delete(id);
      yield component;
    }
  }
}

/** Breadth first inside the component, so that the named cycle is the shortest through its first id. */
function cycleThroughFirst(component: readonly string[], successors: Successors): readonly string[] | undefined {
  const [first] = component;
  if (first === undefined) return undefined;
  const inside = new Set(component);
  const cameFrom = new Map<string, string>();
  const queue = [first];
  for (const id of queue) {
    for (const next of successors(id)) {
      if (next === first) return trace(first, id, cameFrom);
      if (!inside.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, id);
      queue.push(next);
    }
  }
  return undefined;
}

function trace(first: string, last: string, cameFrom: ReadonlyMap<string, string>): readonly string[] {
  const path = [first];
  for (let id: string | undefined = last; id !== undefined && id !== first; id = cameFrom.get(id)) path.push(id);
  path.push(first);
  return path.reverse();
}
