// The contract
export { stopReasons } from './contract/tracks.js';
export type { ApiSource, ConductorApi } from './contract/conductor-api.js';
export type { ApprovalOption, ApprovalsApi } from './contract/approvals.js';
export type { ArtifactsApi } from './contract/artifacts.js';
export type { BoardsApi } from './contract/boards.js';
export type { Call, Cursor, Page, Write } from './contract/calls.js';
export type { DoctorCheck, SystemApi } from './contract/system.js';
export type { DocumentsApi } from './contract/documents.js';
export type { EventsApi, EventQuery } from './contract/events.js';
export type { PlansApi } from './contract/plans.js';
export type { StopReason, TrackProgress, TrackQuery, TracksApi, WaitUntil } from './contract/tracks.js';

// Data on the wire: schema and type in one name
export {
  Activity,
  CreateTrack,
  Goal,
  GoalOption,
  GoResult,
  MoveInput,
  RunInput,
  Track,
  TrackPatch,
  TrackRun,
} from './schemas/tracks.js';
export { ActorRef, Finding, IdempotencyKey, pageOf, SomeLimits, Usage, WireError } from './schemas/values.js';
export { Approval, approvalStatuses, DecideInput } from './schemas/approvals.js';
export { ArtifactRef } from './schemas/artifacts.js';
export { BoardSession, Condition } from './schemas/boards.js';
export { DoctorReport, Health } from './schemas/system.js';
export { DocumentCheck, DocumentSync, PhaseReview } from './schemas/documents.js';
export { EventEnvelope } from './schemas/events.js';
export { PlanDocument, PlanEdit, PlanGraph, PlanTaskJson, TaskOutline } from './schemas/plans.js';

// HTTP
export { apiPrefix } from './route.js';
export { routes } from './routes.js';
export { checked, readQuery, routePath, writeQuery } from './request.js';
export type { Route } from './route.js';
export type { RouteId, RouteRequest, RouteResult } from './routes.js';
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
