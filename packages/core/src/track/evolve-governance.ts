import { roleEffect } from './effects.js';
import type { Handlers } from './evolve.js';
import type { Decision, EffectResult, TrackState } from './model.js';

/** Folds of conditions, boards, decisions, blockers, budgets and the completion protocol. */
export const evolveGovernance = {
  'condition.added': (state, { conditionId, ...rest }, _event, scratch) => ({
    ...state,
    conditions: scratch.map(state.conditions).set(conditionId, { id: conditionId, ...rest }),
  }),
  'condition.verified': (state, data, _event, scratch) => {
    const condition = state.conditions.get(data.conditionId);
    if (!condition) return state;
    const verified = { ...condition, met: data.met, ...(data.evidence !== undefined && { evidence: data.evidence }) };
    return { ...state, conditions: scratch.map(state.conditions).set(data.conditionId, verified) };
  },
  'board.convened': (state, data, _event, scratch) => ({
    ...state,
    boards: scratch.map(state.boards).set(data.boardId, {
      state: 'open',
      kind: data.kind,
      checkpoint: data.checkpoint,
      step: state.loop.step,
      visit: state.loop.visits[state.loop.step],
    }),
  }),
  'board.concluded': (state, data, event, scratch) => {
    const board = state.boards.get(data.boardId);
    if (!board) return state;
    const concluded = {
      ...state,
      boards: scratch.map(state.boards).set(data.boardId, { ...board, state: 'concluded', verdict: data.verdict }),
    };
    const result: EffectResult = { event: event.id, verdict: data.verdict.startsWith('APPROVED') ? 'PASS' : 'FAIL' };
    return {
      ...concluded,
      results: scratch.map(state.results).set(roleEffect(state.id, board.step, board.visit, 'board'), result),
    } as TrackState;
  },

  'decision.requested': (state, data, _event, scratch) => ({
    ...state,
    decisions: scratch
      .map(state.decisions)
      .set(data.approvalId, { reason: data.reason, state: 'pending', step: state.loop.step, subject: data.subject }),
  }),
  'decision.given': (state, { approvalId, outcome, choice, leadsTo, answer }, _event, scratch) =>
    decide(
      state,
      approvalId,
      { state: 'given', outcome, ...(choice && { choice }), ...(leadsTo && { leadsTo }), ...(answer && { answer }) },
      scratch,
    ),
  'decision.used': (state, data, _event, scratch) => {
    const decision = state.decisions.get(data.approvalId);
    const used = decide(state, data.approvalId, { state: 'used' }, scratch);
    return decision?.reason === 'ITERATION_LIMIT' && decision.leadsTo === 'extend' && used.run
      ? { ...used, run: { ...used.run, iterations: 0 } }
      : used;
  },
  'blocker.raised': (state, data, event, scratch) => ({
    ...state,
    blockers: scratch.map(state.blockers).set(data.blockerId, {
      id: data.blockerId,
      step: data.step,
      description: data.description,
      active: true,
      raisedAt: event.at,
    }),
  }),
  'blocker.resolved': (state, data, event, scratch) => {
    const blocker = state.blockers.get(data.blockerId);
    if (!blocker) return state;
    return {
      ...state,
      blockers: scratch.map(state.blockers).set(data.blockerId, { ...blocker, active: false, resolvedAt: event.at }),
    };
  },

  'work.discovered': (state, { taskId, ...rest }) => ({
    ...state,
    discovered: [...state.discovered, { ...rest, ...(taskId && { taskId }) }],
  }),
  'completion.recorded': (state, data, _event, scratch) => ({
    ...state,
    completion: scratch.set(state.completion).add(data.part),
  }),
  'budget.set': (state, data) => {
    const { exhausted: _, ...budget } = state.budget;
    return { ...state, budget: { ...budget, limits: data.limits as TrackState['budget']['limits'] } };
  },
  'budget.exhausted': (state, data) => ({ ...state, budget: { ...state.budget, exhausted: data.kind } }),
} satisfies Handlers;

function decide(
  state: TrackState,
  id: string,
  patch: Partial<Decision>,
  scratch: Parameters<NonNullable<Handlers['decision.used']>>[3],
): TrackState {
  const decision = state.decisions.get(id);
  return decision ? { ...state, decisions: scratch.map(state.decisions).set(id, { ...decision, ...patch }) } : state;
}
