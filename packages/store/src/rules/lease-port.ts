import { ConductorError } from '@conductor/core';
import type { LeaseKey, Leases, OwnerId } from '@conductor/core/ports';
import { checkCount, checkName } from './checks.js';
import { acquire, extend } from './lease-line.js';
import { grantOf, releaseSet, renewOwner, voidOwner } from './leases.js';
import type { LeaseRows, Rows } from './rows.js';
import type { Handle } from './store.js';

/** Locks of the operating system that end with their process: the proof that an owner is dead (R25). */
export interface OwnerLocks {
  /** Throws LEASE_HELD when a living process has it. */
  lock(owner: OwnerId): Promise<{ release(): Promise<void> }>;
  /** Whether no living process has it. */
  isFree(owner: OwnerId): Promise<boolean>;
  /** Owners that left a trace, dead or alive. */
  list(): Promise<readonly OwnerId[]>;
  /** Removes the trace of a dead owner. */
  forget(owner: OwnerId): Promise<void>;
}

type Writer = <T>(work: (rows: Rows, nowMs: number) => T) => Promise<T>;

interface OpenLeases {
  readonly leases: Leases;
  /** Voids every owner that this store opened and nobody closed, and lets go of all their locks, also when it throws. */
  closeOwners(write: Writer): Promise<void>;
}

/** The port `Leases` over a driver's rows. */
export function createLeases(handle: Handle, locks: OwnerLocks | undefined): OpenLeases {
  const { read, write } = handle;
  const open = new Map<OwnerId, { release(): Promise<void> }>();

  const closeOwner = async (owner: OwnerId, by: Writer) => {
    const lock = open.get(owner);
    if (lock === undefined) return;
    open.delete(owner);
    try {
      await by((rows, nowMs) => voidOwner(rows.leases, owner, nowMs));
    } finally {
      await lock.release();
    }
  };

  const openOwner: Leases['openOwner'] = async ({ owner, host, bootId }) => {
    handle.check(undefined);
    checkName('an owner', owner, 128);
    checkName('a host', host);
    checkName('the id of a boot', bootId);
    const lock = (await locks?.lock(owner)) ?? { release: async () => undefined };
    try {
      await write(({ leases }, nowMs) => {
        if (leases.owner(owner) !== undefined) {
          if (locks === undefined) throw new ConductorError('LEASE_HELD', `The owner ${owner} is open already`);
          voidOwner(leases, owner, nowMs); // we have its lock, so the one before us is dead
        }
        leases.putOwner({ owner, host, bootId });
      });
    } catch (error) {
      await lock.release();
      throw error;
    }
    open.set(owner, lock);
    return Object.freeze({ owner, close: () => closeOwner(owner, write) });
  };

  const reap: Leases['reap'] = async ({ signal } = {}) => {
    signal?.throwIfAborted();
    const known = await read(({ leases }) => leases.owners().map(({ owner }) => owner), { signal });
    if (locks === undefined) return [];
    const dead: OwnerId[] = [];
    for (const owner of new Set([...known, ...(await locks.list())])) {
      if (open.has(owner) || !(await locks.isFree(owner))) continue;
      const existed = await write(
        ({ leases }, nowMs) => {
          const row = leases.owner(owner);
          if (row !== undefined) voidOwner(leases, owner, nowMs);
          return row !== undefined;
        },
        { signal },
      );
      await locks.forget(owner);
      if (existed) dead.push(owner);
    }
    return dead;
  };

  const leases: Leases = Object.freeze({
    openOwner,
    acquire: (request, o = {}) => acquire(handle, request, o),
    extend: (set, token, keys, o = {}) => extend(handle, { set, token, keys }, o),
    async renew(owner, ttlMs, { signal } = {}) {
      checkCount('The time to live of a lease, in milliseconds,', ttlMs, 1);
      return write((rows, nowMs) => renewOwner(rows.leases, owner, nowMs + ttlMs), { signal });
    },
    async release(set, token, { signal } = {}) {
      await write((rows, nowMs) => releaseSet(rows.leases, set, token, nowMs), { signal });
    },
    reap,
    list: ({ prefix = '', owner, signal } = {}) =>
      read((rows, nowMs) => listLeases(rows.leases, prefix, owner, nowMs), { signal }),
  } satisfies Leases);

  const closeOwners = async (by: Writer) => {
    const closed = await Promise.allSettled(Array.from(open.keys(), (owner) => closeOwner(owner, by)));
    for (const one of closed) if (one.status === 'rejected') throw one.reason;
  };
  return { leases, closeOwners };
}

/** Sets and requests whose name, or one of whose keys, starts with `prefix`. */
function listLeases(rows: LeaseRows, prefix: string, owner: OwnerId | undefined, nowMs: number) {
  const listed = (row: { readonly set: string; readonly owner: OwnerId; readonly keys: readonly LeaseKey[] }) =>
    (owner === undefined || row.owner === owner) &&
    (row.set.startsWith(prefix) || row.keys.some(({ key }) => key.startsWith(prefix)));
  return {
    grants: rows.grants().filter(listed).map(grantOf),
    waiting: rows
      .waiters()
      .filter((row) => row.granted === 0 && row.untilMs > nowMs && listed(row))
      .map(({ set, owner: by, keys }) => ({ set, owner: by, keys })),
  };
}
