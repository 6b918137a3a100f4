import type { EventEnvelope } from '../ports/values.js';
import type { Handlers } from './evolve.js';
import type { Checkpoint, LoopState, Step, StepStatus, RunState, TrackState } from './model.js';
import type { TrackEventData } from './events.js';
import { spending } from './budget.js';
import { gateResult } from './gates.js';
import { changeTask, clearWaits } from './plan-state.js';
import { goalReached } from './run-goal.js';
import type { Scratch } from './scratch.js';

type RunError = NonNullable<RunState['error']>; // zod marks absent keys as undefined-able, JSON has none

/** Folds of the run and of the loop's steps. */
export const evolveLoop = {
  'loop.started': (state, data, event, scratch) => beginRun(state, data, event, 0, scratch),
  'loop.resumed': (state, data, event, scratch) => beginRun(state, data, event, state.run?.iterations ?? 0, scratch),
  'loop.stopped': (state, data, event) =>
    state.run
      ? {
          ...state,
          draining: false,
          run: {
            ...state.run,
            stopped: data.reason,
            stoppedAt: event.at,
            ...(data.error && { error: data.error as RunError }),
          },
        }
      : state,

  'step.started': (state, data, event) => ({
    ...state,
    results: new Map(),
    tries: new Map(),
    ...(state.run && { run: { ...state.run, iterations: state.run.iterations + 1 } }),
    loop: {
      ...withoutBoard(state.loop),
      step: data.step,
      status: 'IN_PROGRESS',
      visits: { ...state.loop.visits, [data.step]: data.visit },
      asks: data.asks ?? [],
      ...(data.mode && { mode: data.mode }),
      ...(data.missionId && { missionId: data.missionId }),
      ...(data.boardId && { boardId: data.boardId }),
      checkpoints: checkpoint(state, data.step, {
        status: 'IN_PROGRESS',
        startedAt: event.at,
        ...(data.agent && { agent: data.agent }),
      }),
    },
  }),
  'step.passed': (state, data, event) => close(state, data, event, 'PASSED'),
  'step.failed': (state, data, event) => close(state, data, event, 'FAILED'),
  'step.skipped': (state, data, event) => close(state, data, event, 'SKIPPED'),
  'step.blocked': (state) => withStatus(state, 'BLOCKED'),
  'step.reopened': (state) => decided(withStatus(state, 'NOT_STARTED')),
} satisfies Handlers;

function beginRun(
  state: TrackState,
  data: TrackEventData<'loop.started'>,
  event: EventEnvelope,
  iterations: number,
  scratch: Scratch,
): TrackState {
  const { owner, epoch, until, task, budget, baseline } = data;
  return {
    ...state,
    ...(baseline && state.about.baseline === undefined && { about: { ...state.about, baseline } }),
    ...(state.plan && { plan: clearWaits(state.plan, scratch) }),
    budget: goesOn(state) && !budget ? state.budget : freshBudget(state, budget),
    run: {
      owner,
      epoch,
      iterations,
      startedAt: event.at,
      feedFrom: event.seq,
      reached: goalReached(state, { until, task }),
      ...(until && { until }),
      ...(task && { onlyTask: task }),
    },
  };
}

/** After a crash or an answer it is the same run, with what is left of its budget. */
function goesOn({ run }: TrackState): boolean {
  return run !== undefined && (run.stopped === undefined || run.stopped === 'awaiting');
}

function freshBudget(
  { budget: { spent, attempts } }: TrackState,
  limits: TrackEventData<'loop.started'>['budget'] = {},
): TrackState['budget'] {
  return {
    limits: limits as TrackState['budget']['limits'], // zod marks absent keys as undefined-able, JSON has none
    spent,
    attempts,
    before: spending(spent, attempts),
  };
}

function close(
  state: TrackState,
  data: TrackEventData<'step.passed'>,
  event: EventEnvelope,
  status: StepStatus,
): TrackState {
  const { step, next } = data;
  const toFix = step === 'EVALUATE_EXECUTION' && next.step === 'FIX';
  // T11, or a person's answer at any step: what stands there now is not the plan any more.
  const toPlan = status === 'FAILED' && next.step === 'PLAN' && step !== 'PLAN';
  const forCto = toPlan && step === 'EVALUATE_PLAN' && gateResult(state, 'cto')?.verdict === 'FAIL';
  const rejected = toPlan ? (state.plan?.revision ?? 0) : state.loop.rejectedRevision;
  return {
    ...state,
    ...(state.run && { run: { ...state.run, reached: state.run.reached || state.run.until === step } }),
    loop: {
      ...withoutForeign(state.loop),
      step: next.step,
      status: next.status,
      // A cycle is paid for when the evaluation sends the work to FIX, so a crash in mid-fix cannot buy a free one.
      fixCycles: state.loop.fixCycles + Number(toFix),
      planRevisions: state.loop.planRevisions + Number(toPlan),
      ctoRounds: state.loop.ctoRounds + Number(forCto),
      rejectedRevision: rejected,
      checkpoints: checkpoint(state, step, {
        status,
        completedAt: event.at,
        ...(data.facts !== undefined && { facts: data.facts }),
      }),
    },
  };
}

function checkpoint(state: TrackState, step: Step, patch: Checkpoint): LoopState['checkpoints'] {
  return { ...state.loop.checkpoints, [step]: { ...state.loop.checkpoints[step], ...patch } };
}

function withStatus(state: TrackState, status: StepStatus): TrackState {
  const { step } = state.loop;
  return { ...state, loop: { ...state.loop, status, checkpoints: checkpoint(state, step, { status }) } };
}

function withoutBoard({ boardId: _, ...loop }: LoopState): LoopState {
  return withoutForeign(loop);
}

/** Whatever another tool called the step: from here on it is what our own facts say. */
function withoutForeign({ foreign: _, ...loop }: LoopState): LoopState {
  return loop;
}

function decided(state: TrackState): TrackState {
  return { ...state, loop: withoutForeign(state.loop) };
}

/** A step's process record, kept so that recovery can end the group. */
export const evolveProcess = {
  'process.spawned': (state, data, _event, scratch) => {
    const open = state.effects.get(data.effect);
    if (open)
      return { ...state, effects: scratch.map(state.effects).set(data.effect, { ...open, process: data.process }) };
    const running = [...(state.plan?.running ?? [])].find((id) => state.plan?.tasks.get(id)?.runId === data.runId);
    if (!state.plan || running === undefined) return state;
    return { ...state, plan: changeTask(state.plan, running, { process: data.process }, scratch) };
  },
} satisfies Handlers;
