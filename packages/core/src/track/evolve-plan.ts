import { baseEffect } from './effects.js';
import { evolveProcess } from './evolve-loop.js';
import type { Handlers } from './evolve.js';
import type { EffectResult, TrackState } from './model.js';
import type { Content } from '../ports/values.js';
import { changeTask, planState } from './plan-state.js';
import type { PlanModelData, TaskPatch } from './plan-state.js';
import type { Scratch } from './scratch.js';

const idle = {
  runId: undefined,
  epoch: undefined,
  process: undefined,
  asks: undefined,
  isolated: undefined,
} as const;

/** Folds of the plan, its tasks, and the effects that are not tasks. */
export const evolvePlan = {
  ...evolveProcess,
  'plan.submitted': (state, data, event, scratch) =>
    settle(withPlan(state, data), data.effect, { event: event.id, verdict: 'PASS' }, scratch),
  'plan.edited': (state, data) => withPlan(state, data),

  'effect.started': (state, data, _event, scratch) => ({
    ...state,
    effects: scratch.map(state.effects).set(data.effect, {
      effect: data.effect,
      role: data.role,
      epoch: state.run?.epoch ?? 0,
      tries: data.try,
      recoveries: state.effects.get(data.effect)?.recoveries ?? 0,
    }),
  }),
  'effect.failed': (state, data, event, scratch) => {
    const base = baseEffect(data.effect);
    const tries = scratch.map(state.tries).set(base, (state.tries.get(base) ?? 0) + 1);
    const failed = { ...state, tries };
    if (data.final) {
      const result: EffectResult = { event: event.id, verdict: 'FAIL', ...(data.asks && { asks: data.asks }) };
      return settle(failed, data.effect, result, scratch);
    }
    const closed = forget(failed, data.effect, scratch);
    return data.retryAt ? { ...closed, timers: scratch.map(closed.timers).set(`retry:${base}`, data.retryAt) } : closed;
  },
  'effect.interrupted': (state, data, _event, scratch) => forget(state, data.effect, scratch),
  'evaluation.reported': (state, data, event, scratch) =>
    settle(
      state,
      data.effect,
      { event: event.id, verdict: data.verdict, ...(data.inputHash && { inputHash: data.inputHash }) },
      scratch,
    ),

  'task.started': (state, data, _event, scratch) => ({
    ...task(
      state,
      data.taskId,
      {
        status: 'running',
        runId: data.runId,
        epoch: state.run?.epoch,
        process: undefined,
        dirty: data.dirty,
        isolated: data.isolation === 'worktree' || undefined,
      },
      scratch,
    ),
    budget: { ...state.budget, attempts: state.budget.attempts + 1 },
  }),
  'task.reported': (state, data, _event, scratch) => {
    const reported = task(state, data.taskId, { status: 'reported', note: data.summary }, scratch);
    return asksForSync(data.answer) ? { ...reported, loop: { ...reported.loop, businessSync: true } } : reported;
  },
  'task.completed': (state, data, _event, scratch) =>
    only(
      task(state, data.taskId, { ...idle, status: 'done', commit: data.commit, note: data.summary }, scratch),
      data.taskId,
    ),
  'task.failed': (state, data, _event, scratch) => {
    const timer = data.retryAt && !data.final ? `retry:${data.taskId}` : undefined;
    const patch: TaskPatch = {
      ...idle,
      status: data.final ? 'failed' : 'pending',
      failures: (state.plan?.tasks.get(data.taskId)?.failures ?? 0) + 1,
      recoveries: 0,
      retryTimer: timer,
      note: data.message,
    };
    const failed = task(state, data.taskId, patch, scratch);
    const timed =
      timer && data.retryAt ? { ...failed, timers: scratch.map(failed.timers).set(timer, data.retryAt) } : failed;
    return data.final ? only(timed, data.taskId) : timed;
  },
  'task.interrupted': (state, data, _event, scratch) =>
    task(state, data.taskId, { ...idle, status: 'pending', recoveries: data.recoveries }, scratch),
  'task.blocked': (state, data, _event, scratch) =>
    only(
      task(state, data.taskId, { ...idle, status: 'blocked', note: data.reason, asks: data.asks }, scratch),
      data.taskId,
    ),
  'task.marked': (state, data, _event, scratch) =>
    task(
      state,
      data.taskId,
      {
        ...idle,
        status: data.state,
        failures: 0,
        recoveries: 0,
        retryTimer: undefined,
        ...earlier(state, data.taskId),
        ...(data.commit && { commit: data.commit }),
      },
      scratch,
    ),

  'lease.waited': (state, data, _event, scratch) => task(state, data.taskId, { waiting: true }, scratch),
  'timer.fired': (state, data, _event, scratch) => {
    const timers = scratch.map(state.timers);
    timers.delete(data.timerId);
    const waiting = data.timerId.startsWith('retry:') ? data.timerId.slice('retry:'.length) : '';
    return task({ ...state, timers }, waiting, { retryTimer: undefined }, scratch);
  },
} satisfies Handlers;

/** Attempts made so far, the one that ended without a failure included: the next one gets a number of its own. */
function earlier(state: TrackState, id: string): Pick<TaskPatch, 'earlier'> {
  const before = state.plan?.tasks.get(id);
  if (!before) return {};
  const begun = before.status !== 'pending' && before.status !== 'failed' && before.status !== 'skipped';
  const attempts = (before.earlier ?? 0) + before.failures + Number(begun);
  return attempts > 0 ? { earlier: attempts } : {};
}

function withPlan(
  state: TrackState,
  data: { readonly revision: number; readonly text: unknown; readonly textHash: string; readonly model: PlanModelData },
): TrackState {
  const text = data.text as Content; // zod marks absent keys as undefined-able, JSON has none
  return {
    ...state,
    plan: planState(state.plan, data.model, { revision: data.revision, text, textHash: data.textHash }),
  };
}

function task(state: TrackState, id: string, patch: TaskPatch, scratch: Scratch): TrackState {
  return state.plan ? { ...state, plan: changeTask(state.plan, id, patch, scratch) } : state;
}

/** Marks a run for one task as having reached its end. */
function only(state: TrackState, taskId: string): TrackState {
  return state.run?.onlyTask === taskId ? { ...state, run: { ...state.run, reached: true } } : state;
}

function settle(state: TrackState, effect: string | undefined, result: EffectResult, scratch: Scratch): TrackState {
  if (effect === undefined) return state;
  const closed = forget(state, effect, scratch);
  return { ...closed, results: scratch.map(closed.results).set(baseEffect(effect), result) };
}

function forget(state: TrackState, effect: string, scratch: Scratch): TrackState {
  if (!state.effects.has(effect)) return state;
  const effects = scratch.map(state.effects);
  effects.delete(effect);
  return { ...state, effects };
}

/** A worker's answer may flag a product, pricing or model decision (mandatory rule 4 of the workflow). */
function asksForSync(answer: unknown): boolean {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'businessSyncRequired' in answer &&
    answer.businessSyncRequired === true
  );
}
