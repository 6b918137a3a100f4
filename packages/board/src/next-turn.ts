import { phaseOfStatus, present, turnKey } from './board-state.js';
import type { BoardState } from './board-state.js';
import type { SpeakingPhase } from './turns.js';

/** What a meeting waits for. */
export type NextTurn =
  /** These owe a turn now: `directors` are to be called, `people` are to be asked; both in seat order, one may be empty. */
  | {
      readonly do: 'speak';
      readonly phase: SpeakingPhase;
      readonly round: number;
      readonly directors: readonly string[];
      readonly people: readonly string[];
    }
  /** Only people owe a turn, and all of them have been asked. */
  | {
      readonly do: 'waiting';
      readonly phase: SpeakingPhase;
      readonly round: number;
      readonly people: readonly string[];
    }
  /** Everybody has spoken: enter this phase and round. */
  | { readonly do: 'advance'; readonly phase: 'discuss' | 'vote' | 'resolve'; readonly round: number }
  /** The votes are complete: count them. */
  | { readonly do: 'resolve' }
  /** Not opened, resolved or cancelled. */
  | { readonly do: 'done' };

/**
 * Who speaks now. A function of the state alone: to resume a meeting after a crash, ask again. Who is on record is never
 * named again; whoever was only asked is.
 */
export function nextTurn(state: BoardState): NextTurn {
  const phase = state.opened === undefined ? 'done' : phaseOfStatus[state.status];
  if (phase === 'done') return { do: 'done' };
  if (phase === 'resolve') return { do: 'resolve' };
  const round = phase === 'discuss' ? state.round : 0;
  const owing = owingIn(state, phase, round);
  if (owing.length === 0) return after(state, phase);
  const directors = owing.filter((seat) => seat.human !== true).map((seat) => seat.id);
  const people = owing.filter((seat) => seat.human === true).map((seat) => seat.id);
  const unasked = people.filter((director) => !state.asked.has(turnKey({ director, phase, round })));
  if (directors.length + unasked.length === 0) return { do: 'waiting', phase, round, people };
  return { do: 'speak', phase, round, directors, people: unasked };
}

/** Directors that owe a turn of the current phase, in seat order. */
export function waitingFor(state: BoardState): readonly string[] {
  const phase = state.opened === undefined ? 'done' : phaseOfStatus[state.status];
  if (phase === 'done' || phase === 'resolve') return [];
  return owingIn(state, phase, phase === 'discuss' ? state.round : 0).map((seat) => seat.id);
}

function owingIn(state: BoardState, phase: SpeakingPhase, round: number) {
  return present(state).filter((seat) => !state.taken.has(turnKey({ director: seat.id, phase, round })));
}

function after(state: BoardState, phase: SpeakingPhase): NextTurn {
  if (phase === 'vote' || state.opened?.kind === 'quick') return { do: 'advance', phase: 'resolve', round: 0 };
  const next = phase === 'assess' ? 1 : state.round + 1;
  const talks =
    next <= (state.opened?.maxRounds ?? 0) && (phase === 'assess' ? state.assessments.size > 1 : leftOpen(state));
  return talks ? { do: 'advance', phase: 'discuss', round: next } : { do: 'advance', phase: 'vote', round: 0 };
}

/** C-20: a round without remarks ends the discussion, and so does one that neither asks nor challenges. */
function leftOpen(state: BoardState): boolean {
  for (const { value } of state.remarks.get(state.round)?.values() ?? []) {
    if (value.some((remark) => remark.kind === 'QUESTION' || remark.kind === 'CHALLENGE')) return true;
  }
  return false;
}
