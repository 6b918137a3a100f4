import type { BoardSession, Remark, Vote } from '@conductor/core';
import type { EventEnvelope } from '@conductor/core/ports';
import { boardEvents } from './events.js';
import type { BoardEventData, BoardEventType } from './events.js';
import { turnKey } from './board-state.js';
import type { BoardState } from './board-state.js';
import type { TurnKey } from './turns.js';

type Folds = {
  readonly [T in BoardEventType]: (
    state: BoardState,
    data: BoardEventData<T>,
    event: EventEnvelope,
  ) => Partial<BoardState>;
};

const statusOfPhase = { discuss: 'DISCUSSING', vote: 'VOTING', resolve: 'RESOLVING' } as const satisfies Record<
  string,
  BoardSession['status']
>;

const folds: Folds = {
  'board.opened': (_state, data, event) => ({ opened: data, startedAt: event.at }),
  'board.asked': (state, data) => ({ asked: new Map(state.asked).set(turnKey(data), data.approvalId) }),
  'board.assessed': (state, { director, effect: _, usage: __, ...value }, event) => ({
    taken: taking(state, { director, phase: 'assess', round: 0 }),
    assessments: new Map(state.assessments).set(director, { at: event.at, value }),
  }),
  'board.discussed': (state, { director, round, remarks }, event) => {
    const value = remarks.map((remark): Remark => ({ from: director, ...remark, round }));
    const spoken = new Map(state.remarks.get(round)).set(director, { at: event.at, value });
    return {
      taken: taking(state, { director, phase: 'discuss', round }),
      remarks: new Map(state.remarks).set(round, spoken),
    };
  },
  'board.voted': (state, { director, effect: _, usage: __, ...value }, event) => ({
    taken: taking(state, { director, phase: 'vote', round: 0 }),
    votes: new Map(state.votes).set(director, { at: event.at, value: value satisfies Vote }),
  }),
  'board.abstained': (state, { effect: _, ...data }) => {
    const { director, ...silence } = data;
    return {
      taken: taking(state, data),
      abstained: new Map(state.abstained).set(turnKey({ director, ...silence }), silence),
    };
  },
  'board.advanced': (state, { phase, round }) => ({
    status: statusOfPhase[phase],
    round: phase === 'discuss' ? round : state.round,
  }),
  'board.resolved': (_state, { minutes: _, ...resolution }, event) => ({
    status: 'COMPLETE',
    resolution,
    endedAt: event.at,
  }),
  'board.cancelled': (_state, { reason }, event) => ({ status: 'CANCELLED', cancelReason: reason, endedAt: event.at }),
};

function taking(state: BoardState, turn: TurnKey): ReadonlySet<string> {
  return new Set(state.taken).add(turnKey(turn));
}

/**
 * Folds one fact into a board. Total and pure: an unknown type changes nothing but the version; a fact of ours that this version
 * cannot read marks the board as degraded, and from there nothing is decided.
 */
export function evolve(state: BoardState, event: EventEnvelope): BoardState {
  if (!Object.hasOwn(boardEvents, event.type)) return { ...state, version: event.version };
  const type = event.type as BoardEventType; // hasOwn has just proven it
  const data = event.v === 1 ? boardEvents[type].safeParse(event.data) : undefined;
  if (!data?.success) return { ...state, version: event.version, degraded: true };
  // The table pairs each schema with the fold of the same name; TypeScript cannot follow that through a union.
  const fold = folds[type] as (state: BoardState, data: unknown, event: EventEnvelope) => Partial<BoardState>;
  return { ...state, ...fold(state, data.data, event), version: event.version };
}
