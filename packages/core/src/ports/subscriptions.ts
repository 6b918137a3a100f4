import type { EventEnvelope, Opt, OwnerId } from './values.js';
import type { Filter } from './store.js';

export interface SubscriptionSpec extends Filter {
  readonly name: string;
  readonly from: 'start' | 'end' | number;
  /** `all`: nothing passes a failed event; `stream`: only its stream waits. */
  readonly order: 'stream' | 'all';
  readonly maxAttempts: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
}

export interface Claim {
  readonly name: string;
  readonly token: number;
  readonly deliveries: readonly { readonly event: EventEnvelope; readonly attempt: number }[];
}

export interface SettleResult {
  readonly seq: number;
  readonly outcome: 'done' | 'retry' | 'dead';
  readonly error?: string;
}

export interface SubscriptionStatus {
  readonly cursor: number;
  readonly behind: number;
  readonly parked: number;
  readonly dead: readonly { readonly seq: number; readonly attempts: number; readonly error: string }[];
}

/** A stored cursor over the log: the outbox. At least once; one claimer at a time. */
export interface Subscriptions {
  ensure(s: SubscriptionSpec): Promise<void>;
  /** Waits for work. A claim that is not settled within `visibleMs` may be taken over. */
  claim(
    name: string,
    o: Opt & { readonly owner: OwnerId; readonly max: number; readonly visibleMs: number },
  ): Promise<Claim>;
  /** `FENCED` when the claim was taken over. O(batch). */
  settle(claim: Claim, results: readonly SettleResult[], o?: Opt): Promise<void>;
  status(name: string, o?: Opt): Promise<SubscriptionStatus>;
  replay(name: string, what: { readonly from: number } | { readonly dead: readonly number[] }, o?: Opt): Promise<void>;
}
