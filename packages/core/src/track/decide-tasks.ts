import { reasonNamed } from '../loop/escalations.js';
import type { TrackCommandName } from './commands.js';
import type { Rules } from './decide.js';
import { attemptOf } from './effects.js';
import { trackEvent } from './events.js';
import type { TrackState } from './model.js';
import {
  invalidState,
  requireNotEnded,
  requireRun,
  requireTask,
  requireTaskRun,
  requireUnevaluated,
} from './refuse.js';

type Names = Extract<TrackCommandName, `task.${string}` | `lease.${string}`>;

/** Interruptions that count against `maxRecoveries`: a person's stop or a question is nobody's fault. */
const counted: readonly string[] = ['engineLost', 'leaseLost'];

/** No work without a passed plan evaluation: only it leads to EXECUTE. */
function requireWorkStep(state: TrackState, taskId: string): void {
  const { step, status } = state.loop;
  if ((step !== 'EXECUTE' && step !== 'FIX') || status !== 'IN_PROGRESS')
    throw invalidState(state, `start of task ${taskId}`, ['EXECUTE', 'FIX']);
}

/** Rules of single tasks: attempts, recoveries, results of the current run only. */
export const decideTasks: Rules<Names> = {
  'task.start': (state, data) => {
    requireRun(state, `start of task ${data.taskId}`);
    const task = requireTask(state, data.taskId);
    // A task that waits for its files is ready in all but them: the caller holds them now.
    const may = state.plan?.ready.has(data.taskId) || state.plan?.waiting.has(data.taskId);
    if (!may) throw invalidState(state, `start of task ${data.taskId}, which is ${task.status} and not ready`);
    requireWorkStep(state, data.taskId);
    return [
      trackEvent('task.started', {
        ...data,
        gen: task.task.gen,
        attempt: attemptOf(task),
        ...(task.recoveries > 0 && { recovery: task.recoveries }),
      }),
    ];
  },
  'task.report': (state, data) => {
    requireRun(state, `report of task ${data.taskId}`);
    const { status } = requireTaskRun(state, data.taskId, data.runId);
    return status === 'reported' ? [] : [trackEvent('task.reported', data)];
  },
  'task.complete': (state, data) => {
    requireRun(state, `end of task ${data.taskId}`);
    const { status } = requireTask(state, data.taskId);
    if (status === 'done') return [];
    requireTaskRun(state, data.taskId, data.runId);
    return [trackEvent('task.completed', data)];
  },
  'task.fail': (state, data) => {
    requireRun(state, `failure of task ${data.taskId}`);
    const task = requireTaskRun(state, data.taskId, data.runId);
    const attempt = attemptOf(task);
    const final = task.failures + 1 >= state.policy.limits.maxTaskAttempts;
    const { retryAt, ...rest } = data;
    return [trackEvent('task.failed', { ...rest, attempt, final, ...(!final && retryAt && { retryAt }) })];
  },
  'task.interrupt': (state, data) => {
    const task = requireTaskRun(state, data.taskId, data.runId);
    const counts = counted.includes(data.reason);
    const next = task.recoveries + Number(counts);
    if (!counts || next <= state.policy.limits.maxRecoveries)
      return [trackEvent('task.interrupted', { ...data, recoveries: next })];
    const message = `Interrupted ${next} times: ${data.reason}`;
    return [
      trackEvent('task.failed', {
        taskId: data.taskId,
        runId: data.runId,
        attempt: attemptOf(task),
        reason: 'RECOVERY_LIMIT',
        message,
        final: true,
      }),
    ];
  },
  'task.block': (state, data) => {
    requireRun(state, `block of task ${data.taskId}`);
    const { status } = requireTask(state, data.taskId);
    if (status === 'blocked') return [];
    if (data.runId !== undefined) requireTaskRun(state, data.taskId, data.runId);
    else if (status !== 'pending') throw invalidState(state, `block of task ${data.taskId}, which is ${status}`);
    const asks = data.asks ?? reasonNamed(data.reason);
    return [trackEvent('task.blocked', { ...data, ...(asks && { asks }) })];
  },
  'task.mark': (state, data) => {
    requireNotEnded(state);
    const { status } = requireTask(state, data.taskId);
    if (status === data.state) return [];
    if (status === 'running' || status === 'reported')
      throw invalidState(state, `a mark on task ${data.taskId}, which runs`);
    if (data.state === 'pending' || data.state === 'blocked')
      requireUnevaluated(state, `task ${data.taskId} to be open`);
    return [trackEvent('task.marked', data)];
  },
  'lease.wait': (state, data) => {
    requireRun(state, `wait of task ${data.taskId}`);
    requireTask(state, data.taskId);
    return state.plan?.waiting.has(data.taskId) ? [] : [trackEvent('lease.waited', data)];
  },
  'lease.extend': (state, data) => {
    requireRun(state, `further files for task ${data.taskId}`);
    requireTaskRun(state, data.taskId, data.runId);
    return [trackEvent('lease.extended', data)];
  },
};
