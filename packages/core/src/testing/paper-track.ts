import type { EventEnvelope, NewEvent } from '../ports/values.js';
import type { TrackCommand } from '../track/commands.js';
import { foldTrack } from '../track/evolve.js';
import { initialTrack } from '../track/initial.js';
import type { Limits } from '../track/limits.js';
import type { TrackState } from '../track/model.js';
import { track } from '../track/track.js';
import { facts, planned } from './track-facts.js';
import type { PlannedTask } from './track-facts.js';

export interface PaperShellOptions {
  readonly limits?: Partial<Limits>;
  /** What the planner answers. */
  readonly tasks?: readonly PlannedTask[];
  /** What happens where more than one thing may; the first option is always the good one. */
  readonly choose?: (topic: string, options: readonly string[]) => string;
  /** Sees every fact with the states before and after it. */
  readonly onEvent?: (event: EventEnvelope, before: TrackState, after: TrackState) => void;
}

/** What somebody outside has begun and not ended. */
export type Flight =
  | { readonly kind: 'task' | 'wait'; readonly taskId: string; readonly runId: string }
  | { readonly kind: 'effect'; readonly effect: string; readonly role: string };

/** A track whose log, ids and outside are on paper. */
export interface PaperTrack {
  readonly state: TrackState;
  readonly log: readonly EventEnvelope[];
  readonly flights: Map<string, Flight>;
  /** What the planner answers. */
  readonly planned: readonly PlannedTask[];
  /** Reason of the last stop, where nothing goes on behind it. */
  over: string | undefined;
  choose(topic: string, options: readonly string[]): string;
  /** A new id. */
  mint(kind: string): string;
  /** Decides and folds; throws what `decide` throws. */
  command(command: TrackCommand): readonly NewEvent[];
}

const id = 'greet_20260101';
/** The one instant of the story. */
export const later = '2026-01-02T00:00:00.000Z';

/** A live track, its run begun. */
export function paperTrack({
  limits = {},
  tasks = [planned('1')],
  choose = (_, [first = '']) => first,
  onEvent,
}: PaperShellOptions): PaperTrack {
  const log: EventEnvelope[] = [];
  let state = initialTrack(id);
  let minted = 0;
  const record = (event: NewEvent) => {
    const version = log.length + 1;
    const place = { id: `track/${id}@${version}`, seq: version, stream: `track/${id}`, version, commit: version };
    const envelope: EventEnvelope = {
      ...place,
      at: later,
      actor: { kind: 'engine', id: 'engine' },
      correlation: {},
      ...event,
    };
    const before = state;
    log.push(envelope);
    state = foldTrack(state, [envelope]);
    onEvent?.(envelope, before, state);
  };
  facts.live(limits).forEach(record);
  return {
    get state() {
      return state;
    },
    log,
    flights: new Map(),
    planned: tasks,
    over: undefined,
    choose,
    mint: (kind) => `${kind}_${(minted += 1)}`,
    command(given) {
      const events = track.decide(state, given, { at: later, actor: { kind: 'engine', id: 'engine' } });
      events.forEach(record);
      return events;
    },
  };
}
