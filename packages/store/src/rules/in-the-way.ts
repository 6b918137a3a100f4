import type { LeaseKey } from '@conductor/core/ports';
import type { GrantRow, LeaseRows, WaiterRow } from './rows.js';

/** A request as the rules see it: new, or from the waiting line. */
export type Wanted = Pick<WaiterRow, 'kind' | 'set' | 'owner' | 'token' | 'ttlMs' | 'keys'> & { readonly id?: number };

/** Who is in the way of a request. */
export interface Blocked {
  /** Sets that hold a key of it, not expired. */
  readonly holders: readonly GrantRow[];
  /** Requests before it in the line that want a key of it. */
  readonly ahead: readonly WaiterRow[];
}

/** When the first that is in the way gives way by time alone; `undefined` when nobody is. It has to, so nobody need ask before. */
export function blockedUntil(rows: LeaseRows, wanted: Wanted, nowMs: number): number | undefined {
  const freeAtOf = givesWay(rows, wanted);
  for (const other of inTheWay(rows, wanted)) {
    const freeAtMs = freeAtOf(other);
    if (freeAtMs > nowMs) return freeAtMs;
  }
  return undefined;
}

/** Everybody who is in the way of a request now. */
export function blockersOf(rows: LeaseRows, wanted: Wanted, nowMs: number): Blocked {
  const holders = new Map<number, GrantRow>();
  const ahead = new Map<number, WaiterRow>();
  const freeAtOf = givesWay(rows, wanted);
  for (const other of inTheWay(rows, wanted)) {
    if (freeAtOf(other) <= nowMs) continue;
    if ('holder' in other) holders.set(other.holder.token, other.holder);
    else ahead.set(other.ahead.id, other.ahead);
  }
  return { holders: [...holders.values()], ahead: [...ahead.values()] };
}

/** A holder, or a request further ahead in the line. */
type Other = { readonly holder: GrantRow } | { readonly ahead: WaiterRow };

/** Those who hold or want the same keys with a better right, expired ones included; lazily, holders first. */
export function* inTheWay(rows: LeaseRows, wanted: Wanted): Generator<Other> {
  // Another owner's set of the same name is in the way even with other keys: fences name sets.
  const namesake = wanted.kind === 'acquire' ? rows.heldSet(wanted.set) : undefined;
  if (namesake !== undefined) yield { holder: namesake };
  for (const { key, mode } of wanted.keys) {
    for (const other of rows.holders(key)) {
      if (other.token === wanted.token || !conflict(other.mode, mode)) continue;
      const holder = rows.grant(other.token);
      if (holder !== undefined) yield { holder };
    }
  }
  for (const { key, mode } of wanted.keys) {
    for (const ahead of rows.waitersFor(key)) {
      const theirs = ahead.keys.find((other) => other.key === key)?.mode ?? 'exclusive';
      if (isEarlier(ahead, wanted) && conflict(theirs, mode)) yield { ahead };
    }
  }
}

/** When each of those who are in the way of a request gives way by time alone. */
export function givesWay(rows: LeaseRows, { owner }: Wanted): (other: Other) => number {
  const lapseOf = lapses(rows);
  return (other) => {
    if ('holder' in other) return other.holder.expiresAtMs;
    const { ahead } = other;
    return ahead.owner === owner ? ahead.untilMs : Math.min(ahead.untilMs, lapseOf(ahead.owner)); // whoever asks is alive
  };
}

/**
 * When the last lease of an owner expires: whoever lets that happen is dead, or cut off, and nobody waits behind his requests
 * from then on. They keep their place, should he come back. Of an owner who holds nothing it cannot be told.
 */
export function lapses(rows: LeaseRows): (owner: string) => number {
  const known = new Map<string, number>();
  return (owner) => {
    const lapseMs = known.get(owner) ?? lastExpiry(rows.grantsOf(owner));
    known.set(owner, lapseMs);
    return lapseMs;
  };
}

function lastExpiry(held: readonly GrantRow[]): number {
  if (held.length === 0) return Infinity;
  return held.reduce((lastMs, { lost, expiresAtMs }) => (lost ? lastMs : Math.max(lastMs, expiresAtMs)), 0);
}

/** Whether two may not have one key at the same time. */
export function conflict(a: LeaseKey['mode'], b: LeaseKey['mode']): boolean {
  return a === 'exclusive' || b === 'exclusive';
}

/** A waiting extend goes before every waiting acquire: its set already holds what the others may wait for. */
function isEarlier(waiter: WaiterRow, wanted: Wanted): boolean {
  if (waiter.id === wanted.id) return false;
  if (waiter.kind !== wanted.kind) return waiter.kind === 'extend';
  return waiter.id < (wanted.id ?? Infinity);
}
