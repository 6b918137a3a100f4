import { steps } from './model.js';
import type { LoopState, Step, TrackState } from './model.js';
import { defaultLimits } from './limits.js';

/** A track that nobody created yet: version 0. T1: its loop stands at PLAN / NOT_STARTED. */
export function initialTrack(id: string): TrackState {
  return {
    id,
    version: 0,
    degraded: false,
    about: {
      name: '',
      type: 'feature',
      priority: 'P2',
      background: false,
      spec: { text: '' },
      specHash: '',
      goal: '',
      dependencies: [],
      labels: [],
      superpower: true,
      extra: {},
    },
    lifecycle: 'draft',
    draining: false,
    policy: { limits: defaultLimits, isolation: 'shared' },
    loop: initialLoop(),
    effects: new Map(),
    results: new Map(),
    tries: new Map(),
    conditions: new Map(),
    boards: new Map(),
    decisions: new Map(),
    blockers: new Map(),
    timers: new Map(),
    budget: { limits: {}, spent: { known: true }, attempts: 0, before: { tokens: 0, costMicros: 0, attempts: 0 } },
    completion: new Set(),
    discovered: [],
    consultations: 0,
    createdAt: '',
    updatedAt: '',
    foreign: { queueOffset: 0 },
  };
}

function initialLoop(): LoopState {
  const visits = Object.fromEntries(steps.map((step) => [step, 0])) as Record<Step, number>; // built from the list of all steps
  return {
    step: 'PLAN',
    status: 'NOT_STARTED',
    visits,
    fixCycles: 0,
    planRevisions: 0,
    ctoRounds: 0,
    asks: [],
    rejectedRevision: 0,
    businessSync: false,
    checkpoints: {},
  };
}
