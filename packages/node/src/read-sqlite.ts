import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ConductorError } from '@conductor/core';
import { sqliteStore } from '@conductor/store/sqlite';
import type { SqliteStore } from '@conductor/store/sqlite';
import { loadSqlite, openDatabaseToRead } from './open-database.js';
import type { SqliteHost } from './open-sqlite.js';
import { databaseFile } from './state-folder.js';
import { storeOptions } from './store-options.js';

export interface SqliteReader extends SqliteHost {
  /** Told when only the state of a moment can be read: what is written from then on is not seen. */
  readonly onWarning?: ((warning: ConductorError) => void) | undefined;
}

/**
 * Opens the SQLite store of a state folder that this user may not write. SQLite reads a log beside the file with the index that
 * those who write keep there. Where there is none it would have to be made: then the file is read as it lies, if no log beside it
 * holds more, and that is told. Throws STORE_READ_ONLY where nothing sound can be read, and what the driver throws.
 */
export async function readSqlite({ stateDir, clock, ids, limits, onWarning }: SqliteReader): Promise<SqliteStore> {
  const sqlite = loadSqlite();
  const path = join(stateDir, databaseFile);
  const open = async (immutable: boolean) =>
    sqliteStore({
      database: openDatabaseToRead(sqlite, path, { immutable }),
      clock,
      ids,
      readOnly: true,
      ...storeOptions(limits),
    });
  if (sizeOf(path) === undefined) throw unreadable(path, 'There is no store yet');
  try {
    return await open(false);
  } catch (cause) {
    if (!ConductorError.is(cause, 'STORE_READ_ONLY', 'STORE_FAILED')) throw cause;
    if ((sizeOf(`${path}-wal`) ?? 0) > 0)
      throw unreadable(path, `${path}-wal holds commits that cannot be read without writing beside it`, cause);
    const store = await open(true).catch((error: unknown) => {
      throw ConductorError.is(error, 'STORE_FAILED') ? unreadable(path, 'It cannot be opened', error) : error;
    });
    onWarning?.(momentary(path));
    return store;
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function unreadable(path: string, why: string, cause?: unknown): ConductorError {
  return new ConductorError('STORE_READ_ONLY', `${why}, and this user may not write there: ${path}`, {
    hint: 'Run `conductor status` there once as the user who may write, or ask for the right to.',
    cause,
    details: { path },
  });
}

function momentary(path: string): ConductorError {
  return new ConductorError('STORE_READ_ONLY', `${path} is read as it is now: this user may not write beside it`, {
    hint: 'What others write from now on is not seen here; run the command again to see it.',
    details: { path },
  });
}
