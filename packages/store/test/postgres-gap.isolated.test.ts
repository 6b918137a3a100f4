import { systemClock } from '@conductor/core';
import { afterAll, describe, expect, it } from 'vitest';
import { startPostgresIfPossible } from './postgres-server.js';
import { connect } from './postgres-store.js';
import { firstSeed } from '../../../proof.shared.js';
import { startTogether } from './prove/child-process.js';
import { openAt } from './prove/places.js';

const server = await startPostgresIfPossible();

/** What one look at the tables shows; the numbers come as text. */
interface Look {
  readonly events: string;
  readonly last: string;
  readonly counted: string;
}

describe.skipIf(server === undefined)('processes that write one Postgres store at the same time', () => {
  if (server === undefined) return;
  afterAll(() => server.stop());

  it('never show a number of the log before those in front of it', async () => {
    const place = { driver: 'postgres', url: server.url, schema: 'gap' } as const;
    await (await openAt(place, { clock: systemClock() })).close();
    const children = await startTogether(
      ['w0', 'w1', 'w2'].map((writer, index) => ({
        do: 'write',
        place,
        seed: firstSeed + index,
        writer,
        commits: 20,
      })),
    );
    let writing = true;
    const ends = Promise.all(children.map(({ ended }) => ended)).finally(() => {
      writing = false;
    });
    const reader = connect(server);
    const seen = new Set<number>();
    while (writing) {
      const [look] = await reader<[Look]>`
        SELECT count(*) AS events, coalesce(max(seq), 0) AS last, (SELECT seq FROM gap.counters) AS counted FROM gap.events`;
      // As many as the highest number says: with a plain sequence, one that was taken later is often seen first.
      expect([look.events, look.counted]).toEqual([look.last, look.last]);
      seen.add(Number(look.last));
    }
    expect(await ends).toEqual(children.map(() => ({ code: 0, errors: '' })));
    // Else it would have looked before and afterwards only.
    expect(seen.size).toBeGreaterThan(10);
    await reader.end();
  });
});
