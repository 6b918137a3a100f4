import { FakeClock } from '@conductor/core/testing';
import type { Store } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { codeOf } from '../conformance/store-fixture.js';
import { databaseLock } from './database-lock.js';
import { databaseOwners } from './database-owners.js';
import type { SqlDatabase } from './database.js';
import { sqliteStore } from './store.js';
import type { SqliteStoreOptions } from './store.js';

let folder: TemporaryFolder;
let stores: Store[];
beforeEach(() => {
  folder = temporaryFolder();
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  folder.remove();
});

const path = () => folder.file('conductor.db');

async function open(o: Pick<SqliteStoreOptions, 'database'> & Partial<SqliteStoreOptions>): Promise<void> {
  stores.push(await sqliteStore({ clock: new FakeClock(), ...o }));
}

/** A connection as the store has it when it has set it up. */
function levelOf(database: SqlDatabase): unknown {
  return (database.prepare('PRAGMA synchronous').get() as { readonly synchronous: unknown }).synchronous;
}

describe('every connection', () => {
  it('syncs each commit: the writer, one that only reads, those of locks, and those of owners', async () => {
    const writer = openDatabase(path());
    await open({ database: writer });
    const reader = openDatabase(path(), { readOnly: true });
    await open({ database: reader, readOnly: true });
    const lock = openDatabase(folder.file('lock.db'));
    databaseLock(lock).tryLock()?.();
    const connections = [writer, reader, lock];
    const owners = databaseOwners({
      open(file) {
        const database = openDatabase(folder.file(file));
        connections.push(database);
        return database;
      },
      files: async () => folder.files(),
      remove: async () => undefined,
    });
    const held = await owners.lock('a');
    expect(connections.map(levelOf)).toEqual([2, 2, 2, 2]);
    await held.release();
    lock.close();
  });

  it('can be made for a lock that another one has, which is then waited for', () => {
    const [one, two] = [openDatabase(folder.file('lock.db')), openDatabase(folder.file('lock.db'))];
    const release = databaseLock(one).tryLock();
    const waiting = databaseLock(two);
    expect(waiting.tryLock()).toBeUndefined();
    release?.();
    waiting.tryLock()?.();
    expect([one, two].map(levelOf)).toEqual([2, 2]);
    one.close();
    two.close();
  });

  it('spares the sync only where it was told to', async () => {
    const database = openDatabase(path());
    await open({ database, durability: 'os' });
    expect(levelOf(database)).toBe(1);
  });

  it('is refused where SQLite does less than it was told', async () => {
    const database = openDatabase(path());
    const lazy: SqlDatabase = {
      exec: (sql) => database.exec(sql.replace('synchronous = FULL', 'synchronous = OFF')),
      prepare: (sql) => database.prepare(sql),
      close: () => database.close(),
    };
    expect(await codeOf(sqliteStore({ database: lazy, clock: new FakeClock() }))).toBe('STORE_FAILED');
  });
});
