import { ConductorError } from '@conductor/core';
import type { TrackCommand, TrackState } from '@conductor/core';

type At = Pick<TrackState, 'id' | 'loop' | 'run'>;

/**
 * The executor's own precondition, whoever or whatever has moved the track to EXECUTE: a passed plan evaluation. Throws
 * `INVALID_STATE`.
 */
export function requireEvaluatedPlan(state: At): void {
  if (!isUnevaluated(state)) return;
  const { id, loop } = state;
  throw new ConductorError(
    'INVALID_STATE',
    `The plan of track ${id} has not passed its evaluation: nothing is executed`,
    {
      hint: 'Run the track again: its plan is evaluated first.',
      details: { track: id, step: loop.step, status: loop.status, allowed: ['EVALUATE_PLAN / PASSED'] },
    },
  );
}

/**
 * A track that was begun elsewhere may stand at EXECUTE with a plan that nobody has evaluated: its run begins with asking for that.
 * What is done stays done; what is blocked is a question to a person first.
 */
export function evaluationFirst(state: At): readonly TrackCommand[] {
  const { loop, run } = state;
  const held = run !== undefined && run.stopped === undefined; // a crash: what is under way is recovered first
  if (!isUnevaluated(state) || held || loop.status === 'BLOCKED') return [];
  const message = 'Work has begun on a plan that was never evaluated: it is evaluated first';
  return [
    {
      name: 'step.override',
      data: {
        to: { step: 'EVALUATE_PLAN', status: 'NOT_STARTED' },
        source: 'inferred',
        findings: [{ severity: 'warning', code: 'STATE_INFERRED', message, path: 'metadata.json' }],
      },
    },
  ];
}

function isUnevaluated({ loop }: At): boolean {
  return loop.step === 'EXECUTE' && loop.checkpoints.EVALUATE_PLAN?.status !== 'PASSED';
}
