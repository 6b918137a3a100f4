import { transitionFor } from '../loop/transitions.js';
import type { EscalationReason } from '../loop/reasons.js';
import type { LoopFacts } from '../loop/transitions.js';
import { completionParts } from './actions.js';
import { usedUp } from './budget.js';
import type { Action } from './actions.js';
import { currentEffect, roleEffect, taskEffect } from './effects.js';
import { gateResult, gateVerdict, isBoardGate } from './gates.js';
import type { RunState, Step, TrackState } from './model.js';
import { ctoLimitReached, holdsUpFix, offered, openQuestion, questionOf, stuckTasks } from './questions.js';

/**
 * What the shell owes this track now. Total, no clock: to resume after a crash, ask again.
 * Order: recover, apply, settle, stop, then the loop's table. O(1) beside the tasks that run.
 */
export function nextAction(state: TrackState): Action {
  if (state.degraded) return { do: 'none', because: 'the log holds events of a newer version' };
  if (!held(state)) return { do: 'none', because: 'no run holds the track' };
  return recover(state) ?? stopped(state) ?? apply(state) ?? settle(state) ?? limited(state) ?? loop(state);
}

/** A track that a run holds. */
type Held = TrackState & { readonly run: RunState };

function held(state: TrackState): state is Held {
  return state.run !== undefined && state.run.stopped === undefined;
}

/** What the table may ask about this state. Nothing is looked up before a row asks for it. */
export function loopFacts(state: TrackState): LoopFacts {
  return new Facts(state);
}

class Facts implements LoopFacts {
  readonly #state: TrackState;

  constructor(state: TrackState) {
    this.#state = state;
  }

  get brainstorm() {
    return this.#state.loop.step === 'BRAINSTORM';
  }
  get mode() {
    return this.#state.loop.mode ?? 'SEQUENTIAL';
  }
  get revisionsLeft() {
    const { loop: at, policy } = this.#state;
    return at.planRevisions < policy.limits.maxPlanRevisions && !ctoLimitReached(this.#state);
  }
  get fixCyclesLeft() {
    const { loop: at, policy } = this.#state;
    return at.fixCycles < policy.limits.maxFixCycles;
  }
  get businessSyncRequired() {
    return this.#state.loop.businessSync;
  }
  get runnable() {
    const { plan } = this.#state;
    return plan !== undefined && plan.ready.size + plan.running.size + plan.waiting.size > 0;
  }
  get retriesUsedUp() {
    return stuckTasks(this.#state).length > 0;
  }
  get activeBlocker() {
    return [...this.#state.blockers.values()].some((blocker) => blocker.active);
  }
}

/** Effects of an earlier epoch: end what may still run, look for its trace, then complete or interrupt. */
function recover(state: Held): Action | undefined {
  const { epoch } = state.run;
  for (const effect of state.effects.values()) {
    if (effect.epoch < epoch)
      return { do: 'recover', effect: effect.effect, ...(effect.process && { process: effect.process }) };
  }
  for (const id of state.plan?.running ?? []) {
    const task = state.plan?.tasks.get(id);
    if (task?.status !== 'running' || (task.epoch ?? 0) >= epoch) continue;
    return {
      do: 'recover',
      taskId: id,
      effect: taskEffect(state.id, taskStep(state), task),
      ...(task.process && { process: task.process }),
    };
  }
  return undefined;
}

/** Pause and cancel come before everything that would start or settle something new. */
function stopped(state: TrackState): Action | undefined {
  const { lifecycle } = state;
  if (lifecycle === 'active' || lifecycle === 'completed') return undefined;
  if (lifecycle === 'paused' && state.draining) return settle(state) ?? drain(state);
  if (lifecycle === 'cancelled' || lifecycle === 'paused') return { do: 'stop', reason: lifecycle };
  return { do: 'stop', reason: lifecycle === 'failed' ? 'error' : 'stopped' };
}

function drain(state: TrackState): Action {
  return busy(state) ? { do: 'wait' } : { do: 'stop', reason: 'paused' };
}

function apply(state: TrackState): Action | undefined {
  for (const [approvalId, decision] of state.decisions)
    if (decision.state === 'given') return { do: 'apply', approvalId };
  return undefined;
}

function settle(state: TrackState): Action | undefined {
  for (const id of state.plan?.running ?? []) {
    const task = state.plan?.tasks.get(id);
    if (task?.status === 'reported' && task.runId) {
      return { do: 'settle', taskId: id, runId: task.runId, effect: taskEffect(state.id, taskStep(state), task) };
    }
  }
  return undefined;
}

function limited(state: Held): Action | undefined {
  if (state.budget.exhausted || usedUp(state.budget))
    return busy(state) ? { do: 'wait' } : { do: 'stop', reason: 'budget' };
  if (state.run.reached) return busy(state) ? { do: 'wait' } : { do: 'stop', reason: 'stopped' };
  return undefined;
}

function loop(state: Held): Action {
  const { step, status } = state.loop;
  const row = transitionFor(step, status, loopFacts(state));
  if (!row) return { do: 'none', because: `no rule for ${step} / ${status}` };
  if (status === 'BLOCKED') return blocked(state, row.id);
  if (row.does === 'escalate' && row.reason) return escalate(state, questionOf(state, row.reason), row.id);
  if (status === 'NOT_STARTED') return start(state, row.id);
  if (status === 'IN_PROGRESS') return inProgress[step](state);
  if (step === 'COMPLETE') return { do: 'stop', reason: 'completed' };
  // The rules were loosened after the step had failed (a raised limit, a task marked by a person): follow the table now.
  return row.does === 'resume' ? start(state, row.id) : close(state, status === 'FAILED' ? 'fail' : 'pass');
}

function start(state: Held, rule: string): Action {
  const { run, policy, loop: at } = state;
  if (run.iterations >= policy.limits.maxIterations) return escalate(state, 'ITERATION_LIMIT', rule);
  if (holdsUpFix(state)) return escalate(state, questionOf(state, 'TASK_LIMIT'), rule);
  return { do: 'start', step: at.step, visit: at.visits[at.step] + 1, rule };
}

function blocked(state: Held, rule: string): Action {
  const pending = [...state.decisions].filter(([, decision]) => decision.state === 'pending').map(([id]) => id);
  if (pending.length > 0) return { do: 'await', approvals: pending };
  return rule === 'T31' ? start(state, rule) : escalate(state, openQuestion(state), rule);
}

function escalate(state: TrackState, reason: EscalationReason, rule: string): Action {
  return { do: 'escalate', reason, rule, options: offered(state, reason) };
}

const inProgress: Readonly<Record<Step, (state: TrackState) => Action>> = {
  BRAINSTORM: (state) => single(state, 'scribe'),
  // A plan that a person handed in does as well, but never under the hands of a planner at work.
  PLAN: (state) =>
    (state.plan?.revision ?? 0) > state.loop.rejectedRevision && state.effects.size === 0
      ? close(state, 'pass')
      : single(state, 'planner'),
  EVALUATE_PLAN: gates,
  EXECUTE: work,
  EVALUATE_EXECUTION: gates,
  FIX: work,
  BUSINESS_SYNC: (state) => single(state, 'scribe'),
  COMPLETE: complete,
};

/** A step of one agent: ask, wait for the answer, close. */
function single(state: TrackState, role: string): Action {
  const asked = ask(state, role);
  if (asked) return asked;
  const result = state.results.get(roleEffect(state.id, state.loop.step, state.loop.visits[state.loop.step], role));
  if (result?.verdict !== 'FAIL') return close(state, 'pass');
  // The table knows no way on from a failed BRAINSTORM or BUSINESS_SYNC: it blocks, and a person says when to try again.
  return transitionFor(state.loop.step, 'FAILED', loopFacts(state))
    ? close(state, 'fail')
    : escalate(state, result.asks ?? 'TRACK_BLOCKED', 'T30');
}

/** Stages in order; the gates of a stage run side by side; the first stage with a FAIL ends the step. */
function gates(state: TrackState): Action {
  for (const stage of state.loop.asks) {
    const results = stage.map((gate) => gateResult(state, gate));
    for (const gate of stage) {
      const action = isBoardGate(gate) ? board(state, gate) : ask(state, gate);
      if (action && action.do !== 'wait') return action;
    }
    if (results.some((result) => !result)) return retryTimer(state) ?? { do: 'wait' };
    if (results.some((result) => result?.verdict === 'FAIL')) return close(state, 'fail');
  }
  return close(state, gateVerdict(state) === 'pass' ? 'pass' : 'fail');
}

function board(state: TrackState, gate: string): Action | undefined {
  const { boardId } = state.loop;
  if (boardId === undefined) return undefined; // never decided: `step.start` refuses a board without an id
  const reference = state.boards.get(boardId);
  if (reference?.verdict === 'ESCALATE') return escalate(state, 'BOARD_ESCALATED', 'T9');
  if (reference?.state === 'concluded') return undefined;
  return { do: 'board', boardId, form: gate === 'board:quick' ? 'quick' : 'full' };
}

/** Asks a role once per try; `wait` while it is being asked; `undefined` when it has answered. */
function ask(state: TrackState, role: string): Action | undefined {
  const { step, visits } = state.loop;
  const base = roleEffect(state.id, step, visits[step], role);
  if (state.results.has(base)) return undefined;
  const effect = currentEffect(state, role);
  const timer = state.timers.get(`retry:${base}`);
  if (timer !== undefined) return { do: 'wait', until: timer, timer: `retry:${base}` };
  return state.effects.has(effect) ? { do: 'wait' } : { do: 'ask', role, effect, step, visit: visits[step] };
}

function work(state: TrackState): Action {
  const { plan, policy, loop: at, run } = state;
  const step = at.step === 'FIX' ? 'FIX' : 'EXECUTE';
  if (!plan || plan.open === 0) return close(state, 'pass');
  const parallel = at.mode === 'PARALLEL' || step === 'FIX';
  // One after the other also means: while one waits for its files, no other overtakes it.
  const slots = parallel ? policy.limits.maxWorkers - plan.running.size : 1 - plan.running.size - plan.waiting.size;
  const ready = run?.onlyTask === undefined ? plan.ready : new Set([run.onlyTask].filter((id) => plan.ready.has(id)));
  if (ready.size > 0 && slots > 0) return { do: 'work', step, ready, slots };
  if (plan.running.size > 0 || plan.waiting.size > 0) return retryTimer(state) ?? { do: 'wait' };
  return retryTimer(state) ?? (run?.onlyTask === undefined ? close(state, 'fail') : { do: 'stop', reason: 'blocked' });
}

function complete(state: TrackState): Action {
  const part = completionParts.find((name) => !state.completion.has(name));
  if (!part) return close(state, 'pass');
  return { do: 'finish', part, effect: roleEffect(state.id, 'COMPLETE', state.loop.visits.COMPLETE, part) };
}

function close(state: TrackState, outcome: 'pass' | 'fail'): Action {
  const { step, visits } = state.loop;
  return { do: 'close', step, visit: visits[step], outcome };
}

/** The earliest timer that something waits for. */
function retryTimer(state: TrackState): Action | undefined {
  const [first] = [...state.timers].sort(([, a], [, b]) => (a < b ? -1 : 1));
  return first ? { do: 'wait', until: first[1], timer: first[0] } : undefined;
}

function busy(state: TrackState): boolean {
  return state.effects.size > 0 || (state.plan?.running.size ?? 0) > 0;
}

const taskStep = (state: TrackState): Step => (state.loop.step === 'FIX' ? 'FIX' : 'EXECUTE');
