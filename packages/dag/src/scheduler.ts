import type { TaskGraph } from './graph.js';
import { downstream } from './isolation.js';

/** `held`: pending, but put aside by its caller until it is resumed (a lease, a retry delay). */
export type ScheduleStatus = 'pending' | 'held' | 'running' | 'done' | 'failed';

/** What happened to one task. */
export type ScheduleEvent =
  | { readonly type: 'started'; readonly id: string }
  | { readonly type: 'done'; readonly id: string }
  /** `final` = no attempt left: everything downstream is paused; else the task is pending again. */
  | { readonly type: 'failed'; readonly id: string; readonly final: boolean }
  /** Puts a pending task aside, or takes a running one back without counting a failure. */
  | { readonly type: 'paused'; readonly id: string }
  /** Ends `paused`; of a task that failed for good: it may be tried again, and its dependents wait as before. */
  | { readonly type: 'resumed'; readonly id: string };

/** Where every task of a graph stands. Absent from a map means: pending, no failure, not paused. */
export interface SchedulerState {
  readonly graph: TaskGraph;
  readonly status: ReadonlyMap<string, ScheduleStatus>;
  /** Dependencies that are not done. */
  readonly openDeps: ReadonlyMap<string, number>;
  /** Ancestors that failed for good. */
  readonly pausedBy: ReadonlyMap<string, number>;
  readonly failures: ReadonlyMap<string, number>;
  readonly ready: ReadonlySet<string>;
  readonly running: ReadonlySet<string>;
  /** Tasks that are not done. */
  readonly open: number;
}

type Writable<M> = M extends ReadonlyMap<infer K, infer V> ? Map<K, V> : M extends ReadonlySet<infer V> ? Set<V> : M;
type Draft = { -readonly [K in keyof SchedulerState]: Writable<SchedulerState[K]> };

/** The state before anything ran; `done` names tasks that are complete already. O(nodes + edges). */
export function initialSchedule(graph: TaskGraph, done: Iterable<string> = []): SchedulerState {
  const draft: Draft = {
    graph,
    status: new Map(),
    openDeps: new Map(),
    pausedBy: new Map(),
    failures: new Map(),
    ready: new Set(),
    running: new Set(),
    open: graph.nodes.length,
  };
  for (const { id } of graph.nodes) {
    const count = graph.dependencies(id).length;
    if (count > 0) draft.openDeps.set(id, count);
  }
  for (const id of done) if (graph.position(id) >= 0) complete(draft, id);
  for (const { id } of graph.nodes) refresh(draft, id);
  return draft;
}

/**
 * Folds events into the state. Total and pure: an event that cannot be (unknown id, a start of what is not ready) changes
 * nothing. One call copies the state once, so a batch of events costs O(nodes + degrees), not that much each.
 */
export function evolveSchedule(state: SchedulerState, events: readonly ScheduleEvent[]): SchedulerState {
  const draft = draftOf(state);
  let changed = false;
  for (const event of events) changed = applyToDraft(draft, event) || changed;
  return changed ? draft : state;
}

/** Tasks that may start now, in plan order. O(ready · log ready). */
export function readySet(state: SchedulerState): readonly string[] {
  return [...state.ready].sort((a, b) => state.graph.position(a) - state.graph.position(b));
}

/** For a fold that owns its state and never shows it: writes in place, O(degree), or O(descendants) for a final failure. */
export function applyToDraft(draft: Draft, event: ScheduleEvent): boolean {
  if (draft.graph.position(event.id) < 0) return false;
  return rules[event.type](draft, event as never);
}

/** A private copy that {@link applyToDraft} may write to. */
export function draftOf(state: SchedulerState): Draft {
  return {
    graph: state.graph,
    status: new Map(state.status),
    openDeps: new Map(state.openDeps),
    pausedBy: new Map(state.pausedBy),
    failures: new Map(state.failures),
    ready: new Set(state.ready),
    running: new Set(state.running),
    open: state.open,
  };
}

type Rules = {
  readonly [T in ScheduleEvent['type']]: (draft: Draft, event: Extract<ScheduleEvent, { readonly type: T }>) => boolean;
};

const rules: Rules = {
  started(draft, { id }) {
    if (!draft.ready.has(id)) return false;
    draft.running.add(id);
    return move(draft, id, 'running');
  },

  // A task that another run (or a person) completed counts, whatever we thought of it.
  done(draft, { id }) {
    if (statusOf(draft, id) === 'done') return false;
    if (statusOf(draft, id) === 'failed') unpauseDownstream(draft, id);
    draft.running.delete(id);
    complete(draft, id);
    draft.ready.delete(id);
    for (const dependent of draft.graph.dependents(id)) refresh(draft, dependent);
    return true;
  },

  failed(draft, { id, final }) {
    const status = statusOf(draft, id);
    if (status === 'done' || status === 'failed') return false;
    draft.running.delete(id);
    draft.failures.set(id, (draft.failures.get(id) ?? 0) + 1);
    if (final) pauseDownstream(draft, id);
    return move(draft, id, final ? 'failed' : 'pending');
  },

  paused(draft, { id }) {
    const status = statusOf(draft, id);
    if (status !== 'pending' && status !== 'running') return false;
    draft.running.delete(id);
    return move(draft, id, 'held');
  },

  resumed(draft, { id }) {
    const status = statusOf(draft, id);
    if (status !== 'held' && status !== 'failed') return false;
    if (status === 'failed') unpauseDownstream(draft, id);
    return move(draft, id, 'pending');
  },
};

function statusOf(draft: SchedulerState, id: string): ScheduleStatus {
  return draft.status.get(id) ?? 'pending';
}

function move(draft: Draft, id: string, status: ScheduleStatus): true {
  if (status === 'pending') draft.status.delete(id);
  else draft.status.set(id, status);
  refresh(draft, id);
  return true;
}

/** Keeps `ready` true for one task. */
function refresh(draft: Draft, id: string): void {
  const free = !draft.openDeps.has(id) && !draft.pausedBy.has(id);
  if (free && statusOf(draft, id) === 'pending') draft.ready.add(id);
  else draft.ready.delete(id);
}

function complete(draft: Draft, id: string): void {
  if (statusOf(draft, id) === 'done') return;
  draft.status.set(id, 'done');
  draft.open -= 1;
  for (const dependent of draft.graph.dependents(id)) add(draft.openDeps, dependent, -1);
}

function pauseDownstream(draft: Draft, id: string): void {
  for (const paused of downstream(draft.graph, id)) {
    add(draft.pausedBy, paused, 1);
    refresh(draft, paused);
  }
}

function unpauseDownstream(draft: Draft, id: string): void {
  for (const paused of downstream(draft.graph, id)) {
    add(draft.pausedBy, paused, -1);
    refresh(draft, paused);
  }
}

/** Counts kept only while they are above zero: their absence is the common case. */
function add(counts: Map<string, number>, id: string, by: number): void {
  const count = (counts.get(id) ?? 0) + by;
  if (count > 0) counts.set(id, count);
  else counts.delete(id);
}
