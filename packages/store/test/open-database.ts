import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqlDatabase } from '../src/sqlite/database.js';

interface SqliteModule {
  readonly DatabaseSync: new (path: string, options?: { readonly readOnly?: boolean }) => SqlDatabase;
}

/** SQLite as this Node has it, else the package with the same API. */
function sqliteModule(): SqliteModule {
  const builtin = (process as { getBuiltinModule?: (id: string) => unknown }).getBuiltinModule?.('node:sqlite');
  return (builtin ?? createRequire(import.meta.url)('@photostructure/sqlite')) as SqliteModule;
}

export const { DatabaseSync } = sqliteModule();

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
