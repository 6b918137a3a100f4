import type { Action } from './actions.js';
import type { TrackCommand } from './commands.js';
import { decideTrackCommand } from './decide.js';
import type { Decider } from './decider.js';
import { evolveTrack } from './evolve.js';
import { initialTrack } from './initial.js';
import type { TrackState } from './model.js';
import { nextAction } from './next-action.js';

/** The decider of `track/<id>`: lifecycle, loop, plan, tasks, and references to boards and approvals. */
export const track: Decider<TrackState, TrackCommand, Action> = Object.freeze({
  kind: 'track',
  foldVersion: 1,
  initial: initialTrack,
  decide: decideTrackCommand,
  evolve: evolveTrack,
  nextAction,
});
