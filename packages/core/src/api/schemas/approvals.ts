import * as z from '@conductor/core/schema';
import { jsonValue } from '../../kernel/json.js';
import type * as api from '../contract/approvals.js';
import { count, flag, instant, text } from './scalars.js';
import { ActorRef, cursorShape } from './values.js';

export const approvalStatuses = ['pending', 'approved', 'denied', 'expired', 'cancelled', 'consumed'] as const;

export type Approval = api.Approval;
export const Approval: z.ZodType<api.Approval> = z.looseObject({
  id: text,
  kind: text,
  status: z.enum(approvalStatuses),
  stale: flag,
  revision: count,
  trackId: text.exactOptional(),
  subject: text,
  subjectRevision: count,
  summary: text,
  options: z.array(z.looseObject({ id: text, label: text, leadsTo: text })),
  requester: ActorRef,
  requestedAt: instant,
  expiresAt: instant.exactOptional(),
  decider: z.looseObject({
    kind: z.enum(['human', 'lead', 'board', 'evaluator', 'policy']),
    id: text.exactOptional(),
  }),
  answeredBy: ActorRef.exactOptional(),
  answeredAt: instant.exactOptional(),
  choice: text.exactOptional(),
  answer: jsonValue.exactOptional(),
  reason: text.exactOptional(),
});

export type DecideInput = api.DecideInput;
export const DecideInput: z.ZodType<api.DecideInput> = z.strictObject({
  outcome: z.enum(['approved', 'denied']),
  choice: text.optional(),
  answer: jsonValue.optional(),
  reason: text.optional(),
});
export const ApprovalQuery = z.strictObject({
  ...cursorShape,
  status: z.enum(approvalStatuses).optional(),
  trackId: text.optional(),
});
