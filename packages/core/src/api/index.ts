// The contract
export { stopReasons } from './conductor-api.js';
export type {
  ApiSource,
  ApprovalOption,
  ApprovalsApi,
  ArtifactsApi,
  BoardsApi,
  Call,
  ConductorApi,
  Cursor,
  DoctorCheck,
  DocumentsApi,
  EventsApi,
  EventQuery,
  Page,
  PlansApi,
  StopReason,
  SystemApi,
  TrackProgress,
  TrackQuery,
  TracksApi,
  WaitUntil,
  Write,
} from './conductor-api.js';

// Data on the wire: schema and type in one name
export {
  Activity,
  ActorRef,
  Approval,
  approvalStatuses,
  ArtifactRef,
  BoardSession,
  Condition,
  CreateTrack,
  DecideInput,
  DoctorReport,
  DocumentCheck,
  DocumentSync,
  EventEnvelope,
  Finding,
  Goal,
  GoalOption,
  GoResult,
  Health,
  IdempotencyKey,
  MoveInput,
  pageOf,
  PhaseReview,
  PlanDocument,
  PlanEdit,
  PlanGraph,
  PlanTaskJson,
  RunInput,
  SomeLimits,
  TaskOutline,
  Track,
  TrackPatch,
  TrackRun,
  Usage,
  WireError,
} from './schemas.js';

// HTTP
export { apiPrefix, checked, readQuery, routePath, routes, writeQuery } from './routes.js';
export type { Route, RouteId, RouteRequest, RouteResult } from './routes.js';
export { fromWireError, readErrorBody, statusOfError, toWireError } from './wire-error.js';
export type { ErrorBody } from './wire-error.js';

// Lists, feeds, waiting
export { decodeCursor, encodeCursor, everyItem } from './paging.js';
export type { CursorScope } from './paging.js';
export {
  byeFrame,
  endFrame,
  eventFrame,
  FeedBye,
  FeedReady,
  keepAliveFrame,
  readFrame,
  readKeepAlive,
  readyFrame,
} from './event-feed.js';
export type { FeedFrame, ParsedFrame } from './event-feed.js';
export { isReached, waitForTrack } from './wait-for.js';
export type { WaitOptions, WaitSource } from './wait-for.js';
