import type { DriverInfo, Instant, Json, Opt } from './values.js';

/** Transport only: a message is a wake-up and a hint, never the only copy of a fact. Body at most 64 KiB. */
export interface BusMessage {
  /** Not empty; with the topic it says which message this is. */
  readonly id: string;
  /** Segments with slashes between them: no wildcard, no empty segment, no control character, at most 512 characters. */
  readonly topic: string;
  readonly body: Json;
  readonly at: Instant;
}

export interface BusCapabilities {
  /** Messages have cursors, behind which `subscribe` goes on. */
  readonly replay: boolean;
  /** There is a `queue`. */
  readonly workQueue: boolean;
  /** How far apart two handles of one bus may be. */
  readonly reach: 'process' | 'machine' | 'network';
}

/** Tells others soon and mostly: whoever has to know reads the store. After `close` everything rejects with `CLOSED`. */
export interface MessageBus {
  readonly driver: DriverInfo<BusCapabilities>;
  /**
   * Before: as {@link BusMessage} says, bodies of at most 64 KiB of JSON as UTF-8. After: accepted by the transport, no promise of
   * delivery; a batch that is refused is refused whole. After `BUS_FAILED`, or an abort under way, it may have been told.
   * Publishing an id on its topic again, as after a failure, is accepted and told once, as long as the driver remembers
   * it. O(messages). `VALIDATION_FAILED`, `TOO_LARGE`, `BUS_FAILED`, `CLOSED`.
   */
  publish(messages: readonly BusMessage[], o?: Opt): Promise<void>;
  /**
   * Topic patterns `a/*` (one segment) and `a/**` (the rest); order per topic and publisher. What this handle publishes
   * after the call is read, also before the first `next`. A slow reader holds nobody up: it loses the oldest progress first,
   * which is what topics that end in `progress`, `heartbeat` or `output` tell. Bodies are frozen. `after` goes on behind a
   * cursor and needs `replay`, else `UNSUPPORTED`; what the driver does not keep any more is left out. Ends when the bus closes,
   * behind what came before, when its reader stops, or with the reason of its signal. Errors come with the first `next`:
   * `VALIDATION_FAILED`, `CURSOR_INVALID`, `CLOSED`.
   */
  subscribe(
    topic: string,
    o?: Opt & { readonly after?: string },
  ): AsyncIterable<BusMessage & { readonly cursor?: string }>;
  /** Where `workQueue` says so. */
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
  /** It is done, and not offered again as long as the driver remembers its id. */
  ack(): Promise<void>;
  /** Holds it for `ms` milliseconds from now, longer or shorter than before. */
  extend(ms: number): Promise<void>;
  /** Lets go of it, to be offered again after `delayMs` milliseconds, 0 = at once; after its last attempt it is given up. */
  retry(delayMs: number): Promise<void>;
  /** Lets go of it for good: told on `queue/<name>/dead` with id, attempt and reason, and not offered again. */
  dead(reason: string): Promise<void>;
}

/** Work for whoever comes first: at least once, so doing an item must be idempotent by its id. The store is the truth. */
export interface WorkQueue {
  /**
   * In the order of pushing as far as delays (milliseconds, default 0) allow; the names of queues are topics; ids and bodies as
   * those of messages. An id that waits, is held, or was done not long ago is accepted and left as it is. A batch that is
   * refused is refused whole; one that failed may be pushed again. O(items). `VALIDATION_FAILED`, `TOO_LARGE`, `BUS_FAILED`.
   */
  push(
    queue: string,
    items: readonly { readonly id: string; readonly body: Json; readonly delayMs?: number }[],
    o?: Opt,
  ): Promise<void>;
  /**
   * Waits for items and holds at most `max` (from 1) at one time, each for `visibleMs` (from 1) as far as it is not extended; then,
   * or when its taker dies, it is offered again. One that was offered as often as the driver allows is given up. Rejects with the
   * reason of its signal, or with `CLOSED`; a reader that stops keeps what it holds. `VALIDATION_FAILED`, `BUS_FAILED`.
   */
  take(queue: string, o: Opt & { readonly max: number; readonly visibleMs: number }): AsyncIterable<WorkItem>;
}
