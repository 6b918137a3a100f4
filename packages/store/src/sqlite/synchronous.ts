import { ConductorError } from '@conductor/core';
import type { SqlDatabase } from './database.js';

/** The numbers that SQLite gives them. */
const levels = { NORMAL: 1, FULL: 2 } as const;

/**
 * Sets how sure a connection makes that a COMMIT lasts, and looks whether it does: SQLite may be built to do less by
 * itself, and ignores what it does not know. Throws STORE_FAILED.
 */
export function setSynchronous(database: SqlDatabase, level: keyof typeof levels): void {
  database.exec(`PRAGMA synchronous = ${level}`);
  const row = database.prepare('PRAGMA synchronous').get() as { readonly synchronous?: unknown } | undefined;
  if (row?.synchronous === levels[level]) return;
  throw new ConductorError('STORE_FAILED', `SQLite does not sync as it was told to (${String(row?.synchronous)})`);
}

/**
 * The same for a connection that only holds a lock. Nothing is asked back: some drivers keep a connection, and its lock,
 * alive behind a statement.
 */
export function syncLock(database: SqlDatabase): void {
  database.exec('PRAGMA synchronous = FULL');
}
