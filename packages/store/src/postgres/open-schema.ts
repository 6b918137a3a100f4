import { ConductorError, raceAbort } from '@conductor/core';
import type { Clock, Ids, Opt, StoreCapabilities } from '@conductor/core/ports';
import { run } from './client.js';
import type { PgClient } from './client.js';
import { migrate } from './migrations.js';
import { reach } from './reach.js';
import type { ReachOptions } from './reach.js';
import { createRetry } from './retry.js';
import { sql } from './sql-text.js';
import { tablesOf } from './tables.js';

export interface OpenedSchema extends Server {
  readonly id: string;
}

interface Server {
  /** What a COMMIT of it survives. */
  readonly durability: StoreCapabilities['durability'];
  /** A name that no other handle of the store gets. */
  readonly handle: string;
}

export interface OpenSchemaOptions extends ReachOptions {
  readonly schema: string;
  readonly clock: Clock;
  readonly readOnly: boolean;
  readonly ids: Ids;
  /** Throws as long as there is no server. */
  readonly probe: ((o: Opt) => Promise<void>) | undefined;
}

/**
 * Waits for the server, checks it, and brings the schema up to date, trying again when the server goes away meanwhile. On abort
 * it rejects at once with the reason; what is under way ends with the client.
 */
export async function openSchema(writer: PgClient, o: OpenSchemaOptions): Promise<OpenedSchema> {
  const { clock, storeBusyMs, signal } = o;
  const ask = async (opt: Opt) => {
    await o.probe?.(opt);
    return checkServer(writer);
  };
  const server = await reach(ask, o);
  const isOver = () => signal?.aborted === true;
  const open = async () => {
    const retry = createRetry({ client: writer, clock, storeBusyMs, isOver });
    for (;;) {
      try {
        await migrate(writer, o);
        return { id: await storeId(writer, o), ...server };
      } catch (error) {
        await retry(error);
      }
    }
  };
  return raceAbort(open(), signal);
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
