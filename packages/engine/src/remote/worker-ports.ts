import type { Limits } from '@conductor/core';
import type { Agents, Plugin } from '@conductor/core/plugin';
import type {
  Artifacts,
  Clock,
  Ids,
  LeaseKeeper,
  Logger,
  MessageBus,
  ProcessRecord,
  RunCommand,
  Store,
  WorkFolders,
} from '@conductor/core/ports';

/** Where a worker keeps, on its own machine, what the next one has to end when it is killed. */
export interface RunRecords {
  /** Before the run has a copy of the project. */
  begin(runId: string): Promise<void>;
  /** Resolves when the group is on record: only then may it begin. */
  spawned(runId: string, process: ProcessRecord): Promise<void>;
  /** The run is over, and nothing of it is left. */
  forget(runId: string): Promise<void>;
}

/** What a worker works with. It sees of the store only the runs that it claims: see `Mailbox`. */
export interface WorkerPorts {
  readonly store: Store;
  readonly leaseKeeper: LeaseKeeper;
  readonly folders: WorkFolders;
  /** One that reaches the engine; absent: runs are found by the feed of the store. */
  readonly bus?: MessageBus | undefined;
  /** Those that the engine reads as well; absent: of a long transcript the end is kept. */
  readonly artifacts?: Artifacts | undefined;
  readonly runCommand?: RunCommand | undefined;
  /** Absent: what a killed worker leaves running is ended by nobody. */
  readonly records?: RunRecords | undefined;
  /** Where this worker runs. */
  readonly host?: { readonly host: string; readonly bootId: string } | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  readonly logger?: Logger | undefined;
}

/** What a worker tells of itself. */
export interface WorkerEvent {
  /** `lost`: the run was taken back, or its lease was lost; nothing was written. */
  readonly type: 'claimed' | 'reported' | 'released' | 'lost';
  readonly runId: string;
  readonly trackId: string;
  readonly taskId: string;
  /** Of a report. */
  readonly status?: 'done' | 'failed' | 'blocked' | 'cancelled';
  readonly text?: string;
}

export interface WorkerSettings {
  readonly agents?: Agents | undefined;
  readonly plugins?: readonly Plugin[] | undefined;
  readonly disable?: readonly string[] | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Run in the copy after each task that its agent calls done. */
  readonly afterTask?: readonly string[] | undefined;
  /** Folder of the project's documents; default `conductor`. Nothing in it is handed over. */
  readonly folder?: string | undefined;
  /** Default: both. */
  readonly roles?: readonly ('worker' | 'fixer')[] | undefined;
  /** Runs at one time; default 1. */
  readonly maxWorkers?: number | undefined;
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined;
}

/** What a worker did until it ended. */
export interface WorkerSummary {
  /** Reports, of whatever kind. */
  readonly tasks: number;
  /** Reports that were not `done`. */
  readonly failed: number;
}
