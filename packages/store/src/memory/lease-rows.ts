import type { LeaseKey } from '@conductor/core/ports';
import { compareText } from '../rules/checks.js';
import type { GrantRow, LeaseRows, OwnerRow, WaiterRow } from '../rules/rows.js';
import { JournaledIndex } from './journaled-index.js';
import type { RowIndex } from './journaled-index.js';
import { JournaledMap } from './journaled-map.js';
import type { Journal, KeyedRows } from './journaled-map.js';

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

/** What lease rows are made of: a driver may know only a part of it, and throw where it has to fetch the rest. */
export interface LeaseTables {
  readonly owners: KeyedRows<string, OwnerRow>;
  readonly grants: KeyedRows<number, GrantRow>;
  readonly waiters: KeyedRows<number, WaiterRow>;
  /** The token of the set of a name that is not lost. */
  readonly sets: KeyedRows<string, number>;
  /** The tokens of an owner, lost ones included. */
  readonly byOwner: RowIndex<string, number, true>;
  /** The tokens that hold a key. */
  readonly holders: RowIndex<string, number, LeaseKey['mode']>;
  /** The waiters of a key that were granted nothing yet. */
  readonly wanted: RowIndex<string, number, true>;
}

/** Gives the next number, which was never given before. */
export type NextNumber = (of: 'token' | 'waiter') => number;

/** Owners, sets and waiters as maps, with an index from each key to those who hold it or want it. */
export function memoryLeaseRows(journal: Journal): MemoryLeaseRows {
  const owners = new JournaledMap<string, OwnerRow>(journal);
  const grants = new JournaledMap<number, GrantRow>(journal);
  const waiters = new JournaledMap<number, WaiterRow>(journal);
  // Never taken back: a token that a failed transaction used is not used again.
  const last = { token: 0, waiter: 0 };
  const skipTo = (token: number, waiter: number) => {
    last.token = Math.max(last.token, token);
    last.waiter = Math.max(last.waiter, waiter);
  };
  const tables: LeaseTables = {
    owners,
    grants,
    waiters,
    sets: new JournaledMap(journal),
    byOwner: new JournaledIndex(journal),
    holders: new JournaledIndex(journal),
    wanted: new JournaledIndex(journal),
  };
  const rows = leaseRowsOver(tables, (of) => (last[of] += 1));
  return {
    ...rows,
    state: () => ({
      owners: [...owners.values()],
      grants: inOrder(grants.values(), tokenOf),
      waiters: inOrder(waiters.values(), idOf),
      lastToken: last.token,
      lastWaiter: last.waiter,
    }),
    skipTo,
    addGrant(row) {
      skipTo(row.token, 0); // from another process
      rows.addGrant(row);
    },
    addWaiter(row) {
      if (row.id === undefined) return rows.addWaiter(row);
      skipTo(0, row.id); // from another process
      putWaiter(tables, { ...row, id: row.id });
      return row.id;
    },
  };
}

/** Lease rows over tables and their indexes: the one place that keeps them in step. */
export function leaseRowsOver(tables: LeaseTables, next: NextNumber): LeaseRows {
  const { owners, grants, waiters, sets, byOwner, holders, wanted } = tables;

  const hold = (token: number, keys: readonly LeaseKey[]) => {
    for (const { key, mode } of keys) holders.set(key, token, mode);
  };
  const letGo = (token: number, keys: Iterable<string>) => {
    for (const key of keys) holders.delete(key, token);
  };
  const change = (token: number, patch: Partial<GrantRow>) => {
    const grant = grants.get(token);
    if (grant !== undefined) grants.set(token, { ...grant, ...patch });
  };
  const grantsOf = (owner: string) => inOrder(rowsOf(grants, byOwner.of(owner)), tokenOf);
  const free = ({ token, set, keys, lost }: GrantRow) => {
    for (const { key } of keys) holders.delete(key, token);
    if (!lost) sets.delete(set);
  };
  const unlist = ({ id, keys, granted }: WaiterRow) => {
    if (granted === 0) for (const { key } of keys) wanted.delete(key, id);
  };

  return {
    nextToken: () => next('token'),
    grant: (token) => grants.get(token),
    heldSet(set) {
      const token = sets.get(set);
      return token === undefined ? undefined : grants.get(token);
    },
    holders: (key) => Array.from(holders.of(key), ([token, mode]) => ({ token, mode })),
    addGrant(row) {
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
      const gone = new Set(keys);
      change(token, { keys: (grants.get(token)?.keys ?? []).filter(({ key }) => !gone.has(key)) });
      letGo(token, gone);
    },
    loseGrant(token) {
      const grant = grants.get(token);
      if (grant === undefined || grant.lost) return;
      free(grant);
      change(token, { lost: true, keys: [] });
    },
    removeGrant(token) {
      const grant = grants.get(token);
      if (grant === undefined) return;
      free(grant);
      grants.delete(token);
      byOwner.delete(grant.owner, token);
    },
    grantsOf,
    grants: () =>
      inOrder(
        [...grants.values()].filter(({ lost }) => !lost),
        tokenOf,
      ),
    renewAll(owner, expiresAtMs) {
      const held = grantsOf(owner).filter(({ lost }) => !lost);
      for (const { token } of held) change(token, { expiresAtMs });
      return held.length;
    },
    addWaiter(row) {
      const id = next('waiter');
      putWaiter(tables, { ...row, id });
      return id;
    },
    waiter: (id) => waiters.get(id),
    setGranted(id, token) {
      const waiter = waiters.get(id);
      if (waiter === undefined) return;
      waiters.set(id, { ...waiter, granted: token });
      unlist(waiter);
    },
    removeWaiter(id) {
      const waiter = waiters.get(id);
      if (waiter === undefined) return;
      waiters.delete(id);
      unlist(waiter);
    },
    waitersFor: (key) => inOrder(rowsOf(waiters, wanted.of(key)), idOf),
    waiters: () => inOrder(waiters.values(), idOf),
    owner: (owner) => owners.get(owner),
    owners: () => [...owners.values()].sort((a, b) => compareText(a.owner, b.owner)),
    putOwner: (row) => owners.set(row.owner, row),
    removeOwner: (owner) => owners.delete(owner),
  };
}

function putWaiter({ waiters, wanted }: LeaseTables, row: WaiterRow): void {
  waiters.set(row.id, row);
  if (row.granted === 0) for (const { key } of row.keys) wanted.set(key, row.id, true);
}

const tokenOf = ({ token }: GrantRow) => token;
const idOf = ({ id }: WaiterRow) => id;

function rowsOf<K, V>(rows: KeyedRows<K, V>, keys: ReadonlyMap<K, unknown>): readonly V[] {
  return [...keys.keys()].flatMap((key) => rows.get(key) ?? []);
}

function inOrder<R>(rows: Iterable<R>, number: (row: R) => number): readonly R[] {
  return [...rows].sort((a, b) => number(a) - number(b));
}
