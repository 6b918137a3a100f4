import type { ActorRef, Correlation, DriverInfo, EventEnvelope, Instant, NewEvent, Opt, StreamId } from './values.js';
import type { Grant, LeaseOp, Leases } from './leases.js';
import type { Records, RecordOp } from './records.js';
import type { Subscriptions } from './subscriptions.js';

/** Events for one stream: one at least, and each stream once in a commit. */
export interface Append {
  readonly stream: StreamId;
  /** The version that the stream must have: 0 = must not exist; `any` only for the kinds `run` and `audit`. */
  readonly expectedVersion: number | 'any';
  readonly events: readonly NewEvent[];
}

/** Proof that the writer still holds a lease set, by its name and its token; checked inside the transaction. */
export interface Fence {
  readonly set: string;
  readonly token: number;
}

/**
 * The one write unit (R17): all of it happens in one transaction, or none of it. It writes something: an event, a lease or a
 * record. What it holds must stay as it is until the call is answered.
 */
export interface Commit {
  readonly appends: readonly Append[];
  /** Stored once, and given back with each event as it was said: a store checks none of it, and orders nothing by `at`. */
  readonly meta: {
    readonly at: Instant;
    readonly actor: ActorRef;
    readonly correlation?: Correlation | undefined;
    readonly causation?: string | undefined;
  };
  readonly leases?: readonly LeaseOp[] | undefined;
  readonly records?: readonly RecordOp[] | undefined;
  readonly fence?: readonly Fence[] | undefined;
  /**
   * 1 to 255 bytes; remembered as long as the store. The same key with the same content writes nothing, looks at nothing else,
   * and answers the first result: `lastSeq` and `versions` as they were then, `deduplicated: true`, and no grants, because the
   * leases may be gone since. Whoever missed them asks `leases.acquire` for the same set, which answers the grant it has.
   * Same key, other content: `IDEMPOTENCY_MISMATCH`. Content is who (actor, correlation, causation) says what about which
   * streams, records and lease sets; not `at`, fences, expected versions and revisions, tokens and times to live, because an
   * honest repetition comes later and finds what the first try has changed.
   */
  readonly idempotencyKey?: string | undefined;
}

export interface CommitResult {
  /** `seq` of its last event; without events that of the log. */
  readonly lastSeq: number;
  /** Of each stream it appended to, behind its last event. */
  readonly versions: ReadonlyMap<StreamId, number>;
  /** One for each `acquire`, in their order. */
  readonly grants: readonly Grant[];
  /** Its idempotency key was known: nothing was written by this call. */
  readonly deduplicated: boolean;
}

/** Which events are wanted: those that fit both lists. An absent list lets everything pass, an empty one nothing. At most 1,000 entries each. */
export interface Filter {
  /** Stream kinds: the part before the first `/`, exactly. */
  readonly kinds?: readonly string[] | undefined;
  /** Exact event types, or globs with a trailing `*`; nothing else has a meaning of its own. */
  readonly types?: readonly string[] | undefined;
}

/**
 * One await per page, not per event; a page holds at most 1,000 events and 4 MiB of data, or one event, and never none. Errors
 * come with the `next` that meets them, those of the arguments with the first. Ends when its reader stops; holds nothing open.
 */
export type Batches = AsyncIterable<readonly EventEnvelope[]>;

export interface StoreCapabilities {
  /** `fsync` survives power loss, `os` survives a kill, `memory` neither. */
  readonly durability: 'memory' | 'os' | 'fsync';
  /** How far apart two handles of one store may be. */
  readonly reach: 'process' | 'machine' | 'network';
  /** Whether the death of an owner can be proven at once (R25); without it a dead owner's leases only expire. */
  readonly ownerProof: boolean;
  /** Whether the driver copies itself while others write. */
  readonly backup: boolean;
}

/**
 * The append-only log with its leases, records and subscriptions.
 *
 * Acknowledged means: all or nothing, versions and fences held at the commit point, `seq` in commit order, durable as
 * the driver declares, visible to every later read of this handle, and to other handles soon. Rejected means nothing was
 * written; only `COMMIT_UNKNOWN` is neither. Repeating a commit of that fate with its idempotency key resolves it; without a
 * key, `VERSION_CONFLICT` tells that it may have been written. Calls of one handle may overlap; they are not promised an order.
 *
 * Beside what a method names, each may throw `STORE_BUSY` (others held the store too long; try again), `STORE_CORRUPT`,
 * `STORE_NEWER` (a later version changed the schema meanwhile) and `STORE_FAILED` (open it again); each that writes also
 * `STORE_FULL`, `STORE_READ_ONLY` and `COMMIT_UNKNOWN`. After `close` everything rejects with `CLOSED`, also what waits. An abort
 * rejects with the reason of the signal as long as nothing was written; after that the call is answered.
 */
export interface Store {
  readonly driver: DriverInfo<StoreCapabilities>;
  /** Given when the store is made, and kept with it: the same for all its handles, not empty, without spaces. */
  readonly id: string;
  readonly leases: Leases;
  readonly records: Records;
  readonly subscriptions: Subscriptions;
  /**
   * Before: names as contracts 1.1 has them; an event and a record have at most 8 MiB of JSON (64 levels, no prototype keys), a
   * commit 32 MiB and 10,000 events. Checked in the order idempotency key, fences, versions, leases, records; then events are
   * numbered. After: see {@link Store}. O(rows written), whatever the length of the log.
   *
   * What is wrong with the commit itself: `ID_INVALID`, `VALIDATION_FAILED`, `EVENT_TOO_LARGE`, `COMMIT_TOO_LARGE`,
   * `RECORD_WITHOUT_EVENT`. What is in its way: `IDEMPOTENCY_MISMATCH`; `FENCED` for a set that was released, lost or never
   * held, `LEASE_EXPIRED` for one that ran out and can be renewed; `VERSION_CONFLICT` with `details` `stream`, `expected`,
   * `actual`; `LEASE_HELD`, `OWNER_UNKNOWN`; `REVISION_CONFLICT`, `UNIQUE_VIOLATION`.
   */
  commit(commit: Commit, o?: Opt): Promise<CommitResult>;
  /** Version of a stream (0 = none), or the last `seq` of the store (0 = empty). O(log n). `ID_INVALID`. */
  head(o?: Opt & { readonly stream?: StreamId }): Promise<number>;
  /**
   * Streams that have events, with their versions, by code point of their names. `kind`: exactly this one. `after`: the name
   * behind which a page begins; `limit`: default 1,000. O(page), with a `kind` in some drivers O(streams). `VALIDATION_FAILED`.
   */
  streams(
    o?: Opt & { readonly kind?: string; readonly after?: StreamId; readonly limit?: number },
  ): Promise<readonly { readonly stream: StreamId; readonly version: number }[]>;
  /**
   * A stream in version order, those above `after` (default 0); `backward` from the end, those below `after`. At most `limit`
   * events in all. A stream that does not exist has none. Forward it goes on as long as there is more, so it also gives what is
   * appended while it reads. O(events given). `ID_INVALID`, `VALIDATION_FAILED`.
   */
  read(
    stream: StreamId,
    o?: Opt & { readonly after?: number; readonly limit?: number; readonly backward?: boolean },
  ): Batches;
  /**
   * In `seq` order, those above `after` (default 0), at most `limit` in all; ends at the `seq` that was last when its first
   * page was asked for. Everything that fits comes once. O(events looked at). `VALIDATION_FAILED`.
   */
  readAll(o?: Opt & Filter & { readonly after?: number; readonly limit?: number }): Batches;
  /**
   * `readAll` from `after` on, then waits for more; ends only by abort or close. Pulls: a slow reader holds one page. What this
   * handle commits wakes it at once, what others commit as soon as the driver hears of it, or looks. `VALIDATION_FAILED`.
   */
  follow(o: Opt & Filter & { readonly after: number }): Batches;
  /**
   * Finishes what is being written, then closes the owners that this handle opened, which voids their leases. Idempotent. What
   * is acknowledged is on the disk before.
   */
  close(): Promise<void>;
}
