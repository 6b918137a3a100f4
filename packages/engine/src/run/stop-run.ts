import type { TrackCommand, TrackCommands } from '@conductor/core';
import type { TrackSession } from './track-session.js';

/**
 * Ends a run: effects are aborted and awaited, what they had reported by then counts, the rest is interrupted (no
 * attempt is lost), and the track's lease goes back in the commit that says so.
 */
export async function stopRun(session: TrackSession, stop: TrackCommands['loop.stop']): Promise<void> {
  await session.abortEffects(new DOMException(`The run stops: ${stop.reason}`, 'AbortError'));
  await session.drain();
  await session.refresh();
  const interrupts = interruptions(session, 'stopped');
  await session.execute([...interrupts.commands, { name: 'loop.stop', data: stop }], {
    leases: [...interrupts.releases, { op: 'release', set: session.fence.set, token: session.fence.token }],
  });
  await session.engine.views.flush(session.id, { patient: true });
  await session.engine.store.folds?.keep(session.state, { atStop: true });
}

function interruptions(session: TrackSession, reason: string) {
  const commands: TrackCommand[] = [];
  const releases: { op: 'release'; set: string; token: number }[] = [];
  for (const taskId of session.state.plan?.running ?? []) {
    const task = session.state.plan?.tasks.get(taskId);
    if (task?.status !== 'running' || task.runId === undefined) continue;
    commands.push({ name: 'task.interrupt', data: { taskId, runId: task.runId, reason } });
    const grant = session.grants.get(task.runId);
    if (grant) releases.push({ op: 'release', set: grant.set, token: grant.token });
  }
  for (const effect of session.state.effects.keys())
    commands.push({ name: 'effect.interrupt', data: { effect, reason } });
  return { commands, releases };
}
