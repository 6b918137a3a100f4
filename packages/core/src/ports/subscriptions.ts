import type { EventEnvelope, Opt, OwnerId } from './values.js';
import type { Filter } from './store.js';

/** What is delivered, from where on, in which order, and how often it is tried. */
export interface SubscriptionSpec extends Filter {
  /** 1 to 256 bytes without control characters. */
  readonly name: string;
  /** Of a new one: the first event, what comes after the call, or the first `seq`. A known one keeps its place. */
  readonly from: 'start' | 'end' | number;
  /** `all`: nothing passes a failed event; `stream`: only its stream waits. */
  readonly order: 'stream' | 'all';
  /** From 1: deliveries that an event gets before it is put aside as dead. */
  readonly maxAttempts: number;
  /** After the nth failure an event waits `baseMs * 2^(n-1)`, at most `maxMs`, in milliseconds. */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
}

/** Events that one claimer has to itself until it settles them, or its time is up. */
export interface Claim {
  readonly name: string;
  /** Goes up with each claim of the subscription: the fence of `settle`. */
  readonly token: number;
  /** One at least, in `seq` order. `attempt` counts from 1, deliveries included that nobody settled. */
  readonly deliveries: readonly { readonly event: EventEnvelope; readonly attempt: number }[];
}

export interface SettleResult {
  readonly seq: number;
  /** `retry` after the last attempt is `dead`. */
  readonly outcome: 'done' | 'retry' | 'dead';
  /** Why; its first 4,096 characters are kept. */
  readonly error?: string;
}

export interface SubscriptionStatus {
  /** Everything up to this `seq` was handed out, and is done, claimed, parked or dead. */
  readonly cursor: number;
  /** Events behind the cursor that fit. */
  readonly behind: number;
  /** Events before it that wait: for their next attempt, behind one that does, or because their claim ran out. */
  readonly parked: number;
  /** By `seq`; kept until they are replayed, or upkeep removes them. */
  readonly dead: readonly { readonly seq: number; readonly attempts: number; readonly error: string }[];
}

/**
 * A stored cursor over the log: the outbox. At least once; one claimer at a time, whatever the handle. The events of a stream
 * come in its order; one that is given up lets those behind it pass. A name that was never ensured is `VALIDATION_FAILED`. What
 * every method may throw beside: see `Store`.
 */
export interface Subscriptions {
  /** Makes a subscription, or gives a known one these terms from its next claim on. `ID_INVALID`, `VALIDATION_FAILED`. */
  ensure(s: SubscriptionSpec): Promise<void>;
  /**
   * Waits for work, and for the claim of somebody else to end; then takes what is due, at most `max` (from 1) events. A commit, a
   * settling and a replay of this handle wake it at once. A claim that is not settled within `visibleMs` (from 1) may be taken
   * over: its events count one attempt, and those that had their last one are dead. Ends without work only by abort or close.
   * O(events taken and parked). `VALIDATION_FAILED`, `ID_INVALID` for an owner.
   */
  claim(
    name: string,
    o: Opt & { readonly owner: OwnerId; readonly max: number; readonly visibleMs: number },
  ): Promise<Claim>;
  /**
   * Ends a claim, also late, as long as nobody took over. What is not named goes back at once and counts no attempt. `FENCED`
   * when the claim was taken over, settled or ended by a replay; `VALIDATION_FAILED` for an event that it does not hold, or twice:
   * then nothing is settled. O(batch).
   */
  settle(claim: Claim, results: readonly SettleResult[], o?: Opt): Promise<void>;
  /** O(events behind the cursor, and those parked and dead). */
  status(name: string, o?: Opt): Promise<SubscriptionStatus>;
  /**
   * Hands out again, with all attempts: everything from a `seq` on, that one included, done and dead ones too, which ends a claim
   * under way; or these dead events alone, which go to the next claim. `VALIDATION_FAILED` for one that is not dead.
   */
  replay(name: string, what: { readonly from: number } | { readonly dead: readonly number[] }, o?: Opt): Promise<void>;
}
