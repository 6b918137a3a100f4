import type { Clock, Json } from '@conductor/core/ports';
import type { Burials } from './dead-letters.js';
import type { NatsLink } from './link.js';
import type { Publisher } from './publisher.js';
import type { Pulled } from './pull.js';
import type { NatsStreams } from './streams.js';
import type { NatsNames } from './subjects.js';

/** What the parts of the work queues share. */
export interface NatsQueueContext {
  readonly link: NatsLink;
  readonly streams: NatsStreams;
  readonly names: NatsNames;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly burials: Burials;
  readonly messageBytes: number;
  readonly ackWaitMs: number;
  readonly maxAttempts: number;
  checkOpen(): void;
}

/** What an item is on the wire. */
export interface WireItem {
  readonly id: string;
  readonly body: Json;
  /** Milliseconds since the epoch on the clock of whoever pushed it. */
  readonly dueMs?: number;
}

/** Undefined for what somebody else wrote there: that is no item. */
export function itemOf({ data }: Pulled): WireItem | undefined {
  try {
    const { id, body, dueMs } = JSON.parse(data) as Partial<WireItem>; // each is looked at below
    if (typeof id !== 'string') return undefined;
    return { id, body: body ?? null, ...(typeof dueMs === 'number' && { dueMs }) };
  } catch {
    return undefined;
  }
}
