import type { Action } from '@conductor/core';
import { commitKey } from './commit-work.js';
import { completeTask } from './settle-task.js';
import type { TrackSession } from './track-session.js';

/**
 * An effect of an engine that is gone: ends what may still run, looks for the trace of its work, and either completes
 * it or interrupts it, so that the same attempt starts again under the same key.
 */
export async function recoverEffect(
  session: TrackSession,
  { effect, taskId, process }: Extract<Action, { do: 'recover' }>,
): Promise<void> {
  const { engine, state } = session;
  if (process && engine.processes) await engine.processes.end(process, { graceMs: engine.limits.killGraceMs });
  if (taskId === undefined) {
    await session.execute([{ name: 'effect.interrupt', data: { effect, reason: 'engineLost' } }]);
    return;
  }
  const runId = state.plan?.tasks.get(taskId)?.runId;
  if (runId === undefined) return;
  const trace = await engine.repository?.findKey(commitKey(engine, effect));
  if (trace !== undefined)
    return completeTask(session, taskId, runId, state.plan?.tasks.get(taskId)?.task.files ?? [], trace);
  await session.execute([{ name: 'task.interrupt', data: { taskId, runId, reason: 'engineLost' } }]);
}
