import { run } from './client.js';
import type { PgClient, PgReserved, PgRow } from './client.js';
import { isLost } from './errors.js';
import { sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';

/** Sends statements in one message; answers the rows of the last `count` of them. */
export type Query = (statements: readonly SqlText[], count: number) => Promise<readonly (readonly PgRow[])[]>;

/** Whatever the database's default is: later statements see what was committed while the first one waited for the lock. */
export const begin: SqlText = sql`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`;
export const commit: SqlText = sql`COMMIT`;
const rollback: SqlText = sql`ROLLBACK`;

/** Runs `work` in a transaction of its own connection. When it throws, nothing was written. */
export async function inTransaction<T>(client: PgClient, work: (query: Query) => Promise<T>): Promise<T> {
  return onConnection(client, async (connection) => {
    const query: Query = (statements, count) => run(connection, statements, count);
    await query([begin], 0);
    const value = await work(query);
    await query([commit], 0);
    return value;
  });
}

/**
 * Lends a connection. When `work` fails its transaction is undone; a connection that was lost is not given back, because
 * the pool has noticed already.
 *
 * `work` must not wait for anything but its connection: postgres.js takes down the whole process when a statement is sent
 * over a connection that has closed meanwhile, and as long as one answer is followed by the next question it cannot have.
 */
export async function onConnection<T>(client: PgClient, work: (connection: PgReserved) => Promise<T>): Promise<T> {
  const connection = await reserve(client);
  try {
    const value = await work(connection);
    connection.release();
    return value;
  } catch (error) {
    if (isLost(error)) doubtful.add(client);
    else {
      await run(connection, [rollback], 0);
      connection.release();
    }
    throw error;
  }
}

/** Clients that have lost a connection, and were not heard of since. */
const doubtful = new WeakSet<PgClient>();

/**
 * postgres.js does not forget a request to reserve that has failed, and gives it the next connection for ever. So after a
 * loss it is asked for one only when one is there: else each try while the server is away would cost a connection.
 */
async function reserve(client: PgClient): Promise<PgReserved> {
  if (doubtful.has(client)) {
    await run(client, [sql`SELECT 1`], 1);
    doubtful.delete(client);
  }
  try {
    return await client.reserve();
  } catch (error) {
    doubtful.add(client);
    throw error;
  }
}
