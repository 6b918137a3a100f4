import { openDatabase, temporaryFolder } from '../../../test/open-database.js';
import { storeSuite } from '../../conformance/store.suite.js';
import { databaseLock } from '../../sqlite/database-lock.js';
import { fileStore } from './file-store.js';
import { nodeLogFiles } from './log-files.js';

storeSuite('file', async ({ clock }) => {
  const folder = temporaryFolder();
  const store = await fileStore({
    files: nodeLogFiles(folder.file('log')),
    lock: databaseLock(openDatabase(folder.file('lock.db'))),
    clock,
    segmentBytes: 4_096,
    compactBytes: 2_048,
  });
  return {
    store,
    async close() {
      await store.close();
      folder.remove();
    },
  };
});
