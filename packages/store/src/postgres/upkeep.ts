import type { ArtifactId, Opt } from '@conductor/core/ports';
import { tidyLimits } from '../rules/upkeep.js';
import type { Upkeep } from '../rules/upkeep.js';
import type { PgRow } from './client.js';
import { lazyClient } from './lazy-client.js';
import type { LazyClientOptions } from './lazy-client.js';
import { serverNow } from './server-time.js';
import { sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import { tablesOf } from './tables.js';
import type { Table } from './tables.js';

export interface PostgresUpkeepOptions extends LazyClientOptions {
  /** Whose time things are old by: that of the server (default), or the injected clock. */
  readonly time?: 'server' | 'clock' | undefined;
}

/** What is left for whoever looks after a store in Postgres; its room, its pages and its copies are the server's business. */
export interface PostgresUpkeep extends Pick<Upkeep, 'tidy' | 'references'> {
  close(): Promise<void>;
}

/** Events that the server looks through in one statement. */
const eventsAtOnce = 10_000;

/**
 * Looks after a Postgres store while its handles go on; connects when it is first asked for something. `tidy` gives the room
 * back to the tables, where autovacuum finds it; both counts of bytes are of tables and indexes without artifacts. Throws
 * what opening a store throws, and CLOSED.
 */
export function postgresUpkeep(options: PostgresUpkeepOptions): PostgresUpkeep {
  const { clock, time = 'server', schema = 'conductor' } = options;
  const t = tablesOf(schema);
  const { send, close } = lazyClient(options);
  const ask = async (statement: SqlText, o: Opt): Promise<readonly PgRow[]> => (await send([statement], 1, o))[0] ?? [];
  const room = sql`SELECT sum(pg_total_relation_size(c.oid)) AS bytes FROM pg_catalog.pg_class c
    WHERE c.relnamespace = ${schema}::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'artifact%'`;
  const bytesNow = async (o: Opt) => Number((await ask(room, o))[0]?.bytes);

  return Object.freeze<PostgresUpkeep>({
    async tidy(o = {}) {
      const { signal } = o;
      const bytesBefore = await bytesNow({ signal });
      const [[now] = []] = await send([sql`SELECT ${serverNow} AS now`], 1, { signal });
      const limits = tidyLimits(time === 'server' ? Number(now?.now) : clock.now(), o);
      const removed = await send(removePast(t, limits), 3, { signal });
      const [letters = 0, sets = 0, requests = 0] = removed.map(([row]) => Number(row?.count));
      return { deadLetters: letters, leases: sets + requests, bytesBefore, bytes: await bytesNow({ signal }) };
    },

    async references(o = {}) {
      const found = new Set<ArtifactId>();
      const note = (rows: readonly PgRow[]) => {
        for (const { id } of rows) found.add(id as ArtifactId); // the statement looks for the shape of one
      };
      const [last] = await ask(sql`SELECT max(seq) AS seq FROM ${t('events')}`, o);
      for (let after = 0; after < Number(last?.seq ?? 0); after += eventsAtOnce)
        note(await ask(namedByEvents(t, after, after + eventsAtOnce), o));
      note(await ask(namedByRecords(t), o));
      return found;
    },

    close,
  });
}

/** One transaction behind the lock of the writers. Every handle fetches anew what it remembers, because the revision is another. */
function removePast(t: Table, { deadBeforeMs, leasesBeforeMs }: ReturnType<typeof tidyLimits>): readonly SqlText[] {
  const counted = (deletion: SqlText) => sql`WITH gone AS (${deletion} RETURNING 1) SELECT count(*) FROM gone`;
  const orphans = (keys: string, column: string, of: string, id: string) =>
    sql`DELETE FROM ${t(keys)} k WHERE NOT EXISTS (SELECT FROM ${t(of)} o WHERE o.${{ text: id }} = k.${{ text: column }})`;
  return [
    sql`SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE`,
    sql`UPDATE ${t('counters')} SET rev = rev + 1`,
    counted(sql`DELETE FROM ${t('deliveries')} WHERE dead AND due < ${deadBeforeMs}`),
    counted(sql`DELETE FROM ${t('grants')} WHERE lost AND expires_at < ${leasesBeforeMs}`),
    counted(sql`DELETE FROM ${t('waiters')} WHERE until < ${leasesBeforeMs}`),
    orphans('grant_keys', 'token', 'grants', 'token'),
    orphans('waiter_keys', 'waiter', 'waiters', 'id'),
  ];
}

/** Every artifact that an event of these numbers names. */
function namedByEvents(t: Table, after: number, upTo: number): SqlText {
  return named(sql`SELECT data AS text FROM ${t('events')} WHERE seq > ${after} AND seq <= ${upTo}`);
}

/** Every artifact that a row names. */
function namedByRecords(t: Table): SqlText {
  return named(sql`SELECT value AS text FROM ${t('records')}`);
}

function named(texts: SqlText): SqlText {
  return sql`SELECT DISTINCT (regexp_matches(text, 'sha256:[0-9a-f]{64}', 'g'))[1] AS id FROM (${texts}) AS texts
    WHERE strpos(text, 'sha256:') > 0`;
}
