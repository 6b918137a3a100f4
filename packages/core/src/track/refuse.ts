import { ConductorError } from '../kernel/error.js';
import { ended } from './lifecycle.js';
import type { TaskState } from './task-model.js';
import type { TrackState } from './model.js';

/** Refuses what the state does not allow. */
export function invalidState(state: TrackState, what: string, allowed: readonly string[] = []): ConductorError {
  const { step, status } = state.loop;
  return new ConductorError(
    'INVALID_STATE',
    `Track ${state.id} (${state.lifecycle}, ${step} / ${status}) does not allow: ${what}`,
    {
      details: { track: state.id, lifecycle: state.lifecycle, step, status, allowed },
    },
  );
}

export function requireTrack(state: TrackState): void {
  if (state.version === 0) {
    throw new ConductorError('TRACK_NOT_FOUND', `There is no track ${state.id}`, { details: { track: state.id } });
  }
  if (state.degraded) {
    throw new ConductorError('STORE_NEWER', `Track ${state.id} was written by a newer version`, {
      details: { track: state.id },
    });
  }
}

export function requireNotEnded(state: TrackState): void {
  requireTrack(state);
  if (ended.includes(state.lifecycle)) {
    throw new ConductorError('TRACK_ENDED', `Track ${state.id} is ${state.lifecycle}`, {
      details: { track: state.id, lifecycle: state.lifecycle },
    });
  }
}

export function requireRun(state: TrackState, what: string): void {
  requireTrack(state);
  if (!state.run || state.run.stopped !== undefined) throw invalidState(state, `${what}, because no run holds it`);
}

/** Work that has passed its evaluation is not changed any more: nothing would look at it again. */
export function requireUnevaluated(state: TrackState, what: string): void {
  const { step } = state.loop;
  if (step === 'BUSINESS_SYNC' || step === 'COMPLETE') throw invalidState(state, `${what} after its evaluation`);
}

export function requireTask(state: TrackState, id: string): TaskState {
  const task = state.plan?.tasks.get(id);
  if (task) return task;
  throw new ConductorError('TASK_NOT_FOUND', `Track ${state.id} has no task ${id}`, {
    details: { track: state.id, task: id },
  });
}

/** The task, if this run of it is the current one: a late answer of an older run never counts. */
export function requireTaskRun(state: TrackState, id: string, runId: string): TaskState {
  const task = requireTask(state, id);
  if (task.runId === runId) return task;
  throw invalidState(state, `a result of run ${runId} for task ${id}, whose run is ${task.runId ?? 'none'}`);
}
