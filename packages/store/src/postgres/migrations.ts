import { ConductorError, instant } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Clock } from '@conductor/core/ports';
import { pendingSteps } from '../rules/migrations.js';
import type { AppliedStep, Migration } from '../rules/migrations.js';
import { run } from './client.js';
import type { PgClient } from './client.js';
import { isBusy, isLost, sqlState } from './errors.js';
import { artifactTables, firstSchema, handleTable } from './schema.js';
import { identifier, sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import { tablesOf } from './tables.js';
import { inTransaction } from './transaction.js';
import type { Query } from './transaction.js';

/** Forward only, from 1 without gaps. */
export const migrations: readonly Migration[] = [
  { number: 1, name: 'first', sql: firstSchema },
  { number: 2, name: 'artifacts', sql: artifactTables },
  { number: 3, name: 'handles', sql: handleTable },
];

/**
 * Brings a schema up to date, all pending steps in one transaction, behind a lock against others who open it. Throws
 * STORE_NEWER for a schema of a newer version, STORE_CORRUPT for a step that was changed, STORE_READ_ONLY, MIGRATION_FAILED.
 */
export async function migrate(
  writer: PgClient,
  {
    schema,
    clock,
    readOnly,
    steps = migrations,
  }: {
    readonly schema: string;
    readonly clock: Clock;
    readonly readOnly: boolean;
    readonly steps?: readonly Migration[] | undefined;
  },
): Promise<void> {
  const outside: Query = (statements, count) => run(writer, statements, count);
  if (pendingSteps(await appliedSteps(outside, schema), steps).length === 0) return;
  if (readOnly)
    throw new ConductorError('STORE_READ_ONLY', 'The store has an older schema, and is opened for reading only');
  const lock = sql`SELECT pg_advisory_xact_lock(hashtextextended(${`conductor ${schema}`}, 0))`;
  await inTransaction(writer, [lock], async ({ query, commit }) => {
    // Read again under the lock: another one may have been faster.
    const missing = pendingSteps(await appliedSteps(query, schema), steps);
    if (missing.length > 0) await createSchema(query, schema);
    for (const step of missing) await apply(query, schema, step, instant(clock.now()));
    await commit([]);
  });
}

async function appliedSteps(query: Query, schema: string): Promise<readonly AppliedStep[]> {
  const table = tablesOf(schema)('migrations');
  // From the catalog itself: `to_regclass` may still not know what was committed while this connection waited for the lock.
  const known = sql`SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${schema} AND c.relname = 'migrations') AS known`;
  const [[found] = []] = await query([known], 1);
  if (found?.known !== true) return [];
  const [rows = []] = await query([sql`SELECT number, checksum FROM ${table} ORDER BY number`], 1);
  return rows.map(({ number, checksum }) => ({ number: Number(number), checksum: String(checksum) }));
}

async function createSchema(query: Query, schema: string): Promise<void> {
  // Asked for first: whoever may only use the schema may not say IF NOT EXISTS either.
  const known = sql`SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ${schema}) AS known`;
  const [[found] = []] = await query([known], 1);
  const statements: SqlText[] = found?.known === true ? [] : [sql`CREATE SCHEMA ${identifier(schema)}`];
  const ledger = sql`CREATE TABLE IF NOT EXISTS ${tablesOf(schema)('migrations')} (
    number bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, at text NOT NULL)`;
  await query([...statements, ledger], 0);
}

async function apply(query: Query, schema: string, step: Migration, at: string): Promise<void> {
  const note = sql`INSERT INTO ${tablesOf(schema)('migrations')} (number, name, checksum, at)
    VALUES (${step.number}, ${step.name}, ${sha256Hex(step.sql)}, ${at})`;
  try {
    await query([sql`SET LOCAL search_path TO ${identifier(schema)}`, { text: step.sql }, note], 0);
  } catch (cause) {
    // A full disk or a lost connection is not the fault of the step.
    if (isLost(cause) || isBusy(cause) || sqlState(cause)?.startsWith('53') === true) throw cause;
    throw new ConductorError('MIGRATION_FAILED', `The schema step ${step.number} (${step.name}) failed`, {
      hint: 'Give the store a schema of its own, and a user that may create tables in it.',
      cause,
    });
  }
}
