import { afterAll, describe, expect, it } from 'vitest';
import { startPostgresIfPossible } from '../postgres-server.js';
import { firstSeed, full, report } from './campaign.js';
import { durablePlaces } from './durable-places.js';
import { killWriters, splitKills } from './kills.js';
import type { KillFigures } from './kills.js';
import { randomOf } from './random.js';

const kills = full ? 300 : 30;

const server = await startPostgresIfPossible();
const drivers: Record<string, unknown>[] = [];
afterAll(async () => {
  await server?.stop();
  report(
    'kill-writers',
    'Processes that write are killed with SIGKILL at random moments; opened again, the store has every acknowledged commit, none half, none twice, and no gap.',
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
      drivers.push({ driver, ...sums(found), stores: found });
      expect(sums(found).kills).toBe(kills);
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
