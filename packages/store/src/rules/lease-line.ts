import { ConductorError } from '@conductor/core';
import type { Grant, LeaseKey, LeaseRequest, Leases } from '@conductor/core/ports';
import { checkCount, checkKeys } from './checks.js';
import { blockedUntil, blockersOf } from './in-the-way.js';
import type { Blocked, Wanted } from './in-the-way.js';
import {
  checkRequest,
  grantIfFree,
  grantOf,
  handOff,
  heldError,
  heldGrant,
  leaveLine,
  releaseSet,
  tryAcquire,
  tryWaiter,
  wantedSet,
} from './leases.js';
import type { GrantRow, LeaseRows } from './rows.js';
import type { Handle, Place } from './store.js';
import { createWake } from './wake.js';
import { touchedByRequest } from './touches.js';

/** What a first try came to. */
type Outcome = { readonly grant: Grant } | { readonly waiter: number } | { readonly blocked: Blocked };

/** One call that may have to wait, and how to give back what it was granted when nobody wants it any more. */
interface Call {
  readonly set: string;
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
  undo(rows: LeaseRows, token: number, nowMs: number): void;
}

/** `Leases.acquire`: at once, or from the waiting line. */
export async function acquire(
  handle: Handle,
  request: LeaseRequest,
  o: NonNullable<Parameters<Leases['acquire']>[1]>,
): Promise<Grant> {
  const { waitMs = 0, signal } = o;
  checkRequest(request);
  checkWait(waitMs);
  const { set } = request;
  const outcome = await handle.write(
    ({ leases }, nowMs) => enter(leases, tryAcquire(leases, request, nowMs), wantedSet(request), waitMs, nowMs),
    { signal, touches: touchedByRequest(request) },
  );
  const undo: Call['undo'] = (rows, token, nowMs) => releaseSet(rows, set, token, nowMs);
  return settle(handle, { set, waitMs, signal, undo }, outcome);
}

/** `Leases.extend`: at once, or from the waiting line. */
export async function extend(
  handle: Handle,
  request: { readonly set: string; readonly token: number; readonly keys: readonly LeaseKey[] },
  o: NonNullable<Parameters<Leases['extend']>[3]>,
): Promise<Grant> {
  const { waitMs = 0, signal } = o;
  const { set, token, keys } = request;
  checkKeys(keys);
  checkWait(waitMs);
  let further: readonly LeaseKey[] = [];
  let before: readonly LeaseKey[] = [];
  const outcome = await handle.write(
    ({ leases }, nowMs): Outcome => {
      const held = heldGrant(leases, set, token, nowMs);
      further = keys.filter(({ key, mode }) => !holds(held, key, mode));
      if (further.length === 0) return { grant: grantOf(held) };
      before = held.keys.filter(({ key }) => further.some((other) => other.key === key));
      const wanted: Wanted = { kind: 'extend', set, owner: held.owner, token, ttlMs: 0, keys: further };
      return enter(leases, grantIfFree(leases, wanted, nowMs), wanted, waitMs, nowMs);
    },
    { signal },
  );
  const undo: Call['undo'] = (rows, held, nowMs) => {
    const names = further.map(({ key }) => key);
    rows.removeKeys(held, names);
    rows.putKeys(held, before);
    handOff(rows, names, nowMs);
  };
  return settle(handle, { set, waitMs, signal, undo }, outcome);
}

function checkWait(waitMs: number): void {
  checkCount('The time to wait for a lease, in milliseconds,', waitMs);
}

function holds({ keys }: GrantRow, wanted: string, mode: LeaseKey['mode']): boolean {
  return keys.some((held) => held.key === wanted && (held.mode === 'exclusive' || held.mode === mode));
}

/** Puts a request that was not granted into the line, when it is willing to wait. */
function enter(rows: LeaseRows, granted: GrantRow | undefined, wanted: Wanted, waitMs: number, nowMs: number): Outcome {
  if (granted !== undefined) return { grant: grantOf(granted) };
  if (waitMs === 0) return { blocked: blockersOf(rows, wanted, nowMs) };
  return { waiter: rows.addWaiter({ ...wanted, untilMs: nowMs + waitMs, granted: 0 }) };
}

async function settle(handle: Handle, call: Call, outcome: Outcome): Promise<Grant> {
  if ('blocked' in outcome) throw heldError(call.set, outcome.blocked);
  if ('grant' in outcome) return outcome.grant;
  const { waiter } = outcome;
  const place: Place = { lasts: false, wake: createWake(handle.clock) };
  handle.line.set(waiter, place);
  try {
    return await waitInLine(handle, call, waiter, place);
  } catch (error) {
    const leaving = () => leave(handle, call, waiter, place);
    if (call.signal?.aborted === true) await leaving();
    // A store that fails now may be well again later, and would then grant it to nobody. What failed first says more.
    else if (!ConductorError.is(error, 'LEASE_HELD', 'LEASE_LOST')) await leaving().catch(() => undefined);
    throw error;
  } finally {
    handle.line.delete(waiter);
  }
}

/** Ends an aborted call, perhaps in the moment of its grant: what nobody will use goes to the next in line. */
async function leave({ write }: Handle, { undo }: Call, id: number, place: Place): Promise<void> {
  await write(({ leases }, nowMs) => {
    const waiter = leases.waiter(id);
    if (waiter !== undefined) leaveLine(leases, waiter, nowMs);
    const token = waiter === undefined ? place.grant?.token : waiter.granted;
    if (token !== undefined && token !== 0) undo(leases, token, nowMs);
  });
}

/** Waits until the request is granted by whoever makes room, or room came by expiry, or time is up. */
async function waitInLine(handle: Handle, { set, waitMs, signal }: Call, id: number, place: Place): Promise<Grant> {
  const { read, write, clock, pollMs = Infinity } = handle;
  const deadline = clock.monotonic() + waitMs;
  for (;;) {
    const { tick } = place.wake;
    if (place.lasts && place.grant !== undefined) return place.grant;
    const left = deadline - clock.monotonic();
    const freeInMs = left <= 0 ? 0 : await read(({ leases }, nowMs) => waitsFor(leases, id, nowMs), { signal });
    if (freeInMs > 0) {
      await place.wake.wait(tick, { ms: Math.max(1, Math.min(left, pollMs, freeInMs)), signal });
      continue;
    }
    const taken = await write(({ leases }, nowMs) => take(leases, set, id, left <= 0, nowMs), { signal });
    if (place.lasts && place.grant !== undefined) return place.grant;
    if (taken.error !== undefined) throw taken.error;
    if (taken.grant !== undefined) return taken.grant;
  }
}

/** For how long at least nothing can happen by time alone; 0 when the request is granted, gone, or could be granted. */
function waitsFor(rows: LeaseRows, id: number, nowMs: number): number {
  const waiter = rows.waiter(id);
  if (waiter === undefined || waiter.granted !== 0) return 0;
  return (blockedUntil(rows, waiter, nowMs) ?? nowMs) - nowMs;
}

interface Taken {
  readonly grant?: Grant;
  /** Returned and not thrown, because leaving the line has to last. */
  readonly error?: ConductorError;
}

/** Takes what was granted, or what is free now; at the end of the time leaves the line. */
function take(rows: LeaseRows, set: string, id: number, last: boolean, nowMs: number): Taken {
  const waiter = rows.waiter(id);
  if (waiter === undefined) return { error: lostError(set, 'Its owner or its set was voided while it waited') };
  const token = waiter.granted === 0 ? tryWaiter(rows, waiter, nowMs)?.token : waiter.granted;
  if (token !== undefined) {
    rows.removeWaiter(id);
    const grant = rows.grant(token);
    if (grant === undefined || grant.lost) return { error: lostError(set, 'It was granted, and expired unseen') };
    return { grant: grantOf(grant) };
  }
  if (!last) return {};
  const blocked = blockersOf(rows, waiter, nowMs);
  leaveLine(rows, waiter, nowMs);
  return { error: heldError(set, blocked) };
}

function lostError(set: string, reason: string): ConductorError {
  return new ConductorError('LEASE_LOST', `${set} is not granted. ${reason}`);
}
