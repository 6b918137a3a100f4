import { ConductorError } from '@conductor/core';
import type { Json, NewEvent } from '@conductor/core/ports';
import { boardCommands } from './commands.js';
import type { BoardCommand, BoardCommandData, BoardCommandName } from './commands.js';
import { phaseOfStatus, redFlagsOf, remarksOf, seatsOf, turnKey } from './board-state.js';
import type { BoardState } from './board-state.js';
import type { BoardEventData, BoardEventType } from './events.js';
import { minutes as minutesOf } from './minutes.js';
import { nextTurn, waitingFor } from './next-turn.js';
import { sessionOf } from './session.js';
import { heldVote, majorityOf, resolutionOf } from './tally.js';
import { turnEffect } from './turns.js';
import type { TurnKey } from './turns.js';

type Rules = {
  readonly [N in BoardCommandName]: (state: BoardState, data: BoardCommandData<N>) => readonly NewEvent[];
};

const rules: Rules = {
  'board.open': open,
  'board.ask': ask,
  'board.answer': answer,
  'board.abstain': abstain,
  'board.advance': advance,
  'board.resolve': resolve,
  'board.cancel': cancel,
};

/**
 * What a command means for a board. `[]`: it is so already. Throws VALIDATION_FAILED, BOARD_NOT_FOUND, TURN_TAKEN for a
 * second record of one (director, phase, round), INVALID_STATE.
 */
export function decide(state: BoardState, command: BoardCommand): readonly NewEvent[] {
  if (!Object.hasOwn(boardCommands, command.name)) throw invalid(`Unknown command ${JSON.stringify(command.name)}`);
  if (state.degraded) throw wrongState(state, 'was written by a newer version', []);
  if (state.opened === undefined && command.name !== 'board.open') {
    throw new ConductorError('BOARD_NOT_FOUND', `There is no board ${state.id}`, { details: { board: state.id } });
  }
  const parsed = boardCommands[command.name].safeParse(command.data);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
    throw new ConductorError('VALIDATION_FAILED', `The data of ${command.name} does not fit`, { details: { issues } });
  }
  // The table pairs each schema with the rule of the same name; TypeScript cannot follow that through a union.
  return (rules[command.name] as (state: BoardState, data: unknown) => readonly NewEvent[])(state, parsed.data);
}

function open(state: BoardState, { quorum, ...data }: BoardCommandData<'board.open'>): readonly NewEvent[] {
  if (state.opened !== undefined) throw wrongState(state, 'is open already', []);
  const codes = new Set(data.directors.map((seat) => seat.id));
  if (codes.size < data.directors.length) throw invalid('Two directors of a board have one code');
  if (codes.has('ALL')) throw invalid('ALL means every director, so none may be called so');
  const needed = quorum ?? majorityOf(codes.size);
  if (needed > codes.size) throw invalid(`A quorum of ${needed} cannot be reached by ${codes.size} directors`);
  return [event('board.opened', { ...data, quorum: needed })];
}

function ask(state: BoardState, { approvalId, ...turn }: BoardCommandData<'board.ask'>): readonly NewEvent[] {
  checkTurn(state, turn);
  const key = turnKey(turn);
  if (state.asked.has(key) && state.asked.get(key) === approvalId) return [];
  return [
    event('board.asked', {
      ...turn,
      effect: turnEffect(state.id, turn),
      ...(approvalId !== undefined && { approvalId }),
    }),
  ];
}

function answer(state: BoardState, data: BoardCommandData<'board.answer'>): readonly NewEvent[] {
  const { director } = data;
  const turn = { director, phase: data.phase, round: data.phase === 'discuss' ? data.round : 0 };
  checkTurn(state, turn);
  const base = { director, effect: turnEffect(state.id, turn), ...(data.usage !== undefined && { usage: data.usage }) };
  if (data.phase === 'assess') return [event('board.assessed', { ...base, ...refused(data.assessment) })];
  if (data.phase === 'discuss') {
    checkAddressees(state, data.remarks);
    return [event('board.discussed', { ...base, round: data.round, remarks: data.remarks })];
  }
  const vote = heldVote(data.vote, state.assessments.get(director)?.value, remarksOf(state), director);
  return [event('board.voted', { ...base, ...vote, conditions: [...vote.conditions] })];
}

/** C-71: a red flag is that director's own REJECT, and blocks. */
function refused<A extends BoardCommandData<'board.answer'> & { phase: 'assess' }>(
  assessment: A['assessment'],
): A['assessment'] {
  return redFlagsOf(assessment).length === 0 ? assessment : { ...assessment, verdict: 'REJECT', blocking: true };
}

function checkAddressees(state: BoardState, remarks: readonly { readonly to: string }[]): void {
  const known = new Set([...seatsOf(state).map((seat) => seat.id), 'ALL']);
  const stranger = remarks.find((remark) => !known.has(remark.to));
  if (stranger) throw invalid(`A remark is addressed to ${JSON.stringify(stranger.to)}, who is not on this board`);
}

function abstain(state: BoardState, data: BoardCommandData<'board.abstain'>): readonly NewEvent[] {
  checkTurn(state, data);
  return [event('board.abstained', { ...data, effect: turnEffect(state.id, data) })];
}

function advance(state: BoardState, target: BoardCommandData<'board.advance'>): readonly NewEvent[] {
  const next = nextTurn(state);
  const here = phaseOfStatus[state.status];
  if (here === target.phase && (here !== 'discuss' || state.round === target.round)) return [];
  if (next.do === 'advance' && next.phase === target.phase && next.round === target.round)
    return [event('board.advanced', target)];
  throw wrongState(
    state,
    `cannot go on to ${target.phase} ${target.round}`,
    next.do === 'advance' ? [`${next.phase} ${next.round}`] : waitingFor(state),
  );
}

function resolve(state: BoardState, { minutes }: BoardCommandData<'board.resolve'>): readonly NewEvent[] {
  if (state.status === 'COMPLETE') return [];
  if (state.status !== 'RESOLVING') throw wrongState(state, 'has turns open', waitingFor(state));
  const resolution = resolutionOf(state);
  const data = { ...resolution, conditions: [...resolution.conditions], dissent: [...resolution.dissent] };
  return [
    event('board.resolved', { ...data, minutes: minutes ?? { text: minutesOf(sessionOf({ ...state, resolution })) } }),
  ];
}

function cancel(state: BoardState, data: BoardCommandData<'board.cancel'>): readonly NewEvent[] {
  if (state.status === 'CANCELLED') return [];
  if (state.status === 'COMPLETE') throw wrongState(state, 'has decided already', []);
  return [event('board.cancelled', data)];
}

/** Throws TURN_TAKEN when the turn is on record, INVALID_STATE when it is not open. */
function checkTurn(state: BoardState, { director, phase, round }: TurnKey): void {
  if (!seatsOf(state).some((seat) => seat.id === director))
    throw invalid(`${JSON.stringify(director)} is not on board ${state.id}`);
  const turn = { director, phase, round };
  if (state.taken.has(turnKey(turn))) {
    throw new ConductorError('TURN_TAKEN', `${director} has spoken in ${turnKey(turn)} of board ${state.id}`, {
      details: { board: state.id, ...turn },
    });
  }
  const here = phaseOfStatus[state.status];
  if (
    phase !== here ||
    (phase === 'discuss' ? round !== state.round : round !== 0) ||
    !waitingFor(state).includes(director)
  ) {
    throw wrongState(state, `does not wait for ${turnKey(turn)}`, waitingFor(state));
  }
}

function event<T extends BoardEventType>(type: T, data: BoardEventData<T>): NewEvent {
  return { type, v: 1, data: data as Json }; // parsed payloads are JSON by construction
}

function invalid(message: string): ConductorError {
  return new ConductorError('VALIDATION_FAILED', message);
}

function wrongState(state: BoardState, what: string, allowed: readonly string[]): ConductorError {
  return new ConductorError('INVALID_STATE', `Board ${state.id} (${state.status}) ${what}`, {
    details: { board: state.id, status: state.status, allowed },
  });
}
