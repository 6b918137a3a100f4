import { ConductorError, raceAbort, randomIds } from '@conductor/core';
import { sha256Stream } from '@conductor/core/hash';
import type { Sha256 } from '@conductor/core/hash';
import type { ArtifactId, Artifacts, Clock, Ids, Opt } from '@conductor/core/ports';
import { checkCount } from '../../rules/checks.js';
import { artifactRows, namedByEvents, namedByRecords } from './rows.js';
import { clientOptions, run } from '../client.js';
import type { PgClient, PgClientOptions, PgRow } from '../client.js';
import { postgresError } from '../errors.js';
import { migrate } from '../migrations.js';
import { putArtifact } from './put.js';
import { readArtifact } from './read.js';
import { createRetry } from '../retry.js';
import { serverNow } from '../server-time.js';
import { sql } from '../sql-text.js';
import type { SqlText } from '../sql-text.js';
import { sweepArtifacts } from './sweep.js';
import { checkSchema, tablesOf } from '../tables.js';

export interface PostgresArtifactsOptions {
  /** As for the store. Called once, when artifacts are first asked for; `close` ends the client. It has one connection. */
  readonly connect: (options: PgClientOptions) => PgClient;
  readonly clock: Clock;
  readonly ids?: Ids | undefined;
  /** That of the store; default `conductor`. */
  readonly schema?: string | undefined;
  /** Whose time their age is reckoned by: that of the server (default), or the injected clock. */
  readonly time?: 'server' | 'clock' | undefined;
  /** Of one artifact; default 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** How many bytes are one row, and are in memory at one time; default 256 KiB. What was written with another size is read all the same. */
  readonly chunkBytes?: number | undefined;
  /** A hash that is faster than the one that runs anywhere, for what is longer than a chunk. */
  readonly sha256?: (() => Sha256) | undefined;
  readonly statementTimeoutMs?: number | undefined;
  /** How long to try again while the server is away, before STORE_BUSY; default 30,000. */
  readonly storeBusyMs?: number | undefined;
}

/** Artifacts that lie beside the log. */
export interface PostgresArtifacts extends Artifacts {
  /** Every artifact that an event or a row of the store names anywhere in its text: what a sweep must leave. O(log), on the server. */
  references(o?: Opt): Promise<ReadonlySet<ArtifactId>>;
  /** Lets go of the client; idempotent. Afterwards everything throws CLOSED. */
  close(): Promise<void>;
}

/**
 * Sends statements in one message; answers the rows of the last `count` of them that have rows. When the answer is lost the
 * message is sent again. An abort waits for no answer.
 */
export type SendStatements = (
  statements: readonly SqlText[],
  count: number,
  o: Opt,
) => Promise<readonly (readonly PgRow[])[]>;

/** Events that the server looks through in one statement. */
const eventsAtOnce = 10_000;

/**
 * Artifacts in the schema of a Postgres store, for every machine that has its log: each once, in chunks, written and read
 * with one chunk in memory. An upload is found only when it is whole and durable; what was begun and never finished goes with
 * a sweep. A put that finds the same bytes leaves them there and makes them young; damaged ones it mends.
 *
 * Nothing is asked of the server before the first call, which makes the tables where they are not there. Throws
 * VALIDATION_FAILED; beside what the port says, all methods throw what opening a store throws, and CLOSED.
 */
export function postgresArtifacts(options: PostgresArtifactsOptions): PostgresArtifacts {
  const { clock, ids = randomIds(), schema = 'conductor', time = 'server' } = options;
  const { maxBytes = 256 * 1024 * 1024, chunkBytes = 256 * 1024, sha256 = sha256Stream } = options;
  checkSchema(schema);
  checkCount('The bytes of a chunk', chunkBytes, 1);
  const tables = tablesOf(schema);
  const rows = artifactRows(tables, chunkBytes, () => (time === 'server' ? serverNow : sql`${clock.now()}`));
  const { send, close } = lazyClient({ ...options, schema });

  return Object.freeze<PostgresArtifacts>({
    async put(bytes, o = {}) {
      o.signal?.throwIfAborted();
      return putArtifact({ send, rows, upload: ids.id('upload'), chunkBytes, maxBytes, sha256 }, bytes, o);
    },
    async *get(id, o = {}) {
      o.signal?.throwIfAborted();
      yield* readArtifact({ send, rows, sha256 }, id, o);
    },
    async sweep(isReferenced, o) {
      o.signal?.throwIfAborted();
      return sweepArtifacts({ send, rows }, isReferenced, o);
    },
    async references(o = {}) {
      o.signal?.throwIfAborted();
      const found = new Set<ArtifactId>();
      const note = (ids_: readonly PgRow[] = []) => {
        for (const { id } of ids_) found.add(id as ArtifactId); // the statement looks for the shape of one
      };
      const [[counters] = []] = await send([sql`SELECT max(seq) AS head FROM ${tables('events')}`], 1, o);
      for (let after = 0, head = Number(counters?.head ?? 0); after < head; after += eventsAtOnce)
        note((await send([namedByEvents(tables, after, after + eventsAtOnce)], 1, o))[0]);
      note((await send([namedByRecords(tables)], 1, o))[0]);
      return found;
    },
    close,
  });
}

/** A client that is made, and finds or makes its tables, when something is sent for the first time. */
function lazyClient(options: PostgresArtifactsOptions & { readonly schema: string }) {
  const { clock, schema, storeBusyMs = 30_000 } = options;
  let opened: Promise<PgClient> | undefined;
  let closed = false;

  const patiently = async <T>(client: PgClient, work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    const isOver = () => closed || signal?.aborted === true;
    const retry = createRetry({ client, clock, storeBusyMs, isOver });
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await retry(error);
      }
    }
  };

  const open = async (): Promise<PgClient> => {
    const client = options.connect(clientOptions(1, options.statementTimeoutMs));
    try {
      await patiently(client, () => migrate(client, { schema, clock, readOnly: false }));
      return client;
    } catch (error) {
      opened = undefined; // the next call tries again
      await client.end({ timeout: 1 });
      throw error;
    }
  };

  const send: SendStatements = async (statements, count, { signal }) => {
    if (closed) throw new ConductorError('CLOSED', 'These artifacts are closed');
    signal?.throwIfAborted();
    const answer = async () => {
      const client = await (opened ??= open());
      return patiently(client, () => run(client, statements, count), signal);
    };
    try {
      return await raceAbort(answer(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw postgresError(error);
    }
  };

  return {
    send,
    async close() {
      closed = true;
      const client = await opened?.catch(() => undefined); // one that was never there needs no end
      await client?.end({ timeout: 1 });
    },
  };
}
