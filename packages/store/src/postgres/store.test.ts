import { afterAll, describe } from 'vitest';
import { startPostgresIfPossible } from '../../test/postgres-server.js';
import { connect, emptyStore, settling, sharedClients } from '../../test/postgres-store.js';
import { storeSuite } from '../conformance/store.suite.js';
import type { OpenStore } from '../conformance/store.suite.js';
import { transferSuite } from '../conformance/transfer.suite.js';
import { postgresStore } from './store.js';

const server = await startPostgresIfPossible();

describe.skipIf(server === undefined)('Postgres', () => {
  if (server === undefined) return;
  const admin = connect(server);
  const { clientOf, end } = sharedClients(server);
  afterAll(async () => {
    await Promise.all([end(), admin.end()]);
    await server.stop();
  });

  const open: OpenStore = async ({ clock }) => {
    const store = await postgresStore({ connect: (o) => settling(clientOf(o), clock), clock, time: 'clock' });
    return {
      store,
      async close() {
        await store.close();
        await emptyStore(admin, 'conductor');
      },
    };
  };
  storeSuite('postgres', open);
  transferSuite('postgres', open);
});
