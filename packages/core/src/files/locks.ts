import * as z from '@conductor/core/schema';
import { instant, parseInstant } from '../kernel/clock.js';
import { jsonValue } from '../kernel/json.js';
import type { Mode } from '../ports/leases.js';
import type { Instant, Json } from '../ports/values.js';
import { formatEntries, readEntries, type Entries } from './entries.js';
import { normalizePublishedPath } from './published-path.js';
import { readPublishedTime } from './published-time.js';

/** How long a published lock lasts unless its holder extends it. */
export const lockTtlMs = 30 * 60_000;

/** One entry of `locks.json`, by path. */
export interface Lock {
  readonly workerId: string;
  /** Unknown in the short form. */
  readonly acquiredAt?: Instant | undefined;
  readonly expiresAt: Instant;
  readonly mode: Mode;
  /** Further holders of a shared lock. */
  readonly sharedWith: readonly string[];
  /** Keys of other writers. */
  readonly extra: Readonly<Record<string, Json>>;
}

export type Locks = Entries<Lock>;

/** Object form of an entry; the short form is the worker id alone (C-21). */
const LockEntry = z.looseObject({
  worker_id: z.string().min(1).max(512),
  acquired_at: z.string().nullish(),
  expires_at: z.string().nullish(),
  lock_type: z.enum(['exclusive', 'shared']).optional(),
  shared_with: z.array(z.string()).optional(),
});

/**
 * Reads `locks.json`. A lock of unknown age (short form, or times that are none) expires 30 minutes after the file was
 * written: `modifiedAt`.
 */
export function parseLocks(text: string, modifiedAt: Instant): Locks {
  const fallback = plus(modifiedAt, lockTtlMs);
  return readEntries('locks.json', text, (_path, value) => {
    if (typeof value === 'string')
      return value === ''
        ? undefined
        : { workerId: value, expiresAt: fallback, mode: 'exclusive', sharedWith: [], extra: {} };
    const read = LockEntry.safeParse(value);
    if (!read.success) return undefined;
    const { worker_id, acquired_at, expires_at, lock_type, shared_with, ...rest } = read.data;
    const acquiredAt = readPublishedTime(acquired_at);
    return {
      workerId: worker_id,
      acquiredAt,
      expiresAt: readPublishedTime(expires_at) ?? (acquiredAt ? plus(acquiredAt, lockTtlMs) : fallback),
      mode: lock_type ?? 'exclusive',
      sharedWith: shared_with ?? [],
      extra: z.record(z.string(), jsonValue).parse(rest),
    };
  });
}

/** The text of `locks.json`, entries in the object form; what could not be read is written back. */
export function formatLocks(locks: Pick<Locks, 'entries' | 'unread'>): string {
  return formatEntries(locks, (lock) => ({
    ...lock.extra,
    worker_id: lock.workerId,
    ...(lock.acquiredAt !== undefined && { acquired_at: lock.acquiredAt }),
    expires_at: lock.expiresAt,
    ...(lock.mode === 'shared' && { lock_type: lock.mode, shared_with: lock.sharedWith }),
  }));
}

/** A worker's wish for one path. */
export interface LockRequest {
  readonly path: string;
  readonly workerId: string;
  readonly at: Instant;
  readonly mode?: Mode | undefined;
  readonly ttlMs?: number | undefined;
  /** Instead of `at` + `ttlMs`. */
  readonly expiresAt?: Instant | undefined;
}

export type LockAnswer =
  | { readonly granted: true; readonly locks: ReadonlyMap<string, Lock> }
  | { readonly granted: false; readonly holder: Lock };

/**
 * The rule of the published protocol (7.5): a worker may lock a free path, one it holds already (which extends the time),
 * one whose lock has expired, or share one that is shared. Else refused. Pure; O(locks). Throws PATH_UNSAFE.
 */
export function acquireLock(locks: ReadonlyMap<string, Lock>, request: LockRequest): LockAnswer {
  const path = normalizePublishedPath(request.path);
  const { workerId, at, mode = 'exclusive', ttlMs = lockTtlMs, expiresAt = plus(at, ttlMs) } = request;
  const held = locks.get(path);
  const live = held !== undefined && held.expiresAt > at;
  const granted = (lock: Lock): LockAnswer => ({ granted: true, locks: new Map(locks).set(path, lock) });

  if (live && holds(held, workerId)) {
    const later = held.expiresAt > expiresAt ? held.expiresAt : expiresAt;
    return granted({ ...held, expiresAt: later });
  }
  if (!live) return granted({ workerId, acquiredAt: at, expiresAt, mode, sharedWith: [], extra: {} });
  if (held.mode === 'shared' && mode === 'shared') {
    const later = held.expiresAt > expiresAt ? held.expiresAt : expiresAt;
    return granted({ ...held, expiresAt: later, sharedWith: [...held.sharedWith, workerId] });
  }
  return { granted: false, holder: held };
}

/** Lets go of one path. Only a holder can; for anybody else the same map comes back. A shared lock passes on. Pure. */
export function releaseLock(
  locks: ReadonlyMap<string, Lock>,
  path: string,
  workerId: string,
): ReadonlyMap<string, Lock> {
  const held = locks.get(path);
  if (!held || !holds(held, workerId)) return locks;
  const next = new Map(locks);
  const [heir, ...sharedWith] = [held.workerId, ...held.sharedWith].filter((holder) => holder !== workerId);
  if (heir === undefined) next.delete(path);
  else next.set(path, { ...held, workerId: heir, sharedWith });
  return next;
}

/** Lets go of all locks of a worker: what the orchestrator does for one that ended. Pure. */
export function releaseWorker(locks: ReadonlyMap<string, Lock>, workerId: string): ReadonlyMap<string, Lock> {
  let left = locks;
  for (const path of locks.keys()) left = releaseLock(left, path, workerId);
  return left;
}

/** True for every holder of a shared lock. */
export function holds(lock: Lock, workerId: string): boolean {
  return lock.workerId === workerId || lock.sharedWith.includes(workerId);
}

/** Paths whose lock has run out at this instant, sorted. */
export function expiredLocks(locks: ReadonlyMap<string, Lock>, at: Instant): readonly string[] {
  return [...locks].flatMap(([path, lock]) => (lock.expiresAt > at ? [] : [path])).sort();
}

/** Both are UTC with milliseconds, so their text order is their order in time. */
function plus(at: Instant, ms: number): Instant {
  return instant(parseInstant(at) + ms);
}
