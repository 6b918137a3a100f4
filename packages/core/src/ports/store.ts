import type { ActorRef, Correlation, DriverInfo, EventEnvelope, Instant, NewEvent, Opt, StreamId } from './values.js';
import type { Grant, LeaseOp, Leases } from './leases.js';
import type { Records, RecordOp } from './records.js';
import type { Subscriptions } from './subscriptions.js';

/** Events for one stream, with the version it must have: 0 = must not exist; `any` only for `run/` and `audit/`. */
export interface Append {
  readonly stream: StreamId;
  readonly expectedVersion: number | 'any';
  readonly events: readonly NewEvent[];
}

/** Proof that the writer still holds a lease set; checked inside the transaction. */
export interface Fence {
  readonly set: string;
  readonly token: number;
}

/** The one write unit (R17): all of it happens in one transaction, or none of it. */
export interface Commit {
  readonly appends: readonly Append[];
  readonly meta: {
    readonly at: Instant;
    readonly actor: ActorRef;
    readonly correlation?: Correlation | undefined;
    readonly causation?: string | undefined;
  };
  readonly leases?: readonly LeaseOp[] | undefined;
  readonly records?: readonly RecordOp[] | undefined;
  readonly fence?: readonly Fence[] | undefined;
  /** Same key and same content: the first result again. Same key, other content: `IDEMPOTENCY_MISMATCH`. */
  readonly idempotencyKey?: string | undefined;
}

export interface CommitResult {
  readonly lastSeq: number;
  readonly versions: ReadonlyMap<StreamId, number>;
  readonly grants: readonly Grant[];
  readonly deduplicated: boolean;
}

export interface Filter {
  /** Stream kinds: the part before the first `/`. */
  readonly kinds?: readonly string[] | undefined;
  /** Exact event types, or globs with a trailing `*`. */
  readonly types?: readonly string[] | undefined;
}

/** One await per page, not per event; a page holds at most 1,000 events or 4 MiB, or one event. */
export type Batches = AsyncIterable<readonly EventEnvelope[]>;

export interface StoreCapabilities {
  /** `fsync` survives power loss, `os` survives a kill, `memory` neither. */
  readonly durability: 'memory' | 'os' | 'fsync';
  readonly reach: 'process' | 'machine' | 'network';
  /** Whether the death of an owner can be proven at once (R25). */
  readonly ownerProof: boolean;
  readonly backup: boolean;
}

/**
 * The append-only log with its leases, records and subscriptions.
 *
 * Acknowledged means: all or nothing, versions and fences held at the commit point, `seq` in commit order, durable as
 * the driver declares, visible to every later read of this handle. Rejected means nothing was written; only
 * `COMMIT_UNKNOWN` is neither, and repeating the same call resolves it. After `close` everything rejects with `CLOSED`.
 */
export interface Store {
  readonly driver: DriverInfo<StoreCapabilities>;
  readonly id: string;
  readonly leases: Leases;
  readonly records: Records;
  readonly subscriptions: Subscriptions;
  /**
   * Order inside: idempotency key, fences, versions, leases, records, events. O(rows written).
   * Throws `VERSION_CONFLICT`, `FENCED`, `LEASE_EXPIRED`, `LEASE_HELD`, `REVISION_CONFLICT`, `IDEMPOTENCY_MISMATCH`,
   * `EVENT_TOO_LARGE`, `COMMIT_TOO_LARGE`, `RECORD_WITHOUT_EVENT`, `UNIQUE_VIOLATION`, `STORE_BUSY`, `STORE_FULL`,
   * `STORE_READ_ONLY`, `STORE_FAILED`, `COMMIT_UNKNOWN`.
   */
  commit(commit: Commit, o?: Opt): Promise<CommitResult>;
  /** Version of a stream (0 = none), or the last `seq` of the store. */
  head(o?: Opt & { readonly stream?: StreamId }): Promise<number>;
  streams(
    o?: Opt & { readonly kind?: string; readonly after?: StreamId; readonly limit?: number },
  ): Promise<readonly { readonly stream: StreamId; readonly version: number }[]>;
  /** In version order. */
  read(
    stream: StreamId,
    o?: Opt & { readonly after?: number; readonly limit?: number; readonly backward?: boolean },
  ): Batches;
  /** In `seq` order; ends at the `seq` that was last when it began. */
  readAll(o?: Opt & Filter & { readonly after?: number; readonly limit?: number }): Batches;
  /** `readAll`, then waits for more; ends only by abort or close. Pulls: a slow reader holds one page. */
  follow(o: Opt & Filter & { readonly after: number }): Batches;
  close(): Promise<void>;
}
