import type { DriverInfo, Instant, Json, Opt } from './values.js';

/** Transport only: a message is a wake-up and a hint, never the only copy of a fact. Body at most 64 KiB. */
export interface BusMessage {
  readonly id: string;
  readonly topic: string;
  readonly body: Json;
  readonly at: Instant;
}

export interface BusCapabilities {
  readonly replay: boolean;
  readonly workQueue: boolean;
  readonly reach: 'process' | 'machine' | 'network';
}

export interface MessageBus {
  readonly driver: DriverInfo<BusCapabilities>;
  /**
   * Before: ids not empty, topics without wildcards, empty segments and control characters, at most 512 letters; bodies of at
   * most 64 KiB as JSON. After: accepted by the transport, no promise of delivery; a batch that is refused is refused whole.
   * Publishing an id on its topic again, as after a failure, is accepted and told once, as long as the driver remembers
   * it. O(messages). `VALIDATION_FAILED`, `TOO_LARGE`, `BUS_FAILED`, `CLOSED`.
   */
  publish(messages: readonly BusMessage[], o?: Opt): Promise<void>;
  /**
   * Topic patterns `a/*` (one segment) and `a/**` (the rest); order per topic and publisher. What this handle publishes
   * after the call is read, also before the first `next`. A slow reader holds nobody up: it loses the oldest progress first.
   * Bodies are frozen. `after` goes on behind a cursor and needs `replay`, else `UNSUPPORTED`; what the driver does not keep
   * any more is left out. Errors come with the first `next`: `VALIDATION_FAILED`, `CURSOR_INVALID`, `CLOSED`.
   */
  subscribe(
    topic: string,
    o?: Opt & { readonly after?: string },
  ): AsyncIterable<BusMessage & { readonly cursor?: string }>;
  readonly queue?: WorkQueue;
  /** Finishes what is being published; readers end behind what they have; items that are held go back at once. Idempotent. */
  close(): Promise<void>;
}

/** An item that its taker holds for a while. Each method throws `LEASE_EXPIRED` when it is held no more, `BUS_FAILED`, `CLOSED`. */
export interface WorkItem {
  readonly id: string;
  readonly body: Json;
  /** From 1: how often it was offered, by any taker. */
  readonly attempt: number;
  /** It is done, and never offered again. */
  ack(): Promise<void>;
  /** Holds it for `ms` from now. */
  extend(ms: number): Promise<void>;
  /** Offers it again after a time; after its last attempt it is given up. */
  retry(delayMs: number): Promise<void>;
  /** Gives it up: told on `queue/<name>/dead` with id, attempt and reason, and not offered again. */
  dead(reason: string): Promise<void>;
}

/** Work for whoever comes first: at least once, so doing an item must be idempotent by its id. The store is the truth. */
export interface WorkQueue {
  /**
   * In the order of pushing as far as delays allow; the names of queues are topics. An id that waits, is held, or was done
   * not long ago is accepted and left as it is. A batch that is refused is refused whole. `VALIDATION_FAILED`, `TOO_LARGE`.
   */
  push(
    queue: string,
    items: readonly { readonly id: string; readonly body: Json; readonly delayMs?: number }[],
    o?: Opt,
  ): Promise<void>;
  /**
   * Waits for items and holds at most `max` at one time, each for `visibleMs`; then, or when its taker dies, it is offered
   * again. One that was offered as often as the driver allows is given up. Ends only by abort or close.
   */
  take(queue: string, o: Opt & { readonly max: number; readonly visibleMs: number }): AsyncIterable<WorkItem>;
}
