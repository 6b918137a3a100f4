import { ConductorError, track } from '@conductor/core';
import type { TrackCommand, TrackState } from '@conductor/core';
import type { ActorRef, EventEnvelope } from '@conductor/core/ports';

export interface Refusal {
  readonly command: TrackCommand;
  readonly error: ConductorError;
}

export interface Decided {
  readonly accepted: readonly TrackCommand[];
  readonly refused: readonly Refusal[];
  /** The track as the accepted commands leave it. */
  readonly state: TrackState;
}

/** Decides commands in order, each on what the ones before it led to; a refused one leaves no trace. */
export function decideEach(
  start: TrackState,
  commands: readonly TrackCommand[],
  context: { readonly at: string; readonly actor: ActorRef },
): Decided {
  const accepted: TrackCommand[] = [];
  const refused: Refusal[] = [];
  let state = start;
  for (const command of commands) {
    try {
      for (const event of track.decide(state, command, context)) {
        const envelope: EventEnvelope = {
          ...event,
          ...context,
          id: `edit@${state.version + 1}`,
          seq: 0,
          stream: `track/${state.id}`,
          version: state.version + 1,
          commit: 0,
          correlation: {},
        };
        state = track.evolve(state, envelope);
      }
      accepted.push(command);
    } catch (error) {
      if (!ConductorError.is(error)) throw error;
      refused.push({ command, error });
    }
  }
  return { accepted, refused, state };
}
