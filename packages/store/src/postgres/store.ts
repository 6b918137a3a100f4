import { raceAbort, randomIds } from '@conductor/core';
import type { Clock, Ids, Opt, Store, StoreCapabilities } from '@conductor/core/ports';
import { checkCount } from '../rules/checks.js';
import { defaultLimits } from '../rules/limits.js';
import type { StoreLimits } from '../rules/limits.js';
import { createStore } from '../rules/store.js';
import { clientOptions } from './client.js';
import type { PgClient, PgClientOptions } from './client.js';
import { postgresError } from './errors.js';
import { pgGroupCommit } from './group-commit.js';
import { openSchema } from './open-schema.js';
import { checkSchema, tablesOf } from './tables.js';
import { createWakeups } from './wakeups.js';

export interface PostgresStoreOptions {
  /**
   * Makes a client: `(options) => postgres(url, options)`. Called twice, for reads and for writes; the store ends both.
   * Options of your own may be added; those for `connection` go to the given ones.
   */
  readonly connect: (options: PgClientOptions) => PgClient;
  readonly clock: Clock;
  readonly ids?: Ids | undefined;
  /** The schema that holds the tables of this store and nothing else; it is made when it is not there. Default `conductor`. */
  readonly schema?: string | undefined;
  readonly readOnly?: boolean | undefined;
  /** Whose time leases and claims expire by: that of the server (default), or the injected clock. */
  readonly time?: 'server' | 'clock' | undefined;
  /** Connections in all: one writes, one listens, the others read. From 3; default 6. */
  readonly maxConnections?: number | undefined;
  /** How long the server may work on one statement, waiting for locks included; default 60,000. */
  readonly statementTimeoutMs?: number | undefined;
  /** How often to look for what other handles wrote, should their wake-up get lost; default 1,000. */
  readonly followPollMs?: number | undefined;
  /**
   * How long the opening waits for a server that does not answer, or says that it is not ready, before STORE_BUSY; a fifth of it
   * where nobody listens. Default 10,000. A time of the client for its connections should not be longer.
   */
  readonly openTimeoutMs?: number | undefined;
  /** What errors of the opening call the server: `db:5432`. Never a whole address: that holds a password. */
  readonly server?: string | undefined;
  /**
   * Called before a client first connects, and again until it resolves or time is up: for a look at whether there is a server,
   * which can be broken off. What it throws is told.
   */
  readonly probe?: ((o: Opt) => Promise<void>) | undefined;
  /** How long to try again while the server is away, or somebody else keeps the lock, before STORE_BUSY; default 30,000. */
  readonly storeBusyMs?: number | undefined;
  /** Whether to send and receive wake-ups; they need a session of their own, which a pooler may not give. Default true. */
  readonly wakeups?: boolean | undefined;
  readonly limits?: Partial<StoreLimits> | undefined;
  /** Breaks off the opening at once, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A store in one schema of a Postgres database (14 or newer), for any number of machines.
 *
 * Leases expire by the server's clock; nothing proves the death of an owner. A lost connection is made anew, what was not yet
 * written is tried again, and a COMMIT that nobody answered is looked up. Throws VALIDATION_FAILED, STORE_NEWER,
 * STORE_CORRUPT, MIGRATION_FAILED, STORE_BUSY, STORE_FULL, STORE_READ_ONLY, STORE_FAILED; a write also COMMIT_UNKNOWN.
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { clock, ids = randomIds(), schema = 'conductor', readOnly = false, time = 'server' } = options;
  const { followPollMs = 1_000, storeBusyMs = 30_000, openTimeoutMs = 10_000, maxConnections = 6 } = options;
  const { server, probe, signal } = options;
  const limits = { ...defaultLimits, ...options.limits };
  signal?.throwIfAborted();
  checkSchema(schema);
  checkCount('The time to open the store, in milliseconds,', openTimeoutMs, 1);
  checkCount('The number of connections', maxConnections, 3);
  const { client, writer, end } = makeClients(options, maxConnections);
  try {
    const opening = { schema, clock, readOnly, ids, storeBusyMs, openTimeoutMs, server, probe, signal };
    const { id, handle, durability } = await openSchema(writer, opening);
    const channel = `conductor_${schema}`;
    const listening = options.wakeups === false ? undefined : createWakeups({ client, channel, handle, clock });
    const wakeups = await (listening && raceAbort(listening, signal));
    const capabilities: StoreCapabilities = { durability, reach: 'network', ownerProof: false, backup: false };
    const tables = tablesOf(schema);
    return createStore({
      backend: pgGroupCommit({
        client,
        writer,
        tables,
        handle,
        limits,
        clock,
        time,
        storeBusyMs,
        readOnly,
        wakeups,
        end: () => end(1),
      }),
      driver: { port: 'store', name: 'postgres', version: '1', api: 1, capabilities },
      id,
      clock,
      limits,
      pollMs: followPollMs,
      ownerLocks: undefined,
    });
  } catch (error) {
    await end(0); // nobody needs what is under way
    signal?.throwIfAborted();
    throw postgresError(error, server);
  }
}

function makeClients({ connect, statementTimeoutMs }: PostgresStoreOptions, maxConnections: number) {
  const make = (max: number) => connect(clientOptions(max, statementTimeoutMs));
  const client = make(maxConnections - 2);
  const writer = make(1);
  /** Waits so many seconds for what is under way. */
  const end = async (timeout: number) => {
    await Promise.all([client.end({ timeout }), writer.end({ timeout })]);
  };
  return { client, writer, end };
}
