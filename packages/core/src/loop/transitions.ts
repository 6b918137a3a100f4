import { steps, stepStatuses } from '../track/model.js';
import type { Step, StepStatus } from '../track/model.js';
import type { EscalationReason } from './reasons.js';

/** What a row of the table may ask of the state; gathered once, so that the table stays data. */
export interface LoopFacts {
  readonly brainstorm: boolean;
  readonly mode: 'PARALLEL' | 'SEQUENTIAL';
  readonly revisionsLeft: boolean;
  readonly fixCyclesLeft: boolean;
  readonly businessSyncRequired: boolean;
  /** Some task may still run. */
  readonly runnable: boolean;
  /** A task failed for the last time, or is blocked: only a person can go on. */
  readonly retriesUsedUp: boolean;
  readonly activeBlocker: boolean;
}

export type Guard = keyof Pick<
  LoopFacts,
  | 'brainstorm'
  | 'revisionsLeft'
  | 'fixCyclesLeft'
  | 'businessSyncRequired'
  | 'runnable'
  | 'retriesUsedUp'
  | 'activeBlocker'
>;

export interface Transition {
  readonly id: `T${number}`;
  /** Absent: any step. */
  readonly step?: Step;
  /** Absent: any status. */
  readonly status?: StepStatus;
  /** All must hold; `!` negates. */
  readonly when: readonly (Guard | `!${Guard}` | 'PARALLEL' | 'SEQUENTIAL')[];
  /** `start` and `resume` hand the step to its agent; `move` goes to `next`; `escalate` asks a person. */
  readonly does: 'start' | 'resume' | 'move' | 'escalate' | 'complete' | 'reopen';
  /** Absent step: the same step. */
  readonly next: { readonly step?: Step; readonly status: StepStatus };
  readonly reason?: EscalationReason;
}

/** What a step stands at after each thing that may happen. */
const statusAfter = {
  start: 'IN_PROGRESS',
  resume: 'IN_PROGRESS',
  move: 'NOT_STARTED',
  escalate: 'BLOCKED',
  reopen: 'NOT_STARTED',
  complete: 'PASSED',
} as const satisfies Record<Transition['does'], StepStatus>;

const row = (
  id: Transition['id'],
  step: Step | undefined,
  status: StepStatus | undefined,
  when: Transition['when'],
  does: Transition['does'],
  to: { readonly step?: Step; readonly reason?: EscalationReason } = {},
): Transition => ({
  id,
  ...(step && { step }),
  ...(status && { status }),
  when,
  does,
  next: { ...(to.step && { step: to.step }), status: statusAfter[does] },
  ...(to.reason && { reason: to.reason }),
});

/**
 * The evaluate-loop, one row per line of its table in `docs/loop.md` (T2 to T31; T1 is the initial state of a track).
 * The first row that fits wins; a pair that fits none is an `INVALID_STATE`.
 */
export const transitions: readonly Transition[] = Object.freeze([
  row('T30', undefined, 'BLOCKED', ['activeBlocker'], 'escalate', { reason: 'TRACK_BLOCKED' }),
  row('T31', undefined, 'BLOCKED', ['!activeBlocker'], 'reopen'),
  row('T2', 'BRAINSTORM', 'NOT_STARTED', ['brainstorm'], 'start'),
  row('T2', 'BRAINSTORM', 'IN_PROGRESS', [], 'resume'),
  row('T3', 'BRAINSTORM', 'PASSED', [], 'move', { step: 'PLAN' }),
  row('T4', 'PLAN', 'NOT_STARTED', [], 'start'),
  row('T5', 'PLAN', 'IN_PROGRESS', [], 'resume'),
  row('T6', 'PLAN', 'PASSED', [], 'move', { step: 'EVALUATE_PLAN' }),
  row('T7', 'PLAN', 'FAILED', [], 'escalate', { reason: 'PLAN_FAILED' }),
  row('T8', 'EVALUATE_PLAN', 'NOT_STARTED', [], 'start'),
  row('T9', 'EVALUATE_PLAN', 'IN_PROGRESS', [], 'resume'),
  row('T10', 'EVALUATE_PLAN', 'PASSED', [], 'move', { step: 'EXECUTE' }),
  row('T11', 'EVALUATE_PLAN', 'FAILED', ['revisionsLeft'], 'move', { step: 'PLAN' }),
  row('T12', 'EVALUATE_PLAN', 'FAILED', ['!revisionsLeft'], 'escalate', { reason: 'PLAN_LIMIT' }),
  row('T13', 'EXECUTE', 'NOT_STARTED', ['PARALLEL'], 'start'),
  row('T14', 'EXECUTE', 'NOT_STARTED', ['SEQUENTIAL'], 'start'),
  row('T15', 'EXECUTE', 'IN_PROGRESS', [], 'resume'),
  row('T16', 'EXECUTE', 'PASSED', [], 'move', { step: 'EVALUATE_EXECUTION' }),
  row('T17', 'EXECUTE', 'FAILED', ['runnable'], 'resume'),
  row('T17', 'EXECUTE', 'FAILED', ['!runnable', 'retriesUsedUp'], 'escalate', { reason: 'TASK_LIMIT' }),
  row('T17', 'EXECUTE', 'FAILED', ['!runnable', '!retriesUsedUp'], 'move', { step: 'FIX' }),
  row('T18', 'EVALUATE_EXECUTION', 'NOT_STARTED', [], 'start'),
  row('T18', 'EVALUATE_EXECUTION', 'IN_PROGRESS', [], 'resume'),
  row('T19', 'EVALUATE_EXECUTION', 'PASSED', ['businessSyncRequired'], 'move', { step: 'BUSINESS_SYNC' }),
  row('T20', 'EVALUATE_EXECUTION', 'PASSED', ['!businessSyncRequired'], 'move', { step: 'COMPLETE' }),
  row('T21', 'EVALUATE_EXECUTION', 'FAILED', ['fixCyclesLeft'], 'move', { step: 'FIX' }),
  row('T22', 'EVALUATE_EXECUTION', 'FAILED', ['!fixCyclesLeft'], 'escalate', { reason: 'FIX_LIMIT' }),
  row('T23', 'FIX', 'NOT_STARTED', [], 'start'),
  row('T24', 'FIX', 'IN_PROGRESS', [], 'resume'),
  row('T25', 'FIX', 'PASSED', [], 'move', { step: 'EVALUATE_EXECUTION' }),
  row('T26', 'FIX', 'FAILED', [], 'move', { step: 'EVALUATE_EXECUTION' }),
  row('T27', 'BUSINESS_SYNC', 'NOT_STARTED', [], 'start'),
  row('T27', 'BUSINESS_SYNC', 'IN_PROGRESS', [], 'resume'),
  row('T28', 'BUSINESS_SYNC', 'PASSED', [], 'move', { step: 'COMPLETE' }),
  row('T28', 'BUSINESS_SYNC', 'SKIPPED', [], 'move', { step: 'COMPLETE' }),
  row('T29', 'COMPLETE', undefined, [], 'complete'),
]);

interface Candidate {
  readonly row: Transition;
  readonly fits: (facts: LoopFacts) => boolean;
}

/** Rows of each pair, in the order of the table, with their guards as functions: a pair has one to three. */
const candidates: Readonly<Record<Step, Readonly<Record<StepStatus, readonly Candidate[]>>>> = perPair((step, status) =>
  transitions
    .filter((t) => (!t.step || t.step === step) && (!t.status || t.status === status))
    .map((row) => ({ row, fits: allOf(row.when.map(guard)) })),
);

/** The row for a state of the loop, or `undefined` for a pair that the table does not know. O(rows of the pair). */
export function transitionFor(step: Step, status: StepStatus, facts: LoopFacts): Transition | undefined {
  for (const { row, fits } of candidates[step][status]) if (fits(facts)) return row;
  return undefined;
}

function perPair<T>(
  make: (step: Step, status: StepStatus) => T,
): Readonly<Record<Step, Readonly<Record<StepStatus, T>>>> {
  const rows = steps.map((step) => [
    step,
    Object.fromEntries(stepStatuses.map((status) => [status, make(step, status)])),
  ]);
  return Object.fromEntries(rows) as Record<Step, Record<StepStatus, T>>; // built from the lists of all steps and statuses
}

function allOf(guards: readonly ((facts: LoopFacts) => boolean)[]): (facts: LoopFacts) => boolean {
  const [first, second] = guards;
  if (!first) return () => true;
  return second ? (facts) => guards.every((fits) => fits(facts)) : first;
}

function guard(word: Transition['when'][number]): (facts: LoopFacts) => boolean {
  if (word === 'PARALLEL' || word === 'SEQUENTIAL') return (facts) => facts.mode === word;
  const fact = (word.startsWith('!') ? word.slice(1) : word) as Guard; // the union has just these two forms
  return word.startsWith('!') ? (facts) => !facts[fact] : (facts) => facts[fact];
}
