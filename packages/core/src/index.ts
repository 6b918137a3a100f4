// Errors
export { ConductorError, toConductorError } from './kernel/error.js';
export type { ConductorErrorOptions, ErrorJson, ForeignErrorJson } from './kernel/error.js';
export { errorCodeInfo, errorCodes, findingCodes, isErrorCode } from './kernel/error-codes.js';
export type { AnyErrorCode, ErrorCode, ErrorCodeInfo, FindingCode, PluginErrorCode } from './kernel/error-codes.js';

// Time, ids, cancellation
export { instant, parseInstant, systemClock } from './kernel/clock.js';
export { randomIds } from './kernel/ids.js';
export { anySignal, raceAbort, withTimeout } from './kernel/abort.js';
export type { LinkedSignal, TimeoutOptions } from './kernel/abort.js';
export { BackoffPolicy, delayMs } from './kernel/backoff.js';

// Data
export { canonicalJson, deepFreeze, isJson, jsonValue, parseJson } from './kernel/json.js';
export type { ParseJsonOptions } from './kernel/json.js';
export { checkId, foldedId, isSafeId, slugOf, trackIdOf } from './track/names.js';
export { defaultLimits, Limits, parseLimits } from './track/limits.js';

// Tracks
export { track } from './track/track.js';
export { decideTrackCommand } from './track/decide.js';
export { evolveTrack, foldTrack, isTrackEvent } from './track/evolve.js';
export { initialTrack } from './track/initial.js';
export { loopFacts, nextAction } from './track/next-action.js';
export { trackEvent } from './track/events.js';
export { eventVersion, upcast } from './track/upcast.js';
export type { Upcaster, Upcasters } from './track/upcast.js';
export type { TrackEventData, TrackEventType } from './track/events.js';
export type { TrackCommand, TrackCommandName, TrackCommands } from './track/commands.js';
export { completionParts } from './track/actions.js';
export type { Action, CompletionPart } from './track/actions.js';
export { attemptOf, baseEffect, currentEffect, roleEffect, taskEffect } from './track/effects.js';
export { descendants } from './track/plan-state.js';
export { lifecycleMoves } from './track/lifecycle.js';
export type { LifecycleOperation } from './track/lifecycle.js';
export type { Command, DecideContext, Decider } from './track/decider.js';
export { lifecycles, priorities, steps, stepStatuses } from './track/model.js';
export type {
  Assessment,
  BoardForm,
  BoardReference,
  BoardSession,
  BoardVerdict,
  Condition,
  Facts,
  Proposal,
  Remark,
  Vote,
} from './track/board-model.js';
export type {
  Blocker,
  BudgetLimits,
  BudgetState,
  Checkpoint,
  Decision,
  EffectResult,
  ExecutionMode,
  Lifecycle,
  LoopState,
  OpenEffect,
  Policy,
  Priority,
  RunState,
  Step,
  StepStatus,
  TrackState,
} from './track/model.js';
export type { Finding } from './kernel/finding.js';
export type { PlanState, Task, TaskState, TaskStatus } from './track/task-model.js';

// The loop
export { transitionFor, transitions } from './loop/transitions.js';
export type { Guard, LoopFacts, Transition } from './loop/transitions.js';
export type { EscalationReason, NamedReason } from './loop/reasons.js';
export { escalations } from './loop/escalations.js';
export type { Escalation, EscalationOption, LeadsTo } from './loop/escalations.js';

// The project and its questions
export { project, projectEvents, registryFollowUps } from './project/project.js';
export type { ProjectCommand, ProjectState, RegistryEntry } from './project/project.js';
export { approval, approvalEvents } from './approval/approval.js';
export type { ApprovalCommand, ApprovalState } from './approval/approval.js';
