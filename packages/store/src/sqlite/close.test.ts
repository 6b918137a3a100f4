import { expect, it } from 'vitest';
import { FakeClock } from '@conductor/core/testing';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import { sqliteStore } from './store.js';

it('closes its connection and lets go of every lock also where it can write nothing any more', async () => {
  const folder = temporaryFolder();
  const database = openDatabase(folder.file('conductor.db'));
  const released: string[] = [];
  const store = await sqliteStore({
    database,
    clock: new FakeClock(),
    owners: {
      lock: async (owner) => ({ release: async () => void released.push(owner) }),
      isFree: async () => false,
      list: async () => [],
      forget: async () => undefined,
    },
  });
  for (const owner of ['a', 'b']) await store.leases.openOwner({ owner, host: 'host', bootId: 'boot' });
  database.exec('PRAGMA query_only = ON');
  await expect(store.close()).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
  expect(released).toEqual(['a', 'b']);
  expect(() => database.exec('SELECT 1')).toThrow('not open');
  folder.remove();
});
