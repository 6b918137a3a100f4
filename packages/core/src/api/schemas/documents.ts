import * as z from '@conductor/core/schema';
import type * as api from '../contract/documents.js';
import { count, instant, text, texts } from './scalars.js';
import { Finding, WireError } from './values.js';

export type DocumentCheck = api.DocumentCheck;
export const DocumentCheck: z.ZodType<api.DocumentCheck> = z.looseObject({
  trigger: text,
  impacts: texts,
  reasons: texts,
  tiers: z.array(z.looseObject({ tier: count, name: text, rule: text, documents: texts })),
  findings: z.array(Finding),
});

export type DocumentSync = api.DocumentSync;
export const DocumentSync: z.ZodType<api.DocumentSync> = z.looseObject({
  id: text,
  status: z.enum(['running', 'done', 'failed']),
  what: text,
  trackId: text.exactOptional(),
  startedAt: instant,
  endedAt: instant.exactOptional(),
  documents: texts,
  findings: z.array(Finding),
  commit: text.exactOptional(),
  error: WireError.exactOptional(),
});

export type PhaseReview = api.PhaseReview;
export const PhaseReview: z.ZodType<api.PhaseReview> = z.looseObject({
  trackId: text,
  phase: text,
  title: text,
  verdict: z.enum(['PASS', 'FAIL']),
  path: text,
  text,
  checks: z.array(z.looseObject({ name: text, result: text, detail: text.optional() })),
  findings: z.array(Finding),
});

export const DocumentQuery = z.strictObject({ trackId: text.optional() });
export const ReviewInput = z.strictObject({ phase: z.string().min(1).max(20).optional() });
