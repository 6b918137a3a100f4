import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqlDatabase } from '../src/sqlite/database.js';

interface SqliteModule {
  readonly DatabaseSync: new (path: string, options?: { readonly readOnly?: boolean }) => SqlDatabase;
}

/** SQLite as this Node has it, else the package with the same API. The casts pick the part of it that is used. */
async function sqliteModule(): Promise<SqliteModule> {
  const builtin = (process as { getBuiltinModule?: (id: string) => unknown }).getBuiltinModule?.('node:sqlite');
  return (builtin ?? (await import('@photostructure/sqlite'))) as SqliteModule;
}

const { DatabaseSync } = await sqliteModule();

export function openDatabase(path: string, options: { readonly readOnly?: boolean } = {}): SqlDatabase {
  return new DatabaseSync(path, options);
}

/** A folder of its own for one test. */
export interface TemporaryFolder {
  readonly path: string;
  file(name: string): string;
  files(): readonly string[];
  remove(): void;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'conductor-store-'));
  return {
    path,
    file: (name) => join(path, name),
    files: () => readdirSync(path),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
