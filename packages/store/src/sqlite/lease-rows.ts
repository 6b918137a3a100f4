import type { LeaseKey } from '@conductor/core/ports';
import type { GrantRow, LeaseRows, OwnerRow, WaiterRow } from '../rules/rows.js';
import type { Sql } from './database.js';

type GrantColumns = {
  readonly token: number;
  readonly set: string;
  readonly owner: string;
  readonly expires_at: number;
  readonly lost: number;
  readonly keys: string;
};

type WaiterColumns = {
  readonly id: number;
  readonly kind: 'acquire' | 'extend';
  readonly set: string;
  readonly owner: string;
  readonly token: number;
  readonly ttl: number;
  readonly until: number;
  readonly granted: number;
  readonly keys: string;
};

// The cast trusts our own rows: the text was made from keys.
const keysOf = (text: string) => JSON.parse(text) as readonly LeaseKey[];

// The keys come along as one JSON text: a statement for each row would make a long line slow.
const keysIn = (table: string, of: string) =>
  `(SELECT json_group_array(json_object('key', k."key", 'mode', k.mode) ORDER BY k.rowid) FROM ${table} k WHERE k.${of}) AS keys`;
const grantSelect = `SELECT token, "set", owner, expires_at, lost, ${keysIn('grant_keys', 'token = grants.token')} FROM grants`;
const waiterSelect = `SELECT id, kind, "set", owner, token, ttl, until, granted, ${keysIn('waiter_keys', 'waiter = waiters.id')} FROM waiters`;

/** Owners, sets and waiters in tables; keys in rows of their own, found by key and by set. */
export function sqliteLeaseRows(sql: Sql): LeaseRows {
  const next = (counter: string) => {
    const update = 'UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value';
    return sql.write<{ value: number }>(update, counter)?.value ?? 0;
  };
  const grantOf = (row: GrantColumns): GrantRow => ({
    token: row.token,
    set: row.set,
    owner: row.owner,
    expiresAtMs: row.expires_at,
    lost: row.lost === 1,
    keys: keysOf(row.keys),
  });
  const waiterOf = (row: WaiterColumns): WaiterRow => ({
    id: row.id,
    kind: row.kind,
    set: row.set,
    owner: row.owner,
    token: row.token,
    ttlMs: row.ttl,
    untilMs: row.until,
    granted: row.granted,
    keys: keysOf(row.keys),
  });
  const one = (where: string, value: number | string) => {
    const row = sql.get<GrantColumns>(`${grantSelect} WHERE ${where}`, value);
    return row && grantOf(row);
  };
  const putKeys = (token: number, keys: readonly LeaseKey[]) => {
    const upsert = `INSERT INTO grant_keys ("key", token, mode) VALUES (?, ?, ?)
      ON CONFLICT ("key", token) DO UPDATE SET mode = excluded.mode`;
    for (const { key, mode } of keys) sql.run(upsert, key, token, mode);
  };

  return {
    nextToken: () => next('token'),
    grant: (token) => one('token = ?', token),
    heldSet: (set) => one('"set" = ? AND lost = 0', set),
    holders: (key) =>
      sql
        .all<{ token: number; mode: LeaseKey['mode'] }>('SELECT token, mode FROM grant_keys WHERE "key" = ?', key)
        .map(({ token, mode }) => ({ token, mode })),
    addGrant({ token, set, owner, expiresAtMs, keys }) {
      const insert = `INSERT INTO grants (token, "set", owner, expires_at, lost) VALUES (?, ?, ?, ?, 0)`;
      sql.run(insert, token, set, owner, expiresAtMs);
      putKeys(token, keys);
    },
    setExpiry: (token, expiresAtMs) =>
      void sql.run('UPDATE grants SET expires_at = ? WHERE token = ?', expiresAtMs, token),
    putKeys,
    removeKeys(token, keys) {
      for (const key of keys) sql.run('DELETE FROM grant_keys WHERE "key" = ? AND token = ?', key, token);
    },
    loseGrant(token) {
      sql.run('DELETE FROM grant_keys WHERE token = ?', token);
      sql.run('UPDATE grants SET lost = 1 WHERE token = ?', token);
    },
    removeGrant(token) {
      sql.run('DELETE FROM grant_keys WHERE token = ?', token);
      sql.run('DELETE FROM grants WHERE token = ?', token);
    },
    grantsOf: (owner) => sql.all<GrantColumns>(`${grantSelect} WHERE owner = ? ORDER BY token`, owner).map(grantOf),
    grants: () => sql.all<GrantColumns>(`${grantSelect} WHERE lost = 0 ORDER BY token`).map(grantOf),
    renewAll: (owner, expiresAtMs) =>
      sql.run('UPDATE grants SET expires_at = ? WHERE owner = ? AND lost = 0', expiresAtMs, owner).changes,
    addWaiter({ kind, set, owner, token, ttlMs, untilMs, granted, keys }) {
      // Not the rowid: it could be given again, and the line is ordered by it.
      const id = next('waiter');
      const insert = `INSERT INTO waiters (id, kind, "set", owner, token, ttl, until, granted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
      sql.run(insert, id, kind, set, owner, token, ttlMs, untilMs, granted);
      for (const { key, mode } of keys)
        sql.run('INSERT INTO waiter_keys ("key", waiter, mode) VALUES (?, ?, ?)', key, id, mode);
      return id;
    },
    waiter(id) {
      const row = sql.get<WaiterColumns>(`${waiterSelect} WHERE id = ?`, id);
      return row && waiterOf(row);
    },
    setGranted: (id, token) => void sql.run('UPDATE waiters SET granted = ? WHERE id = ?', token, id),
    removeWaiter(id) {
      sql.run('DELETE FROM waiter_keys WHERE waiter = ?', id);
      sql.run('DELETE FROM waiters WHERE id = ?', id);
    },
    waitersFor(key) {
      const select = `${waiterSelect}
        WHERE granted = 0 AND id IN (SELECT waiter FROM waiter_keys WHERE "key" = ?) ORDER BY id`;
      return sql.all<WaiterColumns>(select, key).map(waiterOf);
    },
    waiters: () => sql.all<WaiterColumns>(`${waiterSelect} ORDER BY id`).map(waiterOf),
    owner: (owner) => ownerOf(sql.get<OwnerColumns>('SELECT owner, host, boot_id FROM owners WHERE owner = ?', owner)),
    owners: () =>
      sql
        .all<OwnerColumns>('SELECT owner, host, boot_id FROM owners ORDER BY owner')
        .flatMap((row) => ownerOf(row) ?? []),
    putOwner: ({ owner, host, bootId }) =>
      void sql.run('INSERT INTO owners (owner, host, boot_id) VALUES (?, ?, ?)', owner, host, bootId),
    removeOwner: (owner) => void sql.run('DELETE FROM owners WHERE owner = ?', owner),
  };
}

/** Sets that are held and requests that wait, at most one more than `most`. */
export function countSets(sql: Sql, most: number): number {
  const select = `SELECT count(*) AS n FROM
    (SELECT 1 FROM (SELECT token FROM grants UNION ALL SELECT id FROM waiters) LIMIT ?)`;
  return sql.get<{ n: number }>(select, most + 1)?.n ?? 0;
}

type OwnerColumns = { readonly owner: string; readonly host: string; readonly boot_id: string };

function ownerOf(row: OwnerColumns | undefined): OwnerRow | undefined {
  return row && { owner: row.owner, host: row.host, bootId: row.boot_id };
}
