import type { Assessment, BoardVerdict, Condition, Remark, Vote } from '@conductor/core';
import { changedMind, redFlagsOf, remarksOf, seatsOf } from './board-state.js';
import type { BoardState, Resolution } from './board-state.js';
import type { Tally } from './events.js';
import { capped } from './plain-text.js';

/** What a count says. */
export interface Counted {
  readonly verdict: BoardVerdict;
  readonly tally: Tally;
}

/** The smallest number that is more than half of the full board: 3 of 5. Also the quorum, where none is set. */
export function majorityOf(of: number): number {
  return Math.floor(of / 2) + 1;
}

/** Four fifths of the full board, rounded up: 4 of 5. From here an approval needs no follow-up. */
export function consensusOf(of: number): number {
  return Math.ceil((of * 4) / 5);
}

/**
 * Counts votes (C-11): four fifths of the full board approve → APPROVED, a majority → APPROVED_WITH_REVIEW, a majority
 * rejects → REJECTED, anything else → ESCALATE. A missing vote is an abstention; fewer votes than `quorum` for or against
 * → ESCALATE. Confidence changes nothing, and neither does the order of the votes.
 */
export function tally(votes: Iterable<Pick<Vote, 'verdict'>>, of: number, quorum = majorityOf(of)): Counted {
  const count = counted(
    Array.from(votes, (vote) => vote.verdict),
    of,
    quorum,
  );
  if (of === 0 || count.approve + count.reject < quorum) return { verdict: 'ESCALATE', tally: count };
  const majority = majorityOf(of);
  if (count.approve >= majority)
    return { verdict: count.consensus ? 'APPROVED' : 'APPROVED_WITH_REVIEW', tally: count };
  return { verdict: count.reject >= majority ? 'REJECTED' : 'ESCALATE', tally: count };
}

/** Counts before a launch (C-66): every seat must approve, else REJECTED; a silent one has not approved. */
export function launchTally(votes: Iterable<Pick<Vote, 'verdict'>>, of: number): Counted {
  const count = counted(
    Array.from(votes, (vote) => vote.verdict),
    of,
    of,
  );
  return { verdict: of > 0 && count.approve === of ? 'APPROVED' : 'REJECTED', tally: count };
}

/**
 * Counts assessments of a quick review (10.6, C-13): APPROVE and CONCERNS approve, a majority of the full board is
 * APPROVED, else REJECTED. One blocking rejection with a red flag is not outvoted.
 */
export function quickTally(assessments: Iterable<Assessment>, of: number): Counted {
  const all = [...assessments];
  const count = counted(
    all.map((assessment) => (assessment.verdict === 'REJECT' ? 'REJECT' : 'APPROVE')),
    of,
    majorityOf(of),
  );
  const stopped = all.some(
    (assessment) => assessment.verdict === 'REJECT' && assessment.blocking && redFlagsOf(assessment).length > 0,
  );
  return { verdict: !stopped && of > 0 && count.approve >= majorityOf(of) ? 'APPROVED' : 'REJECTED', tally: count };
}

function counted(verdicts: readonly Vote['verdict'][], of: number, quorum: number): Tally {
  const approve = verdicts.filter((verdict) => verdict === 'APPROVE').length;
  const reject = verdicts.filter((verdict) => verdict === 'REJECT').length;
  const consensus = of > 0 && Math.max(approve, reject) >= consensusOf(of);
  return { approve, reject, abstain: Math.max(0, of - approve - reject), of, quorum, consensus };
}

/** The vote of a director that brings no `vote` of its own: its assessment decides, CONCERNS being an approval (10.6). */
export function voteOf(own: Assessment): Vote {
  const [concern] = own.concerns;
  return {
    verdict: own.verdict === 'REJECT' ? 'REJECT' : 'APPROVE',
    confidence: own.score / 10,
    conditions: [],
    ...(concern !== undefined && own.verdict !== 'APPROVE' && { dissentNoted: concern }),
  };
}

/** C-71: a red flag that its director has not taken back makes that director's vote a REJECT, whatever it says. */
export function heldVote(vote: Vote, own: Assessment | undefined, remarks: readonly Remark[], director: string): Vote {
  if (vote.verdict === 'REJECT' || redFlagsOf(own).length === 0 || changedMind(remarks, director)) return vote;
  return { ...vote, verdict: 'REJECT' };
}

/** How the board decides as it stands, whether or not all have spoken. The order in which they spoke does not show. */
export function resolutionOf(state: BoardState): Resolution {
  const { verdict, tally: count } = countOf(state);
  return { verdict, tally: count, conditions: conditionsOf(state), dissent: dissentOf(state, verdict) };
}

function countOf(state: BoardState): Counted {
  const seats = seatsOf(state);
  const { kind, checkpoint, quorum } = state.opened ?? {};
  if (kind === 'quick')
    return quickTally(
      Array.from(state.assessments.values(), ({ value }) => value),
      seats.length,
    );
  const votes = Array.from(state.votes.values(), ({ value }) => value);
  return checkpoint === 'PRE_LAUNCH' ? launchTally(votes, seats.length) : tally(votes, seats.length, quorum);
}

/** Directors who voted the other way. An abstention is no dissent, and an escalation has no other way. */
function dissentOf(state: BoardState, verdict: BoardVerdict): readonly string[] {
  if (verdict === 'ESCALATE') return [];
  const other = verdict === 'REJECTED' ? 'APPROVE' : 'REJECT';
  return seatsOf(state).flatMap(({ id }) => (sideOf(state, id) === other ? [id] : []));
}

/** Which side a director is on: its vote, or in a quick review its assessment. */
export function sideOf(state: BoardState, director: string): Vote['verdict'] {
  if (state.opened?.kind !== 'quick') return state.votes.get(director)?.value.verdict ?? 'ABSTAIN';
  const verdict = state.assessments.get(director)?.value.verdict;
  if (verdict === undefined) return 'ABSTAIN';
  return verdict === 'REJECT' ? 'REJECT' : 'APPROVE';
}

/**
 * Conditions of all votes in seat order, each with its director's code, then what still blocks: an assessment marked as
 * blocking whose director has not changed its mind (C-71). Ids come from the board's, so that a repeat names the same.
 */
function conditionsOf(state: BoardState): readonly Condition[] {
  const conditions = new Map<string, Condition>();
  const add = (director: string, raw: string, verify: Condition['verify']) => {
    const text = signed(raw, director);
    if (conditions.has(text)) return;
    conditions.set(text, {
      id: `cond_${state.id.replace(/^board[_-]/, '')}_${conditions.size + 1}`,
      text,
      director,
      verify,
    });
  };
  for (const { id } of seatsOf(state)) {
    for (const { text, verify } of state.votes.get(id)?.value.conditions ?? []) add(id, text, verify);
  }
  const remarks = remarksOf(state);
  for (const { id } of seatsOf(state)) {
    const own = state.assessments.get(id)?.value;
    if (own?.blocking !== true || changedMind(remarks, id)) continue;
    // Nobody but a person can say that an objection the majority passed over is settled.
    add(id, `Resolve first: ${objectionOf(own)}`, { kind: 'person', ref: id });
  }
  return [...conditions.values()];
}

function objectionOf(own: Assessment): string {
  const flags = redFlagsOf(own);
  const objections = flags.length > 0 ? flags : own.concerns;
  return capped(objections.join('; ') || 'the objection of its assessment', 4096);
}

function signed(text: string, director: string): string {
  return text.endsWith(`(${director})`) ? text : `${text} (${director})`;
}
