import { ConductorError, raceAbort } from '@conductor/core';
import type { Clock, Opt } from '@conductor/core/ports';
import { clientOptions, run } from './client.js';
import type { PgClient, PgClientOptions, PgRow } from './client.js';
import { postgresError } from './errors.js';
import { migrate } from './migrations.js';
import { createRetry } from './retry.js';
import type { SqlText } from './sql-text.js';
import { checkSchema } from './tables.js';

export interface LazyClientOptions {
  /** As for the store. Called once, when something is first asked for; `close` ends the client. It has one connection. */
  readonly connect: (options: PgClientOptions) => PgClient;
  readonly clock: Clock;
  /** That of the store; default `conductor`. */
  readonly schema?: string | undefined;
  /** How long the server may work on one statement; default 60,000. */
  readonly statementTimeoutMs?: number | undefined;
  /** How long to try again while the server is away, before STORE_BUSY; default 30,000. */
  readonly storeBusyMs?: number | undefined;
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

export interface LazyClient {
  readonly send: SendStatements;
  /** Lets go of the client; idempotent. */
  close(): Promise<void>;
}

/** A client that is made, and finds or makes its tables, when something is sent for the first time. */
export function lazyClient(options: LazyClientOptions): LazyClient {
  const { clock, schema = 'conductor', storeBusyMs = 30_000 } = options;
  checkSchema(schema);
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
    if (closed) throw new ConductorError('CLOSED', 'It is closed');
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
