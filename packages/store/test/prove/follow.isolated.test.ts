import { systemClock } from '@conductor/core';
import type { EventEnvelope, Store } from '@conductor/core/ports';
import { afterAll, describe, expect, it } from 'vitest';
import { all, commitOf } from '../../src/conformance/store-fixture.js';
import { startPostgresIfPossible } from '../postgres-server.js';
import { firstSeed, full, proof } from '../../../../proof.shared.js';
import { startChild } from './child-process.js';
import { durablePlaces } from './durable-places.js';
import { openAt } from './places.js';
import type { Place } from './places.js';
import { randomOf } from './random.js';
import type { Random } from './random.js';
import { lanes, runWriter } from './writer.js';

const followers = 50;
const writers = ['w0', 'w1'];
const commitsOfLane = full ? 400 : 20;
const commits = writers.length * lanes * commitsOfLane;
const followPollMs = 25;
const clock = systemClock();

const server = await startPostgresIfPossible();
const drivers: Record<string, unknown>[] = [];
proof('follow', {
  proves:
    'Followers that join at random moments, at random places of the log, see every event once and in order while others write.',
  facts: () => ({ seed: firstSeed, followers, writers: writers.length, commits, drivers }),
});
afterAll(() => server?.stop());

describe('followers that join while others write', () => {
  it(
    `memory: ${followers} of them see every event once, in order`,
    () =>
      campaign({ driver: 'memory' }, (store, onCommit) =>
        Promise.all(
          writers.map((writer, index) => {
            const random = randomOf(firstSeed * 100 + index);
            return runWriter({ store, clock, random, writer, print: onCommit, commits: commitsOfLane });
          }),
        ),
      ),
    600_000,
  );

  it.each(durablePlaces(server))(
    `%s: ${followers} of them see every event once, in order, while other processes write`,
    async (_, { placeOf }) => {
      const place = placeOf('follow');
      await campaign(place, async (__, onCommit) => {
        const started = writers.map(async (writer, index) => {
          const seed = firstSeed * 100 + index;
          const onLine = (line: string) => line.startsWith('c ') && onCommit();
          const child = await startChild({ do: 'write', place, seed, writer, commits: commitsOfLane }, onLine);
          expect(await child.ended).toEqual({ code: 0, errors: '' });
        });
        await Promise.all(started);
      });
    },
    600_000,
  );
});

interface Follower {
  /** How many commits have to be acknowledged before it joins. */
  readonly joinsAfter: number;
  readonly types: readonly string[] | undefined;
  /** How many events before the end of the log it begins; all of them when there are fewer. */
  readonly back: number;
  readonly slow: boolean;
}

interface Seen {
  readonly after: number;
  readonly seqs: readonly number[];
}

const lastType = 'campaign.ended';

/** Runs writers and followers until every follower has seen the last event, and compares what each saw with the log. */
async function campaign(place: Place, write: (store: Store, onCommit: () => void) => Promise<unknown>): Promise<void> {
  const random = randomOf(firstSeed);
  const store = await openAt(place, { clock, followPollMs });
  const waiting = Array.from({ length: followers }, () => followerOf(random));
  const joined: { readonly follower: Follower; readonly seen: Promise<Seen> }[] = [];
  let acknowledged = 0;
  const join = () => {
    for (const follower of waiting.filter(({ joinsAfter }) => joinsAfter <= acknowledged)) {
      waiting.splice(waiting.indexOf(follower), 1);
      joined.push({ follower, seen: follow(store, follower) });
    }
  };
  try {
    join();
    await write(store, () => {
      acknowledged += 1;
      join();
    });
    expect([acknowledged, joined.length]).toEqual([commits, followers]);
    await store.commit(commitOf('track/end', 0, [{ type: lastType, v: 1, data: null }]));
    const log = await all(store.readAll());
    for (const { follower, seen } of joined) {
      const { after, seqs } = await seen;
      expect(seqs).toEqual(expected(log, follower, after));
    }
    drivers.push({ driver: place.driver, events: log.length, followers: joined.length });
  } finally {
    await store.close();
  }
}

function followerOf(random: Random): Follower {
  return {
    joinsAfter: random.chance(0.1) ? 0 : random.between(0, commits),
    types: random.chance(0.3) ? ['thing.done', lastType] : undefined,
    back: random.chance(0.3) ? Infinity : random.between(0, 200),
    slow: random.chance(0.2),
  };
}

async function follow(store: Store, { types, back, slow }: Follower): Promise<Seen> {
  const after = Math.max(0, (await store.head()) - back);
  const seqs: number[] = [];
  for await (const page of store.follow({ after, ...(types === undefined ? {} : { types }) })) {
    seqs.push(...page.map(({ seq }) => seq));
    if (page.at(-1)?.type === lastType) break;
    if (slow) await clock.sleep(followPollMs);
  }
  return { after, seqs };
}

function expected(log: readonly EventEnvelope[], { types }: Follower, after: number): readonly number[] {
  return log.filter(({ seq, type }) => seq > after && (types?.includes(type) ?? true)).map(({ seq }) => seq);
}
