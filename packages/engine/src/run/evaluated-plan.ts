import { ConductorError } from '@conductor/core';
import type { TrackState } from '@conductor/core';

/**
 * The executor's own precondition, whoever or whatever has moved the track to EXECUTE: a passed plan evaluation. Throws
 * `INVALID_STATE`.
 */
export function requireEvaluatedPlan({ id, loop }: Pick<TrackState, 'id' | 'loop'>): void {
  const { step, status, checkpoints } = loop;
  if (step !== 'EXECUTE' || checkpoints.EVALUATE_PLAN?.status === 'PASSED') return;
  throw new ConductorError(
    'INVALID_STATE',
    `The plan of track ${id} has not passed its evaluation: nothing is executed`,
    {
      hint: 'Evaluate the plan first: EVALUATE_PLAN must be PASSED.',
      details: { track: id, step, status, allowed: ['EVALUATE_PLAN / PASSED'] },
    },
  );
}
