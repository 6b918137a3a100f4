import type { Action } from '@conductor/core';
import type { ProcessRecord } from '@conductor/core/ports';
import { readStream } from '../load.js';
import { recoverRun } from '../remote/recover-run.js';
import { commitKey } from './commit-work.js';
import { completeTask } from './complete-task.js';
import type { TrackSession } from './track-session.js';

/**
 * An effect of an engine that is gone: ends what may still run, looks for the trace of its work, and either completes
 * it or interrupts it, so that the same attempt starts again under the same key.
 */
export async function recoverEffect(
  session: TrackSession,
  { effect, taskId }: Extract<Action, { do: 'recover' }>,
): Promise<void> {
  const { engine, state } = session;
  await endProcesses(session, effect);
  if (taskId === undefined) {
    await session.execute([{ name: 'effect.interrupt', data: { effect, reason: 'engineLost' } }]);
    return;
  }
  const task = state.plan?.tasks.get(taskId);
  const runId = task?.runId;
  if (runId === undefined) return;
  const trace = await engine.repository?.findKey(commitKey(engine, effect));
  if (trace !== undefined) return completeTask(session, taskId, runId, task?.task.files ?? [], trace);
  if (task?.isolated === true) return recoverRun(session, task, { taskId, runId, effect });
  await session.execute([{ name: 'task.interrupt', data: { taskId, runId, reason: 'engineLost' } }]);
}

/** All groups that this effect started before this run: an evaluator may have run several commands side by side. */
async function endProcesses({ engine, id, state, signal }: TrackSession, effect: string): Promise<void> {
  const { processes } = engine;
  if (!processes) return;
  const groups = new Map<string, ProcessRecord>();
  for (const { seq, type, data } of await readStream(engine.store, `track/${id}`)) {
    if (type !== 'process.spawned' || seq >= (state.run?.feedFrom ?? 0)) continue;
    const spawned = data as unknown as { effect: string; process: ProcessRecord }; // our own payload of that type
    const { host, bootId, groupId } = spawned.process;
    if (spawned.effect === effect) groups.set(`${host}/${bootId}/${groupId}`, spawned.process);
  }
  const graceMs = engine.limits.killGraceMs;
  await Promise.all([...groups.values()].map((process) => processes.end(process, { graceMs, signal })));
}
