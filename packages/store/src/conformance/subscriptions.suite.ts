import { describe, expect, it } from 'vitest';
import type { Claim, Store, SubscriptionSpec } from '@conductor/core/ports';
import { codeOf, commitOf, events, fixtureOf } from './store-fixture.js';
import type { Fixture, OpenStore } from './store-fixture.js';

const spec: SubscriptionSpec = {
  name: 'views',
  from: 'start',
  order: 'stream',
  maxAttempts: 3,
  backoff: { baseMs: 1_000, maxMs: 10_000 },
};
const seqs = ({ deliveries }: Claim) => deliveries.map(({ event }) => event.seq);
const attempts = ({ deliveries }: Claim) => deliveries.map(({ attempt }) => attempt);

function claim(store: Store, o: { owner?: string; max?: number; visibleMs?: number; signal?: AbortSignal } = {}) {
  return store.subscriptions.claim('views', { owner: 'me', max: 10, visibleMs: 30_000, ...o });
}

function settle(store: Store, held: Claim, outcome: 'done' | 'retry' | 'dead', ...which: number[]) {
  const results = (which.length > 0 ? which : seqs(held)).map((seq) => ({ seq, outcome, error: 'because' }));
  return store.subscriptions.settle(held, results);
}

/** The stored cursor: claims, retries, dead letters, take-over, replay. */
export function subscriptionsSuite(name: string, open: OpenStore): void {
  const using = fixtureOf(open);
  const idle = async ({ store, clock }: Fixture) => {
    const stop = new AbortController();
    const waiting = claim(store, { signal: stop.signal }).then(
      () => 'claimed',
      () => 'idle',
    );
    await clock.settle();
    stop.abort();
    return (await waiting) === 'idle';
  };

  describe(`Store contract, subscriptions: ${name}`, () => {
    it('delivers every event once when all goes well, in order', () =>
      using(async ({ store, append }) => {
        await store.subscriptions.ensure(spec);
        await append('track/1', 3);
        await append('track/2', 2);
        const first = await claim(store, { max: 2 });
        expect([seqs(first), attempts(first)]).toEqual([
          [1, 2],
          [1, 1],
        ]);
        expect(first.deliveries[0]?.event).toMatchObject({ id: 'track/1@1', data: { n: 1 } });
        await settle(store, first, 'done');
        const second = await claim(store);
        expect(seqs(second)).toEqual([3, 4, 5]);
        await settle(store, second, 'done');
        expect(await store.subscriptions.status('views')).toEqual({ cursor: 5, behind: 0, parked: 0, dead: [] });
      }));

    it('waits for work, wakes at once when it comes, and leaves no timer behind', () =>
      using(async ({ store, clock, append }) => {
        await store.subscriptions.ensure(spec);
        const waiting = claim(store);
        await clock.settle();
        await append('track/1', 1);
        expect(seqs(await waiting)).toEqual([1]);
        const stop = new AbortController();
        const aborted = claim(store, { signal: stop.signal });
        await clock.settle();
        stop.abort(new Error('stopped'));
        await expect(aborted).rejects.toThrow('stopped');
        expect(clock.pending).toBe(0);
      }));

    it('hands events to a claim that waits already by the terms of now', () =>
      using(async ({ store, clock, append }) => {
        await store.subscriptions.ensure({ ...spec, types: ['other.*'] });
        const waiting = claim(store);
        await clock.settle();
        await append('track/1', 2);
        await store.subscriptions.ensure({ ...spec, types: ['thing.*'] });
        expect(seqs(await waiting)).toEqual([1, 2]);
      }));

    it('starts at the start, at the end or at a seq, and keeps its place when it is declared again', () =>
      using(async ({ store, append }) => {
        await append('track/1', 5);
        const first = async (from: SubscriptionSpec['from']) => {
          const name = `from-${from}`;
          await store.subscriptions.ensure({ ...spec, name, from });
          return (await store.subscriptions.status(name)).behind;
        };
        expect([await first('start'), await first('end'), await first(4)]).toEqual([5, 0, 2]);
        await store.subscriptions.ensure(spec);
        await settle(store, await claim(store, { max: 2 }), 'done');
        await store.subscriptions.ensure({ ...spec, maxAttempts: 9 });
        expect(await store.subscriptions.status('views')).toMatchObject({ cursor: 2, behind: 3 });
      }));

    it('goes by what was declared, whatever becomes of the object that said it', () =>
      using(async ({ store, append }) => {
        const types = ['task.*'];
        const own = { ...spec, types };
        await store.subscriptions.ensure(own);
        await append('track/1', 1);
        types[0] = 'thing.*';
        await store.commit(commitOf('track/1', 1, events(1, 2, 'task.done')));
        const first = await claim(store);
        expect(seqs(first)).toEqual([2]);
        await settle(store, first, 'done');
        await store.subscriptions.ensure(own);
        await append('track/1', 1);
        expect(seqs(await claim(store))).toEqual([3]);
      }));

    it('sees only what its filter lets through', () =>
      using(async (fixture) => {
        const { store } = fixture;
        await store.subscriptions.ensure({ ...spec, kinds: ['track'], types: ['task.*'] });
        await store.commit(
          commitOf('track/1', 0, [
            ...events(1, 1, 'task.done'),
            ...events(1, 2, 'step.done'),
            ...events(1, 3, 'task.failed'),
          ]),
        );
        await store.commit(commitOf('board/1', 0, events(1, 4, 'task.done')));
        const held = await claim(store);
        expect(seqs(held)).toEqual([1, 3]);
        await settle(store, held, 'done');
        expect(await store.subscriptions.status('views')).toMatchObject({ behind: 0 });
        expect(await idle(fixture)).toBe(true);
      }));

    it('tries a failed event again after its backoff, while only its stream waits', () =>
      using(async (fixture) => {
        const { store, clock, append } = fixture;
        await store.subscriptions.ensure(spec);
        await append('track/1', 1);
        await append('track/2', 1);
        const first = await claim(store);
        await store.subscriptions.settle(first, [
          { seq: 1, outcome: 'retry', error: 'no' },
          { seq: 2, outcome: 'done' },
        ]);
        await append('track/1', 1);
        await append('track/2', 1);
        const second = await claim(store);
        expect(seqs(second)).toEqual([4]);
        await settle(store, second, 'done');
        expect(await store.subscriptions.status('views')).toMatchObject({ behind: 0, parked: 2 });
        await clock.advance(999);
        expect(await idle(fixture)).toBe(true);
        const third = claim(store);
        await clock.advance(500);
        expect([seqs(await third), attempts(await third)]).toEqual([
          [1, 3],
          [2, 1],
        ]);
      }));

    it('lets nothing pass a failed event when the order is all', () =>
      using(async (fixture) => {
        const { store, clock, append } = fixture;
        await store.subscriptions.ensure({ ...spec, order: 'all' });
        await append('track/1', 1);
        await settle(store, await claim(store), 'retry');
        await append('track/2', 2);
        expect(await idle(fixture)).toBe(true);
        await clock.advance(1_000);
        const next = await claim(store);
        expect([seqs(next), attempts(next)]).toEqual([
          [1, 2, 3],
          [2, 1, 1],
        ]);
      }));

    it('lets nothing pass an event that waits in the middle either, when the order is all', () =>
      using(async ({ store, append }) => {
        await store.subscriptions.ensure({ ...spec, order: 'all' });
        for (const n of [1, 2, 3]) await append(`track/${n}`, 1);
        await settle(store, await claim(store, { max: 2 }), 'retry', 2);
        expect(seqs(await claim(store))).toEqual([1]);
      }));

    it('puts an event aside as dead after its last try, with its error, and goes on', () =>
      using(async ({ store, clock, append }) => {
        await store.subscriptions.ensure({ ...spec, order: 'all' });
        await append('track/1', 2);
        const waits: number[] = [];
        for (let attempt = 1; attempt <= 3; attempt += 1) {
          const startMs = clock.now();
          const held = await clock.runUntil(claim(store, { max: 1 }));
          waits.push(clock.now() - startMs);
          expect([seqs(held), attempts(held)]).toEqual([[1], [attempt]]);
          await settle(store, held, 'retry');
        }
        // The next try is due 1 s and then 2 s later; a poll may see it up to one poll after that.
        expect(waits[0]).toBe(0);
        expect(waits[1]).toBeGreaterThanOrEqual(1_000);
        expect(waits[2]).toBeGreaterThanOrEqual(2_000);
        expect((await store.subscriptions.status('views')).dead).toEqual([{ seq: 1, attempts: 3, error: 'because' }]);
        expect(seqs(await claim(store))).toEqual([2]);
      }));

    it('hands out what was not named again at once, without counting a try', () =>
      using(async ({ store, append }) => {
        await store.subscriptions.ensure(spec);
        await append('track/1', 3);
        await settle(store, await claim(store), 'done', 1);
        const again = await claim(store);
        expect([seqs(again), attempts(again)]).toEqual([
          [2, 3],
          [1, 1],
        ]);
      }));

    it('has one claimer at a time, and lets another take over when its time is up', () =>
      using(async (fixture) => {
        const { store, clock, append } = fixture;
        await store.subscriptions.ensure(spec);
        await append('track/1', 2);
        const slow = await claim(store, { owner: 'slow', visibleMs: 5_000 });
        expect(await idle(fixture)).toBe(true);
        const other = claim(store, { owner: 'other' });
        await clock.advance(5_300);
        const taken = await other;
        expect([seqs(taken), attempts(taken)]).toEqual([
          [1, 2],
          [2, 2],
        ]);
        expect(taken.token).toBeGreaterThan(slow.token);
        expect(await codeOf(settle(store, slow, 'done'))).toBe('FENCED');
        await settle(store, taken, 'done');
        expect(await codeOf(settle(store, taken, 'done'))).toBe('FENCED');
      }));

    it('still takes a late answer when nobody took over', () =>
      using(async ({ store, clock, append }) => {
        await store.subscriptions.ensure(spec);
        await append('track/1', 1);
        const slow = await claim(store, { visibleMs: 1_000 });
        await clock.advance(60_000);
        await settle(store, slow, 'done');
        expect(await store.subscriptions.status('views')).toMatchObject({ behind: 0, parked: 0 });
      }));

    it('puts an event aside that nobody survives', () =>
      using(async (fixture) => {
        const { store, clock, append } = fixture;
        await store.subscriptions.ensure({ ...spec, maxAttempts: 2 });
        await append('track/1', 1);
        for (let round = 0; round < 2; round += 1) {
          await claim(store, { visibleMs: 1_000 });
          await clock.advance(1_000);
        }
        expect(await idle(fixture)).toBe(true);
        expect((await store.subscriptions.status('views')).dead).toMatchObject([{ seq: 1, attempts: 2 }]);
      }));

    it('replays from a seq, which ends a running claim', () =>
      using(async ({ store, append }) => {
        await store.subscriptions.ensure(spec);
        await append('track/1', 4);
        await settle(store, await claim(store), 'done');
        await append('track/1', 1);
        const running = await claim(store);
        await store.subscriptions.replay('views', { from: 3 });
        expect(await codeOf(settle(store, running, 'done'))).toBe('FENCED');
        const again = await claim(store);
        expect([seqs(again), attempts(again)]).toEqual([
          [3, 4, 5],
          [1, 1, 1],
        ]);
      }));

    it('hands what is replayed, or let through by another filter, to a claim that waits already', () =>
      using(async ({ store, clock, append }) => {
        await store.subscriptions.ensure({ ...spec, types: ['thing.*'] });
        await append('track/1', 2);
        await append('track/1', [{ type: 'other', v: 1, data: null }]);
        await settle(store, await claim(store), 'done');
        const replayed = claim(store);
        await clock.settle();
        await store.subscriptions.replay('views', { from: 2 });
        expect(seqs(await replayed)).toEqual([2]);
        await settle(store, await replayed, 'done');
        const widened = claim(store);
        await clock.settle();
        await store.subscriptions.replay('views', { from: 3 });
        await store.subscriptions.ensure(spec);
        expect(seqs(await widened)).toEqual([3]);
      }));

    it('replays dead events with all their tries', () =>
      using(async ({ store, append }) => {
        await store.subscriptions.ensure(spec);
        await append('track/1', 2);
        await settle(store, await claim(store), 'dead');
        await store.subscriptions.replay('views', { dead: [2] });
        const again = await claim(store);
        expect([seqs(again), attempts(again)]).toEqual([[2], [1]]);
        await settle(store, again, 'done');
        expect((await store.subscriptions.status('views')).dead).toMatchObject([{ seq: 1 }]);
        expect(await codeOf(store.subscriptions.replay('views', { dead: [2] }))).toBe('VALIDATION_FAILED');
      }));

    it('hands dead events that are replayed to the next claim, and lets the one under way go on', () =>
      using(async ({ store, append }) => {
        await store.subscriptions.ensure(spec);
        await append('track/1', 2);
        await settle(store, await claim(store, { max: 1 }), 'dead');
        const running = await claim(store);
        await store.subscriptions.replay('views', { dead: [1] });
        await settle(store, running, 'done');
        expect(seqs(await claim(store))).toEqual([1]);
      }));

    it('keeps the beginning of an error, however long it is', () =>
      using(async ({ store, append }) => {
        await store.subscriptions.ensure(spec);
        await append('track/1', 1);
        const held = await claim(store);
        await store.subscriptions.settle(held, [{ seq: 1, outcome: 'dead', error: 'x'.repeat(1_000_000) }]);
        expect((await store.subscriptions.status('views')).dead).toEqual([
          { seq: 1, attempts: 1, error: 'x'.repeat(4_096) },
        ]);
      }));

    it('refuses results for events that the claim does not hold, and settles nothing then', () =>
      using(async ({ store, append }) => {
        await store.subscriptions.ensure(spec);
        await append('track/1', 2);
        const held = await claim(store, { max: 1 });
        expect(await codeOf(settle(store, held, 'done', 1, 2))).toBe('VALIDATION_FAILED');
        await settle(store, held, 'done', 1);
      }));

    it('refuses terms that make no sense, and names that were never declared', () =>
      using(async ({ store }) => {
        const wrong = [{ maxAttempts: 0 }, { from: -1 }, { name: '' }, { backoff: { baseMs: 2, maxMs: 1 } }];
        for (const part of wrong)
          expect(await codeOf(store.subscriptions.ensure({ ...spec, ...part }))).toMatch(/_FAILED|_INVALID/);
        expect(await codeOf(claim(store))).toBe('VALIDATION_FAILED');
        expect(await codeOf(store.subscriptions.status('views'))).toBe('VALIDATION_FAILED');
      }));
  });
}
