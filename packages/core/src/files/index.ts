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
