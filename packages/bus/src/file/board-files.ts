import type { Json } from '@conductor/core/ports';
import type { BoardSessionRecord } from './board-sessions.js';

const maxRounds = 3;

/** Files of the folder `board/` that hold the current session only; earlier ones are in their session files (C-18). */
export const currentFiles = ['assessments.json', 'discussion.jsonl', 'votes.json', 'resolution.md'] as const;

/**
 * The files of one session (10.4): `session-<id>.json` with all of its records, and, while it is the current one, the
 * three files of its turns and its resolution.
 */
export function boardFiles(session: BoardSessionRecord, isCurrent: boolean): ReadonlyMap<string, string> {
  const files = new Map([[`session-${session.sessionId}.json`, json(sessionFile(session))]]);
  const minutes = session.resolution && minutesOf(session);
  if (minutes !== undefined) files.set(`resolution-${session.sessionId}.md`, minutes);
  if (!isCurrent) return files;
  files.set('assessments.json', json(Object.fromEntries(session.assessments)));
  files.set('votes.json', json(Object.fromEntries(session.votes)));
  files.set('discussion.jsonl', session.discussion.map((remark) => `${JSON.stringify(remark)}\n`).join(''));
  if (minutes !== undefined) files.set('resolution.md', minutes);
  return files;
}

function sessionFile(session: BoardSessionRecord): Json {
  const { sessionId, startedAt, about, directors, assessments, discussion, votes, resolution } = session;
  const of = Math.max(directors.length, assessments.size, votes.size);
  const phase = phaseStatuses(session);
  return {
    session_id: sessionId,
    ...about,
    status: statusOf(session),
    directors,
    started_at: startedAt,
    phases: {
      assess: { status: phase('ASSESSING'), complete: assessments.size, of },
      discuss: { status: phase('DISCUSSING'), rounds: roundsOf(session), max_rounds: maxRounds },
      vote: { status: phase('VOTING'), complete: votes.size, of },
      resolve: { status: phase('RESOLVING') },
    },
    assessments: Object.fromEntries(assessments),
    discussion,
    votes: Object.fromEntries(votes),
    ...(resolution && withoutMinutes(resolution)),
  };
}

const order = ['ASSESSING', 'DISCUSSING', 'VOTING', 'RESOLVING', 'COMPLETE'] as const;
type Status = (typeof order)[number];

/** C-19: a phase that was left is PASSED; the one that speaks last is under way. */
function phaseStatuses(session: BoardSessionRecord): (phase: Status) => string {
  const here = order.indexOf(statusOf(session));
  return (phase) => {
    const place = order.indexOf(phase);
    if (place === here) return 'IN_PROGRESS';
    return place < here ? 'PASSED' : 'NOT_STARTED';
  };
}

function statusOf({ resolution, votes, discussion }: BoardSessionRecord): Status {
  if (resolution) return 'COMPLETE';
  if (votes.size > 0) return 'VOTING';
  return discussion.length > 0 ? 'DISCUSSING' : 'ASSESSING';
}

function roundsOf({ discussion }: BoardSessionRecord): number {
  return discussion.reduce((most, { round }) => Math.max(most, typeof round === 'number' ? round : 1), 0);
}

/** What the board wrote, or the bare facts where the minutes are kept elsewhere. */
function minutesOf({ sessionId, resolution, votes }: BoardSessionRecord): string {
  const minutes = resolution?.['minutes'];
  if (typeof minutes === 'string') return minutes;
  const lines = [...votes].map(([director, vote]) => `- ${plain(director)}: ${plain(vote['final_verdict'])}`);
  return (
    [
      `# Board Resolution`,
      `**Session**: ${sessionId}  \n**Verdict**: ${plain(resolution?.['verdict'])}`,
      lines.join('\n'),
    ].join('\n\n') + '\n'
  );
}

function withoutMinutes({ minutes: _, ...rest }: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  return rest;
}

function plain(value: Json | undefined): string {
  return typeof value === 'string' ? value.replace(/[\p{Cc}`*_<>[\]|]/gu, ' ').slice(0, 200) : '–';
}

function json(value: Json): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
