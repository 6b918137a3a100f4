import { parseInstant } from '@conductor/core';
import { findCycles } from './cycles.js';

/** One worker waits: for a task that another runs, or for a file that another holds. */
export interface Wait {
  readonly worker: string;
  readonly task?: string | undefined;
  readonly resource?: string | undefined;
}

/** What turns waits into edges between workers. */
export interface WaitContext {
  /** Workers that run (or will answer for) this task. */
  workersOf(task: string): Iterable<string>;
  /** Workers that hold this resource. */
  holdersOf(resource: string): Iterable<string>;
}

/** Worker → workers it waits for. */
export type WaitForGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** Resolves waits to the workers that must move first (8.5, C-26). Nobody waits for himself. O(waits and their answers). */
export function waitForGraph(waits: Iterable<Wait>, context: WaitContext): WaitForGraph {
  const edges = new Map<string, Set<string>>();
  for (const { worker, task, resource } of waits) {
    const targets = edges.get(worker) ?? new Set<string>();
    edges.set(worker, targets);
    if (task !== undefined) for (const other of context.workersOf(task)) targets.add(other);
    if (resource !== undefined) for (const other of context.holdersOf(resource)) targets.add(other);
    targets.delete(worker);
  }
  return edges;
}

/** Cycles of workers, each open (`a b` = a waits for b waits for a), by the least id first. Empty: no deadlock. */
export function findDeadlocks(edges: WaitForGraph): readonly (readonly string[])[] {
  const ids = [...edges.keys()].sort();
  const successors = (id: string) => [...(edges.get(id) ?? [])].sort();
  return findCycles(ids, successors).map((cycle) => cycle.slice(0, -1));
}

export type VictimPolicy = 'oldest' | 'youngest' | 'fewest-locks';

/** What is known of a worker when a victim is chosen. */
export interface Candidate {
  readonly id: string;
  /** RFC 3339; absent when nobody knows. */
  readonly startedAt?: string | undefined;
  readonly locks: number;
}

/**
 * The one worker of a deadlock that gives way: by policy, ties by id. `oldest` is the published rule (C-27); it discards
 * the most work. Workers without a start time come last; with none known at all the answer is `undefined`: a person
 * decides. The same candidates in any order give the same victim.
 */
export function chooseVictim(candidates: readonly Candidate[], policy: VictimPolicy = 'oldest'): string | undefined {
  const known = candidates.flatMap((candidate) => {
    const startedMs = candidate.startedAt === undefined ? NaN : instantMs(candidate.startedAt);
    return Number.isNaN(startedMs) ? [] : [{ ...candidate, startedMs }];
  });
  const weight = weights[policy];
  known.sort((a, b) => weight(a) - weight(b) || (a.id < b.id ? -1 : 1));
  return known[0]?.id;
}

const weights: Readonly<
  Record<VictimPolicy, (worker: { readonly startedMs: number; readonly locks: number }) => number>
> = {
  oldest: (worker) => worker.startedMs,
  youngest: (worker) => -worker.startedMs,
  'fewest-locks': (worker) => worker.locks,
};

function instantMs(instant: string): number {
  try {
    return parseInstant(instant);
  } catch {
    return NaN; // no time is as good as an unknown one
  }
}
