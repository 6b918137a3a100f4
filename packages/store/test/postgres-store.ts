import type { Clock } from '@conductor/core/ports';
import postgres from 'postgres';
import type { PgClient } from '../src/postgres/client.js';
import type { PostgresServer } from './postgres-server.js';

/** A client of postgres.js as a host makes it, with short pauses between tries to connect. */
export function connect(server: PostgresServer, options: { readonly max?: number; readonly name?: string } = {}) {
  return postgres(server.url, {
    max: options.max ?? 4,
    connection: { application_name: options.name ?? 'test' },
    backoff: () => 0.02,
    fetch_types: false,
    onnotice: () => undefined,
  });
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * A client under which `FakeClock.settle` waits for the server: a turn of the clock is open as long as a statement is under
 * way. Each turn leaves the processor to the server for a moment.
 */
export function settling(client: PgClient, clock: Clock): PgClient {
  let open = 0;
  const keepTurning = async (): Promise<void> => {
    while (open > 0) {
      await clock.turn();
      if (open > 0) Atomics.wait(sleeper, 0, 0, 0.1);
    }
  };
  const counted = async <T>(call: PromiseLike<T>): Promise<T> => {
    open += 1;
    if (open === 1) void keepTurning();
    try {
      return await call;
    } finally {
      open -= 1;
    }
  };
  return {
    unsafe: (text) => counted(client.unsafe(text)),
    async reserve() {
      const connection = await counted(client.reserve());
      return { unsafe: (text) => counted(connection.unsafe(text)), release: () => connection.release() };
    },
    listen: (...o) => counted(client.listen(...o)),
  };
}

const tables =
  'commits events owners grants grant_keys waiters waiter_keys collections records record_uniques subscriptions deliveries';

/** Makes the store of a schema empty, much faster than a new one is made. */
export async function emptyStore(client: PgClient, schema: string): Promise<void> {
  const deletes = tables.split(' ').map((table) => `DELETE FROM ${schema}.${table}`);
  const counters = `UPDATE ${schema}.counters SET rev = 0, seq = 0, "commit" = 0, token = 0, waiter = 0`;
  await client.unsafe([...deletes, counters].join('; '));
}
