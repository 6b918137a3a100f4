// The message bus: words, lines, locks, workers, signals
export { orchestrator, publishedMessages } from './words.js';
export type { PublishContext } from './words.js';
export type { PublishedBoard } from './board-words.js';
export { isOwnMessage, messageId } from './message-id.js';
export { progressMessage, queueBusMessage, queueTopic, trackOfQueueTopic } from './bus-topics.js';
export type { WorkerProgress } from './bus-topics.js';
export { filterQueue, formatQueueLine, maxQueueLineBytes, parseQueue, QueueMessage } from './queue.js';
export type { QueueFilter, QueueRead } from './queue.js';
export { isQueueType, queuePayload, queuePayloads } from './queue-payloads.js';
export type { QueuePayload, QueueType } from './queue-payloads.js';
export {
  acquireLock,
  expiredLocks,
  formatLocks,
  holds,
  lockTtlMs,
  parseLocks,
  releaseLock,
  releaseWorker,
} from './locks.js';
export type { Lock, LockAnswer, LockRequest, Locks } from './locks.js';
export { formatWorkerStatus, parseWorkerStatus, staleAfterMs, staleWorkers, updateWorker } from './worker-status.js';
export type { WorkerStatus, WorkerStatuses } from './worker-status.js';
export { parseWorkerId, workerIdOf } from './worker-id.js';
export { eventFileName, eventFilesOf, eventWords, parseEventFileName } from './event-files.js';
export type { EventFileChanges, EventWord } from './event-files.js';
export { stepWords, wordOfStep } from './step-words.js';
export type { StepWord } from './step-words.js';
export type { Entries } from './entries.js';
export { normalizePublishedPath } from './published-path.js';
export { readPublishedTime } from './published-time.js';

// State of a track and the registry of tracks
export { decodeText, encodeLike, readTextFile } from './decode-text.js';
export type { TextFile } from './decode-text.js';
export { patchJson } from './patch-json.js';
export { parseMetadata, writeMetadata } from './metadata.js';
export type { MetadataRead } from './metadata.js';
export { extraTexts, metadataOf, statusOf } from './metadata-of.js';
export type { MetadataExtras } from './metadata-of.js';
export { readMetadataEdit } from './metadata-edit.js';
export type { MetadataEdit, MetadataPatch } from './metadata-edit.js';
export { metadataWords, withoutWords, wordPaths } from './metadata-words.js';
export type { MetadataWords } from './metadata-words.js';
export { readTrackFolder } from './track-folder.js';
export type { FolderTrack, TrackFolder } from './track-folder.js';
export { trackStatuses } from './metadata-model.js';
export type {
  BoardSessionEntry,
  CheckpointEntries,
  LeadConsultationEntry,
  LoopStateEntry,
  MetadataV3,
  TrackStatus,
} from './metadata-model.js';
export { migrateMetadata } from './migrate-metadata.js';
export type { MetadataMigration } from './migrate-metadata.js';
export { folderFacts, inferLoopState } from './infer-loop-state.js';
export type { FolderFacts, FolderTexts, InferredLoopState, TaskCounts } from './infer-loop-state.js';
export { readVerdicts } from './evaluation-verdict.js';
export type { ReportVerdicts, Verdict } from './evaluation-verdict.js';
export { parseTracksIndex } from './tracks-index.js';
export type { TrackColumn, TrackRow, TracksIndex, TrackTable } from './tracks-index.js';
export { upsertTrackRow } from './edit-tracks-index.js';
export type { TrackIndexRow } from './edit-tracks-index.js';

// Reports
export { formatCompletionReport } from './completion-report.js';
export { formatEvaluationReport, formatEvaluationSection } from './evaluation-report.js';
export { formatPhaseReport } from './phase-report.js';
export type { CompletionReport } from './completion-report.js';
export type { EvaluationReport, GateReport } from './evaluation-report.js';
export type { PhaseReport } from './phase-report.js';
export { formatPhaseReview } from './phase-review.js';
export type { PhaseReview, ReviewCheck } from './phase-review.js';
export { appendDecision, parseDecisionLog } from './decision-log.js';
export type { DecisionEntry } from './decision-log.js';

// The project
export { formatTrackRegistry, parseTrackRegistry } from './track-registry.js';
export type { TrackRegistry, TrackRegistryEntry } from './track-registry.js';
export { updateProjectIndex } from './project-index.js';
export type { ProjectIndex } from './project-index.js';
export { ErrorEntry, initialErrors, initialPatterns, nextErrorId, parseErrors } from './knowledge.js';
export { matchError, recordError } from './known-errors.js';
export type { ErrorMatch, RecordedError, SeenError } from './known-errors.js';
export { safePattern } from './safe-pattern.js';
export type { RefusedPattern, SafePattern } from './safe-pattern.js';

// Authority
export { authorityLevels, leads, parseAuthorityMatrix } from './authority-matrix.js';
export type { AuthorityLevel, AuthorityMatrix, AuthorityRow, Lead } from './authority-matrix.js';
export { builtInAuthority } from './built-in-authority.js';
export { appendPattern, parsePatterns, patternCategories } from './patterns.js';
export type { PatternEntry, PatternRead } from './patterns.js';
export {
  formatRetrospective,
  formatRetrospectiveAnswer,
  parseRetrospective,
  parseRetrospectiveAnswer,
} from './retrospective.js';
export type { Retrospective, RetrospectiveAnswer } from './retrospective.js';
export {
  appendFix,
  appendSuperpowerError,
  formatOptions,
  formatRecommendation,
  parseFixLog,
  parseOptions,
  parseRecommendation,
  parseSuperpowerErrors,
} from './track-notes.js';
export type { BrainstormOption, FixLogEntry, Recommendation, SuperpowerError } from './track-notes.js';
