import type { Assessment, BoardSession, BoardVerdict, Condition, Remark, Vote } from '@conductor/core';
import type { Instant } from '@conductor/core/ports';
import type { BoardEventData, Seat, Tally } from './events.js';
import type { AbstainReason, SpeakingPhase, TurnKey } from './turns.js';

/** A record of one director with the time it was made. */
export interface Recorded<T> {
  readonly at: Instant;
  readonly value: T;
}

/** How the board decided. */
export interface Resolution {
  readonly verdict: BoardVerdict;
  readonly tally: Tally;
  readonly conditions: readonly Condition[];
  /** Codes of the directors who voted the other way, in seat order. */
  readonly dissent: readonly string[];
}

/** Everything a decision about a meeting needs, folded from `board/<id>`. Keyed by the director's code. */
export interface BoardState {
  readonly id: string;
  /** Version of the stream that this state was folded from; 0 = the board does not exist. */
  readonly version: number;
  /** An event of ours did not fit this version of the package: nobody may write on. */
  readonly degraded: boolean;
  readonly opened?: BoardEventData<'board.opened'>;
  readonly status: BoardSession['status'];
  /** The discussion's current round, or its last one; 0 before the discussion. */
  readonly round: number;
  /** Turns on record by {@link turnKey}, whether answered or not. */
  readonly taken: ReadonlySet<string>;
  /** Turns handed out; the value is the approval of a person's turn. */
  readonly asked: ReadonlyMap<string, string | undefined>;
  readonly assessments: ReadonlyMap<string, Recorded<Assessment>>;
  /** Remarks by round, then by director. */
  readonly remarks: ReadonlyMap<number, ReadonlyMap<string, Recorded<readonly Remark[]>>>;
  readonly votes: ReadonlyMap<string, Recorded<Vote>>;
  readonly abstained: ReadonlyMap<
    string,
    { readonly phase: SpeakingPhase; readonly round: number; readonly reason: AbstainReason; readonly message?: string }
  >;
  readonly resolution?: Resolution;
  readonly cancelReason?: string;
  readonly startedAt?: Instant;
  readonly endedAt?: Instant;
}

/** A board nobody opened yet. */
export function initialBoard(id: string): BoardState {
  return {
    id,
    version: 0,
    degraded: false,
    status: 'ASSESSING',
    round: 0,
    taken: new Set(),
    asked: new Map(),
    assessments: new Map(),
    remarks: new Map(),
    votes: new Map(),
    abstained: new Map(),
  };
}

/** Where a turn stands in {@link BoardState.taken} and {@link BoardState.asked}. */
export function turnKey({ phase, round, director }: TurnKey): string {
  return `${phase}/${round}/${director}`;
}

/** The explicit map of C-19, used in both directions. */
export const phaseOfStatus = {
  ASSESSING: 'assess',
  DISCUSSING: 'discuss',
  VOTING: 'vote',
  RESOLVING: 'resolve',
  COMPLETE: 'done',
  CANCELLED: 'done',
} as const satisfies Readonly<Record<BoardSession['status'], string>>;

/** Seats in the order in which the board was opened; every list of a session follows it. */
export function seatsOf(state: BoardState): readonly Seat[] {
  return state.opened?.directors ?? [];
}

/** Seats that are in the meeting: who gave no assessment is not asked again and counts as an abstention. */
export function present(state: BoardState): readonly Seat[] {
  if (state.status === 'ASSESSING') return seatsOf(state);
  return seatsOf(state).filter((seat) => state.assessments.has(seat.id));
}

/** All remarks by round, then in seat order: the order in which they were recorded does not show. */
export function remarksOf(state: BoardState): readonly Remark[] {
  const all: Remark[] = [];
  for (let round = 1; round <= state.round; round += 1) {
    const spoken = state.remarks.get(round);
    for (const seat of seatsOf(state)) all.push(...(spoken?.get(seat.id)?.value ?? []));
  }
  return all;
}

/** What made a director refuse by rule: the texts under `evidence.redFlags` of its assessment. */
export function redFlagsOf(assessment: Assessment | undefined): readonly string[] {
  const evidence = assessment?.evidence;
  if (typeof evidence !== 'object' || evidence === null || Array.isArray(evidence)) return [];
  const flags = (evidence as { readonly redFlags?: unknown }).redFlags;
  return Array.isArray(flags)
    ? flags.filter((flag): flag is string => typeof flag === 'string' && flag.length > 0)
    : [];
}

/** True once a director said in the discussion that the verdict of its assessment no longer stands. */
export function changedMind(remarks: readonly Remark[], director: string): boolean {
  return remarks.some((remark) => remark.from === director && remark.changesMyVerdict);
}
