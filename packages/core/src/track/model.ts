import type { Content, EffectId, Instant, Json, OwnerId, Usage } from '../ports/values.js';
import type { ProcessRecord } from '../ports/executor.js';
import type { NamedReason } from '../loop/reasons.js';
import type { Limits } from './limits.js';
import type { PlanState } from './task-model.js';
import type { BoardReference, Condition } from './board-model.js';

/** Steps of the evaluate-loop, as published. */
export const steps = [
  'BRAINSTORM',
  'PLAN',
  'EVALUATE_PLAN',
  'EXECUTE',
  'EVALUATE_EXECUTION',
  'FIX',
  'BUSINESS_SYNC',
  'COMPLETE',
] as const;
export type Step = (typeof steps)[number];

export const stepStatuses = ['NOT_STARTED', 'IN_PROGRESS', 'PASSED', 'FAILED', 'BLOCKED', 'SKIPPED'] as const;
export type StepStatus = (typeof stepStatuses)[number];

/** The outer machine of a track; the loop runs inside `active`. */
export const lifecycles = [
  'draft',
  'ready',
  'active',
  'paused',
  'failed',
  'cancelled',
  'completed',
  'archived',
] as const;
export type Lifecycle = (typeof lifecycles)[number];

export const priorities = ['P0', 'P1', 'P2', 'P3'] as const;
export type Priority = (typeof priorities)[number];

export type ExecutionMode = 'PARALLEL' | 'SEQUENTIAL';

/** A call of something outside whose result is not in the log yet. */
export interface OpenEffect {
  readonly effect: EffectId;
  readonly role: string;
  readonly epoch: number;
  readonly tries: number;
  readonly recoveries: number;
  readonly process?: ProcessRecord;
  readonly retryTimer?: string;
  readonly reserve?: Usage;
}

export interface Blocker {
  readonly id: string;
  readonly step: Step;
  readonly description: string;
  readonly active: boolean;
  readonly raisedAt: Instant;
  readonly resolvedAt?: Instant;
}

/** What one performed effect answered: enough to decide, the rest stays in its event. */
export interface EffectResult {
  /** Id of the event that closed the effect. */
  readonly event: string;
  readonly verdict: 'PASS' | 'FAIL' | 'NA';
  readonly inputHash?: string;
  /** Failed by a question that its agent may not decide itself. */
  readonly asks?: NamedReason;
}

export interface LoopState {
  readonly step: Step;
  readonly status: StepStatus;
  readonly mode?: ExecutionMode;
  readonly missionId?: string;
  /** Entries of each step, the current one included. */
  readonly visits: Readonly<Record<Step, number>>;
  readonly fixCycles: number;
  readonly planRevisions: number;
  /** Plan revisions that the CTO asked for. */
  readonly ctoRounds: number;
  /** Gates of the current visit: stages in order, the gates of one stage run side by side. */
  readonly asks: readonly (readonly string[])[];
  /** Board of the current visit, minted when the step started. */
  readonly boardId?: string;
  /** Plan revision that the last plan evaluation rejected; a plan must be newer to pass PLAN. */
  readonly rejectedRevision: number;
  /** A worker flagged a product, pricing or model decision. */
  readonly businessSync: boolean;
  readonly checkpoints: Readonly<Partial<Record<Step, Checkpoint>>>;
  /** Words of another tool for step or status that no transition knows. They stay in its file until a person has decided. */
  readonly foreign?: { readonly step?: string; readonly status?: string };
}

/** What is kept of a step for people and for `metadata.json`. */
export interface Checkpoint {
  readonly status: StepStatus;
  readonly startedAt?: Instant;
  readonly completedAt?: Instant;
  readonly agent?: string;
  readonly facts?: Json;
}

export interface Decision {
  readonly reason: string;
  readonly state: 'pending' | 'given' | 'used';
  readonly step: Step;
  readonly subject: string;
  readonly outcome?: string;
  readonly choice?: string;
  readonly leadsTo?: string;
  readonly answer?: string;
}

/** Everything a decision about a track needs, folded from `track/<id>`. */
export interface TrackState {
  readonly id: string;
  /** Version of the stream that this state was folded from; 0 = the track does not exist. */
  readonly version: number;
  /** A built-in event of a newer version was ignored: no run, no write. */
  readonly degraded: boolean;
  readonly about: {
    readonly name: string;
    readonly type: string;
    readonly priority: Priority;
    readonly background: boolean;
    readonly spec: Content;
    readonly specHash: string;
    readonly goal: string;
    readonly dependencies: readonly string[];
    readonly labels: readonly string[];
    /** Agents of the superpowers family instead of the `loop-*` one (R16). */
    readonly superpower: boolean;
    /** The commit before the track; absent outside version control. */
    readonly baseline?: string;
    /** Unknown keys of a foreign `metadata.json`, kept as the text of their values. */
    readonly extra: Json;
  };
  /** Taken over from a folder that another tool has made. */
  readonly imported?: boolean;
  readonly lifecycle: Lifecycle;
  readonly lifecycleReason?: string;
  /** Paused, but running work may end first. */
  readonly draining: boolean;
  /** Copied into the log at creation, so that a replay keeps its own rules. */
  readonly policy: Policy;
  readonly run?: RunState;
  readonly loop: LoopState;
  readonly plan?: PlanState;
  readonly effects: ReadonlyMap<EffectId, OpenEffect>;
  /** Results of the current visit. */
  readonly results: ReadonlyMap<EffectId, EffectResult>;
  /** Failed tries of effects of the current visit, by effect without its try. */
  readonly tries: ReadonlyMap<EffectId, number>;
  readonly conditions: ReadonlyMap<string, Condition>;
  readonly boards: ReadonlyMap<string, BoardReference>;
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly blockers: ReadonlyMap<string, Blocker>;
  readonly timers: ReadonlyMap<string, Instant>;
  readonly budget: BudgetState;
  /** Parts of the completion protocol that are on record. */
  readonly completion: ReadonlySet<string>;
  readonly discovered: readonly {
    readonly description: string;
    readonly reason: string;
    readonly recommendation: string;
    readonly taskId?: string;
  }[];
  readonly consultations: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly completedAt?: Instant;
  readonly foreign: { readonly queueOffset: number };
}

export interface RunState {
  readonly owner: OwnerId;
  readonly epoch: number;
  readonly iterations: number;
  readonly startedAt: Instant;
  /** `seq` of the `loop.started` or `loop.resumed` event: where the run's feed begins. */
  readonly feedFrom: number;
  readonly until?: Step;
  readonly onlyTask?: string;
  /** The step asked for by `until` has been closed, or the only task is settled. */
  readonly reached: boolean;
  /** Reason of `loop.stopped`; absent while the run goes on. */
  readonly stopped?: string;
  readonly stoppedAt?: Instant;
  /** Why it stopped with `error`. */
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly retryable: boolean;
  };
}

export interface BudgetState {
  readonly limits: BudgetLimits;
  readonly spent: Usage;
  readonly attempts: number;
  /** What had been spent when the run began: limits are those of a run. */
  readonly before: { readonly tokens: number; readonly costMicros: number; readonly attempts: number };
  readonly exhausted?: string;
}

/** Absent = no limit of that kind. */
export interface BudgetLimits {
  readonly tokens?: number;
  readonly usd?: number;
  readonly wallMs?: number;
  readonly attempts?: number;
}

/** Rules that travel with a track. */
export interface Policy {
  readonly limits: Limits;
  readonly isolation: 'shared' | 'worktree';
}
