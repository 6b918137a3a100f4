import { ConductorError } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import type { RunInput } from '@conductor/core/api';

/** What a run shall do alone must be in the plan, where there is one. Throws `TASK_NOT_FOUND`. */
export function requireGoal({ id, plan }: TrackState, { task }: RunInput): void {
  if (task === undefined || plan === undefined || plan.tasks.has(task)) return;
  throw new ConductorError('TASK_NOT_FOUND', `The plan of ${id} has no task ${task}`, {
    hint: `conductor plan show ${id}`,
    details: { track: id, task },
  });
}
