import type { Content } from '../ports/values.js';
import type { TrackEventData } from './events.js';
import { KeyedMap, KeyedSet, Keys } from './keyed.js';
import type { PlanState, Task, TaskState, TaskStatus } from './task-model.js';
import type { Scratch } from './scratch.js';
import { Vector } from './vector.js';

export type PlanModelData = TrackEventData<'plan.submitted'>['model'];

const satisfied = (status: TaskStatus) => status === 'done' || status === 'skipped';
/** Nothing behind such a task can run before a person or a retry helps. */
const stuck = (status: TaskStatus) => status === 'failed' || status === 'blocked';
const isRunning = ({ status }: TaskState) => status === 'running' || status === 'reported';
const isReady = (task: TaskState) =>
  task.status === 'pending' && task.openDeps === 0 && task.pausedBy === 0 && !task.retryTimer;

/**
 * A plan's tasks with their sets, from its model. States of tasks that stay are kept by id; a new id (or one that comes
 * back) gets the new revision as its generation. O(tasks + dependencies).
 */
export function planState(
  previous: PlanState | undefined,
  model: PlanModelData,
  about: { readonly revision: number; readonly text: Content; readonly textHash: string },
): PlanState {
  const tasks = new Map<string, TaskState>();
  for (const { state, commit, ...task } of model.tasks) {
    tasks.set(
      task.id,
      taskState(previous?.tasks.get(task.id), { ...withoutUndefined(task), gen: about.revision }, state, commit),
    );
  }
  const dependents = dependentsOf(tasks);
  for (const [id, task] of tasks) tasks.set(id, { ...task, openDeps: openDependencies(task.task, tasks), pausedBy: 0 });
  for (const [id, task] of tasks) {
    if (!stuck(task.status)) continue;
    for (const next of descendants({ dependents }, id)) {
      const paused = tasks.get(next) as TaskState; // `dependents` holds ids of tasks only
      tasks.set(next, { ...paused, pausedBy: paused.pausedBy + 1 });
    }
  }
  return { ...about, title: model.title, dependents, ...indexed(tasks) };
}

/** Tasks with their sets, in the order of the plan, ready for changes that cost O(log n). */
function indexed(
  tasks: ReadonlyMap<string, TaskState>,
): Pick<PlanState, 'tasks' | 'ready' | 'running' | 'waiting' | 'open'> {
  const map = keyedTasks(tasks);
  const idsOf = (some: (task: TaskState) => boolean) =>
    [...tasks].filter(([, task]) => some(task)).map(([taskId]) => taskId);
  return {
    tasks: map,
    ready: KeyedSet.of(map.index, idsOf(isReady)),
    running: KeyedSet.of(map.index, idsOf(isRunning)),
    waiting: KeyedSet.of(map.index),
    open: idsOf(({ status }) => !satisfied(status)).length,
  };
}

/** From the tasks as they are kept: of an id that stands twice in a plan, the last one counts. */
function dependentsOf(tasks: ReadonlyMap<string, TaskState>): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, string[]>();
  for (const [id, { task }] of tasks) {
    for (const before of task.dependsOn) {
      const known = dependents.get(before);
      if (known) known.push(id);
      else dependents.set(before, [id]);
    }
  }
  return dependents;
}

/** Drops keys whose value is `undefined`: zod's optional keys meet exact optional types. */
function withoutUndefined(task: Omit<PlanModelData['tasks'][number], 'state' | 'commit'>): Omit<Task, 'gen'> {
  const { acceptance, estimateMinutes, group, ...rest } = task;
  return {
    ...rest,
    ...(acceptance !== undefined && { acceptance }),
    ...(estimateMinutes !== undefined && { estimateMinutes }),
    ...(group !== undefined && { group }),
  };
}

function taskState(
  before: TaskState | undefined,
  task: Task,
  mark: TaskStatus | undefined,
  commit: string | undefined,
): TaskState {
  if (before) return { ...before, task: { ...task, gen: before.task.gen } };
  return {
    task,
    status: mark ?? 'pending',
    failures: 0,
    recoveries: 0,
    openDeps: 0,
    pausedBy: 0,
    ...(commit && { commit }),
  };
}

function openDependencies(task: Task, tasks: ReadonlyMap<string, TaskState>): number {
  return task.dependsOn.filter((id) => {
    const before = tasks.get(id);
    return before !== undefined && !satisfied(before.status);
  }).length;
}

interface PlanDraft {
  tasks: KeyedMap<TaskState>;
  ready: KeyedSet;
  running: KeyedSet;
  waiting: KeyedSet;
  open: number;
  readonly dependents: PlanState['dependents'];
  readonly scratch: Scratch;
}

/** The parts that change, in the form that shares; of a plan that somebody put together by hand, a copy in that form. */
function draftOf({ tasks, ready, running, waiting, open, dependents }: PlanState, scratch: Scratch): PlanDraft {
  const map = tasks instanceof KeyedMap ? (tasks as KeyedMap<TaskState>) : keyedTasks(tasks); // values are the same by type
  const shared = (set: ReadonlySet<string>) => (set instanceof KeyedSet ? set : KeyedSet.of(map.index, set));
  return {
    tasks: map,
    ready: shared(ready),
    running: shared(running),
    waiting: shared(waiting),
    open,
    dependents,
    scratch,
  };
}

function keyedTasks(tasks: ReadonlyMap<string, TaskState>): KeyedMap<TaskState> {
  return new KeyedMap(new Keys([...tasks.keys()]), Vector.from([...tasks.values()]));
}

/** What may change of a task beside its status; `undefined` removes the key. */
export interface TaskPatch {
  readonly status?: TaskStatus;
  readonly failures?: number;
  readonly earlier?: number;
  readonly recoveries?: number;
  readonly runId?: string | undefined;
  readonly epoch?: number | undefined;
  readonly retryTimer?: string | undefined;
  readonly commit?: string | undefined;
  readonly process?: TaskState['process'] | undefined;
  readonly note?: string | undefined;
  readonly dirty?: readonly string[] | undefined;
  readonly isolated?: boolean | undefined;
  readonly asks?: TaskState['asks'] | undefined;
  /** Waiting for a lease of somebody else. */
  readonly waiting?: boolean;
}

/**
 * Changes one task and keeps ready, running, waiting and open right: O(degree × log n), O(descendants × log n) when it
 * gets stuck or free. The plan that was given stays as it is.
 */
export function changeTask(plan: PlanState, id: string, patch: TaskPatch, scratch: Scratch): PlanState {
  const before = plan.tasks.get(id);
  if (!before) return plan;
  const draft = draftOf(plan, scratch);
  const after = patched(before, patch);
  draft.tasks = draft.tasks.with(id, after, scratch);
  if (patch.waiting !== undefined) draft.waiting = draft.waiting.with(id, patch.waiting, scratch);
  draft.running = draft.running.with(id, isRunning(after), scratch);
  draft.open += Number(!satisfied(after.status)) - Number(!satisfied(before.status));
  const released = Number(satisfied(after.status)) - Number(satisfied(before.status));
  if (released !== 0) for (const next of plan.dependents.get(id) ?? []) adjust(draft, next, { openDeps: -released });
  const paused = Number(stuck(after.status)) - Number(stuck(before.status));
  if (paused !== 0) for (const next of descendants(plan, id)) adjust(draft, next, { pausedBy: paused });
  refresh(draft, id, draft.tasks.get(id) as TaskState); // set above, and adjusted since where a cycle leads back to it
  return planOf(plan, draft);
}

/** Forgets all waits: a new run asks for its leases anew. */
export function clearWaits(plan: PlanState, scratch: Scratch): PlanState {
  const draft = draftOf(plan, scratch);
  for (const id of plan.waiting) {
    draft.ready = draft.ready.with(id, true, scratch);
    draft.waiting = draft.waiting.with(id, false, scratch);
  }
  return planOf(plan, draft);
}

function planOf({ revision, textHash, text, title }: PlanState, draft: PlanDraft): PlanState {
  const { tasks, dependents, ready, running, waiting, open } = draft;
  return { revision, textHash, text, title, tasks, dependents, ready, running, waiting, open };
}

/** Ids of everything downstream of a task, in breadth-first order. */
export function descendants(plan: Pick<PlanState, 'dependents'>, id: string): readonly string[] {
  const seen = new Set<string>();
  const queue = [...(plan.dependents.get(id) ?? [])];
  for (const next of queue) {
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(plan.dependents.get(next) ?? []));
  }
  return [...seen];
}

function adjust(draft: PlanDraft, id: string, by: { readonly openDeps?: number; readonly pausedBy?: number }): void {
  const task = draft.tasks.get(id) as TaskState; // `dependents` holds ids of tasks only
  const after = {
    ...task,
    openDeps: task.openDeps + (by.openDeps ?? 0),
    pausedBy: task.pausedBy + (by.pausedBy ?? 0),
  };
  draft.tasks = draft.tasks.with(id, after, draft.scratch);
  refresh(draft, id, after);
}

function refresh(draft: PlanDraft, id: string, task: TaskState): void {
  const ready = isReady(task);
  if (!ready) draft.waiting = draft.waiting.with(id, false, draft.scratch); // only its files were missing: now something else is
  draft.ready = draft.ready.with(id, ready && !draft.waiting.has(id), draft.scratch);
}

const optionalKeys = [
  'earlier',
  'runId',
  'epoch',
  'retryTimer',
  'commit',
  'process',
  'note',
  'dirty',
  'isolated',
  'asks',
] as const;

/** A key that is given as `undefined` is removed. Key by key, because this is the inner loop of every replay. */
function patched(before: TaskState, patch: TaskPatch): TaskState {
  const { task, openDeps, pausedBy } = before;
  const { status = before.status, failures = before.failures, recoveries = before.recoveries } = patch;
  const after: { -readonly [K in keyof TaskState]: TaskState[K] } = {
    task,
    status,
    failures,
    recoveries,
    openDeps,
    pausedBy,
  };
  for (const key of optionalKeys) {
    const value = key in patch ? patch[key] : before[key];
    if (value !== undefined) (after as Record<string, unknown>)[key] = value; // the same key on both sides
  }
  return after;
}
