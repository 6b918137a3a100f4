import { ConductorError, steps } from '@conductor/core';
import type { Step, TrackState } from '@conductor/core';
import type { RunInput } from '@conductor/core/api';

/** Where a step stands on the one straight way; FIX and the evaluation take turns. */
const places: Readonly<Record<Step, number>> = {
  BRAINSTORM: 0,
  PLAN: 1,
  EVALUATE_PLAN: 2,
  EXECUTE: 3,
  EVALUATE_EXECUTION: 4,
  FIX: 4,
  BUSINESS_SYNC: 5,
  COMPLETE: 6,
};

const ended: readonly TrackState['lifecycle'][] = ['completed', 'failed', 'cancelled', 'archived'];

/**
 * What a run is told to stop at must lie before it: past a step that only a failure leads back to, it would run to the end and
 * be paid for. Throws `INVALID_STATE`, `TASK_NOT_FOUND`.
 */
export function requireGoal({ id, lifecycle, loop, plan }: TrackState, { until, task }: RunInput): void {
  if (ended.includes(lifecycle)) return; // refused in its own words by the start of a run
  if (until !== undefined && places[until] < places[loop.step]) {
    throw new ConductorError('INVALID_STATE', `Track ${id} stands at ${loop.step}: ${until} lies behind it`, {
      hint: `conductor run --until ${loop.step} ${id}`,
      details: {
        track: id,
        step: loop.step,
        until,
        allowed: steps.filter((step) => places[step] >= places[loop.step]),
      },
    });
  }
  if (task !== undefined && plan !== undefined && !plan.tasks.has(task)) {
    throw new ConductorError('TASK_NOT_FOUND', `The plan of ${id} has no task ${task}`, {
      hint: `conductor plan show ${id}`,
      details: { track: id, task },
    });
  }
}
