import { systemClock } from '@conductor/core';
import type { Clock, EventEnvelope, Store } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { all, codeOf, commitOf, emptyCommit, events, keys } from './store-fixture.js';

/** A place for a store that any number of handles open, at once or one after the other. */
export interface SharedStoreUnderTest {
  /** One more handle, as another process has it. */
  open(o: { readonly clock: Clock }): Promise<Store>;
  remove(): Promise<void>;
}

/** Makes an empty place. */
export type OpenSharedStore = () => Promise<SharedStoreUnderTest>;

interface SharedFixture {
  readonly clock: FakeClock;
  handle(clock?: Clock): Promise<Store>;
}

const subscription = {
  name: 'n',
  from: 'start',
  order: 'all',
  maxAttempts: 3,
  backoff: { baseMs: 1, maxMs: 1 },
} as const;
const work = { owner: 'o', max: 5, visibleMs: 60_000 };
const longMs = 600_000;
const ask = (set: string, o: { readonly key?: string; readonly ttlMs?: number } = {}) => ({
  set,
  owner: `foreign:${set}`,
  keys: keys(o.key ?? 'k'),
  ttlMs: o.ttlMs ?? longMs,
});

/**
 * What a store promises whose `reach` is more than one process: everything is there when it is opened again, and handles
 * beside each other are one store. Besides `storeSuite`, which needs one handle only.
 */
export function sharedStoreSuite(name: string, make: OpenSharedStore): void {
  const using = async (work_: (fixture: SharedFixture) => Promise<void>) => {
    const clock = new FakeClock();
    const place = await make();
    const handles: Store[] = [];
    const handle = async (own: Clock = clock) => {
      const store = await place.open({ clock: own });
      handles.push(store);
      return store;
    };
    try {
      await work_({ clock, handle });
    } finally {
      await Promise.all(handles.map((store) => store.close()));
      await place.remove();
    }
  };

  describe(`Store contract, opened again: ${name}`, () => {
    it('has its log, records, leases, keys and cursors', () =>
      using(async ({ handle }) => {
        const first = await handle();
        await first.subscriptions.ensure(subscription);
        await first.records.define('things', { version: 1, indexes: [], unique: [['n']] });
        const record = { collection: 'things', key: 'a', expectedRevision: 0, value: { n: 1 } };
        const commit = {
          ...commitOf('track/1', 0, events(3)),
          records: [record],
          leases: [{ op: 'acquire', ...ask('s') }],
          idempotencyKey: 'key',
        } as const;
        const { grants } = await first.commit(commit);
        const claim = await first.subscriptions.claim('n', { ...work, max: 2 });
        await first.subscriptions.settle(claim, [
          { seq: 1, outcome: 'done' },
          { seq: 2, outcome: 'dead', error: 'e' },
        ]);
        const log = await all(first.readAll());
        await first.close();

        const second = await handle();
        expect(second.id).toBe(first.id);
        expect(await all(second.readAll())).toEqual(log);
        expect(await second.records.get('things', 'a')).toMatchObject({ revision: 1, value: { n: 1 }, seq: 3 });
        expect((await second.leases.list()).grants).toEqual(grants);
        const dead = [{ seq: 2, error: 'e' }];
        expect(await second.subscriptions.status('n')).toMatchObject({ cursor: 2, behind: 1, dead });
        expect(await second.commit(commit)).toMatchObject({ deduplicated: true, lastSeq: 3 });
        const other = { ...record, key: 'b' };
        expect(await codeOf(second.commit({ ...commitOf('track/1', 3), records: [other] }))).toBe('UNIQUE_VIOLATION');
      }));

    it('never gives a token twice, when everything was given back too', () =>
      using(async ({ handle }) => {
        let highest = 0;
        for (let round = 0; round < 3; round += 1) {
          const store = await handle();
          const { token } = await store.leases.acquire(ask('s'));
          expect(token).toBeGreaterThan(highest);
          highest = token;
          await store.leases.release('s', token);
          await store.close();
        }
      }));

    it('still fences what was lost before, and knows what is held', () =>
      using(async ({ clock, handle }) => {
        const first = await handle();
        const old = await first.leases.acquire(ask('old', { ttlMs: 1_000 }));
        await clock.advance(1_000);
        const held = await first.leases.acquire(ask('new'));
        await first.close();
        const second = await handle();
        const write = (fence: { readonly set: string; readonly token: number }) =>
          codeOf(second.commit({ ...commitOf('run/r', 'any'), fence: [fence] }));
        expect(await write({ set: 'old', token: old.token })).toBe('FENCED');
        expect(await write({ set: 'new', token: held.token })).toBeUndefined();
        expect(await codeOf(second.leases.acquire(ask('third')))).toBe('LEASE_HELD');
      }));

    it('lets nobody have the work of a claim before its time, and anybody afterwards', () =>
      using(async ({ clock, handle }) => {
        const first = await handle();
        await first.subscriptions.ensure(subscription);
        await first.commit(commitOf('track/1', 0));
        await first.subscriptions.claim('n', work);
        await first.close();
        const second = await handle();
        const next = second.subscriptions.claim('n', work);
        await clock.advance(work.visibleMs - 1);
        expect(await settledNow(clock, next)).toBe(false);
        expect((await passing(clock, next)).deliveries).toMatchObject([{ event: { seq: 1 }, attempt: 2 }]);
      }));
  });

  describe(`Store contract, several handles: ${name}`, () => {
    it('is made once when all of them open it at the same time', () =>
      using(async ({ handle }) => {
        const stores = await Promise.all([handle(), handle(), handle(), handle()]);
        expect(new Set(stores.map(({ id }) => id)).size).toBe(1);
        await Promise.all(stores.map((store, index) => store.commit(commitOf(`track/${index}`, 0))));
        for (const store of stores) expect(await store.head()).toBe(4);
      }));

    it('lets exactly one of them win a version, and tells the other one where the stream is', () =>
      using(async ({ handle }) => {
        const stores = [await handle(), await handle()];
        for (let version = 0; version < 10; version += 1) {
          const race = stores.map((store) => store.commit(commitOf('track/1', version)));
          const codes = await Promise.all(race.map(codeOf));
          expect(codes.toSorted()).toEqual(['VERSION_CONFLICT', undefined].toSorted());
          const actual = version + 1;
          await expect(race[codes.indexOf('VERSION_CONFLICT')]).rejects.toMatchObject({ details: { actual } });
        }
      }));

    it('numbers what they write beside each other without a gap, in the order of the commits', () =>
      using(async ({ handle }) => {
        const stores = await Promise.all([handle(), handle(), handle()]);
        const lastSeqs = stores.map(async (store, index) => {
          const seqs: number[] = [];
          for (let n = 0; n < 10; n += 1)
            seqs.push((await store.commit(commitOf(`track/${index}`, n * 2, events(2)))).lastSeq);
          return seqs;
        });
        for (const seqs of await Promise.all(lastSeqs)) expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
        for (const store of stores) {
          const log = await all(store.readAll());
          expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
          expect(
            log.filter(({ version }) => version % 2 === 0).every(({ seq }, _, list) => isSecond(log, seq, list)),
          ).toBe(true);
        }
      }));

    it('remembers an idempotency key, whoever used it', () =>
      using(async ({ handle }) => {
        const stores = await Promise.all([handle(), handle()]);
        const commit = { ...commitOf('track/1', 0), idempotencyKey: 'key' };
        const results = await Promise.all(stores.map((store) => store.commit(commit)));
        expect(results.map(({ deduplicated }) => deduplicated).toSorted()).toEqual([false, true]);
        const other = { ...commitOf('track/2', 0, events(2)), idempotencyKey: 'key' };
        for (const store of stores) expect(await codeOf(store.commit(other))).toBe('IDEMPOTENCY_MISMATCH');
      }));

    it('shows one of them what the other one writes, without a gap or a doublet', () =>
      using(async ({ clock, handle }) => {
        const writer = await handle();
        const reader = await handle();
        const stop = new AbortController();
        const seen: number[] = [];
        const following = (async () => {
          for await (const page of reader.follow({ after: 0, signal: stop.signal })) {
            seen.push(...page.map(({ seq }) => seq));
            if (seen.length >= 20) return;
          }
        })();
        for (let n = 0; n < 10; n += 1) await writer.commit(commitOf('track/1', n * 2, events(2)));
        await passing(clock, following);
        expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
      }));

    it('hands a lease over from one to the other, and lets nobody slip in', () =>
      using(async ({ clock, handle }) => {
        const one = await handle();
        const two = await handle();
        const held = await one.leases.acquire(ask('s'));
        const waiting = two.leases.acquire(ask('t'), { waitMs: longMs });
        await until(clock, async () => (await one.leases.list()).waiting.length === 1);
        await one.leases.release('s', held.token);
        expect(await codeOf(one.leases.acquire(ask('u')))).toBe('LEASE_HELD');
        const grant = await passing(clock, waiting);
        expect(grant.token).toBeGreaterThan(held.token);
        const write = (store: Store, set: string, token: number) =>
          codeOf(store.commit({ ...commitOf('run/r', 'any'), fence: [{ set, token }] }));
        expect(await write(one, 's', held.token)).toBe('FENCED');
        expect(await write(one, 't', grant.token)).toBeUndefined();
      }));

    it('lets one of them claim at a time, and wakes the other when there is work', () =>
      using(async ({ clock, handle }) => {
        const one = await handle();
        const two = await handle();
        await one.subscriptions.ensure(subscription);
        await one.commit(commitOf('track/1', 0));
        const mine = await one.subscriptions.claim('n', { ...work, visibleMs: longMs });
        const theirs = two.subscriptions.claim('n', work);
        await one.subscriptions.settle(mine, [{ seq: 1, outcome: 'done' }]);
        await one.commit(commitOf('track/1', 1));
        expect((await passing(clock, theirs)).deliveries.map(({ event }) => event.seq)).toEqual([2]);
      }));

    it('never lets two of them write under one key, though their clocks are an hour apart', () =>
      using(async ({ clock, handle }) => {
        const ahead = new FakeClock(clock.now() + 3_600_000);
        const [slow, fast] = [await handle(), await handle(ahead)];
        const first = await slow.leases.acquire(ask('s'));
        // By its own clock the lease has ended long ago; a driver that has one clock for all of them knows better.
        const second = await fast.leases.acquire(ask('t')).catch(() => undefined);
        const write = (store: Store, set: string, token: number) =>
          codeOf(store.commit({ ...commitOf('run/r', 'any'), fence: [{ set, token }] }));
        expect(await write(slow, 's', first.token)).toBe(second === undefined ? undefined : 'FENCED');
        if (second === undefined) return;
        expect(second.token).toBeGreaterThan(first.token);
        expect(await write(fast, 't', second.token)).toBeUndefined();
      }));

    it('changes nothing when one of them closes, or is refused', () =>
      using(async ({ handle }) => {
        const one = await handle();
        const two = await handle();
        await one.commit(commitOf('track/1', 0));
        expect(await codeOf(two.commit(commitOf('track/1', 0)))).toBe('VERSION_CONFLICT');
        expect(await codeOf(two.commit(emptyCommit))).toBe('VALIDATION_FAILED');
        await two.close();
        expect(await one.commit(commitOf('track/1', 1))).toMatchObject({ lastSeq: 2 });
        expect(await all(one.readAll())).toHaveLength(2);
      }));
  });
}

/** Whether the event in front of a second one is the first of the same commit. */
function isSecond(log: readonly EventEnvelope[], seq: number, seconds: readonly EventEnvelope[]): boolean {
  const [first, second] = [log[seq - 2], log[seq - 1]];
  return seconds.length === log.length / 2 && first?.commit === second?.commit && first?.stream === second?.stream;
}

const host = systemClock();
const stepMs = 50;

/** Lets time pass until a promise settles. Real I/O of other handles needs real time beside the one that the test has. */
async function passing<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let open = true;
  const close = () => {
    open = false;
  };
  promise.then(close, close);
  while (open) {
    await host.sleep(1);
    await clock.advance(stepMs);
  }
  return promise;
}

/** Lets time pass until something is so. */
async function until(clock: FakeClock, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await host.sleep(1);
    await clock.advance(stepMs);
  }
}

/** Whether a promise has settled, once everything that waits for no time has run. */
async function settledNow(clock: FakeClock, promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  await clock.settle();
  return settled;
}
