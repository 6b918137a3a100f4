import { describe, expect, it } from 'vitest';
import { requireWholeLog } from '@conductor/core/ports';
import type { Artifacts, Commit, Json, Store } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { memoryArtifacts } from '../memory/artifacts.js';
import { memoryStore } from '../memory/store.js';
import { exportLog } from '../transfer/export-log.js';
import { importLog } from '../transfer/import-log.js';
import { all } from './store-fixture.js';
import type { OpenStore } from './store-fixture.js';

interface Side {
  readonly store: Store;
  readonly artifacts: Artifacts;
}

/** What a driver might keep otherwise than it was given: order of members, numbers, texts, sizes, times that go back. */
const awkward: readonly Json[] = [
  { z: 1, a: { '10': 'ten', '9': 'nine', b: null }, '': [] },
  [0, -0.5, 1e300, 1.0000000000000002, 9_007_199_254_740_991, true, null],
  'ä\u{1F600}\u2028\u0000\u007f"\\',
  {},
  [],
  '',
  null,
  { long: 'x'.repeat(300_000) },
];

async function fill({ store, artifacts }: Side): Promise<void> {
  const { id } = await artifacts.put(new Uint8Array(100_000).map((_, index) => (index * 31) % 251));
  const commit = (stream: string, version: number, data: readonly Json[], meta: Partial<Commit['meta']> = {}) =>
    store.commit({
      appends: [
        {
          stream,
          expectedVersion: version,
          events: data.map((each) => ({ type: 'acme/thing.seen', v: 3, data: each })),
        },
      ],
      meta: { at: '2026-01-02T03:04:05.678Z', actor: { via: 'cli', kind: 'user', id: 'ana', org: 'o' }, ...meta },
    });
  await commit('project', 0, [{ first: true }]);
  await commit('track/ä b', 0, awkward, { correlation: { track: 'ä b', session: 's' }, causation: 'project@1' });
  // What stores take, though the types do not say it.
  const untyped = { correlation: { later: 'x', track: 'y'.repeat(5_000) } as Commit['meta']['correlation'] };
  await commit('track/untyped', 0, [{}], { ...untyped, at: '2026-01-02T03:04:05Z' });
  await commit('track/other', 0, [{ report: { artifact: id, bytes: 100_000 } }], { at: '2020-01-01T00:00:00.000Z' });
  await store.commit({
    appends: [
      {
        stream: 'track/other',
        expectedVersion: 1,
        events: [
          { type: 'a.b', v: 1, data: 1 },
          { type: 'a.b', v: 2, data: 2 },
        ],
      },
      { stream: 'project', expectedVersion: 1, events: [{ type: 'a.b', v: 1, data: { n: 1 } }] },
    ],
    meta: { at: '2026-01-02T03:04:05.679Z', actor: { kind: 'engine', id: 'engine' } },
    records: [{ collection: '$view', key: 'local', expectedRevision: 0, value: 'stays here' }],
    idempotencyKey: 'stays here too',
  });
}

async function exported(side: Side): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await exportLog(side, (bytes) => void parts.push(bytes));
  return Buffer.concat(parts);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** What moving a whole log asks of a store: the same text goes in and comes out, whatever the driver on the other side. */
export function transferSuite(name: string, open: OpenStore): void {
  describe(`Transfer of a log: ${name}`, () => {
    it.each(['from', 'to'] as const)(
      'goes %s a store in memory, with the same bytes on both sides',
      async (direction) => {
        const clock = new FakeClock();
        const { store, close } = await open({ clock });
        try {
          const own = { store, artifacts: memoryArtifacts({ clock }) };
          const memory = { store: memoryStore({ clock }), artifacts: memoryArtifacts({ clock }) };
          const [source, target] = direction === 'from' ? [memory, own] : [own, memory];
          await fill(source);
          const text = await exported(source);
          const result = await importLog(target, () => once(text));
          expect(result).toMatchObject({ events: 14, commits: 5, artifacts: 1, lastSeq: 14, resumedAfter: 0 });
          expect((await exported(target)).equals(text)).toBe(true);
          const withoutCommit = async (side: Side) =>
            (await all(side.store.readAll())).map(({ commit: _, ...event }) => event);
          expect(await withoutCommit(target)).toEqual(await withoutCommit(source));
          expect(await target.store.records.get('$view', 'local')).toBeUndefined();
          await requireWholeLog(target.store);
        } finally {
          await close();
        }
      },
    );
  });
}
