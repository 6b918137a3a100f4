import type { Content } from '../ports/values.js';
import type { TrackEventData } from './events.js';
import type { PlanState, Task, TaskState, TaskStatus } from './model.js';
import type { Scratch } from './scratch.js';

export type PlanModelData = TrackEventData<'plan.submitted'>['model'];

const satisfied = (status: TaskStatus) => status === 'done' || status === 'skipped';
/** Nothing behind such a task can run before a person or a retry helps. */
const stuck = (status: TaskStatus) => status === 'failed' || status === 'blocked';
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
  const plan = {
    ...about,
    title: model.title,
    tasks,
    dependents,
    ready: new Set<string>(),
    running: new Set<string>(),
    waiting: new Set<string>(),
    open: 0,
  };
  for (const [id, task] of tasks) tasks.set(id, { ...task, openDeps: openDependencies(task.task, tasks), pausedBy: 0 });
  for (const [id, task] of tasks) if (stuck(task.status)) pause(plan, id, 1);
  for (const [id, task] of tasks) {
    if (isReady(task)) plan.ready.add(id);
    if (task.status === 'running' || task.status === 'reported') plan.running.add(id);
    if (!satisfied(task.status)) plan.open += 1;
  }
  return plan;
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
  readonly tasks: Map<string, TaskState>;
  readonly dependents: ReadonlyMap<string, readonly string[]>;
  readonly ready: Set<string>;
  readonly running: Set<string>;
  readonly waiting: Set<string>;
  open: number;
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
  /** Waiting for a lease of somebody else. */
  readonly waiting?: boolean;
}

/** Changes one task and keeps ready, running, waiting and open right. O(degree); O(descendants) when it gets stuck or free. */
export function changeTask(plan: PlanState, id: string, patch: TaskPatch, scratch: Scratch): PlanState {
  const before = plan.tasks.get(id);
  if (!before) return plan;
  const draft: PlanDraft = {
    tasks: scratch.map(plan.tasks),
    dependents: plan.dependents,
    ready: scratch.set(plan.ready),
    running: scratch.set(plan.running),
    waiting: scratch.set(plan.waiting),
    open: plan.open,
  };
  const { waiting, ...rest } = patch;
  const after = defined({ ...before, ...rest });
  draft.tasks.set(id, after);
  if (waiting !== undefined) toggle(draft.waiting, id, waiting);
  toggle(draft.running, id, after.status === 'running' || after.status === 'reported');
  draft.open += Number(!satisfied(after.status)) - Number(!satisfied(before.status));
  const released = Number(satisfied(after.status)) - Number(satisfied(before.status));
  if (released !== 0) for (const next of draft.dependents.get(id) ?? []) adjust(draft, next, { openDeps: -released });
  const paused = Number(stuck(after.status)) - Number(stuck(before.status));
  if (paused !== 0) pause(draft, id, paused);
  refresh(draft, id, draft.tasks.get(id) as TaskState); // set above, and adjusted since where a cycle leads back to it
  return { ...plan, ...draft };
}

/** Forgets all waits: a new run asks for its leases anew. */
export function clearWaits(plan: PlanState, scratch: Scratch): PlanState {
  const ready = scratch.set(plan.ready);
  for (const id of plan.waiting) ready.add(id);
  return { ...plan, ready, waiting: new Set() };
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

function pause(draft: PlanDraft, id: string, by: number): void {
  for (const next of descendants(draft, id)) adjust(draft, next, { pausedBy: by });
}

function adjust(draft: PlanDraft, id: string, by: { readonly openDeps?: number; readonly pausedBy?: number }): void {
  const task = draft.tasks.get(id) as TaskState; // `dependents` holds ids of tasks only
  const after = {
    ...task,
    openDeps: task.openDeps + (by.openDeps ?? 0),
    pausedBy: task.pausedBy + (by.pausedBy ?? 0),
  };
  draft.tasks.set(id, after);
  refresh(draft, id, after);
}

function refresh(draft: PlanDraft, id: string, task: TaskState): void {
  const ready = isReady(task);
  if (!ready) draft.waiting.delete(id); // only its files were missing: now something else is
  toggle(draft.ready, id, ready && !draft.waiting.has(id));
}

function toggle(set: Set<string>, id: string, on: boolean): void {
  if (on) set.add(id);
  else set.delete(id);
}

function defined(task: { [K in keyof TaskState]: TaskState[K] | undefined }): TaskState {
  const entries = Object.entries(task).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as TaskState; // required keys are never set to undefined by a patch
}
