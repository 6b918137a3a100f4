import { systemClock } from '@conductor/core';
import { afterAll, describe, expect, it } from 'vitest';
import { all, codeOf, commitOf } from '../../src/conformance/store-fixture.js';
import { startPostgresIfPossible } from '../postgres-server.js';
import { firstSeed, full, report } from './campaign.js';
import { durablePlaces } from './durable-places.js';
import { killServer, killWriters, splitKills } from './kills.js';
import type { KillFigures } from './kills.js';
import { openAt } from './places.js';
import { randomOf } from './random.js';

const kills = full ? 300 : 30;
const serverKills = full ? 100 : 3;

const server = await startPostgresIfPossible();
const clock = systemClock();
const drivers: Record<string, unknown>[] = [];
afterAll(async () => {
  await server?.stop();
  report(
    'kills',
    'Processes that write, and the server of Postgres, are killed with SIGKILL at random moments; opened again, the store has every acknowledged commit, none half, none twice, and no gap.',
    { seed: firstSeed, drivers },
  );
});

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
