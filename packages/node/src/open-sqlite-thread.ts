import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SqliteStore, SqliteUpkeep } from '@conductor/store/sqlite';
import { remoteStore } from '@conductor/store/thread';
import { storeLimits } from './store-options.js';
import type { ThreadData } from './store-thread.js';

/** Beside this file when it is built. */
const entry = new URL('./store-thread.js', import.meta.url);

/**
 * Opens the SQLite store of a state folder in a thread of its own, which tells the time by the system's clock: no commit and
 * no long read holds up this one. Throws what opening it there throws; STORE_FAILED when the thread ends by itself.
 */
export async function openSqliteThread({ stateDir, limits }: ThreadData): Promise<SqliteStore> {
  const workerData: ThreadData = { stateDir, limits: storeLimits(limits) };
  const thread = new Worker(entry, { workerData });
  const ended = once(thread, 'exit'); // rejects with what the thread has thrown
  const { extra, ...store } = await remoteStore({
    port: thread,
    ended,
    onClose: async () => void (await thread.terminate()),
  });
  // The casts: each is answered by the method of the same name there.
  const upkeep = {
    verify: (o = {}) => extra('verify', [o]) as ReturnType<SqliteUpkeep['verify']>,
    tidy: (o = {}) => extra('tidy', [o]) as ReturnType<SqliteUpkeep['tidy']>,
    references: (o = {}) => extra('references', [o]) as ReturnType<SqliteUpkeep['references']>,
    copyTo: (path, o = {}) => extra('copyTo', [path, o]) as ReturnType<SqliteUpkeep['copyTo']>,
  } satisfies SqliteUpkeep;
  return Object.freeze({ ...store, ...upkeep });
}
