import { ConductorError, type Finding } from '@conductor/core';
import {
  expiredLocks,
  parseLocks,
  parseQueue,
  parseWorkerStatus,
  queuePayload,
  readPublishedTime,
  staleWorkers,
  type Lock,
  type QueueMessage,
  type WorkerStatus,
} from '@conductor/core/files';
import type { Instant, Opt, Workspace } from '@conductor/core/ports';
import { applyBoardMessage, type BoardSessionRecord, type BoardSessions } from './board-sessions.js';
import { busPaths, maxQueueBytes } from './bus-paths.js';
import { findWaitCycle } from './wait-cycle.js';

/** What a look at a track's bus shows (7.7). Plain data; times are instants. */
export interface BusReport {
  readonly folder: string;
  readonly at: Instant;
  readonly messages: number;
  /** By type, most frequent first. */
  readonly counts: readonly { readonly type: string; readonly count: number }[];
  readonly workers: readonly ({ readonly workerId: string } & Omit<WorkerStatus, 'extra'>)[];
  readonly stale: readonly { readonly workerId: string; readonly minutes: number }[];
  readonly locks: {
    readonly active: readonly LockLine[];
    readonly expired: readonly LockLine[];
  };
  /** Workers that wait for each other. */
  readonly deadlock?: readonly string[];
  /** The newest five, oldest first. */
  readonly lastMessages: readonly QueueMessage[];
  readonly board?: BoardLine;
  readonly findings: readonly Finding[];
}

export interface LockLine {
  readonly path: string;
  readonly workerId: string;
  readonly expiresAt: Instant;
}

export interface BoardLine {
  readonly sessionId: string;
  readonly assessments: number;
  readonly votes: number;
  readonly of: number;
  readonly tally: { readonly approve: number; readonly reject: number; readonly abstain: number };
  readonly verdict?: string;
}

const lastCount = 5;
const fullBoard = 5;

/**
 * Looks at the bus of a track folder, ours or another program's, and changes nothing. Throws FILE_NOT_FOUND where there
 * is no bus. O(bytes of the queue).
 */
export async function monitor(
  workspace: Workspace,
  folder: string,
  { now, signal }: Opt & { readonly now: Instant },
): Promise<BusReport> {
  const paths = busPaths(folder);
  const queueBytes = await workspace.read(paths.queue, { signal, maxBytes: maxQueueBytes });
  if (!queueBytes)
    throw new ConductorError('FILE_NOT_FOUND', `There is no message bus in ${folder}`, {
      hint: 'Look at a track that has been run, or check the path.',
      details: { path: paths.queue },
    });
  const queue = parseQueue(queueBytes);
  const locks = parseLocks(await readText(workspace, paths.locks, signal), now);
  const workers = parseWorkerStatus(await readText(workspace, paths.workers, signal));
  const deadlock = findWaitCycle(waitsOf(queue.messages, locks.entries, workers.entries));
  const board = boardLine(queue.messages);
  return {
    folder,
    at: now,
    messages: queue.messages.length,
    counts: countTypes(queue.messages),
    workers: [...workers.entries].map(([workerId, { extra: _, ...worker }]) => ({ workerId, ...worker })),
    stale: staleWorkers(workers.entries, now).map(({ workerId, silentMs }) => ({
      workerId,
      minutes: Math.floor(silentMs / 60_000),
    })),
    locks: lockLines(locks.entries, now),
    ...(deadlock && { deadlock }),
    lastMessages: queue.messages.slice(-lastCount),
    ...(board && { board }),
    findings: [...queue.findings, ...locks.findings, ...workers.findings],
  };
}

async function readText(workspace: Workspace, path: string, signal: AbortSignal | undefined): Promise<string> {
  const bytes = await workspace.read(path, { signal });
  return bytes ? new TextDecoder().decode(bytes) : '';
}

function countTypes(messages: readonly QueueMessage[]): BusReport['counts'] {
  const counts = new Map<string, number>();
  for (const { type } of messages) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts]
    .map(([type, count]) => ({ type, count }))
    .sort((a, b) => b.count - a.count || (a.type < b.type ? -1 : 1));
}

function lockLines(locks: ReadonlyMap<string, Lock>, now: Instant): BusReport['locks'] {
  const expired = new Set(expiredLocks(locks, now));
  const lines = [...locks].map(([path, { workerId, expiresAt }]) => ({ path, workerId, expiresAt }));
  return {
    active: lines.filter(({ path }) => !expired.has(path)),
    expired: lines.filter(({ path }) => expired.has(path)),
  };
}

/**
 * Who waits for whom (8.5, C-26): a worker waits while its last line is BLOCKED and it has not stopped. What it waits for
 * is a worker, a task (then its worker), or a resource (then its holder).
 */
function waitsOf(
  messages: readonly QueueMessage[],
  locks: ReadonlyMap<string, Lock>,
  workers: ReadonlyMap<string, WorkerStatus>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const lastBlocked = new Map<
    string,
    { readonly waiting_for: string; readonly resource?: string | null | undefined }
  >();
  for (const message of messages) {
    const blocked = queuePayload(message, 'BLOCKED');
    if (blocked) lastBlocked.set(message.source, blocked);
    else lastBlocked.delete(message.source);
  }
  const stopped = (id: string) => ['COMPLETE', 'FAILED'].includes(workers.get(id)?.status ?? '');
  const taskWorkers = new Map([...workers].filter(([id]) => !stopped(id)).map(([id, { taskId }]) => [taskId, id]));
  const waits = new Map<string, ReadonlySet<string>>();
  for (const [worker, { waiting_for, resource }] of lastBlocked) {
    if (stopped(worker)) continue;
    const lock = locks.get(resource ?? waiting_for.replace(/^FILE_UNLOCK_/u, ''));
    const names = [...waiting_for.split(', '), ...(lock ? [lock.workerId, ...lock.sharedWith] : [])];
    const targets = names.map((name) => taskWorkers.get(name) ?? name).filter((id) => id !== worker && !stopped(id));
    waits.set(worker, new Set(targets));
  }
  return waits;
}

function boardLine(messages: readonly QueueMessage[]): BoardLine | undefined {
  const sessions: BoardSessions = new Map();
  for (const message of messages) applyBoardMessage(sessions, message, readPublishedTime(message.timestamp) ?? '');
  const session = [...sessions.values()].at(-1);
  if (!session) return undefined;
  const verdict = session.resolution?.['verdict'];
  return {
    sessionId: session.sessionId,
    assessments: session.assessments.size,
    votes: session.votes.size,
    of: session.directors.length || fullBoard,
    tally: tallyOf(session),
    ...(typeof verdict === 'string' && { verdict }),
  };
}

function tallyOf({ votes }: BoardSessionRecord): BoardLine['tally'] {
  const count = (verdict: string) => [...votes.values()].filter((vote) => vote['final_verdict'] === verdict).length;
  return { approve: count('APPROVE'), reject: count('REJECT'), abstain: count('ABSTAIN') };
}
