import { brainstormTypes } from '../dispatch/brainstorm-types.js';
import { ConductorError } from '../kernel/error.js';
import type { NewEvent } from '../ports/values.js';
import type { TrackCommand, TrackCommandName, TrackCommands } from './commands.js';
import { decideEffects } from './decide-effects.js';
import { decideImport } from './decide-import.js';
import { decideGovernance } from './decide-governance.js';
import { decideLoop } from './decide-loop.js';
import { decidePlan } from './decide-plan.js';
import { decideTasks } from './decide-tasks.js';
import type { DecideContext } from './decider.js';
import { trackEvent } from './events.js';
import type { TrackEventType } from './events.js';
import { lifecycleMoves } from './lifecycle.js';
import type { LifecycleOperation } from './lifecycle.js';
import { stepStatuses } from './model.js';
import type { TrackState } from './model.js';
import { invalidState, requireNotEnded, requireTrack } from './refuse.js';

/** One rule per command name. */
export type Rules<N extends TrackCommandName> = {
  readonly [K in N]: (state: TrackState, data: TrackCommands[K], context: DecideContext) => readonly NewEvent[];
};

const lifecycle =
  <T extends TrackEventType>(operation: LifecycleOperation, type: T) =>
  (state: TrackState, data: Parameters<typeof trackEvent<T>>[1]): readonly NewEvent[] => {
    const move = lifecycleMoves[operation];
    if (state.lifecycle === move.to) return []; // already so
    if (!move.from.includes(state.lifecycle)) throw invalidState(state, operation, move.from);
    return [trackEvent(type, data)];
  };

const decideTrack: Rules<Exclude<Extract<TrackCommandName, `track.${string}`>, 'track.import'>> = {
  'track.create': (state, data) => {
    if (state.version > 0)
      throw new ConductorError('TRACK_EXISTS', `Track ${state.id} exists already`, { details: { track: state.id } });
    requireBrainstorm(data);
    return [trackEvent('track.created', data)];
  },
  'track.specify': (state, data) => {
    requireNotEnded(state);
    return data.specHash === state.about.specHash
      ? []
      : [trackEvent('track.specified', { ...data, revision: state.version + 1 })];
  },
  'track.configure': (state, data) => {
    requireNotEnded(state);
    requireFamilyKept(state, data);
    return Object.keys(data).length === 0 ? [] : [trackEvent('track.configured', data)];
  },
  'track.ready': lifecycle('ready', 'track.readied'),
  'track.activate': lifecycle('activate', 'track.activated'),
  'track.pause': (state, { mode = 'drain', ...why }) =>
    // A drain may be cut short: paused already, but not yet as the caller wants it.
    state.lifecycle === 'paused' && state.draining && mode === 'now'
      ? [trackEvent('track.paused', { ...why, mode })]
      : lifecycle('pause', 'track.paused')(state, { ...why, mode }),
  'track.resume': lifecycle('resume', 'track.resumed'),
  'track.fail': lifecycle('fail', 'track.failed'),
  'track.retry': lifecycle('retry', 'track.retried'),
  'track.cancel': lifecycle('cancel', 'track.cancelled'),
  'track.archive': lifecycle('archive', 'track.archived'),
  'track.complete': (state, data) => {
    const unmet = data.criteria.filter((criterion) => !criterion.met);
    if (unmet.length > 0) {
      throw new ConductorError(
        'CRITERIA_NOT_MET',
        `${unmet.length} acceptance criteria of track ${state.id} are not met`,
        { details: { criteria: unmet } },
      );
    }
    // The gate itself: COMPLETE is reached only past a passed evaluation (T19, T20, T28).
    if (state.loop.step !== 'COMPLETE') throw invalidState(state, 'complete', ['COMPLETE']);
    return lifecycle('complete', 'track.completed')(state, data);
  },
};

/** BRAINSTORM is for architectural and creative tracks of the family that has an agent for it (T2). */
function requireBrainstorm({ flags, type }: TrackCommands['track.create']): void {
  if (flags.brainstorm !== true || (flags.superpower && brainstormTypes.includes(type))) return;
  throw new ConductorError('VALIDATION_FAILED', `A track of type ${type} does not begin with BRAINSTORM`, {
    hint: `It needs the superpowers family and one of the types ${brainstormTypes.join(', ')}.`,
    details: { type, superpower: flags.superpower },
  });
}

/** The family of agents changes between steps only: an agent at work keeps its name, its parameters and its checkpoint. */
function requireFamilyKept(state: TrackState, { superpower }: TrackCommands['track.configure']): void {
  const changes = superpower !== undefined && superpower !== state.about.superpower;
  if (changes && state.loop.status === 'IN_PROGRESS')
    throw invalidState(
      state,
      'a switch of the family of agents',
      stepStatuses.filter((status) => status !== 'IN_PROGRESS'),
    );
}

const rules: Rules<TrackCommandName> = {
  ...decideTrack,
  ...decideImport,
  ...decideLoop,
  ...decideEffects,
  ...decidePlan,
  ...decideTasks,
  ...decideGovernance,
};

/**
 * Turns a command into facts, or refuses with a coded error. Pure: no clock, no ids, no I/O. `[]` means "already so".
 * Throws `TRACK_NOT_FOUND`, `TRACK_EXISTS`, `TRACK_ENDED`, `STORE_NEWER`, `INVALID_STATE`, `TASK_NOT_FOUND`, `PLAN_INVALID`,
 * `VERSION_CONFLICT`, `CRITERIA_NOT_MET`, `BOARD_NOT_FOUND`, `APPROVAL_NOT_FOUND`, `APPROVAL_DECIDED`, `VALIDATION_FAILED`,
 * `USAGE` for an unknown name.
 */
export function decideTrackCommand(
  state: TrackState,
  command: TrackCommand,
  context: DecideContext,
): readonly NewEvent[] {
  if (!Object.hasOwn(rules, command.name)) {
    throw new ConductorError('USAGE', `There is no command ${JSON.stringify(command.name)}`, {
      details: { command: command.name },
    });
  }
  if (command.name !== 'track.create' && command.name !== 'track.import') requireTrack(state);
  const rule = rules[command.name] as (s: TrackState, d: unknown, c: DecideContext) => readonly NewEvent[]; // keyed by the command's own name
  return rule(state, command.data, context);
}
