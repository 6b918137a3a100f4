import type { EventEnvelope } from '../ports/values.js';
import type { TrackEventData } from './events.js';
import type { Handlers } from './evolve.js';
import { defaultLimits } from './limits.js';
import type { Limits } from './limits.js';
import type { Blocker, LoopState, Step, StepStatus, TrackState } from './model.js';
import { planState } from './plan-state.js';

type Imported = TrackEventData<'track.imported'>;

/** Folds of what came out of files that somebody else has written. */
export const evolveImport = {
  'track.imported': (state, data, event) => ({
    ...state,
    about: {
      name: data.name,
      type: data.type,
      priority: data.priority,
      background: data.background,
      goal: data.goal,
      specHash: data.specHash,
      dependencies: data.dependencies,
      labels: data.labels,
      superpower: data.flags.superpower,
      spec: data.spec as TrackState['about']['spec'],
      extra: data.extra,
    },
    imported: true,
    policy: {
      limits: { ...defaultLimits, ...(data.policy.limits as Partial<Limits>) },
      isolation: data.policy.isolation,
    },
    lifecycle: data.lifecycle,
    loop: loopOf(state.loop, data),
    ...(data.plan && {
      plan: planState(undefined, data.plan.model, {
        revision: 1,
        text: data.plan.text as TrackState['about']['spec'],
        textHash: data.plan.textHash,
      }),
    }),
    blockers: new Map(data.blockers.map((blocker) => [blocker.id, blocker as Blocker])),
    createdAt: data.createdAt ?? event.at,
    ...completed(data, event),
  }),
  'step.overridden': (state, { to }) => ({
    ...state,
    results: new Map(),
    tries: new Map(),
    loop: overridden(state, to),
  }),
} satisfies Handlers;

function completed({ lifecycle, completedAt }: Imported, { at }: EventEnvelope): Pick<TrackState, 'completedAt'> {
  return lifecycle === 'completed' ? { completedAt: completedAt ?? at } : {};
}

function loopOf(initial: LoopState, { loop, plan }: Imported): LoopState {
  const { step, status, foreign, mode, fixCycles, planRevisions, businessSync, replan, checkpoints } = loop;
  return {
    ...initial,
    step,
    status,
    // What is under way has been begun once: its effects are those of the first visit.
    visits: { ...initial.visits, [step]: status === 'NOT_STARTED' ? 0 : 1 },
    fixCycles,
    planRevisions,
    businessSync: businessSync ?? false,
    rejectedRevision: plan && replan === true ? 1 : 0,
    checkpoints: checkpoints as LoopState['checkpoints'],
    ...(mode && { mode }),
    ...(foreign && { foreign: foreign as NonNullable<LoopState['foreign']> }),
  };
}

/** Back to where the plan is made, this plan is not the plan any more; back before a gate, the gate is to be passed again. */
function overridden(
  { loop, plan }: TrackState,
  { step, status }: { readonly step: Step; readonly status: StepStatus },
): LoopState {
  const { boardId: _, foreign: __, ...rest } = loop;
  const makesPlan = step === 'PLAN' || step === 'BRAINSTORM';
  const back = makesPlan && loop.step !== 'PLAN' && loop.step !== 'BRAINSTORM';
  const reopened: readonly Step[] = makesPlan ? ['EVALUATE_PLAN', 'EVALUATE_EXECUTION'] : evaluatesLater(step);
  const checkpoints = { ...loop.checkpoints };
  for (const gate of reopened)
    if (checkpoints[gate]) checkpoints[gate] = { ...checkpoints[gate], status: 'NOT_STARTED' };
  checkpoints[step] = { ...checkpoints[step], status };
  return {
    ...rest,
    step,
    status,
    asks: [],
    checkpoints,
    ...(back && { rejectedRevision: plan?.revision ?? 0 }),
  };
}

function evaluatesLater(step: Step): readonly Step[] {
  if (step === 'EVALUATE_PLAN') return ['EVALUATE_EXECUTION'];
  return step === 'EXECUTE' || step === 'FIX' ? ['EVALUATE_EXECUTION'] : [];
}
