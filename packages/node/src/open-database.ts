import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { ConductorError } from '@conductor/core';
import { sqliteError } from '@conductor/store/sqlite';
import type { SqlDatabase } from '@conductor/store/sqlite';

/** The part of `node:sqlite` that is used. */
export interface Sqlite {
  readonly DatabaseSync: new (path: string, options?: { readonly readOnly?: boolean }) => SqlDatabase;
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
  checkHeader(path);
  return opened(() => new sqlite.DatabaseSync(path));
}

/**
 * Opens a database file for reading. `immutable`: nothing beside it is looked for or made and no lock is taken, so that it can be
 * read where nothing can be written; what a log beside it holds is not seen. Throws as `openDatabase`.
 */
export function openDatabaseToRead(
  sqlite: Sqlite,
  path: string,
  { immutable }: { readonly immutable: boolean },
): SqlDatabase {
  checkHeader(path);
  const name = immutable ? `${pathToFileURL(path).href}?immutable=1` : path;
  return opened(() => new sqlite.DatabaseSync(name, { readOnly: true }));
}

/** SQLite takes a file that is shorter than its header for an empty database, and writes over it. */
function checkHeader(path: string): void {
  const { size = 0 } = existsSync(path) ? statSync(path) : {};
  if (size > 0 && size < headerBytes)
    throw new ConductorError('STORE_CORRUPT', `${path} is not a database`, { details: { path, bytes: size } });
}

function opened(open: () => SqlDatabase): SqlDatabase {
  try {
    return open();
  } catch (error) {
    throw sqliteError(error);
  }
}
