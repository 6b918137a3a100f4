import type { Clock } from '@conductor/core/ports';
import postgres from 'postgres';
import type { PgClient, PgClientOptions } from '../src/postgres/client.js';
import type { PostgresStoreOptions } from '../src/postgres/store.js';
import type { PostgresServer } from './postgres-server.js';

/** A client of postgres.js for what a test does beside its store. */
export function connect(server: PostgresServer) {
  return postgres(server.url, { max: 1, fetch_types: false, onnotice: () => undefined });
}

/** Clients as a host makes them. `name` is how the server calls their sessions. */
export function connecting(server: PostgresServer, name = 'conductor'): PostgresStoreOptions['connect'] {
  return (options) =>
    postgres(server.url, { ...options, connection: { ...options.connection, application_name: name } });
}

/** The same two clients for one store after the other, which is faster. */
export function sharedClients(server: PostgresServer) {
  const made = new Map<number, ReturnType<typeof postgres>>();
  const clientOf = (options: PgClientOptions) => {
    const known = made.get(options.max) ?? postgres(server.url, options);
    made.set(options.max, known);
    return known;
  };
  return {
    clientOf,
    end: () => Promise.all(Array.from(made.values(), (client) => client.end({ timeout: 1 }))),
  };
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
    listen: (...o) => counted(client.listen(...o)),
    end: async () => undefined, // others go on using it
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
