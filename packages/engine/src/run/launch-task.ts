import type { TaskState } from '@conductor/core';
import type { Executor, Fence, Grant, LeaseOp } from '@conductor/core/ports';
import { offerRun } from '../remote/offer-run.js';
import { remoteExecutor } from '../remote/remote-executor.js';
import { followRun } from '../remote/remote-task.js';
import { taskAssignment } from './assignment.js';
import { checkedAfterTask } from './check-after-task.js';
import { requireEvaluatedPlan } from './evaluated-plan.js';
import { recordOutcome } from './record-outcome.js';
import { runExecutor } from './run-executor.js';
import { startCommand } from './start-command.js';
import type { TrackSession } from './track-session.js';

interface Under {
  readonly leases?: readonly LeaseOp[];
  readonly fence?: readonly Fence[];
  /** Held already: the task had to wait for its files. */
  readonly grant?: Grant;
}

/** Makes the start durable together with its file leases, then hands the task to its executor beside the loop. */
export async function launchTask(
  session: TrackSession,
  task: TaskState,
  runId: string,
  executor: Executor,
  under: Under,
): Promise<void> {
  requireEvaluatedPlan(session.state);
  const taskId = task.task.id;
  const assignment = await taskAssignment(session, task, runId);
  const offer = executor === remoteExecutor ? await offerRun(session, assignment) : undefined;
  const start = await startCommand(session, task, runId, { executor: executor.driver.name, base: offer?.base });
  const committed = await session.execute([start], {
    ...(under.leases && { leases: under.leases }),
    ...(under.fence && { fence: under.fence }),
    ...(offer && { others: offer.others, records: offer.records }),
  });
  const grant = under.grant ?? committed?.grants.find(({ set }) => set === runId);
  if (grant) session.grants.set(runId, grant);
  if (offer) return followRun(session, { taskId, runId, effect: assignment.effect });
  session.launch(assignment.effect, async (signal) => {
    const outcome = await checkedAfterTask(
      session,
      assignment,
      await runExecutor(session, executor, assignment, signal),
      signal,
    );
    return () => recordOutcome(session, taskId, runId, outcome);
  });
}
