import {
  Approval,
  Condition,
  DoctorReport,
  EventEnvelope,
  Finding,
  PlanTaskJson,
  Track,
  TrackRun,
  WireError,
} from '@conductor/core/api';
import { stopReasons } from '@conductor/core/api';
import { complexities, intents } from '@conductor/core/goal';
import { z } from 'zod';

// What commands print with --json. The JSON Schemas in schemas/ are made from these, and every test that reads an output
// parses it by them: strict at the top, so that a field without a schema fails a test.

const schemaVersion = z.literal(1);
const text = z.string();
const texts = z.array(text);
const document = <T extends z.ZodRawShape>(shape: T) => z.strictObject({ schemaVersion, ...shape });
const result = <T extends z.ZodRawShape>(shape: T) => document({ kind: z.literal('result'), ...shape });

const projectStatus = {
  project: z.strictObject({ root: text, folder: text }),
  track: Track.optional(),
  progress: z.looseObject({ total: z.int(), done: z.int() }).optional(),
  next: z.looseObject({ do: text, reason: text }).optional(),
  agent: text.optional(),
  superpower: z.boolean().optional(),
  usage: z.looseObject({ known: z.boolean() }).optional(),
  conditions: z.array(Condition),
  blockers: z.array(z.looseObject({ id: text, description: text })),
  approvals: z.array(Approval),
  pending: z.array(z.strictObject({ id: text, text, state: text })),
  others: z.array(z.looseObject({ id: text, name: text, lifecycle: text, step: text })),
};

const runFields = {
  track: Track,
  run: TrackRun,
  stop: z.enum(stopReasons),
  approvals: z.array(Approval),
  report: text.optional(),
};

const verdict = { verdict: z.enum(['PASS', 'FAIL']), summary: text, filesChanged: z.int() };
const moved = { track: Track, suspended: text.optional() };
const advice = {
  agent: text,
  text,
  findings: z.array(Finding),
  usage: z.looseObject({ known: z.boolean() }).optional(),
};

const goFields = {
  action: z.enum(['created', 'resumed']),
  intent: z.enum(intents),
  complexity: z.enum(complexities),
  track: Track,
};

const carried = { events: z.int(), artifacts: z.int(), missing: texts, lastSeq: z.int(), sha256: text };

/** Documents, and for streaming commands the last line when it is a result. */
export const outputSchemas = {
  error: document({ kind: z.literal('error').optional(), error: WireError }),
  event: document({ kind: z.literal('event'), event: EventEnvelope }),
  init: document({ root: text, created: texts, kept: texts, status: z.strictObject(projectStatus).optional() }),
  new: document({ track: Track, files: texts, complexity: z.enum(complexities) }),
  go: document({
    kind: z.enum(['status', 'result']),
    ...goFields,
    run: TrackRun.optional(),
    stop: z.enum(stopReasons).optional(),
    approvals: z.array(Approval).optional(),
    report: text.optional(),
  }),
  run: result(runFields),
  resume: z.union([result(runFields), result({ track: Track })]),
  step: result({
    ...verdict,
    step: text,
    tasks: z.strictObject({ started: z.int(), completed: z.int(), failed: z.int() }).optional(),
    track: Track,
    stop: z.enum(stopReasons),
    approvals: z.array(Approval),
  }),
  'task-run': result({
    ...verdict,
    task: text,
    commit: text.optional(),
    track: Track,
    stop: z.enum(stopReasons).optional(),
    approvals: z.array(Approval).optional(),
  }),
  pause: document({ track: Track }),
  ready: document(moved),
  activate: document(moved),
  switch: document(moved),
  retry: document(moved),
  archive: document(moved),
  show: document({ track: Track }),
  advise: document({ role: text, ...advice }),
  'cto-advisor': document({ track: text, verdict: z.enum(['PASS', 'PASS WITH CONDITIONS', 'FAIL']), ...advice }),
  'config-show': document({
    root: text,
    file: text.optional(),
    settings: z.array(z.strictObject({ name: text, value: z.unknown(), origin: text })),
  }),
  cancel: document({ track: Track }),
  status: document(projectStatus),
  list: document({ tracks: z.array(Track), nextCursor: text.optional() }),
  log: result({ lastSeq: z.int() }),
  'plan-show': document({
    title: text,
    phases: z.array(
      z.looseObject({
        title: text,
        number: text.optional(),
        line: z.int(),
        checkpoint: text.optional(),
        tasks: z.array(PlanTaskJson),
      }),
    ),
    dag: z.unknown().optional(),
    findings: z.array(Finding),
  }),
  'plan-check': document({ ok: z.boolean(), findings: z.array(Finding) }),
  'plan-mark': document({ file: text, line: z.int(), before: text, after: text }),
  'plan-graph': document({
    nodes: z.array(z.strictObject({ id: text, level: z.int(), state: text, files: texts, critical: z.boolean() })),
    edges: z.array(z.tuple([text, text])),
    mermaid: text,
  }),
  'phase-review': document({
    verdict: z.enum(['PASS', 'FAIL']),
    report: text,
    track: text,
    phase: text,
    title: text,
    text,
    checks: z.array(z.strictObject({ name: text, result: text, detail: text.optional() })),
    findings: z.array(Finding),
  }),
  'sync-docs': document({
    dryRun: z.boolean(),
    verdict: z.enum(['PASS', 'FAIL']),
    documents: texts,
    findings: z.array(Finding),
    what: text.optional(),
    commit: text.optional(),
    trigger: text.optional(),
    impacts: texts.optional(),
    reasons: texts.optional(),
    tiers: z.array(z.strictObject({ tier: z.int(), name: text, rule: text, documents: texts })).optional(),
  }),
  approvals: document({ approvals: z.array(Approval) }),
  approve: z.union([
    document({ approval: Approval, resumable: z.boolean() }),
    document({ kind: z.enum(['status', 'result']), approval: Approval, resumable: z.boolean() }),
  ]),
  serve: document({ kind: z.literal('status'), url: text, tokenFile: text.optional() }),
  worker: z.union([
    document({ kind: z.literal('status'), root: text, store: text }),
    document({
      kind: z.literal('status'),
      type: z.enum(['run.claimed', 'run.reported', 'run.released', 'run.lost']),
      run: text,
      track: text,
      task: text,
      status: text.optional(),
      text: text.optional(),
    }),
    result({ tasks: z.int(), failed: z.int() }),
  ]),
  doctor: DoctorReport.and(
    z.looseObject({
      schemaVersion,
      fixed: z.strictObject({ tracks: texts, inferred: texts, owners: z.int() }).optional(),
    }),
  ),
  export: document({ file: text, ...carried }),
  import: document({ root: text, ...carried, resumedAfter: z.int() }),
  backup: document({ file: text, bytes: z.int(), events: z.int() }),
  tidy: document({
    deadLetters: z.int(),
    leases: z.int(),
    artifacts: z.int(),
    artifactBytes: z.int(),
    bytesBefore: z.int(),
    bytes: z.int(),
  }),
  demo: result({ dir: text, report: text.optional(), track: Track, commands: texts }),
} as const;

export type OutputName = keyof typeof outputSchemas;
