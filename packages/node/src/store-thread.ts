// What the thread of a store runs; `openSqliteThread` starts it.
import { parentPort, workerData } from 'node:worker_threads';
import { randomIds, systemClock } from '@conductor/core';
import { serveStore } from '@conductor/store/thread';
import { openSqlite } from './open-sqlite.js';
import type { SqliteHost } from './open-sqlite.js';

/** What the thread is told when it starts. */
export type ThreadData = Pick<SqliteHost, 'stateDir' | 'limits'>;

async function serve(port: NonNullable<typeof parentPort>): Promise<void> {
  const { stateDir, limits } = workerData as ThreadData; // as openSqliteThread hands it over
  const opening = openSqlite({ stateDir, limits, clock: systemClock(), ids: randomIds() });
  await serveStore(
    port,
    opening.then((store) => {
      const { verify, tidy, references, copyTo } = store;
      return { store, extras: { verify, tidy, references, copyTo } };
    }),
  );
  port.close();
}

// A promise, not a top-level await: this file must stay loadable everywhere.
if (parentPort !== null) void serve(parentPort);
