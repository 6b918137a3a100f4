import type { Limits } from '@conductor/core';
import type { Agents, Plugin } from '@conductor/core/plugin';
import type {
  Clock,
  Ids,
  LeaseKeeper,
  Logger,
  MessageBus,
  Opt,
  ProcessRecord,
  RunCommand,
  Store,
  Workspace,
} from '@conductor/core/ports';

/** A copy of the project in which one run works, and nobody else. */
export interface WorkFolder {
  readonly workspace: Workspace;
  /** Files that differ from the commit it was made of. */
  changed(o?: Opt): Promise<readonly string[]>;
  /** Commits these files, and makes the commit available to the engine as the head of `branch`. `COMMAND_FAILED`. */
  handOver(
    o: Opt & {
      readonly branch: string;
      readonly paths: readonly string[];
      readonly message: string;
      readonly key: string;
    },
  ): Promise<{ readonly commit: string }>;
  /** Resolves when the group is on record, so that the next worker of this clone ends what this one leaves behind. */
  spawned(process: ProcessRecord): Promise<void>;
  /** Removes the copy. */
  close(): Promise<void>;
}

/** A clone of the project's repository, of which a worker makes a fresh copy for each run. */
export interface WorkFolders {
  open(
    o: Opt & { readonly runId: string; readonly base: { readonly branch: string; readonly commit: string } },
  ): Promise<WorkFolder>;
}

/** What a worker works with. It sees of the store only the runs that it claims: see `Mailbox`. */
export interface WorkerPorts {
  readonly store: Store;
  readonly leaseKeeper: LeaseKeeper;
  readonly folders: WorkFolders;
  /** One that reaches the engine; absent: runs are found by the feed of the store. */
  readonly bus?: MessageBus | undefined;
  readonly runCommand?: RunCommand | undefined;
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
