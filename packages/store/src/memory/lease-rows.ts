import type { LeaseKey } from '@conductor/core/ports';
import type { GrantRow, LeaseRows, OwnerRow, WaiterRow } from '../rules/rows.js';
import { JournaledIndex } from './journaled-index.js';
import { JournaledMap } from './journaled-map.js';
import type { Journal } from './journaled-map.js';

/** Everything there is of leases, and the last numbers that were given out, which never go back. */
export interface LeaseState {
  readonly owners: readonly OwnerRow[];
  /** By token, lost ones included. */
  readonly grants: readonly GrantRow[];
  readonly waiters: readonly WaiterRow[];
  readonly lastToken: number;
  readonly lastWaiter: number;
}

/** Rows that also take what another process has numbered. */
export interface MemoryLeaseRows extends LeaseRows {
  addWaiter(row: Omit<WaiterRow, 'id'> & { readonly id?: number }): number;
  state(): LeaseState;
  /** Numbers up to these were given out. */
  skipTo(token: number, waiter: number): void;
}

/** Owners, sets and waiters as maps, with an index from each key to those who hold it or want it. */
export function memoryLeaseRows(journal: Journal): MemoryLeaseRows {
  const grants = new JournaledMap<number, GrantRow>(journal);
  const sets = new JournaledMap<string, number>(journal);
  const byOwner = new JournaledIndex<string, number, true>(journal);
  const holders = new JournaledIndex<string, number, LeaseKey['mode']>(journal);
  const waiters = new JournaledMap<number, WaiterRow>(journal);
  const wanted = new JournaledIndex<string, number, true>(journal);
  const owners = new JournaledMap<string, OwnerRow>(journal);
  // Never taken back: a token that a failed transaction used is not used again.
  let lastToken = 0;
  let lastWaiter = 0;

  const hold = (token: number, keys: readonly LeaseKey[]) => {
    for (const { key, mode } of keys) holders.set(key, token, mode);
  };
  const letGo = (token: number, keys: readonly string[]) => {
    for (const key of keys) holders.delete(key, token);
  };
  const change = (token: number, patch: Partial<GrantRow>) => {
    const grant = grants.get(token);
    if (grant !== undefined) grants.set(token, { ...grant, ...patch });
  };
  const grantsOf = (owner: string) =>
    [...byOwner.of(owner).keys()].flatMap((token) => grants.get(token) ?? []).sort((a, b) => a.token - b.token);
  const freeKeys = ({ token, set, keys }: GrantRow) => {
    letGo(
      token,
      keys.map(({ key }) => key),
    );
    if (sets.get(set) === token) sets.delete(set);
  };
  const unlist = (id: number, keys: readonly LeaseKey[]) => {
    for (const { key } of keys) wanted.delete(key, id);
  };

  const waitersByAge = () => [...waiters.values()].sort((a, b) => a.id - b.id);

  return {
    state: () => ({
      owners: [...owners.values()],
      grants: [...grants.values()].sort((a, b) => a.token - b.token),
      waiters: waitersByAge(),
      lastToken,
      lastWaiter,
    }),
    skipTo(token, waiter) {
      lastToken = Math.max(lastToken, token);
      lastWaiter = Math.max(lastWaiter, waiter);
    },
    nextToken: () => (lastToken += 1),
    grant: (token) => grants.get(token),
    heldSet(set) {
      const token = sets.get(set);
      return token === undefined ? undefined : grants.get(token);
    },
    holders: (key) => Array.from(holders.of(key), ([token, mode]) => ({ token, mode })),
    addGrant(row) {
      lastToken = Math.max(lastToken, row.token); // from another process
      grants.set(row.token, row);
      sets.set(row.set, row.token);
      byOwner.set(row.owner, row.token, true);
      hold(row.token, row.keys);
    },
    setExpiry: (token, expiresAtMs) => change(token, { expiresAtMs }),
    putKeys(token, keys) {
      const held = new Map(grants.get(token)?.keys.map((key) => [key.key, key]));
      for (const key of keys) held.set(key.key, key);
      change(token, { keys: [...held.values()] });
      hold(token, keys);
    },
    removeKeys(token, keys) {
      change(token, { keys: (grants.get(token)?.keys ?? []).filter(({ key }) => !keys.includes(key)) });
      letGo(token, keys);
    },
    loseGrant(token) {
      const grant = grants.get(token);
      if (grant === undefined || grant.lost) return;
      freeKeys(grant);
      change(token, { lost: true, keys: [] });
    },
    removeGrant(token) {
      const grant = grants.get(token);
      if (grant === undefined) return;
      freeKeys(grant);
      grants.delete(token);
      byOwner.delete(grant.owner, token);
    },
    grantsOf,
    grants: () => [...grants.values()].filter(({ lost }) => !lost).sort((a, b) => a.token - b.token),
    renewAll(owner, expiresAtMs) {
      const held = grantsOf(owner).filter(({ lost }) => !lost);
      for (const { token } of held) change(token, { expiresAtMs });
      return held.length;
    },
    addWaiter(row) {
      const { id = lastWaiter + 1 } = row; // from another process it has one
      lastWaiter = Math.max(lastWaiter, id);
      waiters.set(id, { ...row, id });
      for (const { key } of row.keys) wanted.set(key, id, true);
      return id;
    },
    waiter: (id) => waiters.get(id),
    setGranted(id, token) {
      const waiter = waiters.get(id);
      if (waiter === undefined) return;
      waiters.set(id, { ...waiter, granted: token });
      unlist(id, waiter.keys);
    },
    removeWaiter(id) {
      const waiter = waiters.get(id);
      if (waiter === undefined) return;
      waiters.delete(id);
      if (waiter.granted === 0) unlist(id, waiter.keys);
    },
    waitersFor: (key) => [...wanted.of(key).keys()].flatMap((id) => waiters.get(id) ?? []).sort((a, b) => a.id - b.id),
    waiters: waitersByAge,
    owner: (owner) => owners.get(owner),
    owners: () => [...owners.values()],
    putOwner: (row) => owners.set(row.owner, row),
    removeOwner: (owner) => owners.delete(owner),
  };
}
