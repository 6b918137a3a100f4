import { ConductorError, instant } from '@conductor/core';
import type { Clock, Commit, Store } from '@conductor/core/ports';
import type { Random } from './random.js';

export interface WriterOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Its name: no two living processes have the same one. */
  readonly writer: string;
  readonly print: (line: string) => void;
  /** Commits of each lane; without it the writer ends by being killed. */
  readonly commits?: number;
}

/** Each lane has one commit under way, so that groups of them share a transaction. */
export const lanes = 4;
const meta = { actor: { kind: 'system', id: 'writer' } } as const;

/**
 * Commits without an end: one or two streams, up to three events in each, mostly small and now and then of several
 * hundred kilobytes, with a record and sometimes a lease. Prints `c <id> <last seq> <token>` when a commit is
 * acknowledged, and not before.
 */
export async function runWriter(o: WriterOptions): Promise<void> {
  await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(o, lane)));
}

async function runLane({ store, clock, random, writer, print, commits = Infinity }: WriterOptions, lane: number) {
  const names = ['a', 'b'].map((part) => `track/${writer}-${lane}${part}`);
  const versions = new Map<string, number>();
  for (const stream of names) versions.set(stream, await store.head({ stream }));
  const first = (await store.records.get('$writers', `${writer}-${lane}`))?.value as { readonly n: number } | undefined;
  for (let n = (first?.n ?? 0) + 1, left = commits; left > 0; n += 1, left -= 1) {
    const id = `${writer}-${lane}-${n}`;
    const streams = random.chance(0.5) ? names : names.slice(0, 1);
    const body = commitOf({ id, n, streams, versions, random, clock, record: `${writer}-${lane}` });
    const { lastSeq, versions: now, grants } = await acknowledged(store, clock, body);
    for (const [stream, version] of now) versions.set(stream, version);
    print(`c ${id} ${lastSeq} ${grants[0]?.token ?? 0}`);
    if (random.chance(0.1)) await clock.sleep(random.between(0, 60));
  }
}

/** Asks again, with the same key, while the store cannot say what became of it, or is away. */
async function acknowledged(store: Store, clock: Clock, body: Commit) {
  for (;;) {
    try {
      return await store.commit(body);
    } catch (error) {
      if (!ConductorError.is(error, 'COMMIT_UNKNOWN', 'STORE_BUSY', 'STORE_FAILED')) throw error;
      await clock.sleep(20);
    }
  }
}

interface Draft {
  readonly id: string;
  readonly n: number;
  readonly streams: readonly string[];
  readonly versions: ReadonlyMap<string, number>;
  readonly random: Random;
  readonly clock: Clock;
  /** The key of the record that says how far the lane has come. */
  readonly record: string;
}

function commitOf({ id, n, streams, versions, random, clock, record }: Draft): Commit {
  const counts = streams.map(() => random.between(1, 3));
  const of = counts.reduce((sum, count) => sum + count, 0);
  let index = 0;
  const appends = streams.map((stream, place) => ({
    stream,
    expectedVersion: versions.get(stream) ?? 0,
    events: Array.from({ length: counts[place] ?? 0 }, () => ({
      type: random.pick(['thing.begun', 'thing.done']),
      v: 1,
      data: { id, index: index++, of, text: 'x'.repeat(sizeOf(random)) },
    })),
  }));
  const wish = { set: id, owner: `foreign:${record}`, keys: [{ key: `commit:${id}`, mode: 'exclusive' as const }] };
  return {
    appends,
    meta: { ...meta, at: instant(clock.now()) },
    records: [{ collection: '$writers', key: record, expectedRevision: 'any', value: { n } }],
    leases: random.chance(0.2) ? [{ op: 'acquire', ...wish, ttlMs: 1 }] : [],
    idempotencyKey: id,
  };
}

function sizeOf(random: Random): number {
  if (random.chance(0.005)) return random.between(100_000, 400_000);
  return random.chance(0.2) ? random.between(1_000, 8_000) : random.between(0, 100);
}
