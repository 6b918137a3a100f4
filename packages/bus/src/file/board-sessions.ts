import { queuePayload, type QueueMessage } from '@conductor/core/files';
import type { Instant, Json } from '@conductor/core/ports';

type JsonRecord = Readonly<Record<string, Json>>;

/** Records of one board session, collected from its lines. */
export interface BoardSessionRecord {
  readonly sessionId: string;
  readonly startedAt: Instant;
  readonly about: JsonRecord;
  readonly directors: readonly string[];
  readonly assessments: Map<string, JsonRecord>;
  readonly discussion: JsonRecord[];
  readonly votes: Map<string, JsonRecord>;
  resolution?: JsonRecord & { readonly timestamp: Instant };
}

/** By session id, in the order of their first lines: the last one is the current one. */
export type BoardSessions = Map<string, BoardSessionRecord>;

/** Part of file names, so nothing but these. */
const safeSession = /^[\w.-]{1,128}$/u;
/** Beside the turn, a line carries its session; the files have that once. */
const sessionKeys = new Set(['session_id', 'checkpoint', 'title', 'directors', 'started_at']);

/**
 * Adds a BOARD_* line to its session and answers which one it was; `undefined` for all other lines. Lines of programs that
 * name no session belong to the one that is open, or open one, named after their time.
 */
export function applyBoardMessage(sessions: BoardSessions, message: QueueMessage, at: Instant): string | undefined {
  if (!message.type.startsWith('BOARD_')) return undefined;
  const sessionId = message.payload['session_id'] ?? openSessionId(sessions, at);
  if (typeof sessionId !== 'string' || !safeSession.test(sessionId)) return undefined;
  const session = sessions.get(sessionId) ?? openSession(sessionId, message, at);
  const record = { ...turnOf(message), timestamp: at };

  const assessed = queuePayload(message, 'BOARD_ASSESS');
  const voted = queuePayload(message, 'BOARD_VOTE');
  if (assessed) session.assessments.set(assessed.director, record);
  else if (voted) session.votes.set(voted.director, record);
  else if (queuePayload(message, 'BOARD_DISCUSS')) session.discussion.push(record);
  else if (queuePayload(message, 'BOARD_RESOLVE')) session.resolution = record;
  else return undefined;
  sessions.set(sessionId, session);
  return sessionId;
}

function openSessionId(sessions: BoardSessions, at: Instant): string {
  const last = [...sessions.values()].at(-1);
  if (last && !last.resolution) return last.sessionId;
  return `board-${at.slice(0, 19).replaceAll(/[-:]/gu, '').replace('T', '-')}`;
}

function openSession(sessionId: string, { payload }: QueueMessage, at: Instant): BoardSessionRecord {
  const { checkpoint = null, title = null, directors, started_at } = payload;
  return {
    sessionId,
    startedAt: typeof started_at === 'string' ? started_at : at,
    about: { checkpoint, proposal: title },
    directors: Array.isArray(directors) ? directors.filter((director) => typeof director === 'string') : [],
    assessments: new Map(),
    discussion: [],
    votes: new Map(),
  };
}

function turnOf({ payload }: QueueMessage): JsonRecord {
  return Object.fromEntries(Object.entries(payload).filter(([key]) => !sessionKeys.has(key)));
}
