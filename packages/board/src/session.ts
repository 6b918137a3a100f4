import type { BoardSession } from '@conductor/core';
import { remarksOf, seatsOf } from './board-state.js';
import type { BoardState } from './board-state.js';
import { waitingFor } from './next-turn.js';
import { resolutionOf } from './tally.js';

/**
 * The meeting as a host, a client or a person sees it. Lists follow the seats, never the order of arrival. Conditions appear
 * with the verdict. A proposal kept as an artifact has an empty text: hand it in.
 */
export function sessionOf(state: BoardState, proposalText?: string): BoardSession {
  const seats = seatsOf(state).map((seat) => seat.id);
  const { subject = '', subjectRevision = 0, checkpoint = '', kind = '', title = '', proposal } = state.opened ?? {};
  const text = proposalText ?? (proposal && 'text' in proposal ? proposal.text : '');
  const { resolution } = state;
  return {
    id: state.id,
    revision: state.version,
    checkpoint,
    kind,
    status: state.status,
    round: state.round,
    proposal: { title, text, subject, subjectRevision },
    directors: seats,
    waitingFor: waitingFor(state),
    assessments: bySeat(seats, state.assessments),
    remarks: remarksOf(state),
    votes: bySeat(seats, state.votes),
    ...(resolution && { verdict: resolution.verdict }),
    conditions: resolution?.conditions ?? (state.status === 'RESOLVING' ? resolutionOf(state).conditions : []),
  };
}

/** Codes come from plugins: a null prototype keeps `__proto__` an ordinary key. */
function bySeat<T>(
  seats: readonly string[],
  records: ReadonlyMap<string, { readonly value: T }>,
): Readonly<Record<string, T>> {
  const values = Object.create(null) as Record<string, T>;
  for (const seat of seats) {
    const record = records.get(seat);
    if (record) values[seat] = record.value;
  }
  return values;
}
