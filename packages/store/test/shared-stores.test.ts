import { afterAll, describe, expect, it } from 'vitest';
import { sharedStoreSuite } from '../src/conformance.js';
import { fileStore } from '../src/file/log/file-store.js';
import { nodeLogFiles } from '../src/file/log/log-files.js';
import { postgresStore } from '../src/postgres/store.js';
import { databaseLock } from '../src/sqlite/database-lock.js';
import { sqliteStore } from '../src/sqlite/store.js';
import { openDatabase, temporaryFolder } from './open-database.js';
import { startPostgresIfPossible } from './postgres-server.js';
import { connecting } from './postgres-store.js';

sharedStoreSuite('sqlite', async () => {
  const folder = temporaryFolder();
  return {
    open: ({ clock }) => sqliteStore({ database: openDatabase(folder.file('conductor.db')), clock }),
    remove: async () => folder.remove(),
  };
});

sharedStoreSuite('file', async () => {
  const folder = temporaryFolder();
  return {
    open: ({ clock }) =>
      fileStore({
        files: nodeLogFiles(folder.file('log')),
        lock: databaseLock(openDatabase(folder.file('lock.db'))),
        clock,
        segmentBytes: 4_096,
      }),
    remove: async () => folder.remove(),
  };
});

const server = await startPostgresIfPossible();
afterAll(() => server?.stop());

describe.skipIf(server === undefined)('Postgres', () => {
  if (server === undefined) return;
  let stores = 0;
  sharedStoreSuite('postgres', async () => {
    stores += 1;
    const schema = `store_${stores}`;
    const connect = connecting(server);
    return {
      open: ({ clock }) => postgresStore({ connect, clock, schema, time: 'clock', maxConnections: 3 }),
      remove: async () => undefined, // the whole server goes at the end
    };
  });
});

describe('a lock between processes', () => {
  it('can be opened while another one has it, and is free when that one lets go', () => {
    const folder = temporaryFolder();
    const one = databaseLock(openDatabase(folder.file('lock.db')));
    const release = one.tryLock();
    const other = databaseLock(openDatabase(folder.file('lock.db')));
    expect(other.tryLock()).toBeUndefined();
    release?.();
    const releaseOther = other.tryLock();
    expect(releaseOther).toBeDefined();
    releaseOther?.();
    one.close();
    other.close();
    folder.remove();
  });
});
