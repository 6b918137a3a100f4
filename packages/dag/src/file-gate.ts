import { createFileUse } from './conflicts.js';
import type { Priorities } from './critical-path.js';
import type { GraphNode } from './graph.js';
import { createRankedHeap, type RankedHeap } from './ranked-heap.js';

/** Lets tasks to their files: all at once or not at all, so that nobody holds one file while waiting for another. */
export interface FileGate {
  /** Not entered: the task is kept until `enter` or `leave` names it again as woken. */
  enter(node: GraphNode): { readonly entered: boolean; readonly woken?: string | undefined };
  /** The tasks that should try again. */
  leave(node: GraphNode): readonly string[];
}

/**
 * Invariant: a file with waiting tasks is in use, or one task that waited for it has been woken and not entered yet. So
 * each end of a use wakes one waiter a file, the first by rank, and a thousand tasks on one file cost a thousand wakes.
 */
export function createFileGate(rank: Priorities): FileGate {
  const use = createFileUse();
  const waiting = new Map<string, RankedHeap>();
  const wokenFrom = new Map<string, string>();

  const wake = (file: string): string | undefined => {
    const queue = waiting.get(file);
    const id = queue?.pop();
    if (queue?.size === 0) waiting.delete(file);
    if (id !== undefined) wokenFrom.set(id, file);
    return id;
  };
  const wait = (file: string, id: string) => {
    const queue = waiting.get(file);
    if (queue) queue.push(id);
    else waiting.set(file, createRankedHeap(rank, [id]));
  };

  return {
    enter(node) {
      const from = wokenFrom.get(node.id);
      wokenFrom.delete(node.id);
      const file = use.clash(node);
      if (file === undefined) {
        use.take(node);
        // The next waiter may share what this one has just taken.
        return { entered: true, woken: from !== undefined && node.shareable ? wake(from) : undefined };
      }
      wait(file, node.id);
      return { entered: false, woken: from === undefined || from === file ? undefined : wake(from) };
    },
    leave(node) {
      use.leave(node);
      return [...new Set(node.files)].flatMap((file) => wake(file) ?? []);
    },
  };
}
