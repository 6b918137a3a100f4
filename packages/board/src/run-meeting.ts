import { ConductorError, anySignal, deepFreeze, withTimeout } from '@conductor/core';
import type { BoardForm, Facts, Limits, Proposal } from '@conductor/core';
import type { Clock, Logger } from '@conductor/core/ports';
import type { DirectorContext, Heard } from '@conductor/core/plugin';
import { remarksOf, seatsOf, turnKey } from './board-state.js';
import type { BoardState } from './board-state.js';
import type { BoardCommand } from './commands.js';
import { decide } from './decide.js';
import type { Director } from './director.js';
import type { Seat } from './events.js';
import { nextTurn } from './next-turn.js';
import type { NextTurn } from './next-turn.js';
import { sessionOf } from './session.js';
import { voteOf } from './tally.js';
import type { AbstainReason, TurnKey } from './turns.js';

/** Decides commands on the newest state of the board, commits what follows as one group, and answers with the state after it. */
export type RecordTurns = (commands: readonly BoardCommand[]) => Promise<BoardState>;

/** What a meeting needs. */
export interface MeetingOptions {
  /** The board as far as it got: freshly opened, or after a crash. */
  readonly session: BoardState;
  readonly directors: readonly Director[];
  readonly facts: Facts;
  /** Default: as the board was opened. */
  readonly form?: BoardForm;
  /** Default: as the board was opened; needed where the proposal was stored as an artifact. */
  readonly proposal?: Proposal;
  readonly record: RecordTurns;
  /** Opens one approval per person and records `board.ask` with it; absent: the meeting returns when only people owe a turn. */
  readonly askPeople?: (turns: readonly TurnKey[]) => Promise<BoardState>;
  readonly clock: Clock;
  readonly limits?: Partial<Pick<Limits, 'boardPhaseMs' | 'directorTurnMs'>>;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
}

type Speak = Extract<NextTurn, { readonly do: 'speak' }>;

/**
 * Leads a meeting to its end, or to the point where only people owe a turn, and returns the state reached. Directors of a
 * phase speak in parallel, each within its own limit and the phase's; silence, a throw or an answer off its shape is an
 * abstention with that reason. A turn is recorded as asked before its director is called, and no director whose turn is on
 * record is called again. Rejects with `signal.reason`, or as `record` does; what was recorded stays.
 */
export async function runMeeting(options: MeetingOptions): Promise<BoardState> {
  const { record, signal } = options;
  let state = options.session;
  for (;;) {
    signal?.throwIfAborted();
    const before = state.version;
    const next = nextTurn(state);
    if (next.do === 'done' || next.do === 'waiting') return state;
    if (next.do === 'speak' && next.directors.length === 0 && options.askPeople === undefined) return state;
    if (next.do === 'advance')
      state = await record([{ name: 'board.advance', data: { phase: next.phase, round: next.round } }]);
    else if (next.do === 'resolve') state = await record([{ name: 'board.resolve', data: {} }]);
    else state = await speak(state, next, options);
    if (state.version <= before) {
      throw new ConductorError(
        'INTERNAL_ERROR',
        `Board ${state.id} did not go on from version ${before}: its recorder wrote nothing`,
      );
    }
  }
}

/** All who owe a turn now, side by side. */
async function speak(start: BoardState, next: Speak, options: MeetingOptions): Promise<BoardState> {
  const { phase, round } = next;
  let state = await askFirst(start, next, options);
  const stop = new AbortController();
  const either = anySignal([options.signal, stop.signal]);
  const minutes = inGroups(options, async (commands) => {
    either.signal.throwIfAborted();
    state = await options.record(inSeatOrder(state, commands));
  });
  const turns = next.directors.map(async (director) => {
    minutes.write(await takeTurn(start, { director, phase, round }, { ...options, signal: either.signal }));
    await minutes.written();
  });
  try {
    await Promise.all(turns);
    return state;
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(turns);
    throw error;
  } finally {
    either.dispose();
  }
}

/** A start is on record before its effect; people are asked first, so that they think while the others work. */
async function askFirst(
  state: BoardState,
  { phase, round, directors, people }: Speak,
  options: MeetingOptions,
): Promise<BoardState> {
  let asked = state;
  if (people.length > 0 && options.askPeople)
    asked = await options.askPeople(people.map((director) => ({ director, phase, round })));
  const fresh = directors.filter((director) => !asked.asked.has(turnKey({ director, phase, round })));
  if (fresh.length === 0) return asked;
  return options.record(fresh.map((director) => ({ name: 'board.ask', data: { director, phase, round } })));
}

/** Answers that arrive in one turn of the event loop, or while others are being written, become one commit. */
function inGroups({ clock, signal }: MeetingOptions, write: (commands: readonly BoardCommand[]) => Promise<void>) {
  let open: BoardCommand[] = [];
  let running: Promise<void> | undefined;
  const drain = async () => {
    try {
      await clock.turn();
      while (open.length > 0) {
        const group = open;
        open = [];
        signal?.throwIfAborted();
        await write(group);
      }
    } finally {
      running = undefined;
    }
  };
  return {
    write(command: BoardCommand) {
      open.push(command);
      running ??= drain();
    },
    written: async () => running,
  };
}

function inSeatOrder(state: BoardState, commands: readonly BoardCommand[]): readonly BoardCommand[] {
  const seats = seatsOf(state).map((seat) => seat.id);
  const place = ({ data }: BoardCommand) => ('director' in data ? seats.indexOf(data.director) : -1);
  return commands.toSorted((left, right) => place(left) - place(right));
}

/** The command that a director's turn ends in; rejects only with the signal's reason. */
async function takeTurn(
  state: BoardState,
  turn: TurnKey,
  options: MeetingOptions & { readonly signal: AbortSignal },
): Promise<BoardCommand> {
  const { clock, signal, logger, directors } = options;
  const seat = seatsOf(state).find(({ id }) => id === turn.director);
  const director = directors.find(({ code }) => code === turn.director);
  if (!seat || !director) return abstention(turn, 'error', `Nobody speaks for ${turn.director} in this configuration`);
  const timeoutMs = turnLimit(seat, director, options);
  const late = new ConductorError('PLUGIN_TIMEOUT', `${turn.director} did not answer within ${timeoutMs} ms`, {
    details: { limit: timeoutMs },
  });
  try {
    // Inside the function, so that a director that throws at once rejects like one that throws later.
    const call = async (turnSignal: AbortSignal) =>
      answer(state, turn, director, contextOf(state, options, director, turnSignal, timeoutMs));
    const command = await withTimeout(call, { timeoutMs, clock, signal, error: () => late });
    return checked(state, turn, command);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const reason = error === late ? 'timeout' : 'error';
    logger.warn('A director did not speak', { board: state.id, ...turn, reason, error: messageOf(error) });
    return abstention(turn, reason, messageOf(error));
  }
}

function turnLimit(seat: Seat, director: Director, { limits }: MeetingOptions): number {
  // All turns of a phase start together, so the phase's limit is one more limit of each turn.
  return Math.min(
    seat.turnMs ?? director.timeoutMs ?? limits?.directorTurnMs ?? 300_000,
    limits?.boardPhaseMs ?? 600_000,
  );
}

async function answer(
  state: BoardState,
  turn: TurnKey,
  director: Director,
  context: DirectorContext<unknown>,
): Promise<BoardCommand> {
  const code = turn.director;
  if (turn.phase === 'assess') {
    return {
      name: 'board.answer',
      data: { director: code, phase: 'assess', assessment: copied(await director.assess(context)) },
    };
  }
  const heard = heardBy(state, code, turn.round);
  if (turn.phase === 'discuss') {
    const remarks = (await director.discuss?.({ ...context, ...heard, round: turn.round })) ?? [];
    return {
      name: 'board.answer',
      data: { director: code, phase: 'discuss', round: turn.round, remarks: copied(remarks) },
    };
  }
  const own = heard.assessments.get(code);
  if (!own) throw new ConductorError('INTERNAL_ERROR', `${code} votes without an assessment`);
  const vote = (await director.vote?.({ ...context, ...heard, own })) ?? voteOf(own);
  return { name: 'board.answer', data: { director: code, phase: 'vote', vote: copied(vote) } };
}

/**
 * What plugins return is checked by the schema of the command: the static types say too much (a plugin may be JavaScript) and
 * too little (readonly lists).
 */
function copied(value: unknown): never {
  return value as never;
}

/** An answer off its shape is an abstention; `decide` knows every rule, so it is asked before anything is written. */
function checked(state: BoardState, turn: TurnKey, command: BoardCommand): BoardCommand {
  try {
    decide(state, command);
    return command;
  } catch (error) {
    if (ConductorError.is(error, 'VALIDATION_FAILED'))
      return abstention(turn, 'invalid', `${error.message}: ${JSON.stringify(error.details)}`);
    throw error;
  }
}

function abstention(turn: TurnKey, reason: AbstainReason, message: string): BoardCommand {
  return { name: 'board.abstain', data: { ...turn, reason, message } };
}

function contextOf(
  state: BoardState,
  options: MeetingOptions,
  director: Director,
  signal: AbortSignal,
  deadlineMs: number,
): DirectorContext<unknown> {
  const { facts, form, proposal, logger, clock } = options;
  return Object.freeze({
    proposal: proposal ?? sessionOf(state).proposal,
    // A copy: what one director does to its facts must not reach the others.
    facts: deepFreeze(structuredClone(facts)),
    form: form ?? ((state.opened?.kind ?? 'full') as BoardForm), // `board.open` takes no other kind
    options: director.options,
    signal,
    deadlineMs,
    logger: logger.with({ director: director.code }),
    clock,
  });
}

/** All assessments, and the remarks of earlier rounds that go to this director or to all: nobody hears a round before it is over. */
function heardBy(state: BoardState, code: string, round: number): Heard {
  const assessments = new Map(
    seatsOf(state).flatMap(({ id }) => {
      const record = state.assessments.get(id);
      return record ? [[id, deepFreeze(record.value)] as const] : [];
    }),
  );
  const before = round === 0 ? Number.POSITIVE_INFINITY : round;
  const remarks = remarksOf(state).filter(
    ({ from, to, round: said }) => said < before && (to === 'ALL' || to === code || from === code),
  );
  return { assessments, remarks };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
