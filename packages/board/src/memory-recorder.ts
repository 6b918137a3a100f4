import { instant } from '@conductor/core';
import type { ActorRef, Clock, EventEnvelope } from '@conductor/core/ports';
import { board } from './board.js';
import type { BoardState } from './board-state.js';
import type { BoardCommand } from './commands.js';

/** A board that lives in this process. */
export interface MemoryRecorder {
  /** Decides, folds and keeps; see `RecordTurns`. All commands of a call or none. */
  record(commands: readonly BoardCommand[]): Promise<BoardState>;
  state(): BoardState;
  events(): readonly EventEnvelope[];
}

/** Keeps the events of one board in memory: for tests, and for hosts that hold a meeting without a store. */
export function memoryRecorder({
  boardId,
  clock,
  actor = { kind: 'engine', id: 'local' },
}: {
  readonly boardId: string;
  readonly clock: Clock;
  readonly actor?: ActorRef;
}): MemoryRecorder {
  let state = board.initial(boardId);
  let events: readonly EventEnvelope[] = [];
  const stream = `board/${boardId}`;
  return Object.freeze({
    state: () => state,
    events: () => events,
    async record(commands: readonly BoardCommand[]) {
      const at = instant(clock.now());
      let draft = state;
      const added: EventEnvelope[] = [];
      for (const command of commands) {
        for (const fact of board.decide(draft, command, { at, actor })) {
          const version = events.length + added.length + 1;
          const event: EventEnvelope = {
            ...fact,
            id: `${stream}@${version}`,
            seq: version,
            stream,
            version,
            commit: version,
            at,
            actor,
            correlation: { session: boardId },
          };
          draft = board.evolve(draft, event);
          added.push(event);
        }
      }
      state = draft;
      events = [...events, ...added];
      return state;
    },
  });
}
