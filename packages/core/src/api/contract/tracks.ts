import type { EventEnvelope, Usage } from '../../ports/values.js';
import type { Limits } from '../../track/limits.js';
import type { Blocker, ExecutionMode, Lifecycle, Priority, Step, StepStatus } from '../../track/model.js';
import type { Condition } from '../../track/board-model.js';
import type { Complexity } from '../../goal/complexity.js';
import type { Intent } from '../../goal/intent.js';
import type { TaskOutline } from '../../plan/model/plan.js';
import type { Call, Cursor, Page, WireError, Write } from './calls.js';
import type { EventQuery } from './events.js';

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
