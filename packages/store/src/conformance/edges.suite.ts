import { describe, expect, it } from 'vitest';
import type { EventEnvelope } from '@conductor/core/ports';
import { all, codeOf, commitOf, events, fixtureOf, keys } from './store-fixture.js';
import type { OpenStore } from './store-fixture.js';

/** What databases, file systems, JavaScript and patterns have a meaning of their own for. */
const hostile = [
  '__proto__',
  'constructor',
  `'; DROP TABLE events; --`,
  '"quoted" \\ backslash',
  '%',
  '_',
  '$1',
  '$$',
  '../../etc/passwd',
  ' padded ',
  'ä😀',
  'e\u0301', // the same letter as é, and not the same name
  'x'.repeat(200),
];
const dayMs = 86_400_000;

/** Hostile names, the largest events, a wall clock that jumps, reads that are called off half-way. */
export function edgesSuite(name: string, open: OpenStore): void {
  const using = fixtureOf(open);

  describe(`Store contract, edges: ${name}`, () => {
    it('keeps hostile names of leases, owners, records and idempotency keys apart, and gives them back as they were', () =>
      using(async ({ store }) => {
        for (const hard of hostile) {
          await store.leases.acquire({ set: hard, owner: `foreign:${hard}`, keys: keys(hard), ttlMs: 60_000 });
          const record = { collection: `$${hard}`, key: hard, expectedRevision: 0, value: { hard } };
          const commit = { ...commitOf('run/r', 'any', [{ type: hard, v: 1, data: { hard } }]), records: [record] };
          await store.commit({ ...commit, idempotencyKey: hard });
          expect((await store.commit({ ...commit, idempotencyKey: hard })).deduplicated).toBe(true);
        }
        const { grants } = await store.leases.list();
        expect(new Set(grants.map(({ set }) => set))).toEqual(new Set(hostile));
        expect(new Set(grants.flatMap((grant) => grant.keys.map(({ key }) => key)))).toEqual(new Set(hostile));
        expect((await all(store.readAll())).map(({ type }) => type)).toEqual(hostile);
        for (const hard of hostile) {
          const found = (await store.leases.list({ prefix: hard })).grants.map(({ set }) => set);
          expect(new Set(found)).toEqual(new Set(hostile.filter((other) => other.startsWith(hard))));
          expect((await store.leases.list({ owner: `foreign:${hard}` })).grants).toHaveLength(1);
          expect((await store.records.list(`$${hard}`, { prefix: hard })).rows.map(({ key }) => key)).toEqual([hard]);
          expect((await store.records.get(`$${hard}`, hard))?.value).toEqual({ hard });
          expect((await all(store.readAll({ types: [hard] }))).map(({ type }) => type)).toEqual([hard]);
        }
      }));

    it('keeps hostile names of subscriptions apart', () =>
      using(async ({ store, append }) => {
        await append('track/1', 1);
        const terms = { order: 'all', maxAttempts: 3, backoff: { baseMs: 1, maxMs: 1 } } as const;
        for (const hard of hostile) await store.subscriptions.ensure({ name: hard, from: 'start', ...terms });
        for (const [index, hard] of hostile.entries()) {
          expect(await store.subscriptions.status(hard)).toMatchObject({ cursor: 0, behind: 1 });
          if (index % 2 === 1) continue;
          const claim = await store.subscriptions.claim(hard, { owner: hard, max: 1, visibleMs: 60_000 });
          expect(claim.name).toBe(hard);
          await store.subscriptions.settle(claim, [{ seq: 1, outcome: 'dead', error: hard }]);
          expect((await store.subscriptions.status(hard)).dead).toMatchObject([{ seq: 1, error: hard }]);
        }
      }));

    it('gives an event of 8 MB back as it was, from the stream, from the log and to who follows', () =>
      using(async ({ store }) => {
        // Half of it in characters of four bytes, half in characters that JSON has to escape.
        const eventBytes = 8 * 1024 * 1024;
        const data = `${'😀'.repeat(eventBytes / 8)}${'\\'.repeat(eventBytes / 4 - 2)}\n`;
        const wanted = [{ type: 't', v: 1, data }];
        await store.commit(commitOf('track/1', 0, wanted));
        // Compared by hand: a difference of two such texts is nothing to print.
        const same = (list: readonly EventEnvelope[]) => list.length === 1 && list[0]?.data === data;
        expect(same(await all(store.read('track/1')))).toBe(true);
        expect(same(await all(store.readAll()))).toBe(true);
        const pages = store.follow({ after: 0 })[Symbol.asyncIterator]();
        expect(same((await pages.next()).value ?? [])).toBe(true);
        await pages.return?.();
      }));

    it('goes on in order when the wall clock goes back, and takes no lease from who holds it', () =>
      using(async ({ store, clock, append }) => {
        await append('track/1', 1);
        const ask = (set: string, key: string) => ({ set, owner: 'foreign:w', keys: keys(key), ttlMs: 60_000 });
        const first = await store.leases.acquire(ask('s', 'k'));
        clock.setTime(clock.now() - dayMs);
        await append('track/1', 2);
        await append('track/2', 1);
        expect((await all(store.readAll())).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
        expect(await codeOf(store.leases.acquire(ask('t', 'k')))).toBe('LEASE_HELD');
        expect((await store.leases.acquire(ask('t', 'other'))).token).toBeGreaterThan(first.token);
        const fence = [{ set: 's', token: first.token }];
        expect(await codeOf(store.commit({ ...commitOf('track/2', 1), fence }))).toBeUndefined();
      }));

    it('ends leases and claims, and nothing else, when the wall clock jumps ahead', () =>
      using(async ({ store, clock, append }) => {
        await append('track/1', 2);
        const ask = (set: string) => ({ set, owner: 'foreign:w', keys: keys('k'), ttlMs: 60_000 });
        const { token } = await store.leases.acquire(ask('s'));
        const terms = { order: 'all', maxAttempts: 3, backoff: { baseMs: 1, maxMs: 1 } } as const;
        await store.subscriptions.ensure({ name: 'n', from: 'start', ...terms });
        const work = { owner: 'o', max: 1, visibleMs: 60_000 };
        const late = await store.subscriptions.claim('n', work);
        clock.setTime(clock.now() + 400 * dayMs);
        const fence = [{ set: 's', token }];
        expect(await codeOf(store.commit({ ...commitOf('track/1', 2), fence }))).toBe('LEASE_EXPIRED');
        expect((await store.leases.acquire(ask('t'))).token).toBeGreaterThan(token);
        expect(await codeOf(store.commit({ ...commitOf('track/1', 2), fence }))).toBe('FENCED');
        const claim = await store.subscriptions.claim('n', work);
        expect(claim.deliveries).toMatchObject([{ event: { seq: 1 }, attempt: 2 }]);
        expect(await codeOf(store.subscriptions.settle(late, [{ seq: 1, outcome: 'done' }]))).toBe('FENCED');
        expect(await all(store.readAll())).toHaveLength(2);
        expect(await append('track/1', 1)).toBe(3);
      }));

    it('ends a read between two pages with the reason of its signal, and is as before', () =>
      using(async ({ store, append }) => {
        await append('track/1', events(1_500));
        const reads = [
          (signal: AbortSignal) => store.read('track/1', { signal }),
          (signal: AbortSignal) => store.read('track/1', { signal, backward: true }),
          (signal: AbortSignal) => store.readAll({ signal }),
          (signal: AbortSignal) => store.follow({ after: 0, signal }),
        ];
        for (const read of reads) {
          const stop = new AbortController();
          const pages = read(stop.signal)[Symbol.asyncIterator]();
          expect((await pages.next()).value).toHaveLength(1_000);
          stop.abort(new Error('enough'));
          await expect(pages.next()).rejects.toThrow('enough');
        }
        expect(await append('track/1', 1)).toBe(1_501);
      }));
  });
}
