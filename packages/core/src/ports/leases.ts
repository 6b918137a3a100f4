import type { Instant, Opt, OwnerId } from './values.js';

/** `shared` keys live beside each other, an `exclusive` one beside none. */
export type Mode = 'exclusive' | 'shared';

export interface LeaseKey {
  /**
   * `track:<id>`, `file:<path>`, `dir:<path>`, `repo:index` … ; conflict by equality unless both are shared. 1 to 4,096 characters
   * without NUL and halves of surrogate pairs.
   */
  readonly key: string;
  readonly mode: Mode;
}

/** A set of keys held by one owner, with the fencing token that proves it. */
export interface Grant {
  readonly set: string;
  readonly owner: OwnerId;
  /** From one counter per store that never goes back, over releases, restarts and upkeep. A later grant has a higher one. */
  readonly token: number;
  readonly keys: readonly LeaseKey[];
  /** By the wall clock of the store. From then on others may be granted its keys; until one is, it can be renewed. */
  readonly expiresAt: Instant;
}

/**
 * Lease changes that ride in a commit, in their order, with the rules of `Leases.acquire` and `release`. `acquire` never waits:
 * `LEASE_HELD` rejects the commit. What a release frees goes to who waits for it in the same transaction.
 */
export type LeaseOp =
  | {
      readonly op: 'acquire';
      readonly set: string;
      readonly owner: OwnerId;
      readonly keys: readonly LeaseKey[];
      readonly ttlMs: number;
    }
  | { readonly op: 'release'; readonly set: string; readonly token: number };

export interface LeaseRequest {
  /** The name by which fences, renewals and releases know it; one of a name is held at a time. 1 to 256 bytes. */
  readonly set: string;
  /** Opened by `openOwner` of any handle, or `foreign:…`, who cannot open one here: its sets only expire. */
  readonly owner: OwnerId;
  /** 1 to 10,000, each once. */
  readonly keys: readonly LeaseKey[];
  /** Whole milliseconds from 1. */
  readonly ttlMs: number;
}

/** A request that waits in the line. */
export interface LeaseWait {
  readonly set: string;
  readonly owner: OwnerId;
  readonly keys: readonly LeaseKey[];
}

/**
 * Mutual exclusion with fencing tokens. Sets are all or none. Waiting is FIFO: a request is granted when none of its keys
 * conflicts with a holder or an earlier waiter; a waiting `extend` goes before every waiting `acquire`. Who frees a key grants
 * it in the same transaction, so nobody slips in. A request keeps its place until its time is up, but nobody waits behind that
 * of an owner whose leases have all expired: he is dead, or cut off. A set that expired is in nobody's way, and gone whole,
 * with all its keys, once somebody is granted one of them. O(keys) each, beside those who wait for the same keys; every call
 * that changes something is as durable as a commit. What every method may throw beside: see `Store`.
 */
export interface Leases {
  /**
   * Takes the owner's OS-level lock where the driver has one (R25), which voids what a dead process left under this id; `close`
   * voids all sets and requests of the owner, once, and so does closing the store. `LEASE_HELD` when it is open already; in a
   * driver without such locks also when a dead process left it open, so owners take a new id with each start. `ID_INVALID`:
   * an owner has 1 to 128 bytes, host and boot 1 to 256, without control characters.
   */
  openOwner(o: {
    readonly owner: OwnerId;
    readonly host: string;
    readonly bootId: string;
  }): Promise<{ readonly owner: OwnerId; close(): Promise<void> }>;
  /**
   * `LEASE_HELD` at once, or after `waitMs` (default 0), with `details.holders` (set, owner, keys, expiresAt; 100 at most) and how
   * many are `waiting` before it. A set that its owner holds is answered as it is, also when fewer keys are asked for, and
   * expires no earlier than before; for further keys there is `extend`. An abort leaves the line, and gives back what was granted
   * in that moment. `OWNER_UNKNOWN` without `openOwner`; `LEASE_LOST` when the owner was voided while it waited; `ID_INVALID`,
   * `VALIDATION_FAILED`.
   */
  acquire(request: LeaseRequest, o?: Opt & { readonly waitMs?: number }): Promise<Grant>;
  /**
   * Further keys for a held set, all or none, same token and same end; a shared key that nobody else shares may become
   * exclusive. Answers the whole set. `LEASE_HELD` and `waitMs` as with `acquire`; `LEASE_LOST` for a set that is not held, also
   * while it waits; `LEASE_EXPIRED` for one that has to be renewed first; `VALIDATION_FAILED`.
   */
  extend(set: string, token: number, keys: readonly LeaseKey[], o?: Opt & { readonly waitMs?: number }): Promise<Grant>;
  /**
   * All sets of the owner now end `ttlMs` from now, sooner or later than before, in one statement; a set that expired comes back
   * only while nobody else was granted its keys. `kept`: how many. `lost`: the names of those that others took over, each time
   * until it is released, its owner closes, or upkeep removes its trace. `OWNER_UNKNOWN`, when all of it is void;
   * `VALIDATION_FAILED`.
   */
  renew(owner: OwnerId, ttlMs: number, o?: Opt): Promise<{ readonly kept: number; readonly lost: readonly string[] }>;
  /** Gives a set back to who waits for it. Idempotent; an unknown or newer set, or a token of another one: no effect. */
  release(set: string, token: number, o?: Opt): Promise<void>;
  /**
   * Voids the sets and requests of every owner that the driver can prove dead; returns them. Never one that lives, however
   * long it is silent. Without `ownerProof` it can prove nothing: `[]`. O(owners).
   */
  reap(o?: Opt): Promise<readonly OwnerId[]>;
  /**
   * Sets that are held, in the order of their tokens, expired ones included that nobody took; and who waits, in the order of their
   * coming. `prefix`: of the name of the set or of one of its keys. O(all sets and requests).
   */
  list(
    o?: Opt & { readonly prefix?: string; readonly owner?: OwnerId },
  ): Promise<{ readonly grants: readonly Grant[]; readonly waiting: readonly LeaseWait[] }>;
}

/** Renews in the background. Gives up (aborts its signal with `LEASE_LOST`) before the store gives the lease away. */
export interface LeaseKeeper {
  /**
   * Renews all sets of the owner every `everyMs`, which is at most half of `ttlMs`, until `stop`, which waits for a renewal under
   * way. `VALIDATION_FAILED`.
   */
  keep(
    owner: OwnerId,
    o: { readonly ttlMs: number; readonly everyMs: number },
  ): { readonly signal: AbortSignal; stop(): Promise<void> };
}
