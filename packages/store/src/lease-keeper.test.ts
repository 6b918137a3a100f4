import { ConductorError } from '@conductor/core';
import type { Leases } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { keys } from './conformance/store-fixture.js';
import { leaseKeeper } from './lease-keeper.js';
import { memoryStore } from './memory/store.js';

const terms = { ttlMs: 6_000, everyMs: 2_000 };
let clock: FakeClock;
let leases: Leases;
beforeEach(async () => {
  clock = new FakeClock();
  ({ leases } = memoryStore({ clock }));
  for (const owner of ['a', 'b']) await leases.openOwner({ owner, host: 'h', bootId: 'b' });
});

function acquire(owner: string) {
  return leases.acquire({ set: `set of ${owner}`, owner, keys: keys('k'), ttlMs: terms.ttlMs });
}

/** The same leases, with renewals that answer as they are told. */
function withRenew(renew: Leases['renew']): Leases {
  return { ...leases, renew };
}

describe('leaseKeeper', () => {
  it('keeps the sets of an owner for as long as it runs, and stops without a trace', async () => {
    await acquire('a');
    const kept = leaseKeeper({ leases, clock }).keep('a', terms);
    await clock.advance(60_000);
    await expect(acquire('b')).rejects.toMatchObject({ code: 'LEASE_HELD' });
    await kept.stop();
    await kept.stop();
    expect(kept.signal.aborted).toBe(false);
    expect(clock.pending).toBe(0);
    await clock.advance(terms.ttlMs);
    await acquire('b');
    expect(kept.signal.aborted).toBe(false);
  });

  it('gives up as soon as a renewal says that a set is lost', async () => {
    await acquire('a');
    await clock.advance(terms.ttlMs);
    await acquire('b');
    const kept = leaseKeeper({ leases, clock }).keep('a', terms);
    await clock.advance(terms.everyMs);
    expect(kept.signal.reason).toMatchObject({ code: 'LEASE_LOST', message: 'a lost set of a' });
    expect(clock.pending).toBe(0);
  });

  it('gives up before the store gives its lease away when renewals fail', async () => {
    await acquire('a');
    const failing = withRenew(() => Promise.reject(new ConductorError('STORE_BUSY', 'busy')));
    const kept = leaseKeeper({ leases: failing, clock }).keep('a', terms);
    await clock.advance(terms.ttlMs - terms.everyMs - 1);
    expect(kept.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(kept.signal.reason).toMatchObject({ code: 'LEASE_LOST', cause: { code: 'STORE_BUSY' } });
    await expect(acquire('b')).rejects.toMatchObject({ code: 'LEASE_HELD' });
  });

  it('gives up in time when a renewal never answers', async () => {
    const hanging = withRenew(() => new Promise(() => undefined));
    const kept = leaseKeeper({ leases: hanging, clock }).keep('a', terms);
    await clock.advance(terms.ttlMs - terms.everyMs);
    expect(ConductorError.is(kept.signal.reason, 'LEASE_LOST')).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('goes on when a renewal succeeds after one that failed', async () => {
    let calls = 0;
    const flaky = withRenew((owner, ttlMs) => {
      calls += 1;
      return calls % 2 === 1 ? Promise.reject(new ConductorError('STORE_BUSY', 'busy')) : leases.renew(owner, ttlMs);
    });
    await acquire('a');
    const kept = leaseKeeper({ leases: flaky, clock }).keep('a', { ttlMs: 9_000, everyMs: 2_000 });
    await clock.advance(60_000);
    expect(kept.signal.aborted).toBe(false);
    expect(calls).toBeGreaterThan(20);
    await kept.stop();
  });

  it('counts on the monotonic clock: a wall clock that is set forward takes nothing away', async () => {
    await acquire('a');
    const kept = leaseKeeper({ leases, clock }).keep('a', terms);
    clock.setTime('2027-01-01T00:00:00.000Z');
    await clock.advance(terms.everyMs);
    expect(kept.signal.aborted).toBe(false);
    await expect(acquire('b')).rejects.toMatchObject({ code: 'LEASE_HELD' });
    await kept.stop();
  });

  it('gives up at once when its owner is void or the store is closed', async () => {
    const kept = leaseKeeper({ leases, clock }).keep('nobody', terms);
    await clock.advance(terms.everyMs);
    expect(kept.signal.reason).toMatchObject({ code: 'LEASE_LOST', cause: { code: 'OWNER_UNKNOWN' } });
  });

  it('refuses terms under which one late renewal would lose everything', () => {
    for (const everyMs of [0, -1, NaN, 3_001, 6_000]) {
      expect(() => leaseKeeper({ leases, clock }).keep('a', { ttlMs: 6_000, everyMs })).toThrow(/cannot be renewed/);
    }
  });
});
