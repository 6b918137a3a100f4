import { buildGraph, executionMode } from '@conductor/dag';
import { boardDue } from '@conductor/board';
import { agentNameOf } from '@conductor/core/dispatch';
import type { Action, Step, TrackCommand, TrackCommands, TrackState } from '@conductor/core';
import { completion } from '../reports/completion.js';
import { chooseEvaluators } from '../gates/choose-evaluators.js';
import { textOf } from '../load.js';
import { requireEvaluatedPlan } from './evaluated-plan.js';
import { planFixes } from './plan-fixes.js';
import type { TrackSession } from './track-session.js';

type Start = Omit<TrackCommands['step.start'], 'step' | 'visit' | 'rule'>;

/** Begins a step: what it will ask is gathered here once, and is from then on part of the state. */
export async function startStep(
  session: TrackSession,
  { step, visit, rule }: Extract<Action, { do: 'start' }>,
): Promise<void> {
  // Whoever is sent to work next, the files are read before.
  await session.engine.views.flush(session.id);
  await session.refresh();
  const { state } = session;
  requireEvaluatedPlan(state);
  const agent = agentNameOf(step, state.about.superpower);
  const start: TrackCommand = {
    name: 'step.start',
    data: { step, visit, rule, ...(agent && { agent }), ...(await gathered(session, step)) },
  };
  const others = step === 'FIX' ? await planFixes(session) : step === 'COMPLETE' ? [await completion(session)] : [];
  await session.execute([start, ...others]);
}

async function gathered(session: TrackSession, step: Step): Promise<Start> {
  const { engine, state } = session;
  if (step === 'EXECUTE') {
    const graph = buildGraph([...(state.plan?.tasks.values() ?? [])].map(({ task }) => task));
    return { mode: executionMode(graph, state.policy.limits.parallelFrom), missionId: engine.ids.id('mission') };
  }
  if (step === 'EVALUATE_PLAN') return planGates(session);
  if (step !== 'EVALUATE_EXECUTION') return {};
  const evaluators = await chooseEvaluators(session);
  const conditions = state.conditions.size > 0 ? ['conditions'] : [];
  return {
    asks: [
      ['structural', ...evaluators],
      ['board:quick', ...conditions],
    ],
    boardId: engine.ids.id('board'),
  };
}

async function planGates({ engine, state }: TrackSession): Promise<Start> {
  const { due } = await dueBoard(engine, state);
  const asks = [
    ['plan-checks'],
    ...['critic', 'cto'].filter((role) => engine.agents.names(role)).map((role) => [role]),
  ];
  return due ? { asks: [...asks, ['board:full']], boardId: engine.ids.id('board') } : { asks };
}

async function dueBoard(engine: TrackSession['engine'], state: TrackState) {
  const plan = state.plan ? await textOf(engine, state.plan.text) : '';
  return boardDue({
    checkpoint: 'EVALUATE_PLAN',
    type: state.about.type,
    taskCount: state.plan?.tasks.size ?? 0,
    priority: state.about.priority,
    planRevision: state.plan?.revision ?? 0,
    texts: [state.about.name, await textOf(engine, state.about.spec), plan],
    limits: state.policy.limits,
  });
}
