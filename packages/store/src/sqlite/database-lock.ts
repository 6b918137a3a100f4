import type { SqlDatabase } from './database.js';
import { isBusy, sqliteError } from './errors.js';
import { syncLock } from './synchronous.js';

/**
 * A lock between processes as an exclusive transaction in an empty SQLite file: the operating system drops it with the
 * process, whatever killed it. No other code of the process may open the file: closing any handle of it drops the lock.
 */
export function databaseLock(database: SqlDatabase): { tryLock(): (() => void) | undefined; close(): void } {
  database.exec('PRAGMA busy_timeout = 0');
  let synced = false;
  const begin = database.prepare('BEGIN EXCLUSIVE');
  const end = database.prepare('ROLLBACK');
  return {
    tryLock() {
      try {
        // Not before: it looks into the file, which nobody may while another process has the lock.
        if (!synced) syncLock(database);
        synced = true;
        begin.run();
      } catch (error) {
        if (isBusy(error)) return undefined;
        throw sqliteError(error);
      }
      return () => end.run();
    },
    close: () => database.close(),
  };
}
