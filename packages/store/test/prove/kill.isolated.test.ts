import { afterAll, describe, expect, it } from 'vitest';
import { startPostgresIfPossible } from '../postgres-server.js';
import { firstSeed, full, report } from './campaign.js';
import { durablePlaces } from './durable-places.js';
import { killServer, killWriters, splitKills } from './kills.js';
import type { KillFigures } from './kills.js';
import { randomOf } from './random.js';

const kills = full ? 300 : 30;
const serverKills = full ? 100 : 3;

const server = await startPostgresIfPossible();
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
