import type { Json } from '../ports/values.js';
import type { ActorRef, EventEnvelope, Usage } from '../ports/values.js';
import type { Limits } from '../track/limits.js';
import type {
  Blocker,
  BoardSession,
  Condition,
  ExecutionMode,
  Finding,
  Lifecycle,
  Priority,
  Step,
  StepStatus,
} from '../track/model.js';
import type { Complexity } from '../goal/complexity.js';
import type { Intent } from '../goal/intent.js';
import type { PlanEdit, PlanJson, TaskOutline } from '../plan/model/plan.js';

/** Options of a read. `signal` and `timeoutMs` end the wait, never the work. */
export interface Call {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
}

/** Options of a write. Same key and body again: the subject as it is now. `ifMatch` stale: `VERSION_CONFLICT`. */
export interface Write extends Call {
  idempotencyKey?: string | undefined;
  ifMatch?: number | undefined;
}

export interface Cursor {
  cursor?: string | undefined;
  /** 1 to 500, 100 when absent. */
  limit?: number | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

/**
 * Everything a host, a client or a page can do, bound to one actor. The engine implements it in process, the SDK over
 * HTTP; one suite runs on both.
 */
export interface ConductorApi {
  readonly tracks: TracksApi;
  readonly plans: PlansApi;
  readonly approvals: ApprovalsApi;
  readonly boards: BoardsApi;
  readonly events: EventsApi;
  readonly artifacts: ArtifactsApi;
  readonly documents: DocumentsApi;
  readonly system: SystemApi;
}

/** Engine and Project are sources; a server asks once per request. */
export interface ApiSource {
  as(actor: ActorRef): ConductorApi;
}

export interface TracksApi {
  /** A draft. `TRACK_EXISTS`, `SPEC_INVALID`, `PLAN_INVALID`, `VALIDATION_FAILED`. */
  create(input: CreateTrack, o?: Write): Promise<Track>;
  /**
   * The track that a goal is about, resumed, or a new one with a spec from the goal; running it is `run`. Without a goal the active
   * track, else `USAGE`. `GOAL_AMBIGUOUS` with `details.options`: repeat with `trackId` or `intent`.
   */
  go(input: Goal, o?: Write): Promise<GoResult>;
  /** Newest change first. */
  list(query?: TrackQuery, o?: Call): Promise<Page<Track>>;
  get(id: string, o?: Call): Promise<Track>;
  /** Never lifecycle or loop. */
  update(id: string, patch: TrackPatch, o?: Write): Promise<Track>;
  /** Resolves when the run is leased; moves draft and ready to active. `TRACK_HELD`, `TRACK_PAUSED`, `TRACK_BLOCKED`, `TRACK_ENDED`, `ACTIVE_TRACK_EXISTS`. */
  run(id: string, input?: RunInput, o?: Write): Promise<TrackRun>;
  /** `drain` lets running tasks end; `now` interrupts them. */
  pause(
    id: string,
    input?: { reason?: string | undefined; mode?: 'drain' | 'now' | undefined },
    o?: Write,
  ): Promise<Track>;
  /** Lifts the pause, starts nothing. */
  resume(id: string, input?: { reason?: string | undefined }, o?: Write): Promise<Track>;
  /** Ends the run, then the track. */
  cancel(id: string, input?: { reason?: string | undefined }, o?: Write): Promise<Track>;
  /** `draft` = retry of a failed track. */
  move(id: string, input: MoveInput, o?: Write): Promise<Track>;
  runs(id: string, query?: Cursor, o?: Call): Promise<Page<TrackRun>>;
  /** All that a live view shows. */
  activity(id: string, o?: Call): Promise<Activity>;
  /** Level-triggered: at rest already = resolves at once; otherwise `get` + `follow`. */
  waitFor(id: string, until?: WaitUntil, o?: Call): Promise<Track>;
}

export interface PlansApi {
  get(trackId: string, o?: Call): Promise<PlanDocument>;
  /** `ifMatch` is the plan's revision, 0 = there is none; without it `PRECONDITION_REQUIRED`. */
  submit(trackId: string, input: { text: string }, o: Write & { ifMatch: number }): Promise<PlanDocument>;
  /** All or none. */
  edit(trackId: string, edits: readonly PlanEdit[], o?: Write): Promise<PlanDocument>;
  check(
    input: { trackId: string } | { text: string },
    o?: Call,
  ): Promise<{ ok: boolean; findings: readonly Finding[] }>;
  graph(trackId: string, o?: Call): Promise<PlanGraph>;
}

export interface ApprovalsApi {
  /** Pending unless asked otherwise, oldest first. */
  list(
    query?: Cursor & { status?: Approval['status'] | undefined; trackId?: string | undefined },
    o?: Call,
  ): Promise<Page<Approval>>;
  get(id: string, o?: Call): Promise<Approval>;
  /** `APPROVAL_DECIDED`, `APPROVAL_STALE`, `APPROVAL_EXPIRED`, `FORBIDDEN` (one's own request). */
  decide(id: string, input: DecideInput, o?: Write): Promise<Approval>;
}

export interface BoardsApi {
  list(query?: Cursor & { trackId?: string | undefined }, o?: Call): Promise<Page<BoardSession>>;
  get(id: string, o?: Call): Promise<BoardSession>;
  /** Markdown. */
  minutes(id: string, o?: Call): Promise<string>;
}

export interface EventsApi {
  list(query?: EventQuery & Cursor & { order?: 'asc' | 'desc' | undefined }, o?: Call): Promise<Page<EventEnvelope>>;
  /** Stored, then live: no gap, no doublet, pulled. `break` closes it. */
  follow(query?: EventQuery, o?: Call): AsyncIterable<EventEnvelope>;
}

export interface ArtifactsApi {
  get(id: string, o?: Call): Promise<{ ref: ArtifactRef; body: ReadableStream<Uint8Array> }>;
}

/** Documents of the business, tier by tier, and reviews of phases. */
export interface DocumentsApi {
  /** What a synchronisation would ask for, and what does not fit now; writes nothing. */
  check(query?: { trackId?: string | undefined }, o?: Call): Promise<DocumentCheck>;
  /** Asks the scribe; resolves when that has begun, `get` tells how it goes. `EXECUTOR_MISSING`, `LEASE_HELD`. */
  sync(input?: { trackId?: string | undefined }, o?: Write): Promise<DocumentSync>;
  /** A synchronisation that was asked for. The last hundred of an engine are known: the record is decision-log.md. */
  get(id: string, o?: Call): Promise<DocumentSync>;
  /**
   * Reviews a phase by its number (default: the last complete one) and writes the report beside the phase reports. No agent.
   * `PLAN_NOT_FOUND`, `VALIDATION_FAILED`.
   */
  review(trackId: string, input?: { phase?: string | undefined }, o?: Write): Promise<PhaseReview>;
}

export interface SystemApi {
  health(o?: Call): Promise<Health>;
  doctor(o?: Call): Promise<{ ok: boolean; checks: readonly DoctorCheck[] }>;
}

export interface Health {
  status: 'ok' | 'starting' | 'closing';
  apiVersion: 1;
  version: string;
  seq: number;
}

export interface DoctorCheck {
  id: string;
  status: 'ok' | 'warn' | 'fail' | 'skip';
  message: string;
  hint?: string;
}

/** Markdown texts, or data that the formatters write. A plan given here passes PLAN without a planner. */
export interface CreateTrack {
  name?: string | undefined;
  type?: string | undefined;
  priority?: Priority | undefined;
  dependencies?: readonly string[] | undefined;
  labels?: readonly string[] | undefined;
  goal?: string | undefined;
  limits?: Partial<Limits> | undefined;
  spec?: string | undefined;
  plan?: string | undefined;
  acceptance?: readonly string[] | undefined;
  tasks?: readonly TaskOutline[] | undefined;
  /** Agents of the superpowers family (default), else those of the loop. */
  superpower?: boolean | undefined;
  /** Begins with BRAINSTORM; only with `superpower`, and for architectural and creative types. */
  brainstorm?: boolean | undefined;
}

/** What shall be true, in somebody's own words. */
export interface Goal {
  /** At most 64 KiB; absent or `continue`: the active track. */
  goal?: string | undefined;
  /** This track and no other. */
  trackId?: string | undefined;
  /** Work of its own with this intent, whatever other tracks there are. */
  intent?: Intent | undefined;
}

export interface GoResult {
  action: 'created' | 'resumed';
  intent: Intent;
  complexity: Complexity;
  track: Track;
}

/** One way to understand an ambiguous goal, in `details.options` of `GOAL_AMBIGUOUS`: what to repeat it with. */
export interface GoalOption {
  trackId?: string;
  intent?: Intent;
  label: string;
}

export interface TrackQuery extends Cursor {
  lifecycle?: readonly Lifecycle[] | undefined;
  type?: string | undefined;
  priority?: Priority | undefined;
  text?: string | undefined;
}

export interface TrackPatch {
  name?: string | undefined;
  type?: string | undefined;
  priority?: Priority | undefined;
  dependencies?: readonly string[] | undefined;
  labels?: readonly string[] | undefined;
  spec?: string | undefined;
  limits?: Partial<Limits> | undefined;
  /** Switches the family of agents; INVALID_STATE while an agent is at work (step status IN_PROGRESS). */
  superpower?: boolean | undefined;
}

export interface RunInput {
  /** Stop after that step. */
  until?: Step | undefined;
  /** Run only this task (and what its retry needs), then stop. */
  task?: string | undefined;
  budget?:
    | {
        tokens?: number | undefined;
        usd?: number | undefined;
        wallMs?: number | undefined;
        attempts?: number | undefined;
      }
    | undefined;
}

export interface MoveInput {
  to: 'ready' | 'active' | 'draft' | 'archived';
  /** Pause the active track first, in the same commit. */
  switch?: boolean | undefined;
  reason?: string | undefined;
}

export interface DecideInput {
  outcome: 'approved' | 'denied';
  choice?: string | undefined;
  answer?: Json | undefined;
  reason?: string | undefined;
}

export interface TrackRun {
  trackId: string;
  epoch: number;
  owner: string;
  startedAt: string;
  /** From the run's first event to its `loop.stopped`. */
  feed: EventQuery;
  endedAt?: string;
  stop?: StopReason;
  error?: WireError;
}

export const stopReasons = [
  'completed',
  'awaiting',
  'blocked',
  'paused',
  'cancelled',
  'budget',
  'stopped',
  'error',
] as const;
/** Reasons of `loop.stopped`; `stopped`: `until` reached, engine closed, or Ctrl-C. */
export type StopReason = (typeof stopReasons)[number];

/** `stopped` (default): no run holds the track. `completed`: waits on over pauses; `TRACK_ENDED` if it never can. */
export type WaitUntil = 'stopped' | 'completed' | ((track: Track) => boolean);

export interface TrackProgress {
  total: number;
  done: number;
  running: number;
  blocked: number;
  failed: number;
  skipped: number;
}

export interface Track {
  id: string;
  name: string;
  type: string;
  priority: Priority;
  lifecycle: Lifecycle;
  background: boolean;
  /** Version of the track's stream. */
  revision: number;
  step: Step;
  stepStatus: StepStatus;
  mode?: ExecutionMode;
  fixCycles: number;
  planRevisions: number;
  iterations: number;
  progress: TrackProgress;
  /** What the engine would do now, and why. */
  next: { do: string; reason: string };
  run?: TrackRun;
  lastStop?: StopReason;
  approvals: readonly string[];
  blockers: readonly Blocker[];
  conditions: readonly Condition[];
  usage: Usage;
  labels: readonly string[];
  dependencies: readonly string[];
  createdAt: string;
  updatedAt: string;
  completedAt?: string;
}

export interface Activity {
  at: string;
  workers: readonly {
    id: string;
    taskId: string;
    status: string;
    progress: number;
    startedAt: string;
    heartbeatAt: string;
    stale: boolean;
  }[];
  leases: readonly { key: string; holder: string; mode: 'shared' | 'exclusive'; expiresAt: string; expired: boolean }[];
  waits: readonly { workerId: string; key: string; holder: string }[];
  deadlock?: readonly string[];
  messages: Readonly<Record<string, number>>;
  last: readonly EventEnvelope[];
  board?: { id: string; assessed: number; voted: number; of: number };
}

export interface PlanDocument {
  trackId: string;
  revision: number;
  text: string;
  plan: PlanJson;
  findings: readonly Finding[];
}

export interface PlanGraph {
  nodes: readonly { id: string; level: number; state: string; files: readonly string[]; critical: boolean }[];
  edges: readonly (readonly [string, string])[];
  mermaid: string;
}

export interface DocumentCheck {
  trigger: string;
  impacts: readonly string[];
  /** What workers of the track flagged. */
  reasons: readonly string[];
  /** In the order in which they are written. */
  tiers: readonly { tier: number; name: string; rule: string; documents: readonly string[] }[];
  findings: readonly Finding[];
}

export interface DocumentSync {
  id: string;
  /** `failed`: the documents do not fit (`findings`), or it broke off (`error`). */
  status: 'running' | 'done' | 'failed';
  what: string;
  trackId?: string;
  startedAt: string;
  endedAt?: string;
  /** Paths that were changed. */
  documents: readonly string[];
  findings: readonly Finding[];
  commit?: string;
  error?: WireError;
}

export interface PhaseReview {
  trackId: string;
  phase: string;
  title: string;
  verdict: 'PASS' | 'FAIL';
  /** Where the report lies. */
  path: string;
  /** The report, Markdown. */
  text: string;
  checks: readonly { name: string; result: string; detail?: string | undefined }[];
  findings: readonly Finding[];
}

export interface Approval {
  id: string;
  kind: string;
  status: 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' | 'consumed';
  stale: boolean;
  revision: number;
  trackId?: string;
  subject: string;
  subjectRevision: number;
  summary: string;
  options: readonly ApprovalOption[];
  requester: ActorRef;
  requestedAt: string;
  expiresAt?: string;
  decider: { kind: 'human' | 'lead' | 'board' | 'evaluator' | 'policy'; id?: string };
  answeredBy?: ActorRef;
  answeredAt?: string;
  choice?: string;
  answer?: Json;
  reason?: string;
}

export interface ApprovalOption {
  id: string;
  label: string;
  leadsTo: string;
}

/** Joined by "and". `types` and `stream` take globs with a trailing `*`. */
export interface EventQuery {
  /** Events with `seq` above; from now when absent. */
  after?: number | undefined;
  /** The last n matching events first. */
  tail?: number | undefined;
  /** The track's stream, its boards, approvals and runs. */
  trackId?: string | undefined;
  /** End after the `loop.stopped` of `trackId`. */
  until?: 'stopped' | undefined;
  stream?: string | undefined;
  types?: readonly string[] | undefined;
}

export interface ArtifactRef {
  id: `sha256:${string}`;
  bytes: number;
  mediaType: string;
  kind: string;
  name?: string;
  trackId?: string;
  at: string;
}

export interface WireError {
  code: string;
  message: string;
  hint?: string;
  details?: Readonly<Record<string, unknown>>;
  retryable: boolean;
}
