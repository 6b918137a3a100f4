import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ConductorError } from '@conductor/core';
import { sqliteError } from '@conductor/store/sqlite';
import type { SqlDatabase } from '@conductor/store/sqlite';

/** The part of `node:sqlite` that is used. */
export interface Sqlite {
  readonly DatabaseSync: new (path: string) => SqlDatabase;
}

/** SQLite of this Node: built in from 22.13, else the optional package of the same API. Throws `CAPABILITY_MISSING`. */
export function loadSqlite(): Sqlite {
  const builtIn = quietly(() => process.getBuiltinModule?.('node:sqlite') as Sqlite | undefined); // absent before 22.13
  if (builtIn) return builtIn;
  try {
    return createRequire(import.meta.url)('@photostructure/sqlite') as Sqlite; // the same API by its own promise
  } catch (cause) {
    throw new ConductorError(
      'CAPABILITY_MISSING',
      `Node ${process.versions.node} has no SQLite, and @photostructure/sqlite is not installed`,
      {
        hint: 'Use Node 22.13 or newer, or install the optional dependency.',
        cause,
      },
    );
  }
}

/** Node 22 warns that its SQLite is experimental: true, and nothing a user of ours can act on. */
function quietly<T>(load: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = (() => {}) as typeof process.emitWarning; // nobody reads what it returns
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

const headerBytes = 100;

/** Opens a database file. Throws `STORE_CORRUPT`, `STORE_READ_ONLY`, `STORE_FAILED`. */
export function openDatabase(sqlite: Sqlite, path: string): SqlDatabase {
  const { size = 0 } = existsSync(path) ? statSync(path) : {};
  // SQLite takes a file that is shorter than its header for an empty database, and writes over it.
  if (size > 0 && size < headerBytes)
    throw new ConductorError('STORE_CORRUPT', `${path} is not a database`, { details: { path, bytes: size } });
  try {
    return new sqlite.DatabaseSync(path);
  } catch (error) {
    throw sqliteError(error);
  }
}
