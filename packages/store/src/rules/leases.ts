import { ConductorError, instant } from '@conductor/core';
import type { Grant, LeaseKey, LeaseRequest } from '@conductor/core/ports';
import { checkCount, checkKeys, checkName } from './checks.js';
import { blockersOf, conflict, givesWay, inTheWay, lapses } from './in-the-way.js';
import type { Blocked, Wanted } from './in-the-way.js';
import type { GrantRow, LeaseRows, WaiterRow } from './rows.js';

/** Throws ID_INVALID, VALIDATION_FAILED. */
export function checkRequest({ set, owner, keys, ttlMs }: LeaseRequest): void {
  checkName('the name of a lease set', set);
  checkName('an owner', owner);
  checkKeys(keys);
  checkCount('The time to live of a lease, in milliseconds,', ttlMs, 1);
}

/** A grant as callers see it. */
export function grantOf({ set, owner, token, keys, expiresAtMs }: GrantRow): Grant {
  return { set, owner, token, keys, expiresAt: instant(expiresAtMs) };
}

/** Acquires a set now. Throws LEASE_HELD, OWNER_UNKNOWN. */
export function acquireNow(rows: LeaseRows, request: LeaseRequest, nowMs: number): Grant {
  const grant = tryAcquire(rows, request, nowMs);
  if (grant !== undefined) return grantOf(grant);
  throw heldError(request.set, blockersOf(rows, wantedSet(request), nowMs));
}

/** A new request for a set, as the rules see it. */
export function wantedSet({ set, owner, keys, ttlMs }: LeaseRequest): Wanted {
  return { kind: 'acquire', set, owner, token: 0, ttlMs, keys };
}

/** Acquires a set if nobody is in the way, neither a holder nor an earlier request. Throws OWNER_UNKNOWN. */
export function tryAcquire(rows: LeaseRows, request: LeaseRequest, nowMs: number): GrantRow | undefined {
  if (!isForeign(request.owner) && rows.owner(request.owner) === undefined) {
    throw new ConductorError('OWNER_UNKNOWN', `The owner ${request.owner} is not open`, {
      hint: 'Call leases.openOwner first.',
    });
  }
  return grantIfFree(rows, wantedSet(request), nowMs);
}

/** Foreign workers cannot open an owner here: their sets only expire. */
function isForeign(owner: string): boolean {
  return owner.startsWith('foreign:');
}

/** The set behind a token. Throws LEASE_LOST, LEASE_EXPIRED. */
export function heldGrant(rows: LeaseRows, set: string, token: number, nowMs: number): GrantRow {
  const grant = rows.grant(token);
  if (grant === undefined || grant.lost || grant.set !== set)
    throw new ConductorError('LEASE_LOST', `The lease ${set} with token ${token} is lost`, { details: { set, token } });
  if (grant.expiresAtMs <= nowMs) {
    throw new ConductorError('LEASE_EXPIRED', `The lease ${set} with token ${token} has expired`, {
      hint: 'Renew it, then extend it.',
      details: { set, token },
    });
  }
  return grant;
}

/** Grants a request, new or waiting, when its turn has come; `undefined` when somebody is in the way. */
export function grantIfFree(rows: LeaseRows, wanted: Wanted, nowMs: number): GrantRow | undefined {
  const mine = wanted.kind === 'acquire' ? ownSet(rows, wanted) : undefined;
  if (mine !== undefined) return refresh(rows, mine, nowMs + wanted.ttlMs);
  const expired = new Map<number, GrantRow>();
  const freeAtOf = givesWay(rows, wanted);
  for (const other of inTheWay(rows, wanted)) {
    if (freeAtOf(other) > nowMs) return undefined;
    if ('holder' in other) expired.set(other.holder.token, other.holder);
  }
  for (const token of expired.keys()) rows.loseGrant(token);
  const granted = wanted.kind === 'acquire' ? addGrant(rows, wanted, nowMs) : addKeys(rows, wanted);
  for (const grant of expired.values()) handOff(rows, keysOf(grant), nowMs);
  return granted;
}

/** The set of that name if the same owner holds it, with all keys that are asked for. */
function ownSet(rows: LeaseRows, { id, set, owner, keys }: Wanted): GrantRow | undefined {
  const held = rows.heldSet(set);
  if (held?.owner !== owner) return undefined;
  const modes = new Map(held.keys.map(({ key, mode }) => [key, mode]));
  const missing = keys.filter(({ key, mode }) => modes.get(key) !== 'exclusive' && modes.get(key) !== mode);
  if (missing.length === 0) return held;
  // A waiting request is looked at in somebody else's transaction, which must not fail because of it.
  if (id !== undefined) return undefined;
  throw new ConductorError('VALIDATION_FAILED', `The set ${set} is held without ${missing.length} of these keys`, {
    hint: 'Add keys with leases.extend.',
    details: { keys: missing },
  });
}

function refresh(rows: LeaseRows, grant: GrantRow, expiresAtMs: number): GrantRow {
  if (expiresAtMs <= grant.expiresAtMs) return grant;
  rows.setExpiry(grant.token, expiresAtMs);
  return { ...grant, expiresAtMs };
}

function addGrant(rows: LeaseRows, { set, owner, keys, ttlMs }: Wanted, nowMs: number): GrantRow {
  const grant = { token: rows.nextToken(), set, owner, expiresAtMs: nowMs + ttlMs, lost: false, keys };
  rows.addGrant(grant);
  return grant;
}

function addKeys(rows: LeaseRows, { set, token, keys }: Wanted): GrantRow {
  rows.putKeys(token, keys);
  const grant = rows.grant(token);
  if (grant === undefined) throw new ConductorError('LEASE_LOST', `The lease ${set} with token ${token} is lost`);
  return grant;
}

/** Gives a set back, and what it held to whoever waits for it. No effect on an unknown or newer set. */
export function releaseSet(rows: LeaseRows, set: string, token: number, nowMs: number): void {
  const grant = rows.grant(token);
  if (grant === undefined || grant.set !== set) return;
  rows.removeGrant(token);
  handOff(rows, keysOf(grant), nowMs);
}

/** Takes a request out of the line, and grants what stood behind it. */
export function leaveLine(rows: LeaseRows, waiter: WaiterRow, nowMs: number): void {
  rows.removeWaiter(waiter.id);
  handOff(rows, keysOf(waiter), nowMs);
}

/** Everything of an owner is void: its sets, its requests, its row. */
export function voidOwner(rows: LeaseRows, owner: string, nowMs: number): void {
  const free = new Set<string>();
  const note = (of: { readonly keys: readonly LeaseKey[] }) => of.keys.forEach(({ key }) => free.add(key));
  for (const grant of rows.grantsOf(owner)) {
    note(grant);
    rows.removeGrant(grant.token);
  }
  for (const waiter of rows.waiters()) {
    if (waiter.owner !== owner) continue;
    note(waiter);
    rows.removeWaiter(waiter.id);
  }
  rows.removeOwner(owner);
  handOff(rows, [...free], nowMs);
}

/** Sets that expired stay renewable until somebody else was granted one of their keys; those are `lost`. Throws OWNER_UNKNOWN. */
export function renewOwner(
  rows: LeaseRows,
  owner: string,
  expiresAtMs: number,
): { readonly kept: number; readonly lost: readonly string[] } {
  if (!isForeign(owner) && rows.owner(owner) === undefined)
    throw new ConductorError('OWNER_UNKNOWN', `The owner ${owner} is not open: all its leases are void`);
  const kept = rows.renewAll(owner, expiresAtMs);
  const lost = rows
    .grantsOf(owner)
    .filter((grant) => grant.lost)
    .map(({ set }) => set);
  return { kept, lost };
}

/** Grants freed keys to those who wait for them, in the order of the line. */
export function handOff(rows: LeaseRows, keys: readonly string[], nowMs: number): void {
  const waiting = new Map<number, WaiterRow>();
  for (const key of keys) for (const waiter of rows.waitersFor(key)) waiting.set(waiter.id, waiter);
  const line = [...waiting.values()].sort(
    (a, b) => Number(a.kind === 'acquire') - Number(b.kind === 'acquire') || a.id - b.id,
  );
  // What somebody further ahead has or wants need not be asked for again: a long line costs its length, not its square.
  const claimed = new Map<string, LeaseKey['mode']>();
  const lapseOf = lapses(rows);
  for (const waiter of line) {
    if (waiter.untilMs <= nowMs) continue;
    const behind = waiter.keys.some(
      ({ key, mode }) => conflict(claimed.get(key) ?? 'shared', mode) && claimed.has(key),
    );
    const granted = behind ? undefined : tryWaiter(rows, waiter, nowMs);
    const claims = waiter.keys.filter(({ key }) => claimed.get(key) !== 'exclusive');
    if (claims.length > 0 && granted === undefined && lapseOf(waiter.owner) <= nowMs) continue;
    for (const { key, mode } of claims) claimed.set(key, mode);
  }
}

/** Grants one waiting request if its turn has come; the row remembers the token until its process takes it. */
export function tryWaiter(rows: LeaseRows, waiter: WaiterRow, nowMs: number): GrantRow | undefined {
  if (rows.waiter(waiter.id)?.granted !== 0) return undefined; // an earlier hand-off of this transaction was faster
  if (waiter.kind === 'extend' && rows.grant(waiter.token)?.lost !== false) {
    leaveLine(rows, waiter, nowMs); // its set is gone; who stood behind it must not wait for it
    return undefined;
  }
  const granted = grantIfFree(rows, waiter, nowMs);
  if (granted !== undefined) rows.setGranted(waiter.id, granted.token);
  return granted;
}

/** The error for a request that is not granted, with who is in the way. */
export function heldError(set: string, { holders, ahead }: Blocked): ConductorError {
  const names = holders.map((holder) => holder.set).join(', ') || `${ahead.length} earlier requests`;
  return new ConductorError('LEASE_HELD', `${set} is not granted: held by ${names}`, {
    details: {
      holders: holders.slice(0, 100).map(({ set: held, owner, keys, expiresAtMs }) => ({
        set: held,
        owner,
        keys: keys.slice(0, 100).map(({ key }) => key),
        expiresAt: instant(expiresAtMs),
      })),
      waiting: ahead.length,
    },
  });
}

function keysOf({ keys }: { readonly keys: readonly LeaseKey[] }): readonly string[] {
  return keys.map(({ key }) => key);
}
