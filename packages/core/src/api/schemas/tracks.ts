import * as z from '@conductor/core/schema';
import { complexities } from '../../goal/complexity.js';
import { intents } from '../../goal/intent.js';
import type * as model from '../../track/model.js';
import type * as api from '../contract/tracks.js';
import { stopReasons } from '../contract/tracks.js';
import { count, flag, instant, text, texts } from './scalars.js';
import { cursorShape, Lifecycle, Priority, SomeLimits, Step, StepStatus, Usage, WireError } from './values.js';
import { TaskOutline } from './plans.js';
import { EventEnvelope, Feed } from './events.js';
import { Condition } from './boards.js';

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
export const TrackQuery = z.strictObject({
  ...cursorShape,
  lifecycle: z.array(Lifecycle).max(20).optional(),
  type: text.optional(),
  priority: Priority.optional(),
  text: text.max(1000).optional(),
});
