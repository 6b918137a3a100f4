import type { TrackCommandName } from './commands.js';
import type { Rules } from './decide.js';
import { trackEvent } from './events.js';
import { invalidState, requireNotEnded, requireRun, requireTask, requireTaskRun, requireTrack } from './refuse.js';

type Names = Extract<TrackCommandName, `task.${string}` | `lease.${string}`>;

/** Interruptions that count against `maxRecoveries`: a person's stop or a question is nobody's fault. */
const counted: readonly string[] = ['engineLost', 'leaseLost'];

/** Rules of single tasks: attempts, recoveries, results of the current run only. */
export const decideTasks: Rules<Names> = {
  'task.start': (state, data) => {
    requireRun(state, `start of task ${data.taskId}`);
    const { task, status, failures, recoveries, openDeps, pausedBy } = requireTask(state, data.taskId);
    if (status !== 'pending' || openDeps > 0 || pausedBy > 0)
      throw invalidState(state, `start of task ${task.id}, which is ${status}`);
    return [
      trackEvent('task.started', {
        ...data,
        gen: task.gen,
        attempt: failures + 1,
        ...(recoveries > 0 && { recovery: recoveries }),
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
    const { failures } = requireTaskRun(state, data.taskId, data.runId);
    const attempt = failures + 1;
    const final = attempt >= state.policy.limits.maxTaskAttempts;
    const { retryAt, ...rest } = data;
    return [trackEvent('task.failed', { ...rest, attempt, final, ...(!final && retryAt && { retryAt }) })];
  },
  'task.interrupt': (state, data) => {
    requireTrack(state);
    const { failures, recoveries } = requireTaskRun(state, data.taskId, data.runId);
    const next = recoveries + Number(counted.includes(data.reason));
    if (next <= state.policy.limits.maxRecoveries)
      return [trackEvent('task.interrupted', { ...data, recoveries: next })];
    const message = `Interrupted ${next} times: ${data.reason}`;
    return [
      trackEvent('task.failed', {
        taskId: data.taskId,
        runId: data.runId,
        attempt: failures + 1,
        reason: 'RECOVERY_LIMIT',
        message,
        final: true,
      }),
    ];
  },
  'task.block': (state, data) => {
    requireRun(state, `block of task ${data.taskId}`);
    requireTask(state, data.taskId);
    return [trackEvent('task.blocked', data)];
  },
  'task.mark': (state, data) => {
    requireNotEnded(state);
    const { status } = requireTask(state, data.taskId);
    if (status === data.state) return [];
    if (status === 'running' || status === 'reported')
      throw invalidState(state, `a mark on task ${data.taskId}, which runs`);
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
