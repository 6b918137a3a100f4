import { ConductorError } from '@conductor/core';
import type { Grant, LeaseKey, Leases, OwnerId } from '@conductor/core/ports';
import { checkCount, checkKeys, checkName } from './checks.js';
import {
  checkRequest,
  grantOf,
  handOff,
  heldError,
  heldGrant,
  leaveLine,
  outlook,
  releaseSet,
  renewOwner,
  tryAcquire,
  tryExtend,
  tryWaiter,
  voidOwner,
} from './leases.js';
import type { Blocked } from './leases.js';
import type { GrantRow, LeaseRows, Rows, WaiterRow } from './rows.js';
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
  /** Voids every owner that this store opened and nobody closed. */
  closeOwners(write: Writer): Promise<void>;
}

/** The port `Leases` over a driver's rows. */
export function createLeases(handle: Handle, locks: OwnerLocks | undefined): OpenLeases {
  const { read, write, wake } = handle;
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
    wake.leases.notify();
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
    if (dead.length > 0) wake.leases.notify();
    return dead;
  };

  const leases: Leases = Object.freeze({
    openOwner,
    acquire: (request, { waitMs = 0, signal } = {}) => acquire(handle, request, waitMs, signal),
    extend: (set, token, keys, { waitMs = 0, signal } = {}) => extend(handle, { set, token, keys }, waitMs, signal),
    async renew(owner, ttlMs, { signal } = {}) {
      checkCount('The time to live of a lease, in milliseconds,', ttlMs, 1);
      return write((rows, nowMs) => renewOwner(rows.leases, owner, nowMs + ttlMs), { signal });
    },
    async release(set, token, { signal } = {}) {
      await write((rows, nowMs) => releaseSet(rows.leases, set, token, nowMs), { signal });
      wake.leases.notify();
    },
    reap,
    list: ({ prefix = '', owner, signal } = {}) =>
      read((rows, nowMs) => listLeases(rows.leases, prefix, owner, nowMs), { signal }),
  } satisfies Leases);

  const closeOwners = async (by: Writer) => {
    for (const owner of open.keys()) await closeOwner(owner, by);
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

type Outcome = { readonly grant: Grant } | { readonly waiter: number } | { readonly blocked: Blocked };

async function acquire(
  handle: Handle,
  request: Parameters<Leases['acquire']>[0],
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<Grant> {
  checkRequest(request);
  checkCount('The time to wait for a lease, in milliseconds,', waitMs);
  const { set, owner, keys, ttlMs } = request;
  const outcome = await handle.write(
    (rows, nowMs): Outcome => {
      const tried = tryAcquire(rows.leases, request, nowMs);
      const line = { kind: 'acquire', set, owner, token: 0, ttlMs, untilMs: nowMs + waitMs, granted: 0, keys } as const;
      return enter(rows.leases, tried, line, waitMs);
    },
    { signal },
  );
  return settle(handle, set, outcome, waitMs, signal, (rows, grant, nowMs) => releaseSet(rows, set, grant, nowMs));
}

async function extend(
  handle: Handle,
  request: { readonly set: string; readonly token: number; readonly keys: readonly LeaseKey[] },
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<Grant> {
  checkKeys(request.keys);
  checkCount('The time to wait for a lease, in milliseconds,', waitMs);
  const { set, token, keys } = request;
  let before: readonly LeaseKey[] = [];
  const outcome = await handle.write(
    (rows, nowMs): Outcome => {
      const held = heldGrant(rows.leases, set, token, nowMs);
      before = held.keys;
      const further = keys.filter(({ key, mode }) => !holds(held, key, mode));
      if (further.length === 0) return { grant: grantOf(held) };
      const tried = tryExtend(rows.leases, { set, token, keys: further }, nowMs);
      const line = {
        kind: 'extend',
        set,
        owner: held.owner,
        token,
        ttlMs: 0,
        untilMs: nowMs + waitMs,
        granted: 0,
        keys: further,
      } as const;
      return enter(rows.leases, tried, line, waitMs);
    },
    { signal },
  );
  return settle(handle, set, outcome, waitMs, signal, (rows, grant, nowMs) => {
    const names = keys.map(({ key }) => key);
    rows.removeKeys(grant, names);
    rows.putKeys(
      grant,
      before.filter(({ key }) => names.includes(key)),
    );
    handOff(rows, names, nowMs);
  });
}

function holds({ keys }: GrantRow, wanted: string, mode: LeaseKey['mode']): boolean {
  return keys.some((held) => held.key === wanted && (held.mode === 'exclusive' || held.mode === mode));
}

/** Puts a request that was not granted into the line, when it is willing to wait. */
function enter(rows: LeaseRows, tried: GrantRow | Blocked, line: Omit<WaiterRow, 'id'>, waitMs: number): Outcome {
  if ('token' in tried) return { grant: grantOf(tried) };
  return waitMs === 0 ? { blocked: tried } : { waiter: rows.addWaiter(line) };
}

async function settle(
  handle: Handle,
  set: string,
  outcome: Outcome,
  waitMs: number,
  signal: AbortSignal | undefined,
  undo: (rows: LeaseRows, token: number, nowMs: number) => void,
): Promise<Grant> {
  handle.wake.leases.notify(); // an expired set may have given way, and others with it
  if ('grant' in outcome) return outcome.grant;
  if ('blocked' in outcome) throw heldError(set, outcome.blocked);
  try {
    return await waitInLine(handle, set, outcome.waiter, waitMs, signal);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    // Perhaps in the moment of the grant: what nobody will use goes to the next in line.
    await handle.write((rows, nowMs) => {
      const waiter = rows.leases.waiter(outcome.waiter);
      if (waiter === undefined) return;
      rows.leases.removeWaiter(waiter.id);
      if (waiter.granted === 0)
        handOff(
          rows.leases,
          waiter.keys.map(({ key }) => key),
          nowMs,
        );
      else undo(rows.leases, waiter.granted, nowMs);
    });
    handle.wake.leases.notify();
    throw error;
  }
}

/** Waits until the request is granted by whoever makes room, or room came by expiry, or time is up. */
async function waitInLine(
  handle: Handle,
  set: string,
  id: number,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<Grant> {
  const { read, write, wake, clock, pollMs = Infinity } = handle;
  const deadline = clock.monotonic() + waitMs;
  for (;;) {
    const { tick } = wake.leases;
    const left = deadline - clock.monotonic();
    const view = await read((rows, nowMs) => lookAt(rows.leases, id, nowMs), { signal });
    if (view.ready || left <= 0) {
      const outcome = await write((rows, nowMs) => take(rows.leases, set, id, left <= 0, nowMs), { signal });
      wake.leases.notify();
      if (outcome === undefined) continue;
      if ('error' in outcome) throw outcome.error;
      return outcome.grant;
    }
    const ms = Math.max(1, Math.min(left, pollMs, view.inMs));
    await wake.leases.wait(tick, { ms, signal });
  }
}

/** Whether a request is granted, gone or could be granted now; else when the next one in its way gives way by time. */
function lookAt(rows: LeaseRows, id: number, nowMs: number): { readonly ready: boolean; readonly inMs: number } {
  const waiter = rows.waiter(id);
  if (waiter === undefined || waiter.granted !== 0) return { ready: true, inMs: 0 };
  const { holders, ahead, freeAtMs } = outlook(rows, waiter, nowMs);
  return { ready: holders.length === 0 && ahead.length === 0, inMs: freeAtMs - nowMs };
}

/**
 * Takes what was granted, or what is free now; at the end of the time leaves the line. An error is returned and not
 * thrown, because leaving the line has to last.
 */
function take(
  rows: LeaseRows,
  set: string,
  id: number,
  last: boolean,
  nowMs: number,
): { readonly grant: Grant } | { readonly error: ConductorError } | undefined {
  const waiter = rows.waiter(id);
  if (waiter === undefined) return { error: lostError(set, 'Its owner or its set was voided while it waited') };
  const token = waiter.granted === 0 ? tryWaiter(rows, waiter, nowMs)?.token : waiter.granted;
  if (token !== undefined) {
    rows.removeWaiter(id);
    const grant = rows.grant(token);
    if (grant === undefined || grant.lost) return { error: lostError(set, 'It was granted, and expired unseen') };
    return { grant: grantOf(grant) };
  }
  if (!last) return undefined;
  const blocked = outlook(rows, waiter, nowMs);
  leaveLine(rows, waiter, nowMs);
  return { error: heldError(set, blocked) };
}

function lostError(set: string, reason: string): ConductorError {
  return new ConductorError('LEASE_LOST', `${set} is not granted. ${reason}`);
}
