import type { Content, DriverInfo, EffectId, Instant, Json, Usage } from './values.js';
import type { Clock, Logger } from './clock.js';
import type { Step } from '../track/model.js';
import type { Task } from '../track/task-model.js';

interface AssignmentBase {
  readonly effect: EffectId;
  /** `<projectId>/<effectId>`: what the outside is told, also as git trailer. */
  readonly idempotencyKey: string;
  readonly trackId: string;
  readonly step: Step;
  readonly runId: string;
  readonly attempt: number;
  /** How often this attempt was interrupted and started again. */
  readonly recovery: number;
  /** Absolute path of the folder to work in. */
  readonly folder: string;
  readonly input: Json;
  /** JSON Schema of the expected `answer`, where one is expected. */
  readonly answerSchema?: Json;
  readonly deadlineMs: number;
  readonly idleMs: number;
  readonly reserve?: Usage;
  readonly session?: string;
  /** Advice is wanted and no work: `folder` is a copy that is thrown away, and what is written there is reported. */
  readonly readOnly?: boolean;
}

/** What an agent is handed: structured; prompts are rendered by `agents` (R22). */
export type Assignment = AssignmentBase &
  (
    | { readonly role: 'worker' | 'fixer'; readonly task: Task }
    | { readonly role: 'planner' | 'critic' | 'cto' | 'judge' | 'director' | 'lead' | 'scribe' }
  );

/** One answer, exactly once. `done` is a claim: the engine verifies. */
export interface Outcome {
  readonly status: 'done' | 'failed' | 'blocked' | 'cancelled';
  readonly summary: string;
  readonly answer?: Json;
  readonly usage?: Usage;
  readonly session?: string;
  readonly transcript?: Content;
  /**
   * Exit code of an agent of the published families, passed through (C-59): 1 failure, 2 a parameter is missing, 3 a file is
   * missing, 4 blocked by a dependency. With 2 and 3 the call itself was wrong: a person is asked, no attempt is lost.
   */
  readonly exitCode?: 0 | 1 | 2 | 3 | 4;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly retryable: boolean;
  };
}

export interface Progress {
  readonly percent?: number;
  readonly note?: string;
  readonly output?: string;
  readonly usage?: Usage;
}

/** Identity of a process group that survives the engine: what recovery ends before it starts anything again (R19). */
export interface ProcessRecord {
  readonly host: string;
  readonly bootId: string;
  readonly groupId: number;
  readonly startedAt: Instant;
}

export interface RunContext {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly clock: Clock;
  report(p: Progress): Promise<void>;
  /** Resolves when the process record is durable; only then may the child be released. */
  spawned(p: ProcessRecord): Promise<void>;
  /** Further files for this task. `LEASE_HELD` or `DEADLOCK_VICTIM` fail the attempt. */
  extend(paths: readonly string[]): Promise<void>;
}

export interface ExecutorCapabilities {
  readonly resume: boolean;
  readonly structured: boolean;
  readonly usage: boolean;
  readonly cancel: boolean;
  readonly edits: boolean;
  readonly process: boolean;
}

/**
 * Runs one assignment. On abort it ends everything it started, then answers `cancelled`. It reports at least every
 * `idleMs`, else it is ended. A throw counts as `failed EXECUTOR_ERROR`. It never gets a store, leases or a token.
 */
export interface Executor {
  readonly driver: DriverInfo<ExecutorCapabilities>;
  run(assignment: Assignment, context: RunContext): Promise<Outcome>;
}
