import type { Assessment, Remark, Vote } from '@conductor/core';
import type { Instant, Json } from '@conductor/core/ports';
import { phaseOfStatus, remarksOf, seatsOf } from './board-state.js';
import type { BoardState } from './board-state.js';
import { maxRounds } from './commands.js';
import { sideOf } from './tally.js';

type JsonObject = { readonly [key: string]: Json };

/**
 * The published name of a session, `board-YYYYMMDD-HHMMSS` in UTC of its first event, with a counter from `-2` on when the
 * name is taken (C-17).
 */
export function publishedSessionId(startedAt: Instant, taken: ReadonlySet<string> = new Set()): string {
  const base = `board-${startedAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`;
  let name = base;
  for (let count = 2; taken.has(name); count += 1) name = `${base}-${count}`;
  return name;
}

/**
 * The published session file `session-<session_id>.json` (10.4): the phases while it runs, the result once it is there, and
 * all records, so that a later session loses nothing (C-18). `sessionId`: see {@link publishedSessionId}.
 */
export function sessionRecord(state: BoardState, sessionId = publishedSessionId(state.startedAt ?? '')): JsonObject {
  const { opened } = state;
  return {
    session_id: sessionId,
    board_id: state.id,
    checkpoint: checkpointOf(state),
    status: state.status,
    proposal: {
      title: opened?.title ?? '',
      subject: opened?.subject ?? '',
      subject_revision: opened?.subjectRevision ?? 0,
    },
    directors: seatsOf(state).map((seat) => seat.id),
    started_at: state.startedAt ?? null,
    phases: phases(state),
    assessments: assessmentsRecord(state),
    discussion: discussionRecord(state),
    votes: votesRecord(state),
    ...(state.cancelReason !== undefined && { cancel_reason: state.cancelReason }),
    ...(state.resolution && resultOf(state)),
  };
}

/** One entry of `board_sessions` in metadata.json (2.5); undefined while the board has not decided. */
export function sessionEntry(
  state: BoardState,
  sessionId = publishedSessionId(state.startedAt ?? ''),
): JsonObject | undefined {
  if (!state.resolution) return undefined;
  return { session_id: sessionId, checkpoint: checkpointOf(state), ...resultOf(state) };
}

function resultOf(state: BoardState): JsonObject {
  const { verdict, conditions, dissent } = state.resolution ?? { verdict: null, conditions: [], dissent: [] };
  return {
    verdict,
    vote_summary: Object.fromEntries(seatsOf(state).map(({ id }) => [id, sideOf(state, id)])),
    conditions: conditions.map((condition) => condition.text),
    dissent: [...dissent],
    timestamp: state.endedAt ?? null,
  };
}

/** Content of `assessments.json`: director → assessment. */
export function assessmentsRecord(state: BoardState): JsonObject {
  return bySeat(state, (director) => {
    const record = state.assessments.get(director);
    return record && { ...assessmentRecord(director, record.value), timestamp: record.at };
  });
}

/** Lines of `discussion.jsonl`, in the order of rounds and seats. */
export function discussionRecord(state: BoardState): readonly JsonObject[] {
  return remarksOf(state).map((remark) =>
    remarkRecord(remark, state.remarks.get(remark.round)?.get(remark.from)?.at ?? null),
  );
}

/** Content of `votes.json`: director → vote. */
export function votesRecord(state: BoardState): JsonObject {
  return bySeat(state, (director) => {
    const record = state.votes.get(director);
    return record && { ...voteRecord(record.value), timestamp: record.at };
  });
}

function bySeat(state: BoardState, recordOf: (director: string) => JsonObject | undefined): JsonObject {
  const records: [string, Json][] = [];
  for (const { id } of seatsOf(state)) {
    const record = recordOf(id);
    if (record) records.push([id, record]);
  }
  return Object.fromEntries(records);
}

function assessmentRecord(director: string, own: Assessment): JsonObject {
  return {
    director,
    verdict: own.verdict,
    score: own.score,
    ...(own.breakdown !== undefined && { breakdown: own.breakdown }),
    key_points: [...own.keyPoints],
    concerns: [...own.concerns],
    recommendations: [...own.recommendations],
    questions_for_board: [...(own.questions ?? [])],
    blocking: own.blocking,
    // The extras of a role (vulnerabilities, timeline_assessment …) stand beside the rest; they cannot replace it.
    ...extrasOf(own),
  };
}

const ownKeys = new Set([
  'director',
  'verdict',
  'score',
  'breakdown',
  'key_points',
  'concerns',
  'recommendations',
  'questions_for_board',
  'blocking',
  'timestamp',
]);

function extrasOf({ evidence }: Assessment): JsonObject {
  if (typeof evidence !== 'object' || evidence === null || Array.isArray(evidence)) return {};
  return Object.fromEntries(Object.entries(snaked(evidence) as JsonObject).filter(([key]) => !ownKeys.has(key)));
}

/** Keys in the published spelling, all the way down. */
function snaked(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(snaked);
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, inner]) => [snake(key), snaked(inner)]));
}

function snake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function remarkRecord({ from, to, kind, message, changesMyVerdict, round }: Remark, at: Instant | null): JsonObject {
  return { from, to, type: kind, message, changes_my_verdict: changesMyVerdict, round, timestamp: at };
}

function voteRecord({ verdict, confidence, conditions, dissentNoted }: Vote): JsonObject {
  return {
    final_verdict: verdict,
    confidence,
    conditions: conditions.map((condition) => condition.text),
    dissent_noted: dissentNoted ?? null,
  };
}

/** A quick review publishes its own checkpoint (10.6). */
function checkpointOf({ opened }: BoardState): string {
  return opened?.kind === 'quick' ? 'QUICK_REVIEW' : (opened?.checkpoint ?? '');
}

const order = ['assess', 'discuss', 'vote', 'resolve', 'done'] as const;

/** C-19: every phase that was left is PASSED, the current one IN_PROGRESS, rounds are counted. */
function phases(state: BoardState): JsonObject {
  const of = seatsOf(state).length;
  const here = state.status === 'CANCELLED' ? -1 : order.indexOf(phaseOfStatus[state.status]);
  const skipped = state.opened?.kind === 'quick';
  const status = (phase: (typeof order)[number]) => {
    if (skipped && (phase === 'discuss' || phase === 'vote')) return 'SKIPPED';
    const at = order.indexOf(phase);
    if (here === -1) return 'SKIPPED';
    return at < here ? 'PASSED' : at === here ? 'IN_PROGRESS' : 'NOT_STARTED';
  };
  return {
    assess: { status: status('assess'), complete: state.assessments.size, of },
    discuss: { status: status('discuss'), rounds: state.round, max_rounds: state.opened?.maxRounds ?? maxRounds },
    vote: { status: status('vote'), complete: state.votes.size, of },
    resolve: { status: status('resolve') },
  };
}
