import { ConductorError, randomIds } from '@conductor/core';
import type { Clock, Ids, Store, StoreCapabilities } from '@conductor/core/ports';
import type { OwnerLocks } from '../rules/lease-port.js';
import { defaultLimits } from '../rules/limits.js';
import type { StoreLimits } from '../rules/limits.js';
import { createStore } from '../rules/store.js';
import { cachedRows } from './cached-rows.js';
import { preparedSql } from './database.js';
import type { SqlDatabase } from './database.js';
import { sqliteError } from './errors.js';
import { groupCommit, retryBusy } from './group-commit.js';
import { migrate } from './migrations.js';
import { setSynchronous } from './synchronous.js';
import { sqliteUpkeep } from './upkeep.js';
import type { SqliteUpkeep } from './upkeep.js';

export interface SqliteStoreOptions {
  /** An open connection that nobody else uses. The store closes it, also when it cannot be opened. */
  readonly database: SqlDatabase;
  readonly clock: Clock;
  readonly ids?: Ids | undefined;
  /** Proves the death of owners (R25), see `databaseOwners`; without it a dead owner's leases only expire. */
  readonly owners?: OwnerLocks | undefined;
  readonly readOnly?: boolean | undefined;
  /** `fsync` (default) survives power loss; `os` survives a kill and spares the fsync. */
  readonly durability?: 'fsync' | 'os' | undefined;
  /** How often to look for what other processes wrote; default 200. */
  readonly followPollMs?: number | undefined;
  /** How long to wait for the lock of another process before STORE_BUSY; default 30,000. */
  readonly storeBusyMs?: number | undefined;
  readonly limits?: Partial<StoreLimits> | undefined;
}

/** A store in one SQLite file, and what only such a store can do. */
export interface SqliteStore extends Store, SqliteUpkeep {}

/** The longest time that SQLite may block this thread for the lock of another process (R7). */
const busyWaitMs = 50;

/**
 * A store in one SQLite file, for any number of processes of one machine.
 *
 * Sets on the connection: `journal_mode = WAL` (readers never wait), `synchronous = FULL` (each COMMIT is an fsync; NORMAL
 * with durability `os`), `busy_timeout = 50`, `trusted_schema = OFF`, `journal_size_limit` = 64 MiB, `wal_autocheckpoint` by
 * `checkpointPace`. Foreign keys are not used. Throws STORE_CORRUPT, STORE_NEWER, MIGRATION_FAILED, STORE_BUSY, STORE_FULL,
 * STORE_READ_ONLY, STORE_FAILED; a write also COMMIT_UNKNOWN.
 */
export async function sqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { database, clock, ids = randomIds(), owners, readOnly = false, durability = 'fsync' } = options;
  const { followPollMs = 200, storeBusyMs = 30_000 } = options;
  const limits = { ...defaultLimits, ...options.limits };
  try {
    const inMemory = await retryBusy({ clock, storeBusyMs }, () => {
      const memory = configure(database, readOnly);
      setSynchronous(database, durability === 'fsync' ? 'FULL' : 'NORMAL');
      migrate(database, { clock, readOnly });
      return memory;
    });
    const sql = preparedSql(database);
    const cached = cachedRows(sql, limits);
    const id = await retryBusy({ clock, storeBusyMs }, () => storeId(database, ids, readOnly));
    const capabilities: StoreCapabilities = {
      durability: inMemory ? 'memory' : durability,
      reach: inMemory ? 'process' : 'machine',
      ownerProof: owners !== undefined,
      backup: true,
    };
    const backend = groupCommit({ database, sql, cached, clock, storeBusyMs, readOnly });
    const store = createStore({
      backend,
      driver: { port: 'store', name: 'sqlite', version: '1', api: 1, capabilities },
      id,
      clock,
      limits,
      pollMs: inMemory ? undefined : followPollMs,
      ownerLocks: owners,
    });
    const { forget } = cached;
    return Object.freeze({
      ...store,
      ...sqliteUpkeep({ database, sql, backend, clock, storeBusyMs, readOnly, forget }),
    });
  } catch (error) {
    database.close();
    throw sqliteError(error);
  }
}

/** Answers whether the database lives in memory only. */
function configure(database: SqlDatabase, readOnly: boolean): boolean {
  database.exec(`PRAGMA busy_timeout = ${busyWaitMs}`);
  database.exec('PRAGMA trusted_schema = OFF');
  if (readOnly) {
    database.exec('PRAGMA query_only = ON');
    return false;
  }
  const row = database.prepare('PRAGMA journal_mode = WAL').get() as { readonly journal_mode?: unknown } | undefined;
  const mode = row?.journal_mode;
  if (mode !== 'wal' && mode !== 'memory') {
    throw new ConductorError(
      'STORE_FAILED',
      `SQLite cannot use a write-ahead log here (journal mode ${String(mode)})`,
      {
        hint: 'Keep the store on a disk of this machine, not on a network share.',
      },
    );
  }
  database.exec('PRAGMA journal_size_limit = 67108864');
  return mode === 'memory';
}

/** The id that this store got when it was made. */
function storeId(database: SqlDatabase, ids: Ids, readOnly: boolean): string {
  const select = database.prepare(`SELECT value FROM meta WHERE name = 'id'`);
  // The cast: the column is named in the statement.
  const stored = () => (select.get() as { readonly value: string } | undefined)?.value;
  const known = stored();
  if (known !== undefined) return known;
  if (readOnly) throw new ConductorError('STORE_CORRUPT', 'The store has no id');
  // Another process may be faster: whoever writes first names the store.
  database.prepare(`INSERT OR IGNORE INTO meta (name, value) VALUES ('id', ?)`).run(ids.id('store'));
  return stored() ?? storeId(database, ids, true);
}
