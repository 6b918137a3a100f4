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
  /** Accepted by the transport; no promise of delivery. `BUS_FAILED`, `TOO_LARGE`. */
  publish(messages: readonly BusMessage[], o?: Opt): Promise<void>;
  /** Topic patterns `a/*` (one segment) and `a/**` (the rest); order per topic and publisher. `after` needs `replay`, else `UNSUPPORTED`. */
  subscribe(
    topic: string,
    o?: Opt & { readonly after?: string },
  ): AsyncIterable<BusMessage & { readonly cursor?: string }>;
  readonly queue?: WorkQueue;
  close(): Promise<void>;
}

export interface WorkItem {
  readonly id: string;
  readonly body: Json;
  readonly attempt: number;
  ack(): Promise<void>;
  extend(ms: number): Promise<void>;
  retry(delayMs: number): Promise<void>;
  dead(reason: string): Promise<void>;
}

export interface WorkQueue {
  push(
    queue: string,
    items: readonly { readonly id: string; readonly body: Json; readonly delayMs?: number }[],
    o?: Opt,
  ): Promise<void>;
  take(queue: string, o: Opt & { readonly max: number; readonly visibleMs: number }): AsyncIterable<WorkItem>;
}
