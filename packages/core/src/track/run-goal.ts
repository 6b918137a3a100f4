import type { Step, TrackState } from './model.js';

/** Where a run is told to stop. */
export interface RunGoal {
  /** After this step. */
  readonly until?: Step | undefined;
  /** After this task. */
  readonly task?: string | undefined;
}

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

/**
 * True when a run finds behind the track what it was told to stop at: going on would run past it to the end, and be paid for. An
 * answer that still has to be applied may lead back, so that nothing is known before.
 */
export function goalReached(
  { loop, plan, decisions }: Pick<TrackState, 'loop' | 'plan' | 'decisions'>,
  { until, task }: RunGoal,
): boolean {
  for (const { state } of decisions.values()) if (state === 'given') return false;
  if (until !== undefined && places[until] < places[loop.step]) return true;
  const status = task === undefined ? undefined : plan?.tasks.get(task)?.status;
  return status === 'done' || status === 'skipped';
}
