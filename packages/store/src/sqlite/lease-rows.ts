import type { LeaseKey } from '@conductor/core/ports';
import { memoryLeaseRows } from '../memory/lease-rows.js';
import type { MemoryLeaseRows } from '../memory/lease-rows.js';
import type { GrantRow, LeaseRows, WaiterRow } from '../rules/rows.js';
import type { Sql } from './database.js';

/** Lease rows that are read from memory. */
export interface SqliteLeaseRows extends LeaseRows {
  /** Called when somebody else has written, and when a transaction was rolled back. */
  forget(): void;
}

/**
 * Owners, sets and waiters: a row each, written through and read from memory, where they are found by key, set and owner.
 * The tables need no index for that, so that a lease costs one page; they are read whole after `forget`, once for all
 * reads that follow. O(rows) then, else as the memory driver.
 */
export function sqliteLeaseRows(sql: Sql): SqliteLeaseRows {
  let memory: MemoryLeaseRows | undefined;
  // Asked for before each change as well: what is loaded after it would hold it already.
  const known = () => (memory ??= loaded(sql));
  const tokens = numbers(sql, 'token');
  const places = numbers(sql, 'waiter');
  const writeKeys = (rows: LeaseRows, token: number) =>
    void sql.run('UPDATE grants SET keys = ? WHERE token = ?', JSON.stringify(rows.grant(token)?.keys ?? []), token);

  return {
    nextToken: () => tokens.next(),
    grant: (token) => known().grant(token),
    heldSet: (set) => known().heldSet(set),
    holders: (key) => known().holders(key),
    grantsOf: (owner) => known().grantsOf(owner),
    grants: () => known().grants(),
    waiter: (id) => known().waiter(id),
    waitersFor: (key) => known().waitersFor(key),
    waiters: () => known().waiters(),
    owner: (owner) => known().owner(owner),
    owners: () => known().owners(),
    addGrant(row) {
      known().addGrant(row);
      const { token, set, owner, expiresAtMs, keys } = row;
      const insert = 'INSERT INTO grants (token, "set", owner, expires_at, lost, keys) VALUES (?, ?, ?, ?, 0, ?)';
      sql.run(insert, token, set, owner, expiresAtMs, JSON.stringify(keys));
    },
    setExpiry(token, expiresAtMs) {
      known().setExpiry(token, expiresAtMs);
      sql.run('UPDATE grants SET expires_at = ? WHERE token = ?', expiresAtMs, token);
    },
    putKeys(token, keys) {
      known().putKeys(token, keys);
      writeKeys(known(), token);
    },
    removeKeys(token, keys) {
      known().removeKeys(token, keys);
      writeKeys(known(), token);
    },
    loseGrant(token) {
      known().loseGrant(token);
      sql.run(`UPDATE grants SET lost = 1, keys = '[]' WHERE token = ?`, token);
    },
    removeGrant(token) {
      known().removeGrant(token);
      sql.run('DELETE FROM grants WHERE token = ?', token);
    },
    renewAll(owner, expiresAtMs) {
      known().renewAll(owner, expiresAtMs);
      return sql.run('UPDATE grants SET expires_at = ? WHERE owner = ? AND lost = 0', expiresAtMs, owner).changes;
    },
    addWaiter(row) {
      const numbered = { ...row, id: places.next() };
      known().addWaiter(numbered);
      const { kind, set, owner, token, ttlMs, untilMs, granted, keys } = row;
      const insert = `INSERT INTO waiters (id, kind, "set", owner, token, ttl, until, granted, keys)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
      sql.run(insert, numbered.id, kind, set, owner, token, ttlMs, untilMs, granted, JSON.stringify(keys));
      return numbered.id;
    },
    setGranted(id, token) {
      known().setGranted(id, token);
      sql.run('UPDATE waiters SET granted = ? WHERE id = ?', token, id);
    },
    removeWaiter(id) {
      known().removeWaiter(id);
      sql.run('DELETE FROM waiters WHERE id = ?', id);
    },
    putOwner(row) {
      known().putOwner(row);
      sql.run('INSERT INTO owners (owner, host, boot_id) VALUES (?, ?, ?)', row.owner, row.host, row.bootId);
    },
    removeOwner(owner) {
      known().removeOwner(owner);
      sql.run('DELETE FROM owners WHERE owner = ?', owner);
    },
    forget() {
      memory = undefined;
      tokens.forget();
      places.forget();
    },
  };
}

const reserved = 256;

/**
 * Numbers that go up over all connections, taken from the counter in bunches: whoever writes after somebody else has
 * forgotten the rest of his, so a later one is always higher.
 */
function numbers(sql: Sql, counter: string): { next(): number; forget(): void } {
  const update = 'UPDATE counters SET value = value + ? WHERE name = ? RETURNING value';
  let last = 0;
  let end = 0;
  return {
    next() {
      if (last === end) {
        end = sql.write<{ value: number }>(update, reserved, counter)?.value ?? 0;
        last = end - reserved;
      }
      last += 1;
      return last;
    },
    forget() {
      last = end;
    },
  };
}

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

type OwnerColumns = { readonly owner: string; readonly host: string; readonly boot_id: string };

function loaded(sql: Sql): MemoryLeaseRows {
  // Nothing is taken back here one by one: a transaction that is rolled back is followed by `forget`.
  const rows = memoryLeaseRows({ record: () => undefined, transaction: (work) => work() });
  for (const { owner, host, boot_id: bootId } of sql.all<OwnerColumns>('SELECT * FROM owners ORDER BY owner'))
    rows.putOwner({ owner, host, bootId });
  for (const row of sql.all<GrantColumns>('SELECT * FROM grants ORDER BY token')) {
    rows.addGrant(grantOf(row));
    if (row.lost === 1) rows.loseGrant(row.token);
  }
  for (const row of sql.all<WaiterColumns>('SELECT * FROM waiters ORDER BY id')) {
    rows.addWaiter(waiterOf(row));
    if (row.granted !== 0) rows.setGranted(row.id, row.granted);
  }
  return rows;
}

function grantOf({ token, set, owner, expires_at: expiresAtMs, keys }: GrantColumns): GrantRow {
  return { token, set, owner, expiresAtMs, lost: false, keys: keysOf(keys) };
}

function waiterOf({ id, kind, set, owner, token, ttl, until, granted, keys }: WaiterColumns): WaiterRow {
  return { id, kind, set, owner, token, ttlMs: ttl, untilMs: until, granted, keys: keysOf(keys) };
}

// The cast trusts our own rows: the text was made from keys.
const keysOf = (text: string) => JSON.parse(text) as readonly LeaseKey[];
