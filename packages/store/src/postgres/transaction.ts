import { run } from './client.js';
import type { PgClient, PgRow } from './client.js';
import { isElsewhere, isLost } from './errors.js';
import { sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';

/** Sends statements in one message; answers the rows of the last `count` of them that have rows. */
export type Query = (statements: readonly SqlText[], count: number) => Promise<readonly (readonly PgRow[])[]>;

/** An open transaction. */
export interface Transaction {
  /** The process of the server that runs it. */
  readonly backend: number;
  readonly query: Query;
  /** Writes these changes and ends it; nothing may be asked of it afterwards. Answers the last row, if there is one. */
  commit(changes: readonly SqlText[]): Promise<PgRow | undefined>;
}

/** Whatever the database's default is: later statements see what was committed while the first one waited for the lock. */
const begin = sql`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`;
const own = sql`SELECT pg_current_xact_id()::text AS xid, pg_backend_pid() AS pid`;
const commit = sql`COMMIT`;
const rollback = sql`ROLLBACK`;

/** Several statements of one message are one transaction; when one fails nothing is left open. */
const alone = sql`SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE`;

/**
 * Runs a whole transaction in one message, behind those that were sent before; answers the last row. When it throws, nothing
 * was written, or the connection lost.
 */
export async function commitAtOnce(writer: PgClient, statements: readonly SqlText[]): Promise<PgRow | undefined> {
  const [[row] = []] = await run(writer, [alone, ...statements], 1);
  return row;
}

/**
 * Runs `work` in a transaction of a client that has one connection and runs nothing else meanwhile; the first message also
 * takes the statements of `first` along, and its rows go to `work`. When `work` throws, nothing was written.
 *
 * Each later message begins with a proof that it still runs in the same transaction: when the connection is lost in between,
 * the client sends it over another one, where it would be a transaction of its own, without any lock.
 */
export async function inTransaction<T>(
  writer: PgClient,
  first: readonly SqlText[],
  work: (transaction: Transaction, found: readonly (readonly PgRow[])[]) => Promise<T>,
): Promise<T> {
  try {
    const [[its] = [], ...found] = await run(writer, [begin, own, ...first], 1 + first.length);
    const id = String(its?.xid);
    // By nothing when it is another one: an error ends the message.
    const proof = sql`SELECT 1 / (pg_current_xact_id_if_assigned() IS NOT DISTINCT FROM ${id}::xid8)::integer`;
    const transaction: Transaction = {
      backend: Number(its?.pid),
      query: (statements, count) => run(writer, [proof, ...statements], count),
      async commit(changes) {
        const [[row] = []] = await run(writer, [proof, ...changes, commit], 1);
        return row;
      },
    };
    return await work(transaction, found);
  } catch (error) {
    // What was lost with its connection the server undoes by itself.
    if (!isLost(error) || isElsewhere(error)) await run(writer, [rollback], 0).catch(() => undefined);
    throw error;
  }
}
