import { ConductorError, randomIds } from '@conductor/core';
import type { Clock, Ids, Store, StoreCapabilities } from '@conductor/core/ports';
import { checkCount } from '../rules/checks.js';
import { defaultLimits } from '../rules/limits.js';
import type { StoreLimits } from '../rules/limits.js';
import { createStore } from '../rules/store.js';
import { clientOptions, run } from './client.js';
import type { PgClient, PgClientOptions } from './client.js';
import { postgresError } from './errors.js';
import { pgGroupCommit } from './group-commit.js';
import { migrate } from './migrations.js';
import { createRetry } from './retry.js';
import { sql } from './sql-text.js';
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
  /** How long to try again while the server is away, or somebody else keeps the lock, before STORE_BUSY; default 30,000. */
  readonly storeBusyMs?: number | undefined;
  /** Whether to send and receive wake-ups; they need a session of their own, which a pooler may not give. Default true. */
  readonly wakeups?: boolean | undefined;
  readonly limits?: Partial<StoreLimits> | undefined;
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
  const { followPollMs = 1_000, storeBusyMs = 30_000, maxConnections = 6 } = options;
  const limits = { ...defaultLimits, ...options.limits };
  checkSchema(schema);
  checkCount('The number of connections', maxConnections, 3);
  const { client, writer, end } = makeClients(options, maxConnections);
  try {
    const { id, handle, durability } = await openSchema(writer, { schema, clock, readOnly, ids, storeBusyMs });
    const channel = `conductor_${schema}`;
    const wakeups = options.wakeups === false ? undefined : await createWakeups({ client, channel, handle, clock });
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
        end,
      }),
      driver: { port: 'store', name: 'postgres', version: '1', api: 1, capabilities },
      id,
      clock,
      limits,
      pollMs: followPollMs,
      ownerLocks: undefined,
    });
  } catch (error) {
    await end();
    throw postgresError(error);
  }
}

function makeClients({ connect, statementTimeoutMs }: PostgresStoreOptions, maxConnections: number) {
  const make = (max: number) => connect(clientOptions(max, statementTimeoutMs));
  const client = make(maxConnections - 2);
  const writer = make(1);
  const end = async () => {
    await Promise.all([client.end({ timeout: 1 }), writer.end({ timeout: 1 })]);
  };
  return { client, writer, end };
}

interface OpenSchema extends Server {
  readonly id: string;
}

interface Server {
  /** What a COMMIT of it survives. */
  readonly durability: StoreCapabilities['durability'];
  /** A name that no other handle of the store gets. */
  readonly handle: string;
}

interface OpenOptions {
  readonly schema: string;
  readonly clock: Clock;
  readonly readOnly: boolean;
  readonly ids: Ids;
  readonly storeBusyMs: number;
}

/** Connects, checks the server, brings the schema up to date; tries again while the server does not answer. */
async function openSchema(writer: PgClient, o: OpenOptions): Promise<OpenSchema> {
  const retry = createRetry({ client: writer, clock: o.clock, storeBusyMs: o.storeBusyMs, isOver: () => false });
  for (;;) {
    try {
      const server = await checkServer(writer);
      await migrate(writer, o);
      return { id: await storeId(writer, o), ...server };
    } catch (error) {
      await retry(error);
    }
  }
}

async function checkServer(client: PgClient): Promise<Server> {
  const settings = sql`SELECT current_setting('server_encoding') AS encoding,
    current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS waits,
    gen_random_uuid()::text AS handle`;
  const [[row] = []] = await run(client, [settings], 1);
  if (row?.encoding !== 'UTF8')
    throw new ConductorError('STORE_FAILED', `The database has the encoding ${String(row?.encoding)}, not UTF8`, {
      hint: 'Create the database with ENCODING UTF8.',
    });
  return { durability: row.fsync === 'on' && row.waits !== 'off' ? 'fsync' : 'os', handle: String(row.handle) };
}

/** The id that this store got when it was made. Whoever writes first names it. */
async function storeId(
  client: PgClient,
  { schema, readOnly, ids }: { readonly schema: string; readonly readOnly: boolean; readonly ids: Ids },
): Promise<string> {
  const counters = tablesOf(schema)('counters');
  const stored = async () => {
    const [[row] = []] = await run(client, [sql`SELECT id FROM ${counters}`], 1);
    return row === undefined ? undefined : String(row.id);
  };
  const known = await stored();
  if (known !== undefined) return known;
  if (readOnly) throw new ConductorError('STORE_CORRUPT', 'The store has no id');
  const first = sql`INSERT INTO ${counters} (one, id, rev, seq, "commit", token, waiter)
    VALUES (true, ${ids.id('store')}, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING`;
  await run(client, [first], 0);
  return (await stored()) ?? storeId(client, { schema, readOnly: true, ids });
}
