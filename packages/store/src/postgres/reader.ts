import { raceAbort } from '@conductor/core';
import type { StoreLimits } from '../rules/limits.js';
import type { Rows } from '../rules/rows.js';
import type { ReadHint } from '../rules/store.js';
import { Missing, learn, statementsOf, want } from './cache.js';
import type { Wants } from './cache.js';
import { run } from './client.js';
import type { PgRow } from './client.js';
import { postgresError } from './errors.js';
import { createRetry } from './retry.js';
import type { RetryOptions } from './retry.js';
import type { StoreTime } from './server-time.js';
import { sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import { storeCache } from './store-cache.js';
import type { Table } from './tables.js';

/** Several statements of one message are one transaction; so they also see one state. */
const snapshot = sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`;

/**
 * Reads by the same rules as writes: the work runs until a row is missing, and again once that is there. Each time all rows
 * are fetched in one message and of one moment, so that no transaction is ever left open; most reads need one.
 */
export function pgReader(
  o: RetryOptions & { readonly tables: Table; readonly limits: StoreLimits; readonly time: StoreTime },
): <T>(work: (rows: Rows) => T, hint: ReadHint) => Promise<T> {
  const ask = async (statements: readonly SqlText[]): Promise<readonly (readonly PgRow[])[]> => {
    const retry = createRetry(o);
    for (;;) {
      try {
        return await run(o.client, statements.length > 1 ? [snapshot, ...statements] : statements, statements.length);
      } catch (error) {
        await retry(error).catch((last: unknown) => {
          throw postgresError(last);
        });
      }
    }
  };
  return async (work, { signal, tail }) => {
    const cache = storeCache(o.tables, o.limits);
    const wants: Wants = new Map();
    if (o.time.stale) want(wants, o.time.stale, undefined);
    for (const loader of tail ? cache.log.tail(tail.filter, tail.after) : []) want(wants, loader, undefined);
    for (;;) {
      signal?.throwIfAborted();
      if (wants.size > 0) {
        const results = await raceAbort(ask(statementsOf(wants)), signal);
        cache.clear();
        learn(wants, results);
      }
      try {
        return work(cache.rows);
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        want(wants, error.loader, error.key);
      }
    }
  };
}
