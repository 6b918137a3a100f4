import { ConductorError, instant } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Clock } from '@conductor/core/ports';
import { pendingSteps } from '../rules/migrations.js';
import type { AppliedStep, Migration } from '../rules/migrations.js';
import type { SqlDatabase, SqlStatement } from './database.js';
import { resultCode } from './errors.js';
import { fewerPages, firstSchema } from './schema.js';

/** Forward only, from 1 without gaps. */
export const migrations: readonly Migration[] = [
  { number: 1, name: 'first', sql: firstSchema },
  { number: 2, name: 'fewer pages', sql: fewerPages },
];

const ledger = `CREATE TABLE IF NOT EXISTS migrations (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, at TEXT NOT NULL
) STRICT`;

/**
 * Brings the schema up to date, all pending steps in one transaction. Throws STORE_NEWER for a schema of a newer
 * version, STORE_CORRUPT for a database of somebody else or a step that was changed, MIGRATION_FAILED.
 */
export function migrate(
  database: SqlDatabase,
  {
    clock,
    readOnly,
    steps = migrations,
  }: { readonly clock: Clock; readonly readOnly: boolean; readonly steps?: readonly Migration[] },
): void {
  if (pending(database, steps).length === 0) return;
  if (readOnly)
    throw new ConductorError('STORE_READ_ONLY', 'The store has an older schema, and is opened for reading only');
  database.exec('BEGIN IMMEDIATE');
  try {
    // Read again under the lock: another process may have been faster.
    const missing = pending(database, steps);
    database.exec(ledger);
    const note = database.prepare('INSERT INTO migrations (number, name, checksum, at) VALUES (?, ?, ?, ?)');
    for (const step of missing) apply(database, step, note, instant(clock.now()));
    database.exec('COMMIT');
  } catch (error) {
    rollback(database);
    throw error;
  }
}

function apply(database: SqlDatabase, step: Migration, note: SqlStatement, at: string): void {
  try {
    database.exec(step.sql);
  } catch (cause) {
    // A full disk or a lock is not the fault of the step.
    if (((resultCode(cause) ?? 1) & 0xff) !== 1) throw cause;
    throw new ConductorError('MIGRATION_FAILED', `The schema step ${step.number} (${step.name}) failed`, { cause });
  }
  note.run(step.number, step.name, sha256Hex(step.sql), at);
}

function pending(database: SqlDatabase, steps: readonly Migration[]): readonly Migration[] {
  const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all() as { name: string }[];
  if (tables.length === 0) return steps;
  if (!tables.some(({ name }) => name === 'migrations')) {
    throw new ConductorError('STORE_CORRUPT', 'This SQLite database is not a store of Conductor', {
      hint: 'Move the file away, or open another one.',
    });
  }
  // The cast trusts our own ledger, which the columns of the statement name.
  const applied = database.prepare('SELECT number, checksum FROM migrations ORDER BY number').all() as AppliedStep[];
  return pendingSteps(applied, steps);
}

/** Ends a transaction that SQLite may have ended itself, as it does after some errors; then there is nothing to undo. */
export function rollback(database: SqlDatabase): void {
  try {
    database.exec('ROLLBACK');
  } catch (error) {
    if (((resultCode(error) ?? 1) & 0xff) !== 1) throw error;
  }
}
