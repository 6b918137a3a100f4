import { transitionFor } from '../loop/transitions.js';
import { usedUp } from './budget.js';
import type { NewEvent } from '../ports/values.js';
import type { TrackCommandName, TrackCommands } from './commands.js';
import type { Rules } from './decide.js';
import { trackEvent } from './events.js';
import { gateVerdict, isBoardGate } from './gates.js';
import type { TrackState } from './model.js';
import { loopFacts } from './next-action.js';
import { isFix, stuckTasks } from './questions.js';
import { invalidState, requireNotEnded, requireRun } from './refuse.js';

/** Rules of the run and of the loop's steps: where a step leads is read off the table, never said by the caller. */
export const decideLoop: Rules<
  Exclude<Extract<TrackCommandName, `loop.${string}` | `step.${string}`>, 'step.override'>
> = {
  'loop.start': (state, { owner, host, until, task, budget, baseline }) => {
    if (!completing(state)) {
      requireNotEnded(state);
      if (state.lifecycle !== 'active') throw invalidState(state, 'run', ['active']);
    }
    const run = {
      owner,
      host,
      epoch: (state.run?.epoch ?? 0) + 1,
      ...(until && { until }),
      ...(task && { task }),
      ...(budget && { budget }),
      ...(baseline && { baseline }),
    };
    return [
      state.run ? trackEvent('loop.resumed', { ...run, previous: state.run.owner }) : trackEvent('loop.started', run),
    ];
  },
  'loop.stop': (state, data) => {
    if (!state.run || state.run.stopped !== undefined) return [];
    const over = data.reason === 'budget' && !state.budget.exhausted ? usedUp(state.budget) : undefined;
    return [...(over ? [trackEvent('budget.exhausted', over)] : []), trackEvent('loop.stopped', data)];
  },
  'step.start': (state, data) => {
    requireRun(state, `start of ${data.step}`);
    const { step, status } = state.loop;
    const row = transitionFor(step, status, loopFacts(state));
    const may =
      row &&
      (row.does === 'start' ||
        row.does === 'reopen' ||
        (row.does === 'resume' && status === 'FAILED') ||
        (step === 'COMPLETE' && status === 'NOT_STARTED'));
    if (data.step !== step || !may) throw invalidState(state, `start of ${data.step}`);
    if (data.boardId === undefined && data.asks?.flat().some(isBoardGate))
      throw invalidState(state, `start of ${step} with a board that has no id`);
    const reopened = status === 'BLOCKED' ? [trackEvent('step.reopened', { step, rule: 'T31', blockerIds: [] })] : [];
    return [
      ...reopened,
      trackEvent('step.started', { ...data, visit: state.loop.visits[step] + 1 }),
      ...supersede(state),
    ];
  },
  'step.pass': (state, data) => {
    requireOpenStep(state, data, 'IN_PROGRESS', 'PASSED', 'SKIPPED');
    requireVerdict(state);
    const { row, next } = lead(state, state.loop.status === 'SKIPPED' ? 'SKIPPED' : 'PASSED');
    const passed = trackEvent('step.passed', { ...data, rule: row, next });
    // T20: nothing to synchronise is on record as well, as a skipped step.
    const skipped =
      row === 'T20' ? [trackEvent('step.skipped', { step: 'BUSINESS_SYNC', visit: 0, rule: 'T20', next })] : [];
    return [passed, ...skipped];
  },
  'step.fail': (state, data) => {
    requireOpenStep(state, data, 'IN_PROGRESS', 'FAILED');
    const { row, next } = lead(state, 'FAILED');
    return [trackEvent('step.failed', { ...data, rule: row, next })];
  },
};

function requireOpenStep(
  state: TrackState,
  { step }: Pick<TrackCommands['step.pass'], 'step'>,
  ...statuses: readonly string[]
): void {
  requireRun(state, `end of ${step}`);
  if (state.loop.step !== step || !statuses.includes(state.loop.status))
    throw invalidState(state, `end of ${step}`, statuses);
}

/** The gate of the whole loop: an evaluation passes by its results, never because its caller says so. */
function requireVerdict(state: TrackState): void {
  const { step, status } = state.loop;
  const evaluates = step === 'EVALUATE_PLAN' || step === 'EVALUATE_EXECUTION';
  if (evaluates && status === 'IN_PROGRESS' && gateVerdict(state) !== 'pass')
    throw invalidState(state, `${step} to pass, because its gates have not`);
}

/**
 * `track.completed` is the first fact of COMPLETE: the rest of its protocol is still owed, also after a crash, down to the
 * end of the run itself.
 */
function completing({ lifecycle, run, loop: { step, status } }: TrackState): boolean {
  const ended = status === 'PASSED' && (!run || run.stopped !== undefined);
  return lifecycle === 'completed' && step === 'COMPLETE' && !ended;
}

function lead(state: TrackState, status: 'PASSED' | 'FAILED' | 'SKIPPED') {
  const { step } = state.loop;
  const row = transitionFor(step, status, loopFacts(state));
  if (!row) throw invalidState(state, `${step} to end as ${status}`);
  // Where a person must be asked, the step stays as it is until the question is on record.
  const next =
    row.does === 'escalate' || row.does === 'resume'
      ? { step, status }
      : { step: row.next.step ?? step, status: row.next.status };
  return { row: row.id, next };
}

/** A new fix cycle replaces the fix tasks that an earlier one could not do. */
function supersede(state: TrackState): readonly NewEvent[] {
  if (state.loop.step !== 'FIX') return [];
  return stuckTasks(state)
    .filter(isFix)
    .map(({ task }) =>
      trackEvent('task.marked', {
        taskId: task.id,
        state: 'skipped',
        source: 'engine',
        note: 'Superseded by a later fix cycle',
      }),
    );
}
