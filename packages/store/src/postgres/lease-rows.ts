import { sha256Hex } from '@conductor/core/hash';
import type { LeaseKey } from '@conductor/core/ports';
import type { Journal } from '../memory/journaled-map.js';
import { leaseRowsOver } from '../memory/lease-rows.js';
import type { NextNumber } from '../memory/lease-rows.js';
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
  /** Whether it is worth to know all there is, so that nothing has to be asked for any more. */
  readonly everything: boolean;
}

/** So many sets, waiters and owners are read as a whole by a handle that writes alone. */
const mostAtOnce = 2_000;

export function pgLeaseCache(journal: Journal, t: Table, next: NextNumber): LeaseCache {
  const grantsWhere = (where: SqlText, limit = sql``) =>
    sql`SELECT token, "set", owner, expires_at, lost, keys FROM ${t('grants')} WHERE ${where} ORDER BY token${limit}`;
  const waitersWhere = (where: SqlText, limit = sql``) =>
    sql`SELECT id, kind, "set", owner, token, ttl, until, granted, keys FROM ${t('waiters')} WHERE ${where} ORDER BY id${limit}`;
  const ownersWhere = (where: SqlText, limit = sql``) =>
    sql`SELECT owner, host, boot_id FROM ${t('owners')} WHERE ${where}${limit}`;
  let tooMany = false;
  /** Brings a table, which is known as a whole then; with `most`, only if it is not longer. */
  const whole = <R>(
    statement: (where: SqlText, limit?: SqlText) => SqlText,
    read: (row: PgRow) => R,
    take: (rows: readonly R[]) => void,
    most = Infinity,
  ): Loader<unknown> => ({
    statement: () => statement(sql`true`, most === Infinity ? undefined : sql` LIMIT ${most + 1}`),
    learn(_, rows) {
      if (rows.length > most) tooMany = true;
      else take(rows.map(read));
    },
  });
  const takeGrants = (found: readonly GrantRow[]) => {
    for (const part of [grants, sets, byOwner, holders]) part.clear();
    grants.learntAll();
    sets.learntAll();
    for (const grant of found) {
      grants.learn(grant.token, grant);
      if (!grant.lost) sets.learn(grant.set, grant.token);
      byOwner.set(grant.owner, grant.token, true);
      for (const { key, mode } of grant.keys) holders.set(key, grant.token, mode);
    }
  };
  const takeWaiters = (found: readonly WaiterRow[]) => {
    for (const part of [waiters, wanted]) part.clear();
    waiters.learntAll();
    for (const waiter of found) {
      waiters.learn(waiter.id, waiter);
      if (waiter.granted === 0) for (const { key } of waiter.keys) wanted.set(key, waiter.id, true);
    }
  };
  const takeOwners = (found: readonly OwnerRow[]) => {
    owners.clear();
    owners.learntAll();
    for (const owner of found) owners.learn(owner.owner, owner);
  };
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

  const grants = new Known<number, GrantRow>(
    journal,
    {
      statement: (tokens) => grantsWhere(sql`token = ANY(${tokens}::bigint[])`),
      learn(tokens, rows) {
        learnGrants(rows);
        for (const token of tokens) grants.learn(token, undefined);
      },
    },
    whole(grantsWhere, grantOf, takeGrants),
  );
  const waiters = new Known<number, WaiterRow>(
    journal,
    {
      statement: (ids) => waitersWhere(sql`id = ANY(${ids}::bigint[])`),
      learn(ids, rows) {
        learnWaiters(rows);
        for (const id of ids) waiters.learn(id, undefined);
      },
    },
    whole(waitersWhere, waiterOf, takeWaiters),
  );
  const owners = new Known<string, OwnerRow>(
    journal,
    {
      statement: (names) => ownersWhere(sql`owner = ANY(${names}::text[])`),
      learn(names, rows) {
        for (const row of rows) owners.learn(String(row.owner), ownerOf(row));
        for (const name of names) owners.learn(name, undefined);
      },
    },
    whole(ownersWhere, ownerOf, takeOwners),
  );
  const sets = new Known<string, number>(journal, {
    statement: (names) => grantsWhere(sql`NOT lost AND "set" = ANY(${names}::text[])`),
    learn(names, rows) {
      for (const { set, token } of learnGrants(rows)) sets.learn(set, token);
      for (const name of names) sets.learn(name, undefined);
    },
  });
  const holders = new KnownIndex<string, number, LeaseKey['mode']>(
    journal,
    {
      statement: (keys) =>
        grantsWhere(sql`token IN (SELECT token FROM ${t('grant_keys')} WHERE "key" = ANY(${keys.map(keyId)}::text[]))`),
      learn(keys, rows) {
        const found = byKey(keys, learnGrants(rows), ({ token }, mode) => [token, mode] as const);
        for (const [key, items] of found) holders.learn(key, items);
      },
    },
    grants,
  );
  const wanted = new KnownIndex<string, number>(
    journal,
    {
      statement: (keys) =>
        waitersWhere(
          sql`granted = 0 AND id IN (SELECT waiter FROM ${t('waiter_keys')} WHERE "key" = ANY(${keys.map(keyId)}::text[]))`,
        ),
      learn(keys, rows) {
        const found = byKey(keys, learnWaiters(rows), ({ id }) => [id, true] as const);
        for (const [key, items] of found) wanted.learn(key, items);
      },
    },
    waiters,
  );
  const byOwner = new KnownIndex<string, number>(
    journal,
    {
      statement: (names) => grantsWhere(sql`owner = ANY(${names}::text[])`),
      learn(names, rows) {
        const found = learnGrants(rows);
        const tokensOf = (name: string) => found.filter(({ owner }) => owner === name).map(({ token }) => token);
        for (const name of names)
          byOwner.learn(
            name,
            tokensOf(name).map((token) => [token, true] as const),
          );
      },
    },
    grants,
  );
  const everything = [
    whole(ownersWhere, ownerOf, takeOwners, mostAtOnce),
    whole(grantsWhere, grantOf, takeGrants, mostAtOnce),
    whole(waitersWhere, waiterOf, takeWaiters, mostAtOnce),
  ];

  const rows = leaseRowsOver({ owners, grants, waiters, sets, byOwner, holders, wanted }, next);
  const tables = [grants, waiters, owners, sets] as const;
  const indexes = [holders, wanted, byOwner] as const;
  return {
    rows: {
      ...rows,
      // Callers bring tokens and names; what is no whole number, or cannot be in the database, was never one.
      grant: (token) => (Number.isSafeInteger(token) ? rows.grant(token) : undefined),
      heldSet: (set) => (isStorable(set) ? rows.heldSet(set) : undefined),
      grantsOf: (owner) => (isStorable(owner) ? rows.grantsOf(owner) : []),
      owner: (owner) => (isStorable(owner) ? rows.owner(owner) : undefined),
    },
    grants,
    waiters,
    owners,
    want(wants, { tokens, sets: names, keys, owners: people, again, everything: all }) {
      const isAsked = tokens.length + names.length + keys.length + people.length > 0;
      const isWhole = grants.isWhole && waiters.isWhole && owners.isWhole;
      if (all && isAsked && !isWhole && !tooMany) {
        for (const loader of everything) want(wants, loader, undefined);
        return;
      }
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
    },
    clear() {
      tooMany = false;
      for (const part of [...tables, ...indexes]) part.clear();
    },
  };
}

/** A key as it is indexed: an index takes no entries of several kilobytes, and paths can be that long. */
export function keyId(key: string): string {
  return key.length <= 500 ? `=${key}` : `#${sha256Hex(key)}`;
}

/** Which rows have which of the keys. */
function byKey<R extends { readonly keys: readonly LeaseKey[] }, I>(
  keys: readonly string[],
  rows: readonly R[],
  item: (row: R, mode: LeaseKey['mode']) => I,
): ReadonlyMap<string, readonly I[]> {
  const found = new Map<string, I[]>(keys.map((key) => [key, []]));
  for (const row of rows) for (const { key, mode } of row.keys) found.get(key)?.push(item(row, mode));
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
