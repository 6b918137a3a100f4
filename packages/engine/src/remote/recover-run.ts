import { ConductorError } from '@conductor/core';
import type { TaskState } from '@conductor/core';
import type { LeaseOp, RecordOp, Store } from '@conductor/core/ports';
import type { RemoteRun } from '@conductor/core/run';
import { startCommand } from '../run/start-command.js';
import { leaseKeys } from '../run/task-leases.js';
import type { TrackSession } from '../run/track-session.js';
import { discardBranches } from './offer-run.js';
import { remoteExecutor } from './remote-executor.js';
import { followRun, recordReport, takeBack } from './remote-task.js';
import type { RemoteTask } from './remote-task.js';
import { loadRun, openRow, openRuns } from './run-log.js';

/**
 * A run of an engine that is gone, while its worker may be at work: what it has reported is taken, and else the run is taken
 * over as it is. The agent is paid once. Where that cannot be, the task is interrupted and offered anew.
 */
export async function recoverRun(session: TrackSession, task: TaskState, found: RemoteTask): Promise<void> {
  const { taskId, runId } = found;
  const run = await loadRun(session.engine.store, runId);
  if (run.status === 'reported') return recordReport(session, found, run);
  if (run.status === 'none' || run.status === 'released') {
    await session.execute([{ name: 'task.interrupt', data: { taskId, runId, reason: 'engineLost' } }]);
    return discardBranches(session.engine, runId);
  }
  try {
    await takeOver(session, task, found, run);
  } catch (error) {
    // Its files are another's now, or nothing may be started any more.
    if (!ConductorError.is(error, 'LEASE_HELD', 'INVALID_STATE')) throw error;
    await takeBack(session, found, 'withdrawn');
  }
}

/** The same run goes on under this engine: interrupted and started in one commit, with its files. */
async function takeOver(session: TrackSession, task: TaskState, found: RemoteTask, run: RemoteRun): Promise<void> {
  const { engine, grants } = session;
  const base = run.offer?.base.commit;
  const { taskId, runId } = found;
  const keys = leaseKeys(engine.workspace, task.task);
  const acquire: LeaseOp = { op: 'acquire', set: runId, owner: engine.owner, keys, ttlMs: engine.limits.leaseMs };
  const committed = await session.execute(
    [
      { name: 'task.interrupt', data: { taskId, runId, reason: 'engineLost' } },
      await startCommand(session, task, runId, { executor: remoteExecutor.driver.name, base }),
    ],
    { leases: [acquire], records: await rowsAnew(engine.store, run) },
  );
  const grant = committed?.grants.find(({ set }) => set === runId);
  if (grant) grants.set(runId, grant);
  followRun(session, found);
}

/** The row by which workers find a run that nobody has claimed, where the store has never had it: a log is imported without rows. */
async function rowsAnew(store: Store, { id, status, offer }: RemoteRun): Promise<readonly RecordOp[]> {
  if (status !== 'offered' || offer === undefined) return [];
  if ((await store.records.get(openRuns, id)) !== undefined) return [];
  const { trackId, role, taskType } = offer;
  return [openRow(id, { trackId, role, taskType })];
}
