import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Ids } from '@conductor/core/ports';
import { databaseOwners, sqliteStore } from '@conductor/store/sqlite';
import type { OwnerLocks, SqliteStore } from '@conductor/store/sqlite';
import { loadSqlite, openDatabase } from './open-database.js';
import type { Sqlite } from './open-database.js';
import { databaseFile } from './state-folder.js';
import { storeOptions } from './store-options.js';
import type { StoreLimits } from './store-options.js';

export interface SqliteHost {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: StoreLimits;
}

/** Opens the SQLite store of a state folder, in this thread. Throws CAPABILITY_MISSING and what the driver throws. */
export async function openSqlite({ stateDir, clock, ids, limits }: SqliteHost): Promise<SqliteStore> {
  const sqlite = loadSqlite();
  return sqliteStore({
    database: openDatabase(sqlite, join(stateDir, databaseFile)),
    clock,
    ids,
    owners: ownerLocks(sqlite, stateDir),
    ...storeOptions(limits),
  });
}

/** The locks of owners, each a file in the state folder. */
export function ownerLocks(sqlite: Sqlite, stateDir: string): OwnerLocks {
  const owners = join(stateDir, 'owners');
  return databaseOwners({
    open: (file) => openDatabase(sqlite, join(owners, file)),
    files: async () => (existsSync(owners) ? readdir(owners) : []),
    remove: (file) => rm(join(owners, file), { force: true }),
  });
}
