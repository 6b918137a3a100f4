import type { Json } from '../ports/values.js';
import { steps } from '../track/model.js';
import type { Checkpoint, Step, TrackState } from '../track/model.js';
import type { TaskState } from '../track/task-model.js';
import { isFix } from '../track/questions.js';
import { isObject, list, record } from './metadata-codec.js';
import { boardSession, checkpointFields, leadConsultation } from './metadata-model.js';
import type { CheckpointEntries, MetadataV3, TrackStatus } from './metadata-model.js';

/** What `metadata.json` shows beside the state of the track: entries in their published form, from other streams. */
export interface MetadataExtras {
  /** See `sessionEntry` of the board. */
  readonly boardSessions?: readonly Json[];
  readonly leadConsultations?: readonly Json[];
  /** The task completed last; default: the last done one in the order of the plan. */
  readonly lastTask?: string;
}

const silent = () => {};

/**
 * The state of a track as `metadata.json` shows it. Pure. Facts of a checkpoint appear when they bear the name of a published
 * field, in either spelling.
 */
export function metadataOf(state: TrackState, extras: MetadataExtras = {}): MetadataV3 {
  const { about } = state;
  return {
    trackId: state.id,
    name: about.name,
    type: about.type,
    status: statusOf(state),
    priority: about.priority,
    superpowerEnhanced: about.superpower,
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
    ...(state.completedAt !== undefined && { completedAt: state.completedAt }),
    dependencies: about.dependencies,
    loopState: loopOf(state, extras),
    boardSessions: list(boardSession).read([...(extras.boardSessions ?? [])], '', silent) ?? [],
    boardConditions: [...state.conditions.values()].map((condition) => condition.text),
    leadConsultations: list(leadConsultation).read([...(extras.leadConsultations ?? [])], '', silent) ?? [],
    discoveredWork: state.discovered.map(({ taskId, ...work }) => ({
      ...work,
      ...(taskId !== undefined && { task: taskId }),
    })),
    blockers: [...state.blockers.values()].map(({ id, description, raisedAt, step, active, resolvedAt }) => ({
      id,
      description,
      blockedAt: raisedAt,
      blockedStep: step,
      status: active ? 'ACTIVE' : 'RESOLVED',
      ...(resolvedAt !== undefined && { resolvedAt }),
    })),
  };
}

/** Unknown keys of a foreign file, as the texts that `writeMetadata` takes. */
export function extraTexts({ about: { extra } }: TrackState): Readonly<Record<string, string>> {
  const texts = isObject(extra) ? Object.entries(extra) : [];
  return Object.fromEntries(texts.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The outer machine in the words of the file; an active track with an open blocker is blocked. */
export function statusOf(state: TrackState): TrackStatus {
  switch (state.lifecycle) {
    case 'draft':
    case 'ready':
      return state.imported && begun(state) ? inProgress(state) : 'new';
    case 'active':
    case 'paused':
      return inProgress(state);
    case 'failed':
      return 'blocked';
    case 'completed':
      return 'complete';
    case 'cancelled':
      return 'cancelled';
    case 'archived':
      return state.completedAt === undefined ? 'cancelled' : 'complete';
  }
}

/** Taken over in the middle of its work, and not run here yet. */
function begun({ loop: { step, status } }: TrackState): boolean {
  return (step !== 'PLAN' && step !== 'BRAINSTORM') || status !== 'NOT_STARTED';
}

function inProgress({ loop, blockers }: TrackState): TrackStatus {
  return loop.status === 'BLOCKED' || [...blockers.values()].some((blocker) => blocker.active)
    ? 'blocked'
    : 'in_progress';
}

function loopOf(state: TrackState, extras: MetadataExtras): NonNullable<MetadataV3['loopState']> {
  const { loop, policy } = state;
  return {
    currentStep: loop.step,
    stepStatus: loop.status,
    stepStartedAt: loop.status === 'NOT_STARTED' ? null : (loop.checkpoints[loop.step]?.startedAt ?? null),
    ...(loop.mode !== undefined && { executionMode: loop.mode }),
    fixCycleCount: loop.fixCycles,
    maxFixCycles: policy.limits.maxFixCycles,
    planRevisionCount: loop.planRevisions,
    maxPlanRevisions: policy.limits.maxPlanRevisions,
    checkpoints: checkpointsOf(state, extras),
    ...(loop.mode === 'PARALLEL' && { parallelState: parallelOf(state) }),
  };
}

function checkpointsOf(state: TrackState, extras: MetadataExtras): CheckpointEntries {
  const entries: Partial<Record<Step, unknown>> = {};
  for (const step of steps) {
    const checkpoint = state.loop.checkpoints[step];
    if (!checkpoint) continue;
    entries[step] = { ...commonOf(checkpoint), ...counted(state, step, extras), ...factsOf(step, checkpoint.facts) };
  }
  return entries as CheckpointEntries; // each entry is made of the fields of its own step
}

function commonOf({ status, startedAt, completedAt, agent }: Checkpoint) {
  return {
    status,
    startedAt: startedAt ?? null,
    completedAt: status === 'IN_PROGRESS' ? null : (completedAt ?? null),
    lastUpdated: (status === 'IN_PROGRESS' ? startedAt : completedAt) ?? startedAt ?? null,
    ...(agent !== undefined && { agent }),
  };
}

/** What the state itself knows about a step. */
function counted(state: TrackState, step: Step, extras: MetadataExtras): object {
  const { loop } = state;
  if (step === 'PLAN') return { planVersion: loop.planRevisions + 1 };
  if (step === 'EXECUTE') return executionOf(state, extras);
  if (step === 'EVALUATE_EXECUTION') return { businessSyncRequired: loop.businessSync };
  if (step === 'FIX') return { cycle: loop.fixCycles, ...fixesOf(state) };
  return step === 'BUSINESS_SYNC' ? { required: loop.businessSync } : {};
}

function executionOf({ plan }: TrackState, { lastTask }: MetadataExtras): object {
  const tasks = [...(plan?.tasks.values() ?? [])];
  const done = tasks.filter((task) => task.status === 'done');
  const last = lastTask === undefined ? done.at(-1) : plan?.tasks.get(lastTask);
  return {
    tasksCompleted: done.length,
    tasksTotal: tasks.filter((task) => task.status !== 'skipped').length,
    lastTask: last ? `${isFix(last) ? '' : 'Task '}${last.task.id}` : null,
    lastCommit: last?.commit ?? null,
    commits: done.flatMap(({ commit, task }) =>
      commit === undefined ? [] : [{ sha: commit, message: task.title, task: task.id }],
    ),
  };
}

/** What the newest fix phase has done and still owes; nothing before there is one, as its fixes may be another tool's. */
function fixesOf({ plan }: TrackState): object {
  const fixes = [...(plan?.tasks.values() ?? [])].filter(isFix);
  const newest = Math.max(...fixes.map(({ task }) => task.phase));
  const current = fixes.filter(({ task }) => task.phase === newest);
  if (current.length === 0) return {};
  const done = current.filter(({ status }) => status === 'done');
  const open = current.filter(({ status }) => status !== 'done' && status !== 'skipped');
  return {
    fixesApplied: done.map(({ task, note, commit }) => ({
      issue: task.title,
      fix: note ?? task.title,
      ...(commit !== undefined && { commitSha: commit }),
    })),
    fixesRemaining: open.map(({ task }) => task.title),
  };
}

/** Facts of a step come from the engine's shell, keyed as it likes; the published names are picked out. */
function factsOf(step: Step, facts: Json | undefined): object {
  return facts === undefined ? {} : (record(checkpointFields[step]).read(published(facts), '', silent) ?? {});
}

function published(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(published);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      published(inner),
    ]),
  );
}

function parallelOf({ plan, loop }: TrackState): NonNullable<NonNullable<MetadataV3['loopState']>['parallelState']> {
  const tasks = [...(plan?.tasks.values() ?? [])];
  const failed = tasks.filter((task) => task.status === 'failed');
  const closed = loop.checkpoints.EXECUTE?.status;
  return {
    totalWorkersSpawned: tasks.reduce((sum, task) => sum + workersOf(task), 0),
    completedWorkers: tasks.filter((task) => task.status === 'done').length,
    failedWorkers: tasks.reduce((sum, task) => sum + task.failures, 0),
    parallelGroupsCompleted: groupsDone(tasks),
    failedTasks: Object.fromEntries(failed.map(({ task, note }) => [task.id, note ?? 'failed'])),
    retries: Object.fromEntries(tasks.flatMap(({ task, failures }) => (failures > 0 ? [[task.id, failures]] : []))),
    ...((closed === 'PASSED' || closed === 'FAILED') && { outcome: failed.length > 0 ? 'PARTIAL_FAIL' : 'PASSED' }),
  };
}

/** Attempts that failed, and the one that runs or did not fail. */
function workersOf({ failures, status }: TaskState): number {
  return failures + (status === 'running' || status === 'reported' || status === 'done' ? 1 : 0);
}

function groupsDone(tasks: readonly TaskState[]): readonly string[] {
  const open = new Set(
    tasks.filter((task) => task.status !== 'done' && task.status !== 'skipped').map((task) => task.task.group),
  );
  const groups = new Set(tasks.flatMap(({ task }) => (task.group === undefined ? [] : [task.group])));
  return [...groups].filter((group) => !open.has(group));
}
