import * as z from '@conductor/core/schema';
import { jsonValue } from '../kernel/json.js';
import { contentSchema, usageSchema } from '../track/event-parts.js';

const id = z.string().min(1).max(256);
const text = z.string();

/** A commit of one clone, and the branch under which the others find it. */
const handedOver = z.object({ branch: id, commit: id });

/** What an executor answered, as another machine wrote it into the log. */
export const outcomeSchema = z.object({
  status: z.enum(['done', 'failed', 'blocked', 'cancelled']),
  summary: text,
  answer: jsonValue.optional(),
  session: text.optional(),
  transcript: contentSchema.optional(),
  exitCode: z.literal([0, 1, 2, 3, 4]).optional(),
  error: z.object({ code: text, message: text, hint: text.optional(), retryable: z.boolean() }).optional(),
});

/** Events of `run/<runId>`: what the engine and one worker on another machine tell each other of one attempt. */
export const runEvents = {
  'run.offered': z.object({
    effect: id,
    trackId: id,
    taskId: id,
    role: z.enum(['worker', 'fixer']),
    taskType: text,
    /** What the work begins from. */
    base: handedOver,
    assignment: contentSchema,
  }),
  'run.claimed': z.object({ owner: id, host: text }),
  'run.reported': z.object({
    outcome: outcomeSchema,
    usage: usageSchema.optional(),
    /** Absent: nothing was changed. */
    work: handedOver.optional(),
  }),
  'run.released': z.object({
    /** The worker stopped or was not able to; the engine withdrew the run, or found its worker gone. */
    reason: z.enum(['stopped', 'unable', 'withdrawn', 'lost']),
    message: text.optional(),
  }),
} as const;

export type RunEventType = keyof typeof runEvents;
export type RunEventData<T extends RunEventType> = z.infer<(typeof runEvents)[T]>;
