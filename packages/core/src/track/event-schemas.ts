import * as z from '@conductor/core/schema';
import { namedReasons } from '../loop/reasons.js';
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
  usageSchema,
} from './event-parts.js';
import { created, imported } from './birth-schemas.js';

const processRecord = z.object({ host: text, bootId: text, groupId: z.int(), startedAt: instant });
const why = z.object({ reason: text.optional(), approvalId: id.optional() });
const next = z.object({ step, status: z.enum(stepStatuses) });
const verify = z.object({ kind: z.enum(['check', 'command', 'evaluator', 'person']), ref: text });
const condition = z.object({ conditionId: id, text, director: text, verify });
const budgetLimits = z.object({
  tokens: z.number().min(0).optional(),
  usd: z.number().min(0).optional(),
  wallMs: z.number().min(0).optional(),
  attempts: z.number().min(0).optional(),
});
const run = z.object({
  owner: id,
  epoch: z.int().min(1),
  host: text,
  until: step.optional(),
  task: id.optional(),
  budget: budgetLimits.optional(),
  /** The commit before the track: what `changed` compares with. */
  baseline: text.optional(),
});
const closed = z.object({
  step,
  visit: count,
  rule: text,
  next,
  facts: json.optional(),
  findings: findings.optional(),
});
const file = z.object({ path: text, mode: z.enum(['exclusive', 'shared']) });
const asks = z.enum(namedReasons);
const option = z.object({ id, label: text, leadsTo: text });

/**
 * Every event of a track's stream with the schema of its payload. Adding an optional field keeps the version;
 * anything else is a new version with an upcaster. The meaning of a shipped event never changes.
 */
export const trackEvents = {
  'track.created': created,
  'track.imported': imported,
  'track.specified': z.object({ spec: contentSchema, specHash: text, revision: count }),
  'track.configured': z.object({
    name: text.optional(),
    type: text.optional(),
    priority: z.enum(priorities).optional(),
    dependencies: z.array(id).optional(),
    labels: z.array(text).optional(),
    limits: limits.optional(),
    superpower: z.boolean().optional(),
    /** All unknown keys of `metadata.json`, as the text of their values. */
    extra: z.record(z.string(), text).optional(),
  }),
  'track.readied': why,
  'track.activated': why,
  'track.paused': why.extend({ mode: z.enum(['drain', 'now']) }),
  'track.resumed': why,
  'track.failed': why,
  'track.retried': why,
  'track.cancelled': why,
  'track.archived': why,
  'track.completed': z.object({
    criteria: z.array(z.object({ text, met: z.boolean(), evidence: text })),
    report: contentSchema,
  }),

  'loop.started': run,
  'loop.resumed': run.extend({ previous: id }),
  'loop.stopped': z.object({
    reason: text,
    waitingFor: z.array(id).optional(),
    error: z.object({ code: text, message: text, hint: text.optional(), retryable: z.boolean() }).optional(),
  }),

  'step.started': z.object({
    step,
    visit: count,
    rule: text,
    agent: text.optional(),
    mode: z.enum(['PARALLEL', 'SEQUENTIAL']).optional(),
    missionId: id.optional(),
    /** Gates of an evaluation step: stages in order, the gates of one stage run side by side. */
    asks: z.array(z.array(text)).optional(),
    boardId: id.optional(),
  }),
  'step.passed': closed,
  'step.failed': closed,
  'step.skipped': closed,
  /** A person wrote another step into metadata.json, or had it read off the folder again. */
  'step.overridden': z.object({ from: next, to: next, source: z.enum(['metadata', 'inferred']), findings }),
  'step.blocked': z.object({ step, rule: text, blockerIds: z.array(id) }),
  'step.reopened': z.object({ step, rule: text, blockerIds: z.array(id) }),

  'effect.started': z.object({ effect: id, role: text, executor: text, try: z.int() }),
  'effect.failed': z.object({
    effect: id,
    reason: text,
    message: text,
    final: z.boolean(),
    /** What a person is asked, where the agent named it. */
    asks: asks.optional(),
    retryAt: instant.optional(),
    usage: usageSchema.optional(),
  }),
  'effect.interrupted': z.object({ effect: id, recoveries: count, reason: text }),
  'process.spawned': z.object({ effect: id, runId: id, process: processRecord }),

  'plan.submitted': z.object({
    revision: z.int().min(1),
    text: contentSchema,
    textHash: text,
    model: planModelSchema,
    effect: id.optional(),
    usage: usageSchema.optional(),
  }),
  'plan.edited': z.object({
    revision: z.int().min(1),
    base: count,
    text: contentSchema,
    textHash: text,
    model: planModelSchema,
    ops: z.array(text),
    cause: z.enum(['person', 'fix', 'discovered', 'report', 'adopted']),
  }),

  'task.started': z.object({
    taskId: id,
    gen: count,
    attempt: z.int().min(1),
    runId: id,
    executor: text,
    files: z.array(file),
    isolation: z.enum(['shared', 'worktree']),
    base: text.optional(),
    recovery: count.optional(),
    /** Of a task that names no files: what was changed before it began, hence not its work. */
    dirty: z.array(text).optional(),
  }),
  'task.reported': z.object({
    taskId: id,
    runId: id,
    summary: text,
    answer: json.optional(),
    session: text.optional(),
    /** What the worker printed: an artifact when it is long. */
    transcript: contentSchema.optional(),
    changed: z.array(text),
    usage: usageSchema.optional(),
  }),
  'task.completed': z.object({
    taskId: id,
    runId: id,
    commit: text.optional(),
    files: z.array(text),
    summary: text,
    evidence: json.optional(),
  }),
  'task.failed': z.object({
    taskId: id,
    runId: id,
    attempt: z.int().min(1),
    reason: text,
    message: text,
    findings: findings.optional(),
    retryAt: instant.optional(),
    final: z.boolean(),
    transcript: contentSchema.optional(),
    usage: usageSchema.optional(),
  }),
  'task.interrupted': z.object({ taskId: id, runId: id, recoveries: count, reason: text }),
  'task.blocked': z.object({
    taskId: id,
    runId: id.optional(),
    reason: text,
    /** What a person is asked, where the agent named it. */
    asks: asks.optional(),
  }),
  'task.marked': z.object({
    taskId: id,
    state: z.enum(['pending', 'done', 'blocked', 'skipped']),
    commit: text.optional(),
    note: text.optional(),
    source: text,
    line: z.int().optional(),
  }),

  'lease.waited': z.object({ taskId: id, keys: z.array(text), holders: z.array(text) }),
  'lease.extended': z.object({ taskId: id, runId: id, keys: z.array(text) }),
  'work.discovered': z.object({ description: text, reason: text, recommendation: text, taskId: id.optional() }),
  'phase.completed': z.object({
    phase: z.number(),
    title: text,
    checkpoint: text.optional(),
    report: contentSchema.optional(),
  }),
  'completion.recorded': z.object({
    part: z.enum(['commit', 'report', 'retrospective', 'cleanup']),
    effect: id,
    commit: text.optional(),
    skipped: text.optional(),
  }),

  'evaluation.reported': z.object({
    visit: count,
    evaluator: text,
    effect: id,
    verdict: z.enum(['PASS', 'FAIL', 'NA']),
    findings,
    evidence: z.array(json),
    passes: json.optional(),
    inputHash: text.optional(),
    usage: usageSchema.optional(),
  }),
  'condition.added': condition,
  'condition.verified': z.object({ conditionId: id, met: z.boolean(), evidence: json.optional() }),
  'board.convened': z.object({ boardId: id, checkpoint: text, kind: text }),
  'board.concluded': z.object({ boardId: id, verdict: text, summary: text, conditions: z.array(text) }),

  'decision.requested': z.object({
    approvalId: id,
    reason: text,
    subject: text,
    summary: text,
    options: z.array(option),
  }),
  'decision.given': z.object({
    approvalId: id,
    outcome: text,
    choice: text.optional(),
    leadsTo: text.optional(),
    answer: text.optional(),
    by: text,
  }),
  'decision.used': z.object({ approvalId: id }),
  'blocker.raised': z.object({ blockerId: id, step, description: text }),
  'blocker.resolved': z.object({ blockerId: id, how: text }),

  'budget.set': z.object({ limits: budgetLimits }),
  'budget.exhausted': z.object({ kind: text, limit: z.number(), spent: z.number() }),
  'edit.noted': z.object({
    path: text,
    hash: text,
    base: text.optional(),
    bytes: contentSchema,
    disposition: z.enum(['applied', 'claim', 'refused']),
    findings,
  }),
  'timer.fired': z.object({ timerId: id, due: instant }),
} as const;
