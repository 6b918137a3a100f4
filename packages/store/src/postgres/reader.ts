import { raceAbort } from '@conductor/core';
import type { StoreLimits } from '../rules/limits.js';
import type { Rows } from '../rules/rows.js';
import type { ReadHint } from '../rules/store.js';
import { Missing, learn, statementsOf, want } from './cache.js';
import type { Loader, Wants } from './cache.js';
import { run } from './client.js';
import type { PgRow } from './client.js';
import { postgresError } from './errors.js';
import { pagesAhead } from './pages-ahead.js';
import { createRetry } from './retry.js';
import type { RetryOptions } from './retry.js';
import type { StoreTime } from './server-time.js';
import { sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import { storeCache } from './store-cache.js';
import type { StoreCache } from './store-cache.js';
import type { Table } from './tables.js';

/** Several statements of one message are one transaction; so they also see one state. */
const snapshot = sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`;

/** A read that waits for rows. */
interface Read {
  readonly work: (rows: Rows) => unknown;
  readonly signal: AbortSignal | undefined;
  /** What it asked for so far. */
  readonly wants: Wants;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export type Reader = <T>(work: (rows: Rows) => T, hint: ReadHint) => Promise<T>;

/**
 * Reads by the same rules as writes: the work runs until a row is missing, and again once that is there. Each time all rows
 * are fetched in one message and of one moment, so that no transaction is ever left open; most reads need one. Reads of a
 * few rows share it with those of the same turn: when a lease is let go, everybody who waits for it looks.
 */
export function pgReader(
  o: RetryOptions & { readonly tables: Table; readonly limits: StoreLimits; readonly time: StoreTime },
): Reader {
  let waiting: Read[] = [];

  const ask = async (statements: readonly SqlText[]): Promise<readonly (readonly PgRow[])[]> => {
    const retry = createRetry(o);
    for (;;) {
      try {
        return await run(o.client, statements.length > 1 ? [snapshot, ...statements] : statements, statements.length);
      } catch (error) {
        await retry(error);
      }
    }
  };

  const ahead = pagesAhead(o.clock, async (statement) => (await ask([statement]))[0] ?? []);

  /**
   * A page of the log and nothing else. One that was fetched ahead is good for ever when it is full, because the log only
   * grows; behind one that is not full there may be more by now.
   */
  const fetchPage = async (wants: Wants, loader: Loader<unknown>): Promise<void> => {
    const statement = loader.statement([]);
    const early = await ahead.take(statement);
    if (early !== undefined) learn(wants, [early]);
    if (early === undefined || loader.following?.() === undefined) learn(wants, await ask([statement]));
    ahead.read(statement, loader.following?.());
  };

  const fetchAll = async (cache: StoreCache, wants: Wants): Promise<void> => {
    const results = await ask(statementsOf(wants));
    cache.clear();
    learn(wants, results);
  };

  const runAll = async (cache: StoreCache, reads: readonly Read[]): Promise<void> => {
    let open = reads.filter((read) => !isOver(cache, read));
    try {
      while (open.length > 0) {
        const wants: Wants = new Map();
        if (o.time.stale) want(wants, o.time.stale, undefined);
        for (const read of open)
          for (const [loader, keys] of read.wants) for (const key of keys) want(wants, loader, key);
        const [first] = wants.keys();
        if (wants.size === 1 && first?.following !== undefined) await fetchPage(wants, first);
        else await fetchAll(cache, wants);
        open = open.filter((read) => !isOver(cache, read));
      }
    } catch (error) {
      for (const { reject } of open) reject(postgresError(error));
    }
  };

  const runWaiting = async (): Promise<void> => {
    await o.clock.turn();
    const reads = waiting;
    waiting = [];
    await runAll(storeCache(o.tables, o.limits), reads);
  };

  return (work, { signal, tail }) => {
    const answer = new Promise<unknown>((resolve, reject) => {
      const cache = storeCache(o.tables, o.limits);
      const wants: Wants = new Map();
      for (const loader of tail ? cache.log.tail(tail.filter, tail.after) : []) want(wants, loader, undefined);
      const read: Read = { work, signal, wants, resolve, reject };
      const first = firstMissing(cache, read);
      if (first === undefined) return;
      // A page of the log takes its time, and shall keep nobody waiting.
      if (tail !== undefined || first.loader.isScan === true) {
        void runAll(cache, [read]);
        return;
      }
      waiting.push({ ...read, wants: new Map() });
      if (waiting.length === 1) void runWaiting();
    });
    // The cast: a read is answered with what its own work returned.
    return raceAbort(answer as Promise<Awaited<ReturnType<typeof work>>>, signal);
  };
}

/** Runs a read; `undefined` when it is answered. */
function firstMissing(cache: StoreCache, { work, signal, resolve, reject }: Read): Missing | undefined {
  try {
    signal?.throwIfAborted();
    resolve(work(cache.rows));
  } catch (error) {
    if (error instanceof Missing) return error;
    reject(error);
  }
  return undefined;
}

function isOver(cache: StoreCache, read: Read): boolean {
  const missing = firstMissing(cache, read);
  if (missing !== undefined) want(read.wants, missing.loader, missing.key);
  return missing === undefined;
}
