import { createFileUse } from './conflicts.js';
import { priorities, type Priorities } from './critical-path.js';
import type { TaskGraph } from './graph.js';
import { createRankedHeap } from './ranked-heap.js';

/** What `pick` chooses from. */
export interface PickInput {
  readonly graph: TaskGraph;
  readonly ready: Iterable<string>;
  readonly running: Iterable<string>;
  /** How many may start now; 0 or less picks nothing. */
  readonly slots: number;
  /** Computed once per plan by a caller that asks often. */
  readonly priorities?: Priorities | undefined;
}

/**
 * Which ready tasks should start first: by phase, then longest remaining way, then plan order, and tasks that clash with
 * no running or picked task before those that would only wait for a file. It orders and caps; whether a task may have its
 * files is decided by the leases. O(ready + picked · log ready) where few tasks clash.
 */
export function pick({
  graph,
  ready,
  running,
  slots,
  priorities: rank = priorities(graph),
}: PickInput): readonly string[] {
  if (slots <= 0) return [];
  const use = createFileUse();
  const started = new Set(running);
  for (const id of started) {
    const node = graph.node(id);
    if (node) use.take(node);
  }
  const heap = createRankedHeap(rank, ready);
  const picked: string[] = [];
  const clashing: string[] = [];
  for (let id = heap.pop(); id !== undefined && picked.length < slots; id = heap.pop()) {
    const node = graph.node(id);
    if (!node || started.has(id)) continue;
    if (use.clash(node) !== undefined) {
      clashing.push(id);
      continue;
    }
    use.take(node);
    picked.push(id);
  }
  return [...picked, ...clashing.slice(0, slots - picked.length)];
}
