import * as z from '@conductor/core/schema';
import { instant, parseInstant } from '../kernel/clock.js';
import type { EventEnvelope, Instant } from '../ports/values.js';
import { trackEvents } from '../track/event-schemas.js';
import type { TrackEventData, TrackEventType } from '../track/events.js';
import { isTrackEvent } from '../track/evolve.js';
import { eventVersion } from '../track/upcast.js';
import { boardMessages, type PublishedBoard } from './board-words.js';
import type { Draft } from './message-draft.js';
import { fitPayload } from './fit-payload.js';
import { lockTtlMs } from './locks.js';
import { messageId } from './message-id.js';
import type { QueueMessage } from './queue.js';
import type { QueueType } from './queue-payloads.js';
import { wordOfStep } from './step-words.js';

/** Sender of what no worker says. */
export const orchestrator = 'orchestrator';

/** What an event does not say of itself; the engine answers from the state just after the event. */
export interface PublishContext {
  readonly projectId: string;
  readonly trackId: string;
  /** The published id of a run's worker: see `workerIdOf`. */
  workerIdOf(runId: string, taskId: string): string;
  /** The worker behind a holder named in `lease.waited`; the holder's own name when nobody knows. */
  workerOfHolder?(holder: string): string | undefined;
  /** Files that the run holds, the extended ones too. */
  filesOf(taskId: string, runId: string): readonly string[];
  /** Dependents whose other dependencies are complete. */
  unblocks(taskId: string): readonly string[];
  /** Everything behind the task, directly or not. */
  dependents(taskId: string): readonly string[];
  groupOf?(taskId: string): string | undefined;
  /** True where EXECUTE runs tasks side by side: its end is also told as PARALLEL_COMPLETE. */
  readonly parallel?: boolean | undefined;
  /** What `expires_at` of a lock promises; default 30 minutes. */
  readonly fileLeaseMs?: number | undefined;
  /** The board that an event of a `board/` stream belongs to. */
  readonly board?: PublishedBoard | undefined;
}

/**
 * The one table from our events to the lines of `queue.jsonl` (contracts 1.6). Events without a published word, of other
 * streams and of newer versions give no line. Pure: the same event gives lines with the same ids, so telling it twice is
 * telling it once. Texts and lists are cut where a line would not fit a bus message (64 KiB).
 */
export function publishedMessages(event: EventEnvelope, context: PublishContext): readonly QueueMessage[] {
  if (event.v !== eventVersion(event.type)) return [];
  return draftsOf(event, context).map((draft) => {
    const payload = fitPayload(draft.payload);
    const id = messageId(context.projectId, event.id, { type: draft.type, payload });
    return { id, type: draft.type, source: draft.source, timestamp: event.at, payload, ref: event.id };
  });
}

function draftsOf(event: EventEnvelope, context: PublishContext): readonly Draft[] {
  if (event.type === 'deadlock.resolved') return deadlockMessages(event);
  if (isTrackEvent(event.type)) return trackMessages(event.type, event, context);
  return context.board ? boardMessages(event, context.board) : [];
}

type Table = {
  readonly [T in TrackEventType]?: (data: TrackEventData<T>, context: PublishContext, at: Instant) => readonly Draft[];
};

const table: Table = {
  'task.started': (data, context, at) => {
    const worker = context.workerIdOf(data.runId, data.taskId);
    const again = data.attempt > 1 || (data.recovery ?? 0) > 0;
    const retry = { task_id: data.taskId, attempt: data.attempt, worker_id: worker };
    const dispatched = {
      worker_id: worker,
      task_id: data.taskId,
      parallel_group: context.groupOf?.(data.taskId) ?? null,
    };
    return [
      ...(again ? [say('TASK_RETRY', orchestrator, retry)] : []),
      say('WORKER_DISPATCHED', orchestrator, dispatched),
      ...data.files.map(({ path, mode }) => lockMessage(worker, path, mode, context, at)),
    ];
  },

  'lease.extended': (data, context, at) => {
    const worker = context.workerIdOf(data.runId, data.taskId);
    return data.keys.map((key) => lockMessage(worker, pathOfKey(key), 'exclusive', context, at));
  },

  'lease.waited': ({ taskId, keys, holders }, context) => {
    const waiting_for = holders.map((holder) => context.workerOfHolder?.(holder) ?? holder).join(', ');
    return keys.map((key) => say('BLOCKED', orchestrator, { task_id: taskId, waiting_for, resource: pathOfKey(key) }));
  },

  'task.completed': ({ taskId, runId, commit, files }, context) => [
    ...unlockMessages(taskId, runId, context),
    say('TASK_COMPLETE', context.workerIdOf(runId, taskId), {
      task_id: taskId,
      commit_sha: commit ?? null,
      files_modified: files,
      unblocks: context.unblocks(taskId),
    }),
  ],

  'task.failed': ({ taskId, runId, attempt, reason, message, final }, context) => [
    ...unlockMessages(taskId, runId, context),
    say('TASK_FAILED', context.workerIdOf(runId, taskId), {
      task_id: taskId,
      error: message,
      stack_trace: '',
      attempt,
      reason,
    }),
    // A failure with attempts left pauses nobody: the dependents wait as they did before.
    ...(final ? context.dependents(taskId).map((dependent) => blockedMessage(dependent, taskId, reason)) : []),
  ],

  'task.interrupted': ({ taskId, runId }, context) => unlockMessages(taskId, runId, context),

  'task.blocked': ({ taskId, runId, reason }, context) => [
    ...(runId === undefined ? [] : unlockMessages(taskId, runId, context)),
    blockedMessage(taskId, null, reason),
  ],

  'step.passed': ({ step }, context) => stepMessages(step, 'PASS', context),
  'step.failed': ({ step }, context) => stepMessages(step, 'FAIL', context),
};

function trackMessages<T extends TrackEventType>(
  type: T,
  event: EventEnvelope,
  context: PublishContext,
): readonly Draft[] {
  const tell = table[type];
  const read = trackEvents[type].safeParse(event.data);
  // The cast ties the payload to T: TypeScript does not follow an index by a type parameter through safeParse.
  return tell && read.success ? tell(read.data as TrackEventData<T>, context, event.at) : [];
}

function say(type: QueueType, source: string, payload: Draft['payload']): Draft {
  return { type, source, payload };
}

function lockMessage(worker: string, path: string, mode: string, context: PublishContext, at: Instant): Draft {
  const expires_at = instant(parseInstant(at) + (context.fileLeaseMs ?? lockTtlMs));
  return say('FILE_LOCK', worker, { filepath: path, lock_type: mode, expires_at });
}

function unlockMessages(taskId: string, runId: string, context: PublishContext): readonly Draft[] {
  const worker = context.workerIdOf(runId, taskId);
  return context.filesOf(taskId, runId).map((path) => say('FILE_UNLOCK', worker, { filepath: path }));
}

function blockedMessage(taskId: string, blockedBy: string | null, reason: string): Draft {
  return say('TASK_BLOCKED', orchestrator, { task_id: taskId, blocked_by: blockedBy, reason });
}

function stepMessages(step: TrackEventData<'step.passed'>['step'], result: 'PASS' | 'FAIL', context: PublishContext) {
  const payload = { track_id: context.trackId, result };
  const word = wordOfStep[step];
  if (!word) return [];
  const parallel = step === 'EXECUTE' && context.parallel;
  return [say(word, orchestrator, payload), ...(parallel ? [say('PARALLEL_COMPLETE', orchestrator, payload)] : [])];
}

/** Lease keys name what they hold: `file:src/a.ts`, `dir:src`. The published files know paths only. */
function pathOfKey(key: string): string {
  return key.replace(/^(?:file|dir):/u, '');
}

const Deadlock = z.object({ cycle: z.array(z.string()), victim: z.string(), action: z.string().optional() });

function deadlockMessages(event: EventEnvelope): readonly Draft[] {
  const read = Deadlock.safeParse(event.data);
  if (!read.success) return [];
  const { cycle, victim, action = 'released_locks' } = read.data;
  return [say('DEADLOCK_RESOLVED', orchestrator, { cycle, victim, action })];
}
