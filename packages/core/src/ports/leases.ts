import type { Instant, Opt, OwnerId } from './values.js';

export type Mode = 'exclusive' | 'shared';

export interface LeaseKey {
  /** `track:<id>`, `file:<path>`, `dir:<path>`, `repo:index` … ; conflict by equality unless both are shared. */
  readonly key: string;
  readonly mode: Mode;
}

/** A set of keys held by one owner, with the fencing token that proves it. */
export interface Grant {
  readonly set: string;
  readonly owner: OwnerId;
  /** From one counter per store that never goes back. */
  readonly token: number;
  readonly keys: readonly LeaseKey[];
  readonly expiresAt: Instant;
}

/** Lease changes that ride in a commit. `acquire` never waits: `LEASE_HELD` rejects the commit. */
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
  readonly set: string;
  readonly owner: OwnerId;
  readonly keys: readonly LeaseKey[];
  readonly ttlMs: number;
}

export interface LeaseWait {
  readonly set: string;
  readonly owner: OwnerId;
  readonly keys: readonly LeaseKey[];
}

/**
 * Mutual exclusion with fencing tokens. Sets are all or none. Waiting is FIFO: a request is granted when none of its
 * keys conflicts with a holder or an earlier waiter; a waiting `extend` goes before every waiting `acquire`.
 * O(keys) each.
 */
export interface Leases {
  /** Takes the owner's OS-level lock where the driver has one (R25); closing voids all sets of the owner. */
  openOwner(o: {
    readonly owner: OwnerId;
    readonly host: string;
    readonly bootId: string;
  }): Promise<{ readonly owner: OwnerId; close(): Promise<void> }>;
  /** `LEASE_HELD` at once, or after `waitMs`. Re-acquiring a set that one holds returns the same grant. `OWNER_UNKNOWN` without `openOwner`. */
  acquire(request: LeaseRequest, o?: Opt & { readonly waitMs?: number }): Promise<Grant>;
  /** Further keys for a held set, all or none, same token. `LEASE_HELD`, `LEASE_LOST`. */
  extend(set: string, token: number, keys: readonly LeaseKey[], o?: Opt & { readonly waitMs?: number }): Promise<Grant>;
  /** All sets of the owner in one statement; a set that expired comes back only while nobody else was granted its keys. */
  renew(owner: OwnerId, ttlMs: number, o?: Opt): Promise<{ readonly kept: number; readonly lost: readonly string[] }>;
  /** Idempotent; an unknown or newer set: no effect. */
  release(set: string, token: number, o?: Opt): Promise<void>;
  /** Voids the sets of every owner that the driver can prove dead; returns them. */
  reap(o?: Opt): Promise<readonly OwnerId[]>;
  list(
    o?: Opt & { readonly prefix?: string; readonly owner?: OwnerId },
  ): Promise<{ readonly grants: readonly Grant[]; readonly waiting: readonly LeaseWait[] }>;
}

/** Renews in the background. Gives up (aborts its signal with `LEASE_LOST`) before the store gives the lease away. */
export interface LeaseKeeper {
  keep(
    owner: OwnerId,
    o: { readonly ttlMs: number; readonly everyMs: number },
  ): { readonly signal: AbortSignal; stop(): Promise<void> };
}
