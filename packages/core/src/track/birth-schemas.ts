import * as z from '@conductor/core/schema';
import { priorities, stepStatuses } from './model.js';
import {
  contentSchema,
  count,
  findings,
  id,
  instant,
  json,
  limits,
  planModelSchema,
  step,
  text,
} from './event-parts.js';

export const created = z.object({
  name: text,
  type: text,
  priority: z.enum(priorities),
  goal: text,
  spec: contentSchema,
  specHash: text,
  source: text,
  background: z.boolean(),
  policy: z.object({ limits, isolation: z.enum(['shared', 'worktree']) }),
  flags: z.object({
    superpower: z.boolean(),
    /** The loop begins with BRAINSTORM (T2). */
    brainstorm: z.boolean().optional(),
  }),
  dependencies: z.array(id),
  labels: z.array(text),
});

/** What a folder said of a track when it was taken over: a passed gate in it is the other tool's word, and kept as such. */
const checkpoint = z.object({
  status: z.enum(stepStatuses),
  startedAt: instant.optional(),
  completedAt: instant.optional(),
  agent: text.optional(),
  facts: json.optional(),
});
const importedLoop = z.object({
  step,
  status: z.enum(stepStatuses),
  /** Words of the file that no transition knows. They stay in it until a person has decided; `step` is inferred. */
  foreign: z.object({ step: text.optional(), status: text.optional() }).optional(),
  mode: z.enum(['PARALLEL', 'SEQUENTIAL']).optional(),
  fixCycles: count,
  planRevisions: count,
  businessSync: z.boolean().optional(),
  /** The planner is to be asked again although there is a plan. */
  replan: z.boolean().optional(),
  /** What the last evaluation, or the fixer, left to be done. */
  failures: z.array(text).optional(),
  checkpoints: z.partialRecord(step, checkpoint),
});
export const imported = created.extend({
  files: z.array(z.object({ path: text, hash: text })),
  lifecycle: z.enum(['draft', 'ready', 'cancelled', 'completed']),
  loop: importedLoop,
  plan: z.object({ text: contentSchema, textHash: text, model: planModelSchema }).optional(),
  blockers: z.array(
    z.object({ id, step, description: text, active: z.boolean(), raisedAt: instant, resolvedAt: instant.optional() }),
  ),
  /** Unknown keys of `metadata.json`, as the text of their values. */
  extra: z.record(z.string(), text),
  createdAt: instant.optional(),
  completedAt: instant.optional(),
  findings,
});
