import type { Lifecycle, Step, StepStatus } from '@conductor/core';

export type TaskMark = 'pending' | 'waiting' | 'running' | 'done' | 'failed' | 'blocked' | 'skipped';
export type GateMark = 'running' | 'PASS' | 'FAIL' | 'NA';

export interface TaskPicture {
  readonly id: string;
  title: string;
  mark: TaskMark;
  attempt: number;
  /** Files it holds, while it runs. */
  files: readonly string[];
}

/** Who works in a lane now: a task's worker, or an agent that a step asked. */
export interface LanePicture {
  readonly key: string;
  readonly label: string;
  readonly text: string;
  readonly startedAt: string;
}

export interface WaitPicture {
  readonly taskId: string;
  readonly files: readonly string[];
  /** Tasks that hold them. */
  readonly holders: readonly string[];
}

export interface BoardPicture {
  readonly id: string;
  readonly kind: string;
  phase: string;
  readonly seats: readonly string[];
  readonly assessments: Map<string, string>;
  readonly votes: Map<string, string>;
  verdict?: string;
  summary?: string;
}

export interface QuestionPicture {
  readonly id: string;
  readonly summary: string;
  readonly options: readonly { readonly id: string; readonly label: string }[];
}

/**
 * What a person watching a run sees, folded from the track's events. Written in place by `drawEvent`, so that an event costs
 * what it changes and not a copy of 10,000 tasks.
 */
export interface RunPicture {
  name: string;
  lifecycle: Lifecycle;
  step: Step;
  stepStatus: StepStatus;
  fixCycles: number;
  readonly steps: Map<string, StepStatus>;
  readonly visits: Map<string, number>;
  readonly tasks: Map<string, TaskPicture>;
  /** Absent: nobody works there now. A lane stays once it was used, so that the eye finds it again. */
  readonly lanes: (LanePicture | undefined)[];
  /** Task of a run, to name the holder of a lock. */
  readonly taskOfRun: Map<string, string>;
  readonly waits: Map<string, WaitPicture>;
  /** Of the current visit of the current step. */
  readonly gates: Map<string, GateMark>;
  readonly conditions: Map<string, { readonly text: string; met?: boolean }>;
  board?: BoardPicture | undefined;
  readonly questions: Map<string, QuestionPicture>;
  runStartedAt?: string;
  /** Of the last event. */
  at?: string;
  stop?: string | undefined;
  stopError?: { readonly code: string; readonly message: string; readonly hint?: string } | undefined;
}

export function newPicture(): RunPicture {
  return {
    name: '',
    lifecycle: 'draft',
    step: 'PLAN',
    stepStatus: 'NOT_STARTED',
    fixCycles: 0,
    steps: new Map(),
    visits: new Map(),
    tasks: new Map(),
    lanes: [],
    taskOfRun: new Map(),
    waits: new Map(),
    gates: new Map(),
    conditions: new Map(),
    questions: new Map(),
  };
}

/** Tasks by mark. O(tasks). */
export function progressOf({ tasks }: RunPicture): Readonly<Record<TaskMark | 'total', number>> {
  const progress = { total: 0, pending: 0, waiting: 0, running: 0, done: 0, failed: 0, blocked: 0, skipped: 0 };
  for (const { mark } of tasks.values()) {
    progress.total += 1;
    progress[mark] += 1;
  }
  return progress;
}
