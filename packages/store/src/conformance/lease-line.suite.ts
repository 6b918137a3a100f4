import { describe, expect, it } from 'vitest';
import { leaseFixtureOf, ttlMs } from './lease-fixture.js';
import { codeOf, emptyCommit, keys, shared } from './store-fixture.js';
import type { OpenStore } from './store-fixture.js';

/** Who waits for a lease: order, hand-over, expiry, time that is up, abort. */
export function leaseLineSuite(name: string, open: OpenStore): void {
  const using = leaseFixtureOf(open);

  describe(`Store contract, the line for a lease: ${name}`, () => {
    it('waits until the key is released', () =>
      using(async ({ store, clock, acquire }) => {
        const { token } = await acquire('s', keys('k'));
        const waiting = acquire('t', keys('k'), { owner: 'b', waitMs: 60_000 });
        await clock.settle();
        expect((await store.leases.list()).waiting).toEqual([{ set: 't', owner: 'b', keys: keys('k') }]);
        await store.leases.release('s', token);
        expect(await waiting).toMatchObject({ set: 't', owner: 'b' });
        expect((await store.leases.list()).waiting).toEqual([]);
        expect(clock.pending).toBe(0);
      }));

    it('hands a released key over in the same transaction, so that nobody slips in', () =>
      using(async ({ store, clock, acquire }) => {
        const { token } = await acquire('s', keys('k'));
        const waiting = acquire('t', keys('k'), { owner: 'b', waitMs: 60_000 });
        await clock.settle();
        await store.commit({ ...emptyCommit, leases: [{ op: 'release', set: 's', token }] });
        expect((await store.leases.list()).grants.map(({ set }) => set)).toEqual(['t']);
        await waiting;
      }));

    it('waits until the holder expires', () =>
      using(async ({ clock, acquire }) => {
        await acquire('s', keys('k'));
        const waiting = acquire('t', keys('k'), { owner: 'b', waitMs: 60_000 });
        await clock.advance(ttlMs - 1);
        expect(await Promise.race([waiting, Promise.resolve('still waiting')])).toBe('still waiting');
        await clock.advance(500);
        expect(await waiting).toMatchObject({ set: 't' });
      }));

    it('serves who waits for the other keys of an expired set when somebody takes one of them', () =>
      using(async ({ store, clock, acquire }) => {
        await acquire('s', keys('x', 'y'));
        const waiting = acquire('t', keys('y'), { owner: 'b', waitMs: 60_000 });
        await clock.settle();
        // No timer fires when the wall clock is set: only the next request finds the set expired.
        clock.setTime(clock.now() + ttlMs);
        await acquire('u', keys('x'));
        expect((await store.leases.list()).grants.map(({ set }) => set)).toEqual(['u', 't']);
        expect(await waiting).toMatchObject({ set: 't' });
      }));

    it('gives up after its time with LEASE_HELD, and leaves the line', () =>
      using(async ({ store, clock, acquire }) => {
        await acquire('s', keys('k'));
        const waiting = acquire('t', keys('k'), { owner: 'b', waitMs: 1_000 });
        const code = codeOf(waiting);
        await clock.advance(1_000);
        await clock.settle();
        expect(await code).toBe('LEASE_HELD');
        expect((await store.leases.list()).waiting).toEqual([]);
        expect(clock.pending).toBe(0);
      }));

    it('leaves the line when aborted, and lets the next one go ahead', () =>
      using(async ({ store, clock, acquire }) => {
        await acquire('s', keys('x'));
        const stop = new AbortController();
        const aborted = acquire('t', keys('x', 'y'), { waitMs: 60_000, signal: stop.signal });
        const outcome = aborted.catch((error: unknown) => String(error));
        await clock.settle();
        const behind = acquire('u', keys('y'), { owner: 'b', waitMs: 60_000 });
        await clock.settle();
        stop.abort(new Error('changed my mind'));
        expect(await outcome).toContain('changed my mind');
        expect(await behind).toMatchObject({ set: 'u' });
        expect((await store.leases.list()).waiting).toEqual([]);
      }));

    it('gives back what was granted in the moment of the abort', () =>
      using(async ({ store, clock, acquire }) => {
        const { token } = await acquire('s', keys('k'));
        const stop = new AbortController();
        const outcome = codeOrText(acquire('t', keys('k'), { waitMs: 60_000, signal: stop.signal }));
        await clock.settle();
        const released = store.leases.release('s', token);
        stop.abort(new Error('too late'));
        await released;
        expect(await outcome).toContain('too late');
        expect((await store.leases.list()).grants).toEqual([]);
      }));

    it('keeps what a set held when an extend that waits is aborted', () =>
      using(async ({ store, clock, acquire }) => {
        const held = await acquire('h', [...keys('a'), ...shared('d')]);
        const other = await acquire('s', shared('d'), { owner: 'b' });
        const stop = new AbortController();
        const wanted = [...keys('a', 'd', 'e')];
        const outcome = codeOrText(
          store.leases.extend('h', held.token, wanted, { waitMs: 60_000, signal: stop.signal }),
        );
        await clock.settle();
        stop.abort(new Error('changed my mind'));
        expect(await outcome).toContain('changed my mind');
        await store.leases.release('s', other.token);
        expect((await store.leases.list()).grants).toEqual([held]);
        expect((await store.leases.list()).waiting).toEqual([]);
      }));

    it('takes back an extend that was granted in the moment of the abort, and nothing else', () =>
      using(async ({ store, clock, acquire }) => {
        const held = await acquire('h', [...keys('a'), ...shared('d')]);
        const other = await acquire('s', shared('d'), { owner: 'b' });
        const stop = new AbortController();
        const wanted = [...keys('a', 'd', 'e')];
        const outcome = codeOrText(
          store.leases.extend('h', held.token, wanted, { waitMs: 60_000, signal: stop.signal }),
        );
        await clock.settle();
        const released = store.leases.release('s', other.token);
        stop.abort(new Error('too late'));
        await released;
        expect(await outcome).toContain('too late');
        const [now] = (await store.leases.list()).grants;
        expect(new Set(now?.keys)).toEqual(new Set(held.keys));
      }));

    it('serves requests in the order of their arrival, also those that would fit earlier', () =>
      using(async ({ store, clock, acquire }) => {
        const { token } = await acquire('s', keys('a'));
        const tokens = new Map<number, string>();
        const wait = async (set: string, ...names: string[]) => {
          const grant = await acquire(set, keys(...names), { owner: 'b', waitMs: 1_000_000 });
          tokens.set(grant.token, set);
          await clock.turn();
          await store.leases.release(set, grant.token);
        };
        const all: Promise<void>[] = [];
        for (const [set, ...names] of [
          ['w1', 'a', 'b'],
          ['w2', 'b'],
          ['w3', 'a', 'c'],
          ['w4', 'd'],
        ] as const) {
          all.push(wait(set, ...names));
          await clock.settle();
        }
        // w4 meets nobody. w2 wants only `b`, which is free, but w1 was there before.
        expect([...tokens.values()]).toEqual(['w4']);
        expect(await codeOf(acquire('now', keys('b')))).toBe('LEASE_HELD');
        await store.leases.release('s', token);
        await Promise.all(all);
        const order = [...tokens].toSorted(([x], [y]) => x - y).map(([, set]) => set);
        expect(order).toEqual(['w4', 'w1', 'w2', 'w3']);
      }));

    it('lets an extend go before every acquire that waits', () =>
      using(async ({ store, clock, acquire }) => {
        const blocker = await acquire('s', keys('x'));
        const held = await acquire('h', keys('y'));
        const first = acquire('w', keys('x', 'y'), { owner: 'b', waitMs: 1_000_000 });
        await clock.settle();
        const extended = store.leases.extend('h', held.token, keys('x'), { waitMs: 1_000_000 });
        await clock.settle();
        // Free keys too: behind the acquire it would wait for one that waits for its own set.
        await store.leases.release('s', blocker.token);
        expect(await extended).toMatchObject({ set: 'h', token: held.token });
        expect((await store.leases.list()).waiting).toMatchObject([{ set: 'w' }]);
        await store.leases.release('h', held.token);
        await first;
      }));

    it('serves who stands behind an extend whose set is gone', () =>
      using(async ({ store, clock, acquire }) => {
        const held = await acquire('s', keys('x'));
        const blocker = await acquire('h', keys('y'));
        const extended = codeOf(store.leases.extend('s', held.token, keys('y'), { waitMs: 1_000_000 }));
        await clock.settle();
        const behind = acquire('w', keys('y'), { owner: 'b', waitMs: 1_000_000 });
        await clock.settle();
        await store.leases.release('s', held.token);
        await store.leases.release('h', blocker.token);
        expect(await behind).toMatchObject({ set: 'w' });
        expect(await extended).toBe('LEASE_LOST');
      }));

    it('lets nobody wait behind an owner whose leases have all expired, and keeps his place should he come back', () =>
      using(async ({ store, clock, acquire }) => {
        const blocker = await acquire('s', keys('x'));
        // As a process that is killed leaves them: leases that nobody renews, and a request with a long time to wait.
        await store.leases.openOwner({ owner: 'gone', host: 'h', bootId: 'b' });
        for (const set of ['kept', 'lost']) await acquire(set, keys(set), { owner: 'gone' });
        const request = acquire('t', keys('x', 'y', 'z'), { owner: 'gone', waitMs: 1_000_000 });
        await clock.settle();
        const behind = acquire('u', keys('y'), { owner: 'b', waitMs: 60_000 });
        await clock.advance(ttlMs - 1);
        await store.leases.renew('a', ttlMs * 4);
        expect(await codeOf(acquire('now', keys('y'), { owner: 'b' }))).toBe('LEASE_HELD');
        await clock.advance(500);
        expect(await behind).toMatchObject({ set: 'u' });
        expect((await store.leases.list()).waiting).toMatchObject([{ set: 't', owner: 'gone' }]);
        await acquire('taken', keys('lost'), { owner: 'b' });
        // Among his own requests nothing has changed.
        expect(await codeOf(acquire('own', keys('z'), { owner: 'gone' }))).toBe('LEASE_HELD');
        const next = acquire('v', keys('y'), { owner: 'b', waitMs: 60_000 });
        await clock.settle();
        await store.leases.release('u', (await behind).token);
        expect((await store.leases.list()).grants.map(({ set }) => set)).toEqual(['s', 'kept', 'taken', 'v']);
        expect(await store.leases.renew('gone', ttlMs)).toEqual({ kept: 1, lost: ['lost'] });
        await store.leases.release('v', (await next).token);
        expect(await codeOf(acquire('now', keys('y'), { owner: 'b' }))).toBe('LEASE_HELD');
        await store.leases.release('s', blocker.token);
        expect(await request).toMatchObject({ set: 't', owner: 'gone' });
      }));

    it('lets nobody wait behind an owner whose leases have all expired, who keeps his place should he come back', () =>
      using(async ({ store, clock, acquire }) => {
        await store.leases.openOwner({ owner: 'c', host: 'h', bootId: 'b' });
        const long = { set: 's', owner: 'a', keys: keys('x'), ttlMs: 1_000_000 };
        const { token } = await store.leases.acquire(long);
        await acquire('own', keys('z'), { owner: 'c' });
        const silent = acquire('t', keys('x', 'y'), { owner: 'c', waitMs: 1_000_000 });
        await clock.settle();
        const behind = acquire('u', keys('y'), { owner: 'b', waitMs: 1_000_000 });
        await clock.advance(ttlMs - 1);
        expect(await Promise.race([behind, Promise.resolve('still waiting')])).toBe('still waiting');
        await clock.advance(500);
        const granted = await behind;
        expect((await store.leases.list()).waiting).toMatchObject([{ set: 't', owner: 'c' }]);
        await store.leases.renew('c', 1_000_000);
        await store.leases.release('u', granted.token);
        await store.leases.release('s', token);
        expect(await silent).toMatchObject({ set: 't', owner: 'c' });
      }));

    it('grants a waiting set only when all its keys are free', () =>
      using(async ({ store, clock, acquire }) => {
        const one = await acquire('s1', keys('a'));
        const two = await acquire('s2', keys('b'));
        const waiting = acquire('t', keys('a', 'b'), { owner: 'b', waitMs: 1_000_000 });
        await clock.settle();
        await store.leases.release('s1', one.token);
        await clock.settle();
        expect((await store.leases.list()).waiting).toHaveLength(1);
        await store.leases.release('s2', two.token);
        expect((await waiting).keys).toEqual(keys('a', 'b'));
      }));

    it('keeps a hundred racing requests for one key apart, in order', () =>
      using(async ({ store, clock, acquire }) => {
        let holders = 0;
        const order: number[] = [];
        const one = async (n: number) => {
          const grant = await acquire(`s${n}`, keys('k'), { owner: n % 2 === 0 ? 'a' : 'b', waitMs: 1_000_000 });
          expect((holders += 1)).toBe(1);
          order.push(n);
          await clock.turn();
          holders -= 1;
          await store.leases.release(grant.set, grant.token);
        };
        await Promise.all(Array.from({ length: 100 }, (_, n) => one(n)));
        expect(order).toEqual(Array.from({ length: 100 }, (_, n) => n));
      }));
  });
}

async function codeOrText(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'resolved';
  } catch (error) {
    return String(error);
  }
}
