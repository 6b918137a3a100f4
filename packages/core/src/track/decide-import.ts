import { transitions } from '../loop/transitions.js';
import { ConductorError } from '../kernel/error.js';
import type { TrackCommands } from './commands.js';
import type { Rules } from './decide.js';
import { trackEvent } from './events.js';
import type { Step, StepStatus, TrackState } from './model.js';
import { invalidState, requireNotEnded } from './refuse.js';

/** Rules of what comes out of files that somebody else has written. */
export const decideImport: Rules<'track.import' | 'step.override' | 'blocker.resolve'> = {
  // Once: who comes second finds the track there.
  'track.import': (state, data) => (state.version > 0 ? [] : [trackEvent('track.imported', data)]),
  'step.override': (state, { to: asked, source, findings }) => {
    requireNotEnded(state);
    const { step, status } = state.loop;
    // Nobody is at work, so nothing is in progress: the step begins again, and what is done in it stays done.
    const to = asked.status === 'IN_PROGRESS' ? { ...asked, status: 'NOT_STARTED' as const } : asked;
    if (to.step === step && (to.status === status || asked.status === status) && !state.loop.foreign) return [];
    if (state.run && state.run.stopped === undefined) throw invalidState(state, 'another step while a run holds it');
    if (to.step === 'BRAINSTORM' && !state.about.superpower)
      throw invalidState(state, 'BRAINSTORM, for which this family has no agent');
    requirePair(state, to.step, to.status);
    requireGates(state, to);
    return [trackEvent('step.overridden', { from: { step, status }, to, source, findings })];
  },
  'blocker.resolve': (state, data) => {
    requireNotEnded(state);
    const blocker = state.blockers.get(data.blockerId);
    if (blocker) return blocker.active ? [trackEvent('blocker.resolved', data)] : [];
    throw new ConductorError('VALIDATION_FAILED', `Track ${state.id} has no blocker ${data.blockerId}`, {
      details: { track: state.id, blocker: data.blockerId },
    });
  },
};

function requirePair(state: TrackState, step: Step, status: StepStatus): void {
  const known = transitions.some((row) => row.step === step && (row.status ?? status) === status);
  if (!known && status !== 'BLOCKED') throw invalidState(state, `${step} / ${status}, a pair that no transition knows`);
}

/** Nobody writes himself past a gate: what lies behind one is reached only when it has passed. */
function requireGates(state: TrackState, { step, status }: TrackCommands['step.override']['to']): void {
  const passed = (gate: Step) => state.loop.checkpoints[gate]?.status === 'PASSED';
  const open = gatesBefore[step].filter((gate) => !passed(gate));
  const itself = isGate(step) && status === 'PASSED' && !passed(step) ? [step] : [];
  const first = [...open, ...itself][0];
  if (step === 'COMPLETE') throw invalidState(state, 'COMPLETE by a changed file');
  if (first !== undefined) throw invalidState(state, `${step} / ${status} past ${first}, which has not passed`);
}

const isGate = (step: Step) => step === 'EVALUATE_PLAN' || step === 'EVALUATE_EXECUTION';

/** Gates that lie before each step. */
const gatesBefore: Readonly<Record<Step, readonly Step[]>> = {
  BRAINSTORM: [],
  PLAN: [],
  EVALUATE_PLAN: [],
  EXECUTE: ['EVALUATE_PLAN'],
  EVALUATE_EXECUTION: ['EVALUATE_PLAN'],
  FIX: ['EVALUATE_PLAN'],
  BUSINESS_SYNC: ['EVALUATE_PLAN', 'EVALUATE_EXECUTION'],
  COMPLETE: ['EVALUATE_PLAN', 'EVALUATE_EXECUTION'],
};
