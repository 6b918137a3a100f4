import { sha256Hex } from '@conductor/core/hash';
import type { LeaseKey } from '@conductor/core/ports';
import type { Journal } from '../memory/journaled-map.js';
import type { GrantRow, LeaseRows, OwnerRow, WaiterRow } from '../rules/rows.js';
import { Known, KnownIndex, want } from './cache.js';
import type { Loader, Wants } from './cache.js';
import type { PgRow } from './client.js';
import { isStorable, sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import type { Table } from './tables.js';

/** Owners, sets and waiters as far as they are known, with an index from each key to those who hold it or want it. */
export interface LeaseCache {
  readonly rows: LeaseRows;
  readonly grants: Known<number, GrantRow>;
  /** Sets whose keys changed, and not only their expiry. */
  readonly rekeyed: Known<number, true>;
  readonly waiters: Known<number, WaiterRow>;
  readonly owners: Known<string, OwnerRow>;
  /** Asks for everything that a request for keys looks at. */
  want(wants: Wants, o: LeaseWants): void;
  readonly size: number;
  written(): void;
  clear(): void;
}

export interface LeaseWants {
  readonly tokens: readonly number[];
  readonly sets: readonly string[];
  readonly keys: readonly string[];
  readonly owners: readonly string[];
  /** Whether to ask again for what is known. */
  readonly again: boolean;
}

interface Counter {
  next(name: 'token' | 'waiter'): number;
}

const everything = 'all';

export function pgLeaseCache(journal: Journal, t: Table, counter: Counter): LeaseCache {
  const grantsWhere = (where: SqlText) =>
    sql`SELECT token, "set", owner, expires_at, lost, keys FROM ${t('grants')} WHERE ${where} ORDER BY token`;
  const waitersWhere = (where: SqlText) =>
    sql`SELECT id, kind, "set", owner, token, ttl, until, granted, keys FROM ${t('waiters')} WHERE ${where} ORDER BY id`;
  const ownersWhere = (where: SqlText) => sql`SELECT owner, host, boot_id FROM ${t('owners')} WHERE ${where}`;
  const learnGrants = (rows: readonly PgRow[]) => {
    const found = rows.map(grantOf);
    for (const grant of found) grants.learn(grant.token, grant);
    return found;
  };
  const learnWaiters = (rows: readonly PgRow[]) => {
    const found = rows.map(waiterOf);
    for (const waiter of found) waiters.learn(waiter.id, waiter);
    return found;
  };
  const learnOwners = (rows: readonly PgRow[]) => {
    const found = rows.map(ownerOf);
    for (const owner of found) owners.learn(owner.owner, owner);
    return found;
  };

  const grants = new Known<number, GrantRow>(journal, {
    statement: (tokens) => grantsWhere(sql`token = ANY(${tokens}::bigint[])`),
    learn(tokens, rows) {
      learnGrants(rows);
      for (const token of tokens) grants.learn(token, undefined);
    },
  });
  const waiters = new Known<number, WaiterRow>(journal, {
    statement: (ids) => waitersWhere(sql`id = ANY(${ids}::bigint[])`),
    learn(ids, rows) {
      learnWaiters(rows);
      for (const id of ids) waiters.learn(id, undefined);
    },
  });
  const owners = new Known<string, OwnerRow>(journal, {
    statement: (names) => ownersWhere(sql`owner = ANY(${names}::text[])`),
    learn(names, rows) {
      learnOwners(rows);
      for (const name of names) owners.learn(name, undefined);
    },
  });
  const sets = new Known<string, number>(journal, {
    statement: (names) => grantsWhere(sql`NOT lost AND "set" = ANY(${names}::text[])`),
    learn(names, rows) {
      for (const { set, token } of learnGrants(rows)) sets.learn(set, token);
      for (const name of names) sets.learn(name, undefined);
    },
  });
  const holders = new KnownIndex<string, number, LeaseKey['mode']>(journal, {
    statement: (keys) =>
      grantsWhere(sql`token IN (SELECT token FROM ${t('grant_keys')} WHERE "key" = ANY(${keys.map(keyId)}::text[]))`),
    learn(keys, rows) {
      const found = byKey(keys, learnGrants(rows), ({ token, mode }) => [token, mode] as const);
      for (const [key, members] of found) holders.learn(key, members);
    },
  });
  const wanted = new KnownIndex<string, number>(journal, {
    statement: (keys) =>
      waitersWhere(
        sql`granted = 0 AND id IN (SELECT waiter FROM ${t('waiter_keys')} WHERE "key" = ANY(${keys.map(keyId)}::text[]))`,
      ),
    learn(keys, rows) {
      const found = byKey(keys, learnWaiters(rows), ({ id }) => [id, true] as const);
      for (const [key, members] of found) wanted.learn(key, members);
    },
  });
  const byOwner = new KnownIndex<string, number>(journal, {
    statement: (names) => grantsWhere(sql`owner = ANY(${names}::text[])`),
    learn(names, rows) {
      const found = learnGrants(rows);
      for (const name of names)
        byOwner.learn(
          name,
          found.filter(({ owner }) => owner === name).map(({ token }) => [token, true] as const),
        );
    },
  });
  const allGrants = new KnownIndex<string, number>(journal, {
    statement: () => grantsWhere(sql`true`),
    learn: (_, rows) =>
      allGrants.learn(
        everything,
        learnGrants(rows).map(({ token }) => [token, true] as const),
      ),
  });
  const allWaiters = new KnownIndex<string, number>(journal, {
    statement: () => waitersWhere(sql`true`),
    learn: (_, rows) =>
      allWaiters.learn(
        everything,
        learnWaiters(rows).map(({ id }) => [id, true] as const),
      ),
  });
  const allOwners = new KnownIndex<string, string>(journal, {
    statement: () => ownersWhere(sql`true`),
    learn: (_, rows) =>
      allOwners.learn(
        everything,
        learnOwners(rows).map(({ owner }) => [owner, true] as const),
      ),
  });
  const rekeyed = new Known<number, true>(journal, { statement: () => sql``, learn: () => undefined });

  const members = (index: KnownIndex<string, number>, key: string) =>
    [...index.get(key).keys()].flatMap((token) => grants.get(token) ?? []).sort((a, b) => a.token - b.token);
  const waitersOf = (index: KnownIndex<string, number>, key: string) =>
    [...index.get(key).keys()].flatMap((id) => waiters.get(id) ?? []).sort((a, b) => a.id - b.id);
  const change = (token: number, patch: Partial<GrantRow>) => {
    const grant = grants.get(token);
    if (grant !== undefined) grants.put(token, { ...grant, ...patch });
  };
  const hold = (token: number, keys: readonly LeaseKey[]) => {
    for (const { key, mode } of keys) holders.add(key, token, mode);
    rekeyed.put(token, true);
  };
  const letGo = (token: number, keys: readonly string[]) => {
    for (const key of keys) holders.remove(key, token);
    rekeyed.put(token, true);
  };
  const freeAll = ({ token, set, keys, lost }: GrantRow) => {
    letGo(
      token,
      keys.map(({ key }) => key),
    );
    if (!lost) sets.put(set, undefined, true);
  };
  const unlist = ({ id, keys }: WaiterRow) => {
    for (const { key } of keys) wanted.remove(key, id);
  };

  const rows: LeaseRows = {
    nextToken: () => counter.next('token'),
    // Callers bring tokens; what is no whole number was never one.
    grant: (token) => (Number.isSafeInteger(token) ? grants.get(token) : undefined),
    heldSet(set) {
      const token = isStorable(set) ? sets.get(set) : undefined;
      return token === undefined ? undefined : grants.get(token);
    },
    holders: (key) => Array.from(holders.get(key), ([token, mode]) => ({ token, mode })),
    addGrant(row) {
      grants.put(row.token, row);
      sets.put(row.set, row.token, true);
      byOwner.add(row.owner, row.token, true);
      allGrants.add(everything, row.token, true);
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
      letGo(token, keys);
    },
    loseGrant(token) {
      const grant = grants.get(token);
      if (grant === undefined || grant.lost) return;
      freeAll(grant);
      change(token, { lost: true, keys: [] });
    },
    removeGrant(token) {
      const grant = grants.get(token);
      if (grant === undefined) return;
      freeAll(grant);
      grants.put(token, undefined);
      byOwner.remove(grant.owner, token);
      allGrants.remove(everything, token);
    },
    grantsOf: (owner) => (isStorable(owner) ? members(byOwner, owner) : []),
    grants: () => members(allGrants, everything).filter(({ lost }) => !lost),
    renewAll(owner, expiresAtMs) {
      const held = members(byOwner, owner).filter(({ lost }) => !lost);
      for (const { token } of held) change(token, { expiresAtMs });
      return held.length;
    },
    addWaiter(row) {
      const id = counter.next('waiter');
      const { kind, set, owner, token, ttlMs, untilMs, granted, keys } = row;
      waiters.put(id, { id, kind, set, owner, token, ttlMs, untilMs, granted, keys });
      for (const { key } of keys) wanted.add(key, id, true);
      allWaiters.add(everything, id, true);
      return id;
    },
    waiter: (id) => waiters.get(id),
    setGranted(id, token) {
      const waiter = waiters.get(id);
      if (waiter === undefined) return;
      waiters.put(id, { ...waiter, granted: token });
      unlist(waiter);
    },
    removeWaiter(id) {
      const waiter = waiters.get(id);
      if (waiter === undefined) return;
      waiters.put(id, undefined);
      unlist(waiter);
      allWaiters.remove(everything, id);
    },
    waitersFor: (key) => waitersOf(wanted, key),
    waiters: () => waitersOf(allWaiters, everything),
    owner: (owner) => (isStorable(owner) ? owners.get(owner) : undefined),
    owners: () => [...allOwners.get(everything).keys()].sort().flatMap((owner) => owners.get(owner) ?? []),
    putOwner(row) {
      owners.put(row.owner, row);
      allOwners.add(everything, row.owner, true);
    },
    removeOwner(owner) {
      owners.put(owner, undefined);
      allOwners.remove(everything, owner);
    },
  };

  const tables = [grants, waiters, owners, rekeyed] as const;
  const indexes = [sets, holders, wanted, byOwner, allGrants, allWaiters, allOwners] as const;
  return {
    rows,
    grants,
    rekeyed,
    waiters,
    owners,
    want(wants, { tokens, sets: names, keys, owners: people, again }) {
      const ask = <K>(of: { readonly loader: Loader<K>; has(key: K): boolean }, list: readonly K[]) => {
        for (const key of list) if (again || !of.has(key)) want(wants, of.loader, key);
      };
      ask(grants, tokens.filter(Number.isSafeInteger));
      ask(sets, names);
      ask(holders, keys);
      ask(wanted, keys);
      ask(owners, people);
    },
    get size() {
      return [...tables, ...indexes].reduce((sum, { size }) => sum + size, 0);
    },
    written() {
      for (const table of tables) table.written();
      rekeyed.clear();
    },
    clear() {
      for (const part of [...tables, ...indexes]) part.clear();
    },
  };
}

/** A key as it is indexed: an index takes no entries of several kilobytes, and paths can be that long. */
export function keyId(key: string): string {
  return key.length <= 500 ? `=${key}` : `#${sha256Hex(key)}`;
}

/** Which rows have which of the keys. */
function byKey<R extends { readonly keys: readonly LeaseKey[] }, M>(
  keys: readonly string[],
  rows: readonly R[],
  member: (row: R & { readonly mode: LeaseKey['mode'] }) => M,
): ReadonlyMap<string, readonly M[]> {
  const found = new Map<string, M[]>(keys.map((key) => [key, []]));
  for (const row of rows) for (const { key, mode } of row.keys) found.get(key)?.push(member({ ...row, mode }));
  return found;
}

// The cast trusts our own rows: the text was made from keys.
const keysOf = (text: unknown) => JSON.parse(String(text)) as readonly LeaseKey[];

function grantOf(row: PgRow): GrantRow {
  return {
    token: Number(row.token),
    set: String(row.set),
    owner: String(row.owner),
    expiresAtMs: Number(row.expires_at),
    lost: row.lost === true,
    keys: keysOf(row.keys),
  };
}

function waiterOf(row: PgRow): WaiterRow {
  return {
    id: Number(row.id),
    kind: row.kind === 'extend' ? 'extend' : 'acquire',
    set: String(row.set),
    owner: String(row.owner),
    token: Number(row.token),
    ttlMs: Number(row.ttl),
    untilMs: Number(row.until),
    granted: Number(row.granted),
    keys: keysOf(row.keys),
  };
}

function ownerOf(row: PgRow): OwnerRow {
  return { owner: String(row.owner), host: String(row.host), bootId: String(row.boot_id) };
}
