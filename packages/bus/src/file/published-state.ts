import { ConductorError } from '@conductor/core';
import {
  acquireLock,
  eventFilesOf,
  queuePayload,
  readPublishedTime,
  releaseLock,
  releaseWorker,
  updateWorker,
  type Lock,
  type QueueMessage,
  type WorkerStatus,
} from '@conductor/core/files';
import type { Instant } from '@conductor/core/ports';
import { applyBoardMessage, type BoardSessions } from './board-sessions.js';

/** Finished workers that stay in `worker-status.json`; the queue knows the others. */
const finishedKept = 200;

/**
 * What the published files say of *our* workers, folded from the lines of the queue. So a file that was not written
 * before a crash is written by the next process, from the lines that were.
 */
export interface PublishedState {
  /** Every worker that our lines dispatched: what the files say of others is not ours to change. */
  readonly known: Set<string>;
  workers: ReadonlyMap<string, WorkerStatus>;
  locks: ReadonlyMap<string, Lock>;
  readonly sessions: BoardSessions;
}

/** Which files a message touches. */
export interface Touched {
  workers: boolean;
  locks: boolean;
  /** Event file → content; `undefined` = must not exist. */
  readonly events: Map<string, string | undefined>;
  readonly sessions: Set<string>;
}

/** Nothing is known of the folder yet. */
export function emptyState(): PublishedState {
  return { known: new Set(), workers: new Map(), locks: new Map(), sessions: new Map() };
}

/** Nothing has to be written. */
export function nothingTouched(): Touched {
  return { workers: false, locks: false, events: new Map(), sessions: new Set() };
}

/** A line of ours tells of an event, or is a sign of life of a worker of ours. The rest is other programs' affair. */
export function isOurs(state: PublishedState, message: QueueMessage): boolean {
  return message.ref !== undefined || state.known.has(message.source);
}

/** Folds one of our messages in and notes what it touches. Writes in place: the folder's writer owns the state. */
export function applyMessage(state: PublishedState, message: QueueMessage, touched: Touched): void {
  const { workers, locks } = state;
  const at = readPublishedTime(message.timestamp);
  if (at === undefined) return;
  applyWorkers(state, message, at);
  applyLocks(state, message, at);
  touched.workers ||= state.workers !== workers;
  touched.locks ||= state.locks !== locks;
  const { remove, write } = eventFilesOf(message);
  for (const name of remove) touched.events.set(name, undefined);
  for (const [name, content] of write) touched.events.set(name, content);
  const session = applyBoardMessage(state.sessions, message, at);
  if (session !== undefined) touched.sessions.add(session);
}

function applyWorkers(state: PublishedState, message: QueueMessage, at: Instant): void {
  const { source } = message;
  const dispatched = queuePayload(message, 'WORKER_DISPATCHED');
  if (dispatched) return dispatch(state, dispatched.worker_id, dispatched.task_id, at);

  const worker = state.workers.get(source);
  if (!worker) return;
  const update = (change: Partial<WorkerStatus>) => {
    state.workers = updateWorker(state.workers, source, { taskId: worker.taskId, lastHeartbeat: at, ...change });
  };
  const progress = queuePayload(message, 'PROGRESS');
  if (progress) update({ status: 'RUNNING', progressPct: progress.progress_pct });
  else if (message.type === 'TASK_COMPLETE') update({ status: 'COMPLETE', progressPct: 100 });
  else if (message.type === 'TASK_FAILED') update({ status: 'FAILED' });
  else if (message.type === 'BLOCKED') update({ status: 'BLOCKED' });
  else if (worker.status === 'BLOCKED') update({ status: 'RUNNING' });
}

function dispatch(state: PublishedState, workerId: string, taskId: string, at: Instant): void {
  state.known.add(workerId);
  for (const [other, { taskId: task, status }] of state.workers) {
    if (task !== taskId || other === workerId || status === 'COMPLETE' || status === 'FAILED') continue;
    // A worker that was interrupted said nothing more: its successor tells that it has ended.
    state.workers = updateWorker(state.workers, other, { taskId, status: 'FAILED' });
    state.locks = releaseWorker(state.locks, other);
  }
  state.workers = prune(
    updateWorker(state.workers, workerId, {
      taskId,
      status: 'RUNNING',
      progressPct: 0,
      startedAt: at,
      lastHeartbeat: at,
    }),
  );
}

/** Oldest first, as a Map keeps the order of dispatching. */
function prune(workers: ReadonlyMap<string, WorkerStatus>): ReadonlyMap<string, WorkerStatus> {
  const finished = [...workers].filter(([, { status }]) => status === 'COMPLETE' || status === 'FAILED');
  const surplus = new Set(finished.slice(0, Math.max(0, finished.length - finishedKept)).map(([id]) => id));
  return surplus.size === 0 ? workers : new Map([...workers].filter(([id]) => !surplus.has(id)));
}

function applyLocks(state: PublishedState, message: QueueMessage, at: Instant): void {
  const unlocked = queuePayload(message, 'FILE_UNLOCK');
  if (unlocked) state.locks = releaseLock(state.locks, unlocked.filepath, message.source);
  const locked = queuePayload(message, 'FILE_LOCK');
  if (!locked) return;
  const wish = {
    path: locked.filepath,
    workerId: message.source,
    at,
    mode: locked.lock_type,
    expiresAt: readPublishedTime(locked.expires_at),
  };
  try {
    const answer = acquireLock(state.locks, wish);
    // The log granted this lock, so one of ours that is in its way has ended and its unlock was lost.
    const again = answer.granted ? answer : acquireLock(releaseWorker(state.locks, answer.holder.workerId), wish);
    if (again.granted) state.locks = again.locks;
  } catch (error) {
    // What is no path of the project locks nothing; the line stays in the queue.
    if (!ConductorError.is(error, 'PATH_UNSAFE')) throw error;
  }
}
