import * as z from '@conductor/core/schema';
import type { Json } from '../ports/values.js';
import { steps } from './model.js';

// What the payloads of events are made of.

export const id = z.string().min(1).max(256);
export const text = z.string();
export const count = z.int().min(0);
export const step = z.enum(steps);
export const instant = z.string();
export const json: z.ZodType<Json> = z.json();

/** Text in place, or a reference to an artifact. */
export const contentSchema = z.union([
  z.object({ text: z.string() }),
  z.object({ artifact: z.string(), bytes: count, mediaType: z.string().optional() }),
]);

/** What a piece of work consumed. */
export const usageSchema = z.object({
  inputTokens: count.optional(),
  outputTokens: count.optional(),
  costMicros: count.optional(),
  currency: z.string().optional(),
  wallMs: z.number().min(0).optional(),
  known: z.boolean(),
});

/** A finding as it is stored: the shape of `Finding`. */
export const findingSchema = z.object({
  severity: z.enum(['error', 'warning', 'info']),
  message: text,
  code: text.optional(),
  hint: text.optional(),
  path: text.optional(),
  line: z.int().optional(),
  column: z.int().optional(),
  item: text.optional(),
  evidence: z.array(text).readonly().optional(),
});
export const findings = z.array(findingSchema);

export const taskSchema = z.object({
  id,
  gen: count,
  title: text,
  phase: z.number(),
  type: text,
  dependsOn: z.array(id),
  files: z.array(text),
  acceptance: text.optional(),
  estimateMinutes: z.number().optional(),
  group: text.optional(),
  shareable: z.boolean(),
});

/** What `evolve` needs of a plan: it cannot read artifacts, so the model stays inline (R21). */
export const planModelSchema = z.object({
  title: text,
  tasks: z.array(
    taskSchema.extend({ state: z.enum(['pending', 'done', 'skipped', 'blocked']).optional(), commit: text.optional() }),
  ),
});
export const limits = z.record(z.string(), z.union([z.number(), z.string()]));
