import { ConductorError } from '../kernel/error.js';
import { outcomes } from '../loop/escalations.js';
import type { LeadsTo } from '../loop/escalations.js';
import { namedReasons } from '../loop/reasons.js';
import type { NewEvent } from '../ports/values.js';
import type { TrackCommandName } from './commands.js';
import type { Rules } from './decide.js';
import { trackEvent } from './events.js';
import { ended } from './lifecycle.js';
import { isFix, reasonOfTask, stuckTasks } from './questions.js';
import type { Decision, TrackState } from './model.js';
import type { TaskState } from './task-model.js';
import { invalidState, requireRun } from './refuse.js';

type Names = Extract<
  TrackCommandName,
  `condition.${string}` | `board.${string}` | `decision.${string}` | `budget.${string}` | `completion.${string}`
>;

/** Rules of conditions, boards, questions to people, budgets and the completion protocol. */
export const decideGovernance: Rules<Names> = {
  'condition.add': (state, data) =>
    state.conditions.has(data.conditionId) ? [] : [trackEvent('condition.added', data)],
  'condition.verify': (state, data) =>
    state.conditions.has(data.conditionId) ? [trackEvent('condition.verified', data)] : [],
  'board.convene': (state, data) => {
    requireRun(state, 'a board');
    return state.boards.has(data.boardId) ? [] : [trackEvent('board.convened', data)];
  },
  'board.conclude': (state, data) => {
    const board = state.boards.get(data.boardId);
    if (!board)
      throw new ConductorError('BOARD_NOT_FOUND', `Track ${state.id} convened no board ${data.boardId}`, {
        details: { board: data.boardId },
      });
    return board.state === 'concluded' ? [] : [trackEvent('board.concluded', data)];
  },
  'decision.request': (state, { blockerId, rule, ...data }) => {
    requireRun(state, 'a question');
    if (state.decisions.has(data.approvalId)) return [];
    const { step, status } = state.loop;
    const requested = trackEvent('decision.requested', data);
    // Asked again about a block that stands: it has its blocker.
    if (status === 'BLOCKED' && activeBlockers(state).length > 0) return [requested];
    return [
      requested,
      trackEvent('blocker.raised', { blockerId, step, description: data.summary }),
      trackEvent('step.blocked', { step, rule, blockerIds: [blockerId] }),
    ];
  },
  'decision.give': (state, data) => {
    const { state: at } = requireDecision(state, data.approvalId);
    if (at !== 'pending')
      throw new ConductorError('APPROVAL_DECIDED', `Question ${data.approvalId} has been answered`, {
        details: { approval: data.approvalId },
      });
    if (data.outcome === 'approved' && !leads(data.leadsTo)) {
      throw new ConductorError('VALIDATION_FAILED', `Nothing is known to follow from ${JSON.stringify(data.leadsTo)}`, {
        hint: `A chosen option leads to one of: ${outcomes.join(', ')}`,
        details: { approval: data.approvalId },
      });
    }
    return [trackEvent('decision.given', data)];
  },
  'decision.apply': (state, { approvalId }) => {
    const decision = requireDecision(state, approvalId);
    if (decision.state === 'used') return [];
    if (decision.state === 'pending') throw invalidState(state, `use of question ${approvalId}, which is open`);
    return [trackEvent('decision.used', { approvalId }), ...follow(state, decision)];
  },
  'budget.set': (_state, data) => [trackEvent('budget.set', data)],
  'budget.exhaust': (state, data) => (state.budget.exhausted ? [] : [trackEvent('budget.exhausted', data)]),
  'completion.record': (state, data) => {
    requireRun(state, `completion: ${data.part}`);
    return state.completion.has(data.part) ? [] : [trackEvent('completion.recorded', data)];
  },
};

function requireDecision(state: TrackState, approvalId: string): Decision {
  const decision = state.decisions.get(approvalId);
  if (decision) return decision;
  throw new ConductorError('APPROVAL_NOT_FOUND', `Track ${state.id} asked no question ${approvalId}`, {
    details: { approval: approvalId },
  });
}

const leads = (to: string | undefined): to is LeadsTo => outcomes.some((known) => known === to);

function follow(state: TrackState, decision: Decision): readonly NewEvent[] {
  if (ended.includes(state.lifecycle)) return []; // cancelled while the answer was on its way: it changes nothing any more
  if (decision.outcome === 'approved' && leads(decision.leadsTo))
    return consequences[decision.leadsTo](state, decision);
  // No answer in time is a no as well; a no pauses, so that only a person starts the track again.
  return state.lifecycle === 'active'
    ? [trackEvent('track.paused', { reason: `Not approved: ${decision.reason}`, mode: 'now' })]
    : [];
}

const consequences: Readonly<Record<LeadsTo, (state: TrackState, decision: Decision) => readonly NewEvent[]>> = {
  retry: (state, decision) => [
    // Where the last cycle is used up, a task that is tried again needs one to be tried in.
    ...(retriedIn(state, decision).some((task) => !isFix(task)) ? raiseLimit(state, decision.reason) : []),
    ...markStuck(state, decision, 'pending'),
    ...unblock(state, true),
  ],
  'skip-task': (state, decision) => [...markStuck(state, decision, 'skipped'), ...unblock(state, true)],
  extend: (state, decision) => [...raiseLimit(state, decision.reason), ...unblock(state, true)],
  replan: (state, decision) => [
    ...markStuck(state, decision, 'pending'),
    ...unblock(state, false),
    trackEvent('step.failed', {
      step: state.loop.step,
      visit: state.loop.visits[state.loop.step],
      rule: 'T11',
      next: { step: 'PLAN', status: 'NOT_STARTED' },
    }),
  ],
  resolved: (state) => unblock(state, true),
  'fail-track': (state, decision) => [trackEvent('track.failed', { reason: decision.reason })],
};

function activeBlockers({ blockers }: TrackState): readonly string[] {
  return [...blockers.values()].filter(({ active }) => active).map(({ id }) => id);
}

function unblock(state: TrackState, reopen: boolean): readonly NewEvent[] {
  const active = activeBlockers(state);
  const resolved = active.map((blockerId) => trackEvent('blocker.resolved', { blockerId, how: 'answered' }));
  return reopen
    ? [...resolved, trackEvent('step.reopened', { step: state.loop.step, rule: 'T31', blockerIds: [...active] })]
    : resolved;
}

/** The answer holds for the tasks that the question was about: those of its reason, or all where it was about the whole step. */
function stuckBy(state: TrackState, { reason }: Decision): readonly TaskState[] {
  const ofTasks = reason === 'TASK_LIMIT' || namedReasons.some((named) => named === reason);
  return stuckTasks(state).filter((task) => !ofTasks || reasonOfTask(task) === reason);
}

function markStuck(state: TrackState, decision: Decision, to: 'pending' | 'skipped'): readonly NewEvent[] {
  return stuckBy(state, decision).map((task) =>
    trackEvent('task.marked', {
      taskId: task.task.id,
      // The next fix cycle writes its own tasks: an old one beside them would be done twice.
      state: decision.reason === 'FIX_LIMIT' && isFix(task) ? 'skipped' : to,
      source: 'decision',
    }),
  );
}

function retriedIn(state: TrackState, decision: Decision): readonly TaskState[] {
  return decision.reason === 'FIX_LIMIT' ? stuckBy(state, decision) : [];
}

function raiseLimit(state: TrackState, reason: string): readonly NewEvent[] {
  const { maxFixCycles, maxPlanRevisions, maxCtoRounds } = state.policy.limits;
  if (reason === 'FIX_LIMIT') return [trackEvent('track.configured', { limits: { maxFixCycles: maxFixCycles + 1 } })];
  if (reason === 'PLAN_LIMIT')
    return [trackEvent('track.configured', { limits: { maxPlanRevisions: maxPlanRevisions + 1 } })];
  if (reason === 'CTO_LIMIT') return [trackEvent('track.configured', { limits: { maxCtoRounds: maxCtoRounds + 1 } })];
  return []; // ITERATION_LIMIT: the used answer itself starts the count again
}
