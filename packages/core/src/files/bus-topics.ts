import { sha256Hex } from '../kernel/hash.js';
import type { BusMessage } from '../ports/message-bus.js';
import type { Instant } from '../ports/values.js';
import { uuidFromHash } from './message-id.js';
import type { QueueMessage } from './queue.js';

const queueTopics = /^track\/([^/]+)\/queue$/u;

/** Topic of the published lines of a track. Track ids hold no slash, so they are one segment. */
export function queueTopic(trackId: string): string {
  return `track/${trackId}/queue`;
}

/** The track of such a topic; `undefined` for other topics. */
export function trackOfQueueTopic(topic: string): string | undefined {
  return queueTopics.exec(topic)?.[1];
}

/** A published line as a message of the bus, under the line's own id. */
export function queueBusMessage(trackId: string, line: QueueMessage): BusMessage {
  return { id: line.id, topic: queueTopic(trackId), body: line as BusMessage['body'], at: line.timestamp }; // the schema admits JSON only
}

/** A worker's sign of life. */
export interface WorkerProgress {
  readonly projectId: string;
  readonly workerId: string;
  readonly taskId: string;
  /** 0 to 100. */
  readonly percent: number;
  readonly note?: string | undefined;
  readonly at: Instant;
}

/** The PROGRESS line of a worker: no event stands behind it, so it has no `ref`; one a worker and millisecond. */
export function progressMessage({ projectId, workerId, taskId, percent, note, at }: WorkerProgress): QueueMessage {
  return {
    id: `msg-${uuidFromHash(sha256Hex(JSON.stringify([projectId, workerId, 'PROGRESS', at])))}`,
    type: 'PROGRESS',
    source: workerId,
    timestamp: at,
    payload: { task_id: taskId, progress_pct: Math.min(100, Math.max(0, percent)), current_subtask: note ?? null },
  };
}
