import type { SqlDatabase } from './database.js';
import { isBusy, sqliteError } from './errors.js';
import { syncLock } from './synchronous.js';

/**
 * A lock between processes as an exclusive transaction in an empty SQLite file: the operating system drops it with the
 * process, whatever killed it. No other code of the process may open the file: closing any handle of it drops the lock.
 */
export function databaseLock(database: SqlDatabase): { tryLock(): (() => void) | undefined; close(): void } {
  syncLock(database);
  database.exec('PRAGMA busy_timeout = 0');
  const begin = database.prepare('BEGIN EXCLUSIVE');
  const end = database.prepare('ROLLBACK');
  return {
    tryLock() {
      try {
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
