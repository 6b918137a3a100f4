/** What the graph needs to know of a task; a `Task` of the core fits as it is. */
export interface GraphNode {
  readonly id: string;
  readonly dependsOn: readonly string[];
  /** Paths in one agreed spelling (`Workspace.key`): they are compared by equality. */
  readonly files?: readonly string[] | undefined;
  readonly group?: string | undefined;
  /** May run beside other shareable tasks that name the same file. */
  readonly shareable?: boolean | undefined;
  readonly estimateMinutes?: number | undefined;
  readonly phase?: number | undefined;
}

/** Frozen adjacency. Every question costs O(1); positions are those of the plan. */
export interface TaskGraph<N extends GraphNode = GraphNode> {
  /** In plan order; of a repeated id only the first. */
  readonly nodes: readonly N[];
  node(id: string): N | undefined;
  /** Index in {@link nodes}, or -1. */
  position(id: string): number;
  /** Known ones, each once, as the task names them. */
  dependencies(id: string): readonly string[];
  /** Each once, in plan order. */
  dependents(id: string): readonly string[];
  /** Ids that occurred more than once, in plan order. */
  readonly duplicates: readonly string[];
  /** Dependencies on ids that the plan does not have. */
  readonly unknown: readonly { readonly id: string; readonly dependsOn: string }[];
}

const none: readonly string[] = Object.freeze([]);

/**
 * Indexes a plan's tasks. Never refuses: what is wrong with a plan is told by `validateGraph`, and a graph with faults
 * still answers for its sound part. O(nodes + edges).
 */
export function buildGraph<N extends GraphNode>(nodes: readonly N[]): TaskGraph<N> {
  const { index, unique, duplicates } = indexNodes(nodes);
  const dependents = new Map<string, string[]>();
  const dependencies = new Map<string, readonly string[]>();
  const unknown: { readonly id: string; readonly dependsOn: string }[] = [];

  for (const node of unique) {
    const known: string[] = [];
    for (const dependsOn of new Set(node.dependsOn)) {
      if (!index.has(dependsOn)) {
        unknown.push(Object.freeze({ id: node.id, dependsOn }));
        continue;
      }
      known.push(dependsOn);
      const followers = dependents.get(dependsOn);
      if (followers) followers.push(node.id);
      else dependents.set(dependsOn, [node.id]);
    }
    if (known.length > 0) dependencies.set(node.id, Object.freeze(known));
  }
  for (const followers of dependents.values()) Object.freeze(followers);

  return Object.freeze({
    nodes: Object.freeze(unique),
    node: (id: string) => unique[index.get(id) ?? -1],
    position: (id: string) => index.get(id) ?? -1,
    dependencies: (id: string) => dependencies.get(id) ?? none,
    dependents: (id: string) => dependents.get(id) ?? none,
    duplicates: Object.freeze(duplicates),
    unknown: Object.freeze(unknown),
  });
}

function indexNodes<N extends GraphNode>(nodes: readonly N[]) {
  const index = new Map<string, number>();
  const unique: N[] = [];
  const duplicates = new Set<string>();
  for (const node of nodes) {
    if (index.has(node.id)) {
      duplicates.add(node.id);
      continue;
    }
    index.set(node.id, unique.length);
    unique.push(node);
  }
  return { index, unique, duplicates: [...duplicates] };
}
