import { z } from 'zod';
import { jsonValue } from '../kernel/json.js';
import { complexities } from '../goal/complexity.js';
import { intents } from '../goal/intent.js';
import type * as plan from '../plan/model/plan.js';
import type * as values from '../ports/values.js';
import * as limits from '../track/limits.js';
import * as model from '../track/model.js';
import type * as api from './conductor-api.js';
import { stopReasons } from './conductor-api.js';

// One schema per wire type, bound to its interface by annotation. Requests are strict, so that a misspelt key is an
// error; answers are loose, so that a client survives a newer server. Schema and type share a name.

const text = z.string();
const texts = z.array(text);
const instant = z.iso.datetime();
const count = z.int().min(0);
const flag = z.boolean();

// ---- shared ----------------------------------------------------------------------------------------------------------

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

export type Finding = model.Finding;
export const Finding: z.ZodType<model.Finding> = z.looseObject({
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

// ---- events ----------------------------------------------------------------------------------------------------------

export type EventEnvelope = values.EventEnvelope;
export const EventEnvelope: z.ZodType<values.EventEnvelope> = z.looseObject({
  id: text,
  seq: count,
  stream: text,
  version: count,
  commit: count,
  at: instant,
  actor: ActorRef,
  correlation: z.looseObject({
    track: text.exactOptional(),
    mission: text.exactOptional(),
    request: text.exactOptional(),
    session: text.exactOptional(),
  }),
  causation: text.exactOptional(),
  type: text,
  v: z.int().min(1),
  data: jsonValue,
});

const eventQueryShape = {
  after: count.optional(),
  tail: z.int().min(0).max(10_000).optional(),
  trackId: text.optional(),
  until: z.literal('stopped').optional(),
  stream: text.optional(),
  types: z.array(text).max(100).optional(),
};

/** As part of an answer: the feed of a run. */
const Feed: z.ZodType<api.EventQuery> = z.looseObject(eventQueryShape);

// ---- tracks ----------------------------------------------------------------------------------------------------------

export type TaskOutline = plan.TaskOutline;
export const TaskOutline: z.ZodType<plan.TaskOutline> = z.strictObject({
  text,
  id: text.optional(),
  phase: text.optional(),
  type: text.optional(),
  files: texts.optional(),
  dependsOn: texts.optional(),
  acceptance: text.optional(),
});

export type CreateTrack = api.CreateTrack;
export const CreateTrack: z.ZodType<api.CreateTrack> = z.strictObject({
  name: text.optional(),
  type: text.optional(),
  priority: Priority.optional(),
  dependencies: texts.optional(),
  labels: texts.optional(),
  goal: text.optional(),
  limits: SomeLimits.optional(),
  spec: text.optional(),
  plan: text.optional(),
  acceptance: texts.optional(),
  tasks: z.array(TaskOutline).optional(),
  superpower: flag.optional(),
  brainstorm: flag.optional(),
});

export type TrackPatch = api.TrackPatch;
export const TrackPatch: z.ZodType<api.TrackPatch> = z.strictObject({
  name: text.optional(),
  type: text.optional(),
  priority: Priority.optional(),
  dependencies: texts.optional(),
  labels: texts.optional(),
  spec: text.optional(),
  limits: SomeLimits.optional(),
  superpower: flag.optional(),
});

const amount = z.number().positive().optional();
export type RunInput = api.RunInput;
export const RunInput: z.ZodType<api.RunInput> = z.strictObject({
  until: Step.optional(),
  task: text.optional(),
  budget: z.strictObject({ tokens: amount, usd: amount, wallMs: amount, attempts: amount }).optional(),
});

export const PauseInput = z.strictObject({ reason: text.optional(), mode: z.enum(['drain', 'now']).optional() });
export const ReasonInput = z.strictObject({ reason: text.optional() });

export type MoveInput = api.MoveInput;
export const MoveInput: z.ZodType<api.MoveInput> = z.strictObject({
  to: z.enum(['ready', 'active', 'draft', 'archived']),
  switch: flag.optional(),
  reason: text.optional(),
});

export type TrackRun = api.TrackRun;
export const TrackRun: z.ZodType<api.TrackRun> = z.looseObject({
  trackId: text,
  epoch: count,
  owner: text,
  startedAt: instant,
  feed: Feed,
  endedAt: instant.exactOptional(),
  stop: z.enum(stopReasons).exactOptional(),
  error: WireError.exactOptional(),
});

export type Condition = model.Condition;
export const Condition: z.ZodType<model.Condition> = z.looseObject({
  id: text,
  text,
  director: text,
  verify: z.looseObject({ kind: z.enum(['check', 'command', 'evaluator', 'person']), ref: text }),
  met: flag.exactOptional(),
  evidence: jsonValue.exactOptional(),
});

const Blocker: z.ZodType<model.Blocker> = z.looseObject({
  id: text,
  step: Step,
  description: text,
  active: flag,
  raisedAt: instant,
  resolvedAt: instant.exactOptional(),
});

export type Track = api.Track;
export const Track: z.ZodType<api.Track> = z.looseObject({
  id: text,
  name: text,
  type: text,
  priority: Priority,
  lifecycle: Lifecycle,
  background: flag,
  revision: count,
  step: Step,
  stepStatus: StepStatus,
  mode: z.enum(['PARALLEL', 'SEQUENTIAL']).exactOptional(),
  fixCycles: count,
  planRevisions: count,
  iterations: count,
  progress: z.looseObject({ total: count, done: count, running: count, blocked: count, failed: count, skipped: count }),
  next: z.looseObject({ do: text, reason: text }),
  run: TrackRun.exactOptional(),
  lastStop: z.enum(stopReasons).exactOptional(),
  approvals: texts,
  blockers: z.array(Blocker),
  conditions: z.array(Condition),
  usage: Usage,
  labels: texts,
  dependencies: texts,
  createdAt: instant,
  updatedAt: instant,
  completedAt: instant.exactOptional(),
});

export type Goal = api.Goal;
export const Goal: z.ZodType<api.Goal> = z.strictObject({
  goal: text.optional(),
  trackId: text.optional(),
  intent: z.enum(intents).optional(),
});

export type GoResult = api.GoResult;
export const GoResult: z.ZodType<api.GoResult> = z.looseObject({
  action: z.enum(['created', 'resumed']),
  intent: z.enum(intents),
  complexity: z.enum(complexities),
  track: Track,
});

export type GoalOption = api.GoalOption;
export const GoalOption: z.ZodType<api.GoalOption> = z.looseObject({
  trackId: text.exactOptional(),
  intent: z.enum(intents).exactOptional(),
  label: text,
});

export type Activity = api.Activity;
export const Activity: z.ZodType<api.Activity> = z.looseObject({
  at: instant,
  workers: z.array(
    z.looseObject({
      id: text,
      taskId: text,
      status: text,
      progress: z.number(),
      startedAt: instant,
      heartbeatAt: instant,
      stale: flag,
    }),
  ),
  leases: z.array(
    z.looseObject({
      key: text,
      holder: text,
      mode: z.enum(['shared', 'exclusive']),
      expiresAt: instant,
      expired: flag,
    }),
  ),
  waits: z.array(z.looseObject({ workerId: text, key: text, holder: text })),
  deadlock: texts.exactOptional(),
  messages: z.record(text, z.number()),
  last: z.array(EventEnvelope),
  board: z.looseObject({ id: text, assessed: count, voted: count, of: count }).exactOptional(),
});

// ---- plans -----------------------------------------------------------------------------------------------------------

const taskStates = ['pending', 'inProgress', 'done', 'blocked', 'skipped', 'unknown'] as const;

export type PlanTaskJson = plan.PlanTaskJson;
export const PlanTaskJson: z.ZodType<plan.PlanTaskJson> = z.looseObject({
  id: text,
  text,
  state: z.enum(taskStates),
  marker: text,
  line: z.int(),
  commit: text.exactOptional(),
  dependsOn: texts,
  files: texts,
  acceptance: text.exactOptional(),
  // A getter: tasks nest.
  get children(): z.ZodArray<z.ZodType<plan.PlanTaskJson>> {
    return z.array(PlanTaskJson);
  },
});

const PlanPhase = z.looseObject({
  title: text,
  number: text.exactOptional(),
  line: z.int(),
  checkpoint: text.exactOptional(),
  tasks: z.array(PlanTaskJson),
});

export type PlanDocument = api.PlanDocument;
export const PlanDocument: z.ZodType<api.PlanDocument> = z.looseObject({
  trackId: text,
  revision: count,
  text,
  plan: z.looseObject({ title: text, phases: z.array(PlanPhase), dag: z.unknown().exactOptional() }),
  findings: z.array(Finding),
});

export const PlanText = z.strictObject({ text });

export type PlanEdit = plan.PlanEdit;
export const PlanEdit: z.ZodType<plan.PlanEdit> = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('mark'),
    task: text,
    state: z.enum(taskStates),
    commit: text.optional(),
    note: text.optional(),
  }),
  z.strictObject({ do: z.literal('addTask'), phase: text, task: TaskOutline }),
  z.strictObject({ do: z.literal('addPhase'), title: text }),
  z.strictObject({ do: z.literal('setCheckpoint'), phase: text, sha: text }),
  z.strictObject({ do: z.literal('discover'), description: text, reason: text, recommendation: text }),
  z.strictObject({ do: z.literal('replaceDag'), yaml: text }),
  z.strictObject({ do: z.literal('appendReport'), markdown: text }),
]);
export const PlanEdits = z.strictObject({ edits: z.array(PlanEdit).min(1).max(10_000) });

export const PlanCheck = z.union([z.strictObject({ trackId: text }), z.strictObject({ text })]);
export const PlanCheckResult: z.ZodType<Awaited<ReturnType<api.PlansApi['check']>>> = z.looseObject({
  ok: flag,
  findings: z.array(Finding),
});

export type PlanGraph = api.PlanGraph;
export const PlanGraph: z.ZodType<api.PlanGraph> = z.looseObject({
  nodes: z.array(z.looseObject({ id: text, level: count, state: text, files: texts, critical: flag })),
  edges: z.array(z.tuple([text, text])),
  mermaid: text,
});

// ---- approvals -------------------------------------------------------------------------------------------------------

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

// ---- boards ----------------------------------------------------------------------------------------------------------

const Assessment: z.ZodType<model.Assessment> = z.looseObject({
  verdict: z.enum(['APPROVE', 'CONCERNS', 'REJECT']),
  score: z.number(),
  breakdown: jsonValue.exactOptional(),
  keyPoints: texts,
  concerns: texts,
  recommendations: texts,
  questions: texts.exactOptional(),
  blocking: flag,
  evidence: jsonValue.exactOptional(),
});

const Remark: z.ZodType<model.Remark> = z.looseObject({
  from: text,
  to: text,
  kind: z.enum(['CHALLENGE', 'AGREE', 'QUESTION', 'CLARIFY']),
  message: text,
  changesMyVerdict: flag,
  round: count,
});

const Vote: z.ZodType<model.Vote> = z.looseObject({
  verdict: z.enum(['APPROVE', 'REJECT', 'ABSTAIN']),
  confidence: z.number(),
  conditions: z.array(
    z.looseObject({
      text,
      verify: z.looseObject({ kind: z.enum(['check', 'command', 'evaluator', 'person']), ref: text }),
      met: flag.exactOptional(),
      evidence: jsonValue.exactOptional(),
    }),
  ),
  dissentNoted: text.exactOptional(),
});

export type BoardSession = model.BoardSession;
export const BoardSession: z.ZodType<model.BoardSession> = z.looseObject({
  id: text,
  revision: count,
  checkpoint: text,
  kind: text,
  status: z.enum(['ASSESSING', 'DISCUSSING', 'VOTING', 'RESOLVING', 'COMPLETE', 'CANCELLED']),
  round: count,
  proposal: z.looseObject({ title: text, text, subject: text, subjectRevision: count }),
  directors: texts,
  waitingFor: texts,
  assessments: z.record(text, Assessment),
  remarks: z.array(Remark),
  votes: z.record(text, Vote),
  verdict: z.enum(['APPROVED', 'APPROVED_WITH_REVIEW', 'REJECTED', 'ESCALATE']).exactOptional(),
  conditions: z.array(Condition),
});

// ---- artifacts, system -----------------------------------------------------------------------------------------------

export type ArtifactRef = api.ArtifactRef;
export const ArtifactRef: z.ZodType<api.ArtifactRef> = z.looseObject({
  id: z.templateLiteral(['sha256:', z.string()]),
  bytes: count,
  mediaType: text,
  kind: text,
  name: text.exactOptional(),
  trackId: text.exactOptional(),
  at: instant,
});

export type Health = api.Health;
export const Health: z.ZodType<api.Health> = z.looseObject({
  status: z.enum(['ok', 'starting', 'closing']),
  apiVersion: z.literal(1),
  version: text,
  seq: count,
});

// ---- documents -------------------------------------------------------------------------------------------------------

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

export const DoctorReport: z.ZodType<Awaited<ReturnType<api.SystemApi['doctor']>>> = z.looseObject({
  ok: flag,
  checks: z.array(
    z.looseObject({
      id: text,
      status: z.enum(['ok', 'warn', 'fail', 'skip']),
      message: text,
      hint: text.exactOptional(),
    }),
  ),
});

// ---- queries: what a URL may ask. Objects, because a reader needs the kind of each parameter --------------------------

const cursorShape = { cursor: z.string().min(1).max(4096).optional(), limit: z.int().min(1).max(500).optional() };

export const PageQuery = z.strictObject(cursorShape);
export const TrackQuery = z.strictObject({
  ...cursorShape,
  lifecycle: z.array(Lifecycle).max(20).optional(),
  type: text.optional(),
  priority: Priority.optional(),
  text: text.max(1000).optional(),
});
export const ApprovalQuery = z.strictObject({
  ...cursorShape,
  status: z.enum(approvalStatuses).optional(),
  trackId: text.optional(),
});
export const BoardQuery = z.strictObject({ ...cursorShape, trackId: text.optional() });
export const EventQuery = z.strictObject(eventQueryShape);
export const EventListQuery = z.strictObject({
  ...eventQueryShape,
  ...cursorShape,
  order: z.enum(['asc', 'desc']).optional(),
});
