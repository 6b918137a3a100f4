import type { EventEnvelope, Usage } from '../ports/values.js';
import type { TrackEventData, TrackEventType } from './events.js';
import { evolveImport } from './evolve-import.js';
import { evolveGovernance } from './evolve-governance.js';
import { evolveLoop } from './evolve-loop.js';
import { evolvePlan } from './evolve-plan.js';
import { defaultLimits } from './limits.js';
import type { Limits } from './limits.js';
import { Scratch } from './scratch.js';
import { eventVersion } from './upcast.js';
import type { TrackState } from './model.js';

/** One handler per event type; each file holds those of its part. */
export type Handlers = {
  readonly [T in TrackEventType]?: (
    state: TrackState,
    data: TrackEventData<T>,
    event: EventEnvelope,
    scratch: Scratch,
  ) => TrackState;
};

const lifecycle =
  (to: TrackState['lifecycle']) =>
  (state: TrackState, data: { readonly reason?: string | undefined }): TrackState => {
    const { lifecycleReason: _, ...rest } = state;
    return {
      ...rest,
      lifecycle: to,
      draining: false,
      ...(data.reason !== undefined && { lifecycleReason: data.reason }),
    };
  };

function withoutBrainstorm(loop: TrackState['loop']): TrackState['loop'] {
  return { ...loop, step: 'PLAN', status: loop.status === 'BLOCKED' ? 'BLOCKED' : 'NOT_STARTED' };
}

const evolveLifecycle = {
  'track.created': (state, data, event) => ({
    ...state,
    about: { ...data, superpower: data.flags.superpower, spec: data.spec as TrackState['about']['spec'], extra: {} },
    ...(data.flags.brainstorm === true && { loop: { ...state.loop, step: 'BRAINSTORM' as const } }),
    // Never parsed here: a fold is total, and what was written was parsed before it was decided.
    policy: {
      limits: { ...defaultLimits, ...(data.policy.limits as Partial<Limits>) },
      isolation: data.policy.isolation,
    },
    createdAt: event.at,
  }),
  'track.specified': (state, data) => ({
    ...state,
    about: { ...state.about, spec: data.spec as TrackState['about']['spec'], specHash: data.specHash },
  }),
  'track.configured': (state, { limits, ...about }) => ({
    ...state,
    about: { ...state.about, ...(about as Partial<TrackState['about']>) }, // zod marks absent keys as undefined-able, JSON has none
    policy: { ...state.policy, limits: { ...state.policy.limits, ...(limits as Partial<Limits>) } },
    // The other family has nobody who brainstorms: without the flag the loop begins with PLAN.
    ...(about.superpower === false && state.loop.step === 'BRAINSTORM' && { loop: withoutBrainstorm(state.loop) }),
  }),
  'track.readied': lifecycle('ready'),
  'track.activated': lifecycle('active'),
  'track.paused': (state, data) => ({ ...lifecycle('paused')(state, data), draining: data.mode !== 'now' }),
  'track.resumed': lifecycle('active'),
  'track.failed': lifecycle('failed'),
  'track.retried': lifecycle('draft'),
  'track.cancelled': lifecycle('cancelled'),
  'track.archived': lifecycle('archived'),
  'track.completed': (state, data, event) => ({ ...lifecycle('completed')(state, {}), completedAt: event.at }),
} satisfies Handlers;

const unchanged = (state: TrackState): TrackState => state;

/** Every event of a track, so that this is their list as well: whoever folds and decides needs no schema. */
const handlers: Required<Handlers> = {
  ...evolveLifecycle,
  ...evolveImport,
  ...evolveLoop,
  ...evolvePlan,
  ...evolveGovernance,
  'lease.extended': unchanged,
  'phase.completed': unchanged,
  'edit.noted': unchanged,
};

/** True for the events of `track/<id>`; others are kept in the log and ignored by folds. */
export function isTrackEvent(type: string): type is TrackEventType {
  return Object.hasOwn(handlers, type);
}

/**
 * Folds facts into the state of a track. Total and pure: an unknown type changes nothing but the version; a built-in
 * type of a newer version marks the state as degraded. O(events + tasks touched): maps are copied once per fold.
 */
export function foldTrack(state: TrackState, events: Iterable<EventEnvelope>): TrackState {
  const scratch = new Scratch();
  let next = state;
  for (const event of events) next = apply(next, event, scratch);
  return next;
}

/** Folds one fact. */
export function evolveTrack(state: TrackState, event: EventEnvelope): TrackState {
  return isTrackEvent(event.type) ? foldTrack(state, [event]) : state;
}

function apply(state: TrackState, event: EventEnvelope, scratch: Scratch): TrackState {
  const { type, version, at } = event;
  const known = isTrackEvent(type);
  if (known && event.v > eventVersion(type)) return { ...state, version, degraded: true };
  if (!known) return version > state.version ? { ...state, version } : state;
  const handler = handlers[type] as (s: TrackState, d: unknown, e: EventEnvelope, c: Scratch) => TrackState; // keyed by the type itself
  const next = settleUsage(handler(state, event.data, event, scratch), event);
  // What a handler made is nobody else's yet: one copy per fact is enough.
  return next === state ? { ...state, version, updatedAt: at } : Object.assign(next, { version, updatedAt: at });
}

function settleUsage(state: TrackState, event: EventEnvelope): TrackState {
  const { usage } = event.data as { readonly usage?: Usage };
  if (!usage) return state;
  return { ...state, budget: { ...state.budget, spent: addUsage(state.budget.spent, usage) } };
}

function addUsage(a: Usage, b: Usage): Usage {
  const sum = (x?: number, y?: number) => (x ?? 0) + (y ?? 0);
  return {
    inputTokens: sum(a.inputTokens, b.inputTokens),
    outputTokens: sum(a.outputTokens, b.outputTokens),
    costMicros: sum(a.costMicros, b.costMicros),
    wallMs: sum(a.wallMs, b.wallMs),
    known: a.known && b.known,
  };
}
