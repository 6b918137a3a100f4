import type { Content } from '../ports/values.js';
import type { ProcessRecord } from '../ports/executor.js';
import type { NamedReason } from '../loop/reasons.js';

/** One work item of a plan. `gen` is the plan revision that introduced its id (again). */
export interface Task {
  readonly id: string;
  readonly gen: number;
  readonly title: string;
  readonly phase: number;
  readonly type: string;
  readonly dependsOn: readonly string[];
  readonly files: readonly string[];
  readonly acceptance?: string;
  readonly estimateMinutes?: number;
  readonly group?: string;
  /** Its group declares `coordination_strategy: file_lock`, so it may run beside tasks that name the same files. */
  readonly shareable: boolean;
}

export type TaskStatus = 'pending' | 'running' | 'reported' | 'done' | 'failed' | 'blocked' | 'skipped';

export interface TaskState {
  readonly task: Task;
  readonly status: TaskStatus;
  /** Attempts that failed, since the last mark of a person or a decision: what `maxTaskAttempts` counts (R18). */
  readonly failures: number;
  /** Attempts before that mark. They count no more, but their numbers, and so their keys, are never used again. */
  readonly earlier?: number;
  /** Interruptions of the current attempt by a dead engine or a lost lease. */
  readonly recoveries: number;
  /** Dependencies that are not done (or skipped) yet. */
  readonly openDeps: number;
  /** Ancestors that failed for good. */
  readonly pausedBy: number;
  readonly runId?: string;
  readonly epoch?: number;
  readonly retryTimer?: string;
  readonly commit?: string;
  readonly process?: ProcessRecord;
  /** Summary of the last report or failure, for views and for the next attempt. */
  readonly note?: string;
  /** Blocked by a question that its agent may not decide itself. */
  readonly asks?: NamedReason;
  /** Changed before the current run of a task that names no files. */
  readonly dirty?: readonly string[];
  /** Its run works in a clone of its own: what it makes comes in as a branch. */
  readonly isolated?: boolean;
}

export interface PlanState {
  readonly revision: number;
  readonly textHash: string;
  readonly text: Content;
  readonly title: string;
  readonly tasks: ReadonlyMap<string, TaskState>;
  /** Task id → ids of the tasks that depend on it. */
  readonly dependents: ReadonlyMap<string, readonly string[]>;
  /** May run now: pending, nothing open before it, not waiting for a lease or a timer. */
  readonly ready: ReadonlySet<string>;
  readonly running: ReadonlySet<string>;
  /** Ready but for a lease that somebody else holds. */
  readonly waiting: ReadonlySet<string>;
  /** Tasks that still owe something: not done, not skipped. */
  readonly open: number;
}
