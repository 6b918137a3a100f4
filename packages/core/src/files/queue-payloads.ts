import * as z from '@conductor/core/schema';

const text = z.string();
const texts = z.array(text);
const taskId = z.string().min(1).max(256);
const verdictOfStep = z.looseObject({ track_id: text, result: z.enum(['PASS', 'FAIL']) });

/**
 * Payloads of the published message types (7.3), snake_case as on disk. Loose: keys that we do not know live on. The last
 * six stand for a step's end; other programs know them by their event files only.
 */
export const queuePayloads = {
  BUS_INIT: z.looseObject({ track_path: text, version: text }),
  WORKER_DISPATCHED: z.looseObject({ worker_id: text, task_id: taskId, parallel_group: text.nullish() }),
  TASK_RETRY: z.looseObject({ task_id: taskId, attempt: z.int().min(1), worker_id: text }),
  PROGRESS: z.looseObject({
    task_id: taskId,
    progress_pct: z.number().min(0).max(100),
    current_subtask: text.nullish(),
  }),
  TASK_COMPLETE: z.looseObject({
    task_id: taskId,
    commit_sha: text.nullish(),
    files_modified: texts,
    unblocks: texts,
  }),
  TASK_FAILED: z.looseObject({ task_id: taskId, error: text, stack_trace: text.nullish() }),
  TASK_BLOCKED: z.looseObject({ task_id: taskId, blocked_by: text.nullish(), reason: text }),
  FILE_LOCK: z.looseObject({
    filepath: text,
    /** Missing in lines of the first writers, who knew only exclusive locks (C-21). */
    lock_type: z.enum(['exclusive', 'shared']).default('exclusive'),
    expires_at: text.nullish(),
  }),
  FILE_UNLOCK: z.looseObject({ filepath: text }),
  BLOCKED: z.looseObject({ task_id: taskId, waiting_for: text, resource: text.nullish() }),
  DEADLOCK_RESOLVED: z.looseObject({ cycle: texts, victim: text, action: text }),
  BOARD_ASSESS: z.looseObject({
    director: text,
    verdict: z.enum(['APPROVE', 'CONCERNS', 'REJECT', 'ABSTAIN']),
    score: z.number(),
    concerns: texts,
    recommendations: texts,
  }),
  BOARD_DISCUSS: z.looseObject({
    from: text,
    to: text,
    type: z.enum(['CHALLENGE', 'AGREE', 'QUESTION', 'CLARIFY']),
    message: text,
    changes_my_verdict: z.boolean(),
  }),
  BOARD_VOTE: z.looseObject({
    director: text,
    final_verdict: z.enum(['APPROVE', 'REJECT', 'ABSTAIN']),
    confidence: z.number().min(0).max(1),
    conditions: texts,
  }),
  BOARD_RESOLVE: z.looseObject({
    verdict: text,
    vote_summary: z.record(text, z.json()),
    conditions: texts,
    dissent: texts,
  }),
  PLAN_COMPLETE: verdictOfStep,
  PLAN_EVAL_COMPLETE: verdictOfStep,
  EXECUTE_COMPLETE: verdictOfStep,
  EXEC_EVAL_COMPLETE: verdictOfStep,
  FIX_COMPLETE: verdictOfStep,
  PARALLEL_COMPLETE: verdictOfStep,
} as const;

export type QueueType = keyof typeof queuePayloads;
export type QueuePayload<T extends QueueType> = z.infer<(typeof queuePayloads)[T]>;

/** True for the published types; messages of others are kept and passed on. */
export function isQueueType(type: string): type is QueueType {
  return Object.hasOwn(queuePayloads, type);
}

/** The payload of a message of this type; `undefined` for another type and for a payload that misses its schema. */
export function queuePayload<T extends QueueType>(
  message: { readonly type: string; readonly payload: unknown },
  type: T,
): QueuePayload<T> | undefined {
  if (message.type !== type) return undefined;
  // The cast ties the result to T: TypeScript does not follow an index by a type parameter through safeParse.
  return queuePayloads[type].safeParse(message.payload).data as QueuePayload<T> | undefined;
}
