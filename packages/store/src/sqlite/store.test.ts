import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import { storeSuite } from '../conformance/store.suite.js';
import { sqliteStore } from './store.js';

storeSuite('sqlite', async ({ clock }) => {
  const folder = temporaryFolder();
  const store = await sqliteStore({ database: openDatabase(folder.file('conductor.db')), clock });
  return {
    store,
    async close() {
      await store.close();
      folder.remove();
    },
  };
});
