import { ConductorError } from '@conductor/core';
import type { Member } from '../rules/group.js';
import type { PgRow } from './client.js';
import { isInDoubt, isThere } from './errors.js';
import type { GroupCommitOptions } from './group-commit.js';
import { createGuess } from './guess.js';
import type { HandleState } from './handle-state.js';
import type { LockedCommit } from './locked-commit.js';
import { runOnce } from './members.js';
import type { Missed, Ran } from './members.js';
import type { StoreTime } from './server-time.js';
import { commitAtOnce } from './transaction.js';
import type { Area } from './wakeups.js';

type Members = readonly Member[];

/** A group that was sent in one message and is not answered yet. */
interface Flight {
  readonly members: Members;
  readonly ran: Ran;
  readonly mark: number;
  readonly areas: ReadonlySet<Area>;
  readonly answer: Promise<Answer>;
  landed: Promise<void>;
}

type Answer = { readonly row: PgRow | undefined } | { readonly error: unknown };

/** Groups under way at one time: while the server writes one, the next is made. */
const mostFlights = 2;

/**
 * Groups of a handle that is alone: each is sent in one message and not waited for. The next one rests on it, and fails if it
 * does.
 */
export interface Flights {
  /** Sends a group, if everything that it looks at is known; answers what is missing, or who has to wait. */
  takeOff(members: Members): Missed | { readonly rest: Members };
  /** Whether no more may be sent for now. */
  readonly isFull: boolean;
  /** Resolves when the first one under way is answered. */
  firstLanded(): Promise<void>;
  /** Resolves when nothing is under way. */
  allLanded(): Promise<void>;
}

export function createFlights(
  options: GroupCommitOptions,
  { state, time, locked }: { readonly state: HandleState; readonly time: StoreTime; readonly locked: LockedCommit },
): Flights {
  const { writer, limits, wakeups } = options;
  const { cache } = state;
  const guess = createGuess();
  let flying: readonly Flight[] = [];
  /** What has failed is being done again: nothing may be sent ahead meanwhile. */
  let recovering = false;

  const takeOff: Flights['takeOff'] = (members) => {
    if (recovering || state.rev === undefined || state.alone === 0 || time.stale !== undefined) return nothingKnown;
    const { nowMs, ran } = time.standingStill(() => ({
      nowMs: options.time === 'server' ? time.now() : undefined,
      ran: runOnce(cache, members, { mostBytes: limits.commitBytes, supposes: guess.isAllowed }),
    }));
    if (!('settled' in ran)) {
      if (ran.wrongly) guess.was(false);
      return ran;
    }
    const ahead = { mark: state.lastMark, nowMs };
    const { statements, areas, mark } = state.takeChanges({ rev: state.rev, ahead });
    const answer: Promise<Answer> = commitAtOnce(writer, statements).then(
      (row) => ({ row }),
      (error: unknown) => ({ error }),
    );
    const flight: Flight = { members, ran, mark, areas, answer, landed: Promise.resolve() };
    const before = flying.at(-1)?.landed;
    flying = [...flying, flight];
    flight.landed = land(flight, before);
    return ran;
  };

  /** Answers the members of a flight once those before it are answered. */
  const land = async (flight: Flight, before: Promise<void> | undefined): Promise<void> => {
    const answer = await flight.answer;
    await before;
    if (!flying.includes(flight)) return; // settled with the one before it
    if ('error' in answer) return recover();
    flying = flying.filter((other) => other !== flight);
    if (answer.row !== undefined) time.is(Number(answer.row.now));
    state.wasAlone(true);
    guess.was(true);
    settle(flight.ran, flight.areas);
  };

  const settle = ({ settled }: Ran, areas: ReadonlySet<Area>): void => {
    wakeups?.changed(areas, flying.length > 0);
    for (const tell of settled) tell();
  };

  /** The first flight has failed: what became of it, and of those behind it, which rest on it. */
  const recover = async (): Promise<void> => {
    recovering = true;
    state.forget();
    const flights = flying;
    const answers = await Promise.all(flights.map(({ answer }) => answer));
    const errors = answers.map((answer) => ('error' in answer ? answer.error : undefined));
    if (isThere(errors[0])) guess.was(false);
    else state.wasAlone(false);
    // Those behind one that has failed for certain have failed as well, also if they come later: its mark is never written.
    const last = isInDoubt(errors[0]) ? await locked.lastWritten(errors[0]) : 0;
    for (const [index, { ran, members, mark, areas }] of flights.entries()) {
      if (last instanceof ConductorError) for (const { reject } of members) reject(last);
      else if (errors[index] === undefined || mark <= last) settle(ran, areas);
      else await locked.all(members);
    }
    flying = [];
    recovering = false;
  };

  return {
    takeOff,
    get isFull() {
      return flying.length >= mostFlights;
    },
    firstLanded: async () => flying[0]?.landed,
    async allLanded() {
      while (flying.length > 0) await flying.at(-1)?.landed;
    },
  };
}

const nothingKnown: Missed = { wants: new Map(), wrongly: false };
