import * as z from '@conductor/core/schema';
import type * as finding from '../../kernel/finding.js';
import type * as values from '../../ports/values.js';
import * as limits from '../../track/limits.js';
import * as model from '../../track/model.js';
import type * as api from '../contract/calls.js';
import { flag, text, texts } from './scalars.js';

export const Step = z.enum(model.steps);
export const StepStatus = z.enum(model.stepStatuses);
export const Lifecycle = z.enum(model.lifecycles);
export const Priority = z.enum(model.priorities);

/** Some limits: absent ones stay absent, they do not become their defaults. */
// The cast: the shape is mapped key by key, which no type of zod can follow.
export const SomeLimits = z.strictObject(
  Object.fromEntries(Object.entries(limits.Limits.shape).map(([key, value]) => [key, value.unwrap().exactOptional()])),
) as unknown as z.ZodType<Partial<limits.Limits>, Partial<limits.Limits>>;

/** A page of anything. */
export function pageOf<T>(item: z.ZodType<T>): z.ZodType<api.Page<T>> {
  return z.looseObject({ items: z.array(item), nextCursor: text.exactOptional() });
}

/** 1 to 255 visible ASCII characters: fits a header. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'An idempotency key has 1 to 255 visible ASCII characters');

export type WireError = api.WireError;
export const WireError: z.ZodType<api.WireError> = z.looseObject({
  code: z.string().min(1).max(256),
  message: text,
  hint: text.exactOptional(),
  details: z.record(text, z.unknown()).exactOptional(),
  retryable: flag.default(false),
});

export type ActorRef = values.ActorRef;
export const ActorRef: z.ZodType<values.ActorRef> = z.looseObject({
  kind: z.enum(['user', 'agent', 'engine', 'system', 'foreign']),
  id: text,
  org: text.exactOptional(),
  workspace: text.exactOptional(),
  via: text.exactOptional(),
});

export type Usage = values.Usage;
export const Usage: z.ZodType<values.Usage> = z.looseObject({
  inputTokens: z.number().exactOptional(),
  outputTokens: z.number().exactOptional(),
  costMicros: z.number().exactOptional(),
  currency: text.exactOptional(),
  wallMs: z.number().exactOptional(),
  known: flag,
});

export type Finding = finding.Finding;
export const Finding: z.ZodType<finding.Finding> = z.looseObject({
  severity: z.enum(['error', 'warning', 'info']),
  message: text,
  code: text.optional(),
  hint: text.optional(),
  path: text.optional(),
  line: z.int().optional(),
  column: z.int().optional(),
  item: text.optional(),
  evidence: texts.optional(),
});

export const cursorShape = {
  cursor: z.string().min(1).max(4096).optional(),
  limit: z.int().min(1).max(500).optional(),
};

export const PageQuery = z.strictObject(cursorShape);
