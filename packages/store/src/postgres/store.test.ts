import { afterAll, describe } from 'vitest';
import { startPostgresIfPossible } from '../../test/postgres-server.js';
import { connect, emptyStore, settling } from '../../test/postgres-store.js';
import { storeSuite } from '../conformance/store.suite.js';
import { postgresStore } from './store.js';

const server = await startPostgresIfPossible();

describe.skipIf(server === undefined)('Postgres', () => {
  if (server === undefined) return;
  const client = connect(server);
  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  storeSuite('postgres', async ({ clock }) => {
    const sql = settling(client, clock);
    const store = await postgresStore({ sql, clock, time: 'clock' });
    return {
      store,
      async close() {
        await store.close();
        await emptyStore(client, 'conductor');
      },
    };
  });
});
