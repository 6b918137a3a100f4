import type {
  Artifacts,
  Authorize,
  BranchExchange,
  Clock,
  Ids,
  LeaseKeeper,
  Logger,
  MessageBus,
  Notifier,
  Processes,
  Repository,
  RunCommand,
  Snapshots,
  Store,
  Workspace,
} from '@conductor/core/ports';

/**
 * Everything an engine does, it does through these. What is absent is simply not there: no repository = tasks complete
 * without a commit, no bus = nothing is published, no `runCommand` = evaluators cannot run commands.
 */
export interface EnginePorts {
  readonly store: Store;
  readonly artifacts: Artifacts;
  readonly workspace: Workspace;
  readonly leaseKeeper: LeaseKeeper;
  readonly snapshots?: Snapshots | undefined;
  readonly repository?: Repository | undefined;
  /** How the work of workers on other machines comes in; absent: there are none. */
  readonly exchange?: BranchExchange | undefined;
  readonly bus?: MessageBus | undefined;
  readonly notifiers?: readonly Notifier[] | undefined;
  readonly processes?: Processes | undefined;
  readonly runCommand?: RunCommand | undefined;
  readonly authorize?: Authorize | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  readonly logger?: Logger | undefined;
}
