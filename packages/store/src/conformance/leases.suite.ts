import { describe, expect, it } from 'vitest';
import { instant } from '@conductor/core';
import type { Grant, LeaseKey, Store } from '@conductor/core/ports';
import { codeOf, commitOf, emptyCommit, fixtureOf, keys, shared } from './store-fixture.js';
import type { Fixture, OpenStore } from './store-fixture.js';

const ttlMs = 6_000;

interface LeaseFixture extends Fixture {
  acquire(
    set: string,
    wanted: readonly LeaseKey[],
    o?: { owner?: string; waitMs?: number; signal?: AbortSignal },
  ): Promise<Grant>;
}

/** Sets, tokens, fences, expiry and the waiting line. */
export function leasesSuite(name: string, open: OpenStore): void {
  const plain = fixtureOf(open);
  const using = (work: (fixture: LeaseFixture) => Promise<void>) =>
    plain(async (fixture) => {
      const { store } = fixture;
      for (const owner of ['a', 'b']) await store.leases.openOwner({ owner, host: 'host', bootId: 'boot' });
      const acquire: LeaseFixture['acquire'] = (set, wanted, { owner = 'a', ...o } = {}) =>
        store.leases.acquire({ set, owner, keys: wanted, ttlMs }, o);
      await work({ ...fixture, acquire });
    });

  describe(`Store contract, leases: ${name}`, () => {
    it('grants a key to exactly one of two racing requests, and names the holder', () =>
      using(async ({ acquire }) => {
        const race = [acquire('s1', keys('k')), acquire('s2', keys('k'), { owner: 'b' })];
        const codes = await Promise.all(race.map(codeOf));
        expect(codes.toSorted()).toEqual(['LEASE_HELD', undefined].toSorted());
        const loser = codes.indexOf('LEASE_HELD');
        await expect(race[loser]).rejects.toMatchObject({ details: { holders: [{ set: loser === 0 ? 's2' : 's1' }] } });
      }));

    it('grants all keys of a set or none', () =>
      using(async ({ store, acquire }) => {
        await acquire('s1', keys('b'));
        expect(await codeOf(acquire('s2', keys('a', 'b', 'c')))).toBe('LEASE_HELD');
        await acquire('s3', keys('a', 'c'));
        expect((await store.leases.list()).grants.map(({ set }) => set)).toEqual(['s1', 's3']);
      }));

    it('lets shared keys live beside each other, and no exclusive one beside them', () =>
      using(async ({ acquire }) => {
        await acquire('s1', shared('dir:src'));
        await acquire('s2', shared('dir:src'));
        expect(await codeOf(acquire('s3', keys('dir:src')))).toBe('LEASE_HELD');
        await acquire('s4', keys('dir:lib'));
        expect(await codeOf(acquire('s5', shared('dir:lib')))).toBe('LEASE_HELD');
      }));

    it('hands out tokens that never go down, also over release and expiry', () =>
      using(async ({ store, clock, acquire }) => {
        const tokens: number[] = [];
        for (let round = 0; round < 4; round += 1) {
          const { token } = await acquire(`s${round}`, keys('k'));
          tokens.push(token);
          if (round % 2 === 0) await store.leases.release(`s${round}`, token);
          else await clock.advance(ttlMs);
        }
        expect(tokens).toEqual(tokens.toSorted((x, y) => x - y));
        expect(new Set(tokens).size).toBe(4);
      }));

    it('returns the same grant for a set that one holds already', () =>
      using(async ({ acquire }) => {
        const first = await acquire('s', keys('a', 'b'));
        expect(await acquire('s', keys('a', 'b'))).toEqual(first);
        expect(await acquire('s', keys('b'))).toEqual(first);
        expect(await codeOf(acquire('s', keys('c')))).toBe('VALIDATION_FAILED');
        expect(await codeOf(acquire('s', keys('z'), { owner: 'b' }))).toBe('LEASE_HELD');
      }));

    it('knows only owners that were opened, and foreign ones', () =>
      using(async ({ acquire }) => {
        expect(await codeOf(acquire('s', keys('k'), { owner: 'nobody' }))).toBe('OWNER_UNKNOWN');
        expect(await acquire('foreign/w1', keys('k'), { owner: 'foreign:w1' })).toMatchObject({ owner: 'foreign:w1' });
      }));

    it('refuses requests that make no sense', () =>
      using(async ({ store, acquire }) => {
        expect(await codeOf(acquire('s', []))).toBe('VALIDATION_FAILED');
        expect(await codeOf(acquire('s', keys('k', 'k')))).toBe('VALIDATION_FAILED');
        expect(await codeOf(acquire('s', keys('')))).toBe('VALIDATION_FAILED');
        expect(await codeOf(acquire('s', keys('a\u0000b')))).toBe('VALIDATION_FAILED');
        expect(await codeOf(acquire('', keys('k')))).toBe('ID_INVALID');
        expect(await codeOf(acquire('s', keys('k'), { waitMs: -1 }))).toBe('VALIDATION_FAILED');
        const request = { set: 's', owner: 'a', keys: keys('k'), ttlMs: 0 };
        expect(await codeOf(store.leases.acquire(request))).toBe('VALIDATION_FAILED');
      }));

    it('gives an expired key away, and fences the old token', () =>
      using(async ({ store, clock, acquire }) => {
        const old = await acquire('s1', keys('k', 'other'));
        expect(old.expiresAt).toBe(instant(clock.now() + ttlMs));
        await clock.advance(ttlMs - 1);
        expect(await codeOf(acquire('s2', keys('k')))).toBe('LEASE_HELD');
        await clock.advance(1);
        const fresh = await acquire('s2', keys('k'), { owner: 'b' });
        expect(fresh.token).toBeGreaterThan(old.token);
        // The whole set is gone, so its other keys are free as well.
        await acquire('s3', keys('other'), { owner: 'b' });
        const fence = [{ set: 's1', token: old.token }];
        expect(await codeOf(store.commit({ ...commitOf('track/1', 0), fence }))).toBe('FENCED');
        await store.commit({ ...commitOf('track/1', 0), fence: [{ set: 's2', token: fresh.token }] });
      }));

    it('gives an expired set away under its own name, as often as it expires', () =>
      using(async ({ clock, acquire }) => {
        const tokens = [(await acquire('s', keys('k'))).token];
        for (const owner of ['b', 'a', 'b']) {
          await clock.advance(ttlMs);
          tokens.push((await acquire('s', keys('k'), { owner })).token);
        }
        expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
      }));

    it('refuses a commit whose lease has expired until it is renewed', () =>
      using(async ({ store, clock, acquire }) => {
        const { token } = await acquire('s', keys('k'));
        const commit = { ...commitOf('track/1', 0), fence: [{ set: 's', token }] };
        await clock.advance(ttlMs);
        expect(await codeOf(store.commit(commit))).toBe('LEASE_EXPIRED');
        expect(await store.leases.renew('a', ttlMs)).toEqual({ kept: 1, lost: [] });
        await store.commit(commit);
      }));

    it('fences unknown tokens, other sets and released ones', () =>
      using(async ({ store, acquire }) => {
        const { token } = await acquire('s', keys('k'));
        const commit = (set: string, by: number) =>
          codeOf(store.commit({ ...commitOf('track/1', 0), fence: [{ set, token: by }] }));
        expect(await commit('other', token)).toBe('FENCED');
        expect(await commit('s', token + 1)).toBe('FENCED');
        await store.leases.release('s', token);
        expect(await commit('s', token)).toBe('FENCED');
        expect(await store.head()).toBe(0);
      }));

    it('renews all sets of an owner at once, and tells those that somebody else took over', () =>
      using(async ({ store, clock, acquire }) => {
        await acquire('s1', keys('k1'));
        await acquire('s2', keys('k2'));
        await acquire('t1', keys('k3'), { owner: 'b' });
        await clock.advance(ttlMs);
        await acquire('t2', keys('k2'), { owner: 'b' });
        expect(await store.leases.renew('a', ttlMs)).toEqual({ kept: 1, lost: ['s2'] });
        expect(await codeOf(acquire('t3', keys('k1'), { owner: 'b' }))).toBe('LEASE_HELD');
        const { grants } = await store.leases.list({ owner: 'a' });
        expect(grants).toMatchObject([{ set: 's1', expiresAt: instant(clock.now() + ttlMs) }]);
        expect(await codeOf(store.leases.renew('nobody', ttlMs))).toBe('OWNER_UNKNOWN');
      }));

    it('releases once, and ignores unknown, newer and repeated releases', () =>
      using(async ({ store, acquire }) => {
        const first = await acquire('s', keys('k'));
        await store.leases.release('s', first.token + 5);
        await store.leases.release('other', first.token);
        expect(await codeOf(acquire('t', keys('k')))).toBe('LEASE_HELD');
        await store.leases.release('s', first.token);
        const second = await acquire('s', keys('k'));
        await store.leases.release('s', first.token);
        expect((await store.leases.list()).grants).toEqual([second]);
      }));

    it('extends a set under the same token, all keys or none', () =>
      using(async ({ store, acquire }) => {
        const held = await acquire('s', keys('a'));
        await acquire('t', keys('c'), { owner: 'b' });
        expect(await codeOf(store.leases.extend('s', held.token, keys('b', 'c')))).toBe('LEASE_HELD');
        await acquire('u', keys('b'), { owner: 'b' }).then(({ token }) => store.leases.release('u', token));
        const more = await store.leases.extend('s', held.token, keys('b'));
        expect(more.token).toBe(held.token);
        expect(more.keys.map(({ key }) => key).toSorted()).toEqual(['a', 'b']);
        expect(await store.leases.extend('s', held.token, keys('a'))).toEqual(more);
        expect(await codeOf(store.leases.extend('s', held.token + 9, keys('x')))).toBe('LEASE_LOST');
        await store.leases.release('s', held.token);
        expect(await codeOf(store.leases.extend('s', held.token, keys('x')))).toBe('LEASE_LOST');
      }));

    it('makes a shared key exclusive when nobody shares it', () =>
      using(async ({ store, acquire }) => {
        const one = await acquire('s', shared('d'));
        const two = await acquire('t', shared('d'));
        expect(await codeOf(store.leases.extend('s', one.token, keys('d')))).toBe('LEASE_HELD');
        await store.leases.release('t', two.token);
        expect(await store.leases.extend('s', one.token, keys('d'))).toMatchObject({ keys: keys('d') });
        expect(await codeOf(acquire('t', shared('d')))).toBe('LEASE_HELD');
      }));

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

    it('voids all sets and requests of an owner that closes, and serves who waited for them', () =>
      using(async ({ store, clock, acquire }) => {
        const owner = await store.leases.openOwner({ owner: 'c', host: 'h', bootId: 'b' });
        const mine = await acquire('s', keys('k'), { owner: 'c' });
        await acquire('u', keys('j'));
        const gone = codeOf(acquire('v', keys('j'), { owner: 'c', waitMs: 1_000_000 }));
        const waiting = acquire('t', keys('k'), { owner: 'b', waitMs: 1_000_000 });
        await clock.settle();
        await owner.close();
        await owner.close();
        expect(await waiting).toMatchObject({ set: 't' });
        expect(await gone).toBe('LEASE_LOST');
        expect((await store.leases.list()).grants.map(({ set }) => set)).toEqual(['u', 't']);
        expect(
          await codeOf(store.commit({ ...commitOf('track/1', 0), fence: [{ set: 's', token: mine.token }] })),
        ).toBe('FENCED');
        expect(await codeOf(acquire('s', keys('k2'), { owner: 'c' }))).toBe('OWNER_UNKNOWN');
        await store.leases.openOwner({ owner: 'c', host: 'h', bootId: 'b' });
      }));

    it('lets an owner id be open only once', () =>
      using(async ({ store }) => {
        expect(await codeOf(store.leases.openOwner({ owner: 'a', host: 'h', bootId: 'b' }))).toBe('LEASE_HELD');
      }));

    it('never reaps an owner that lives', () =>
      using(async ({ store, clock, acquire }) => {
        await acquire('s', keys('k'));
        await clock.advance(ttlMs * 10);
        expect(await store.leases.reap()).toEqual([]);
        expect(await store.leases.renew('a', ttlMs)).toEqual({ kept: 1, lost: [] });
      }));

    it('lists by prefix of set or key, and by owner', () =>
      using(async ({ store, acquire }) => {
        await acquire('track:1', keys('track:1'));
        await acquire('run_1', keys('file:a', 'file:b'), { owner: 'b' });
        const sets = async (o: Parameters<Store['leases']['list']>[0]) =>
          (await store.leases.list(o)).grants.map(({ set }) => set);
        expect(await sets({})).toEqual(['track:1', 'run_1']);
        expect(await sets({ prefix: 'track:' })).toEqual(['track:1']);
        expect(await sets({ prefix: 'file:' })).toEqual(['run_1']);
        expect(await sets({ owner: 'b' })).toEqual(['run_1']);
        expect(await sets({ owner: 'b', prefix: 'track:' })).toEqual([]);
      }));

    it('grants and releases in the commit that logs it, or not at all', () =>
      using(async ({ store }) => {
        const acquireOp = (set: string, key: string) =>
          ({ op: 'acquire', set, owner: 'a', keys: keys(key), ttlMs }) as const;
        const { grants } = await store.commit({ ...commitOf('track/1', 0), leases: [acquireOp('s', 'k')] });
        expect(grants).toMatchObject([{ set: 's', keys: keys('k') }]);
        const both = { ...commitOf('track/1', 1), leases: [acquireOp('t', 'free'), acquireOp('u', 'k')] };
        await expect(store.commit(both)).rejects.toMatchObject({
          code: 'LEASE_HELD',
          details: { holders: [{ set: 's' }] },
        });
        expect(await store.head()).toBe(1);
        const conflict = { ...commitOf('track/1', 7), leases: [acquireOp('t', 'free')] };
        expect(await codeOf(store.commit(conflict))).toBe('VERSION_CONFLICT');
        expect((await store.leases.list()).grants.map(({ set }) => set)).toEqual(['s']);
        const token = grants[0]?.token ?? 0;
        await store.commit({
          ...commitOf('track/1', 1),
          fence: [{ set: 's', token }],
          leases: [{ op: 'release', set: 's', token }, acquireOp('u', 'k')],
        });
        expect((await store.leases.list()).grants.map(({ set }) => set)).toEqual(['u']);
      }));

    it('makes no commit row of leases alone', () =>
      using(async ({ store }) => {
        const leases = [{ op: 'acquire', set: 's', owner: 'a', keys: keys('k'), ttlMs }] as const;
        expect(await store.commit({ ...emptyCommit, leases })).toMatchObject({ lastSeq: 0, grants: [{ set: 's' }] });
        await store.commit(commitOf('track/1', 0));
        for await (const [event] of store.readAll()) expect(event?.commit).toBe(1);
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
