import * as z from '@conductor/core/schema';
import { parseInstant } from '../kernel/clock.js';
import { jsonValue } from '../kernel/json.js';
import type { Instant, Json } from '../ports/values.js';
import { formatEntries, readEntries, type Entries } from './entries.js';
import { readPublishedTime } from './published-time.js';

/** A RUNNING worker that is silent for longer than this is taken for dead. */
export const staleAfterMs = 10 * 60_000;

/** One entry of `worker-status.json`, by worker id. */
export interface WorkerStatus {
  readonly taskId: string;
  readonly status: 'RUNNING' | 'COMPLETE' | 'FAILED' | 'BLOCKED';
  /** 0 to 100. */
  readonly progressPct: number;
  readonly lastHeartbeat?: Instant | undefined;
  readonly startedAt?: Instant | undefined;
  /** Keys of other writers, the optional `worker_id` among them. */
  readonly extra: Readonly<Record<string, Json>>;
}

export type WorkerStatuses = Entries<WorkerStatus>;

const StatusEntry = z.looseObject({
  task_id: z.string().min(1).max(256),
  // Two spellings are about (C-24).
  status: z
    .enum(['RUNNING', 'COMPLETE', 'COMPLETED', 'FAILED', 'BLOCKED'])
    .transform((status) => (status === 'COMPLETED' ? 'COMPLETE' : status)),
  progress_pct: z.number().min(0).max(100).default(0),
  last_heartbeat: z.string().nullish(),
  started_at: z.string().nullish(),
});

/** Reads `worker-status.json`; `COMPLETED` is read as COMPLETE. */
export function parseWorkerStatus(text: string): WorkerStatuses {
  return readEntries('worker-status.json', text, (_id, value) => {
    const read = StatusEntry.safeParse(value);
    if (!read.success) return undefined;
    const { task_id, status, progress_pct, last_heartbeat, started_at, ...rest } = read.data;
    return {
      taskId: task_id,
      status,
      progressPct: progress_pct,
      lastHeartbeat: readPublishedTime(last_heartbeat),
      startedAt: readPublishedTime(started_at),
      extra: z.record(z.string(), jsonValue).parse(rest),
    };
  });
}

/** The text of `worker-status.json`; what could not be read is written back. */
export function formatWorkerStatus(statuses: Pick<WorkerStatuses, 'entries' | 'unread'>): string {
  return formatEntries(statuses, (worker, workerId) => ({
    ...worker.extra,
    worker_id: workerId,
    task_id: worker.taskId,
    status: worker.status,
    progress_pct: worker.progressPct,
    ...(worker.lastHeartbeat !== undefined && { last_heartbeat: worker.lastHeartbeat }),
    ...(worker.startedAt !== undefined && { started_at: worker.startedAt }),
  }));
}

/** An update of one worker: absent fields stay as they are, and `startedAt` is never replaced (7.6). Pure. */
export function updateWorker(
  workers: ReadonlyMap<string, WorkerStatus>,
  workerId: string,
  update: Pick<WorkerStatus, 'taskId'> & Partial<WorkerStatus>,
): ReadonlyMap<string, WorkerStatus> {
  const before = workers.get(workerId);
  const fresh: WorkerStatus = { taskId: update.taskId, status: 'RUNNING', progressPct: 0, extra: {} };
  return new Map(workers).set(workerId, {
    ...(before ?? fresh),
    ...update,
    startedAt: before?.startedAt ?? update.startedAt,
  });
}

/** RUNNING workers without a sign of life for more than `afterMs`, with their silence in milliseconds, longest first. */
export function staleWorkers(
  workers: ReadonlyMap<string, WorkerStatus>,
  at: Instant,
  afterMs = staleAfterMs,
): readonly { readonly workerId: string; readonly silentMs: number }[] {
  const now = parseInstant(at);
  return [...workers]
    .flatMap(([workerId, { status, lastHeartbeat, startedAt }]) => {
      const heard = lastHeartbeat ?? startedAt;
      if (status !== 'RUNNING' || heard === undefined) return [];
      return [{ workerId, silentMs: now - parseInstant(heard) }];
    })
    .filter(({ silentMs }) => silentMs > afterMs)
    .sort((a, b) => b.silentMs - a.silentMs || (a.workerId < b.workerId ? -1 : 1));
}
