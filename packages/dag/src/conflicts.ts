import type { GraphNode, TaskGraph } from './graph.js';

/** One file that several tasks want. */
export interface Conflict {
  readonly file: string;
  /** At least two, in the order in which they were asked about. */
  readonly tasks: readonly string[];
}

/**
 * The files that two or more of these tasks name, sorted by path. Asked about one level it tells whether the level is
 * free of conflicts. O(files named).
 */
export function conflicts(graph: TaskGraph, ids: Iterable<string>): readonly Conflict[] {
  const users = new Map<string, string[]>();
  for (const id of new Set(ids)) {
    for (const file of new Set(graph.node(id)?.files)) {
      const tasks = users.get(file);
      if (tasks) tasks.push(id);
      else users.set(file, [id]);
    }
  }
  return [...users]
    .filter(([, tasks]) => tasks.length > 1)
    .map(([file, tasks]) => ({ file, tasks }))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Who uses which file now. Two users meet in peace only when both are shareable. */
export interface FileUse {
  /** A file that the node wants and may not have beside its present users. */
  clash(node: GraphNode): string | undefined;
  take(node: GraphNode): void;
  leave(node: GraphNode): void;
}

/** Keeps count of the files in use: O(files of the node) a call. */
export function createFileUse(): FileUse {
  const inUse = new Map<string, { shared: number; alone: number }>();
  const count = (node: GraphNode, by: 1 | -1) => {
    for (const file of new Set(node.files)) {
      const use = inUse.get(file) ?? { shared: 0, alone: 0 };
      if (node.shareable) use.shared += by;
      else use.alone += by;
      if (use.shared + use.alone > 0) inUse.set(file, use);
      else inUse.delete(file);
    }
  };
  return {
    clash(node) {
      return node.files?.find((file) => {
        const use = inUse.get(file);
        return use !== undefined && (use.alone > 0 || !node.shareable);
      });
    },
    take: (node) => count(node, 1),
    leave: (node) => count(node, -1),
  };
}
