export type {
  ActorRef,
  ArtifactId,
  Content,
  Correlation,
  DriverInfo,
  EffectId,
  EventEnvelope,
  Instant,
  Json,
  NewEvent,
  Opt,
  OwnerId,
  StreamId,
  Usage,
} from './values.js';
export { silentLogger } from './clock.js';
export type { Clock, Ids, Logger } from './clock.js';
export type { Append, Batches, Commit, CommitResult, Fence, Filter, Store, StoreCapabilities } from './store.js';
export { importMark, requireWholeLog } from './import-mark.js';
export type { Grant, LeaseKeeper, LeaseKey, LeaseOp, LeaseRequest, Leases, LeaseWait, Mode } from './leases.js';
export type { Predicate, RecordOp, Records, Row } from './records.js';
export type { Claim, SettleResult, Subscriptions, SubscriptionSpec, SubscriptionStatus } from './subscriptions.js';
export type { Artifacts, Bytes, SnapshotHead, Snapshots } from './artifacts.js';
export type { BusCapabilities, BusMessage, MessageBus, WorkItem, WorkQueue } from './message-bus.js';
export type {
  Assignment,
  Executor,
  ExecutorCapabilities,
  Outcome,
  ProcessRecord,
  Progress,
  RunContext,
} from './executor.js';
export type { Workspace, WorkspaceEntry } from './workspace.js';
export type { Repository, RepositoryStatus } from './repository.js';
export type { BranchChange, BranchExchange } from './branch-exchange.js';
export type { WorkFolder, WorkFolders } from './work-folders.js';
export type { Authorize, Notifier } from './access.js';
export type { Processes, RunCommand } from './processes.js';
