import type { Json } from '../ports/values.js';
import type { QueueType } from './queue-payloads.js';

/** A message of the queue before it has an id and a time. */
export interface Draft {
  readonly type: QueueType;
  readonly source: string;
  readonly payload: Readonly<Record<string, Json>>;
}
