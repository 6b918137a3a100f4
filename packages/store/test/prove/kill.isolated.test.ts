import { systemClock } from '@conductor/core';
import postgres from 'postgres';
import { afterAll, describe, expect, it } from 'vitest';
import { all, codeOf, commitOf } from '../../src/conformance/store-fixture.js';
import type { PgClient, PgClientOptions } from '../../src/postgres/client.js';
import { postgresStore } from '../../src/postgres/store.js';
import { startPostgresIfPossible } from '../postgres-server.js';
import { firstSeed, full, proof } from '../../../../proof.shared.js';
import { durablePlaces } from './durable-places.js';
import { killServer, killWriters, splitKills } from './kills.js';
import type { KillFigures } from './kills.js';
import { openAt } from './places.js';
import { randomOf } from './random.js';

const kills = full ? 300 : 30;
const serverKills = full ? 100 : 3;

// What nobody flushed is lost in a crash: without a writer in the background, that is the same each time.
const server = await startPostgresIfPossible({ settings: ['wal_writer_delay=10s'] });
const clock = systemClock();
const drivers: Record<string, unknown>[] = [];
proof('kills', {
  proves:
    'Processes that write, and the server of Postgres, are killed with SIGKILL at random moments; opened again, the store has every acknowledged commit, none half, none twice, and no gap.',
  facts: () => ({ seed: firstSeed, drivers }),
});
afterAll(() => server?.stop());

describe('a store whose writers are killed', () => {
  it.each(durablePlaces(server))(
    `%s: has everything that was acknowledged, none half, none doubled, after each of ${kills} kills`,
    async (driver, { placeOf }) => {
      const found: KillFigures[] = [];
      for (const [index, part] of splitKills(kills, randomOf(firstSeed)).entries()) {
        const seed = firstSeed + index;
        const { figures, faults } = await killWriters(placeOf(`kills_${seed}`), { seed, ...part });
        expect({ seed, faults: faults.slice(0, 5) }).toEqual({ seed, faults: [] });
        found.push(figures);
      }
      drivers.push({ driver, killed: 'writers', ...sums(found), stores: found });
      expect(sums(found).kills).toBe(kills);
    },
    3_600_000,
  );

  it.skipIf(server === undefined)(
    `postgres: has everything that was acknowledged after each of ${serverKills} kills of the server`,
    async () => {
      if (server === undefined) return;
      const place = { driver: 'postgres', url: server.url, schema: 'server_kills' } as const;
      const { figures, faults } = await killServer(place, server, { seed: firstSeed, kills: serverKills });
      expect(faults.slice(0, 5)).toEqual([]);
      drivers.push({ driver: 'postgres', killed: 'server', ...figures });
    },
    3_600_000,
  );

  it.skipIf(server === undefined)(
    'postgres: is used again when it is back, however often it was asked meanwhile',
    async () => {
      if (server === undefined) return;
      const store = await openAt({ driver: 'postgres', url: server.url, schema: 'away' }, { clock, storeBusyMs: 20 });
      await store.commit(commitOf('track/1', 0));
      await server.kill();
      for (let times = 0; times < 5; times += 1)
        expect(await codeOf(store.commit(commitOf('track/1', 1)))).toBe('STORE_BUSY');
      await server.restart();
      // It may take a few tries until the pool has connected: it gives up soon.
      let code: string | undefined = 'STORE_BUSY';
      for (let left = 100; left > 0 && code === 'STORE_BUSY'; left -= 1)
        code = await codeOf(store.commit(commitOf('track/1', 1)));
      expect(code).toBeUndefined();
      expect(await all(store.readAll())).toHaveLength(2);
      await store.close();
    },
  );

  it.skipIf(server === undefined)(
    'postgres: knows after a crash that its transaction did not last, whatever others wrote since',
    async () => {
      if (server === undefined) return;
      let crash = false;
      // Loses the connection in COMMIT: the server is gone before it hears of it, and others write when it is back.
      const connect = (options: PgClientOptions): PgClient => {
        const client = postgres(server.url, { ...options, backoff: () => 0.02 });
        const unsafe = async (text: string): Promise<unknown> => {
          if (!crash || !/^SET TRANSACTION .*WRITE;|COMMIT *$/u.test(text)) return client.unsafe(text);
          crash = false;
          await server.kill();
          await server.restart();
          const other = await openAt({ driver: 'postgres', url: server.url, schema: 'not_lasting' }, { clock });
          for (let n = 0; n < 3; n += 1) await other.commit(commitOf('track/other', n));
          await other.close();
          throw Object.assign(new Error('The connection was lost'), { code: 'CONNECTION_CLOSED' });
        };
        return { unsafe, listen: (...o) => client.listen(...o), end: (o) => client.end(o) };
      };
      const store = await postgresStore({ connect, clock, schema: 'not_lasting' });
      await store.commit(commitOf('track/1', 0));
      crash = true;
      expect(await store.commit(commitOf('track/1', 1))).toMatchObject({ lastSeq: 5, deduplicated: false });
      expect(crash).toBe(false);
      await store.close();
    },
    60_000,
  );
});

function sums(list: readonly KillFigures[]) {
  const sum = (of: (figures: KillFigures) => number) => list.reduce((total, figures) => total + of(figures), 0);
  return {
    kills: sum((figures) => figures.kills),
    acknowledged: sum((figures) => figures.acknowledged),
    unacknowledged: sum((figures) => figures.unacknowledged),
    events: sum((figures) => figures.events),
  };
}
