import { describe, expect, it } from 'vitest';
import { instant } from '@conductor/core';
import type { Store } from '@conductor/core/ports';
import { leaseFixtureOf, ttlMs } from './lease-fixture.js';
import { codeOf, commitOf, emptyCommit, keys, shared } from './store-fixture.js';
import type { OpenStore } from './store-fixture.js';

/** Sets, tokens, fences, expiry, owners, and leases that ride in a commit. */
export function leasesSuite(name: string, open: OpenStore): void {
  const using = leaseFixtureOf(open);

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

    it('makes a set last longer, never shorter, when its owner acquires it again', () =>
      using(async ({ store, clock, acquire }) => {
        const first = await acquire('s', keys('k'));
        const again = (ms: number) => store.leases.acquire({ set: 's', owner: 'a', keys: keys('k'), ttlMs: ms });
        expect(await again(ttlMs - 1)).toEqual(first);
        expect(await again(ttlMs + 1)).toEqual({ ...first, expiresAt: instant(clock.now() + ttlMs + 1) });
      }));

    it('extends no set that has expired until it is renewed', () =>
      using(async ({ store, clock, acquire }) => {
        const { token } = await acquire('s', keys('k'));
        await clock.advance(ttlMs);
        expect(await codeOf(store.leases.extend('s', token, keys('more')))).toBe('LEASE_EXPIRED');
        await store.leases.renew('a', 1);
        const grant = await store.leases.extend('s', token, keys('more'));
        expect([grant.token, grant.expiresAt]).toEqual([token, instant(clock.now() + 1)]);
      }));

    it('tells of a set that was taken over with every renewal, until it is released', () =>
      using(async ({ store, clock, acquire }) => {
        const { token } = await acquire('s', keys('k'));
        await clock.advance(ttlMs);
        await acquire('t', keys('k'), { owner: 'b' });
        for (let round = 0; round < 2; round += 1)
          expect(await store.leases.renew('a', ttlMs)).toEqual({ kept: 0, lost: ['s'] });
        await store.leases.release('s', token);
        expect(await store.leases.renew('a', ttlMs)).toEqual({ kept: 0, lost: [] });
      }));

    it('refuses the whole commit for a lease that makes no sense, or of an owner that nobody opened', () =>
      using(async ({ store, acquire }) => {
        await acquire('s', keys('k'));
        const commit = (owner: string, ...names: string[]) => {
          const op = { op: 'acquire', set: 's', owner, keys: keys(...names), ttlMs } as const;
          return codeOf(store.commit({ ...commitOf('track/1', 0), leases: [op] }));
        };
        expect(await commit('nobody', 'other')).toBe('OWNER_UNKNOWN');
        expect(await commit('a', 'other')).toBe('VALIDATION_FAILED');
        expect(await commit('a')).toBe('VALIDATION_FAILED');
        expect(await commit('', 'k')).toBe('ID_INVALID');
        expect(await store.head()).toBe(0);
      }));

    it('answers the grant that a commit got to who missed its answer, and repeats the commit and asks', () =>
      using(async ({ store, acquire }) => {
        const op = { op: 'acquire', set: 's', owner: 'a', keys: keys('k'), ttlMs } as const;
        const commit = { ...commitOf('track/1', 0), leases: [op], idempotencyKey: 'once' };
        const { grants } = await store.commit(commit);
        expect((await store.commit(commit)).grants).toEqual([]);
        expect([await acquire('s', keys('k'))]).toEqual(grants);
      }));

    it('answers a repeated commit by its key, though the lease that it was fenced by is gone', () =>
      using(async ({ store, acquire }) => {
        const { token } = await acquire('s', keys('k'));
        const commit = { ...commitOf('track/1', 0), fence: [{ set: 's', token }], idempotencyKey: 'once' };
        await store.commit(commit);
        await store.leases.release('s', token);
        expect(await store.commit(commit)).toMatchObject({ lastSeq: 1, deduplicated: true });
      }));
  });
}
