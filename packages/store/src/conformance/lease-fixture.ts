import type { Grant, LeaseKey } from '@conductor/core/ports';
import { fixtureOf } from './store-fixture.js';
import type { Fixture, OpenStore } from './store-fixture.js';

/** Of every set that a test acquires, in milliseconds. */
export const ttlMs = 6_000;

export interface LeaseFixture extends Fixture {
  acquire(
    set: string,
    wanted: readonly LeaseKey[],
    o?: { owner?: string; waitMs?: number; signal?: AbortSignal },
  ): Promise<Grant>;
}

/** Opens a store with two owners, `a` and `b`, for one test. */
export function leaseFixtureOf(open: OpenStore): (work: (fixture: LeaseFixture) => Promise<void>) => Promise<void> {
  const plain = fixtureOf(open);
  return (work) =>
    plain(async (fixture) => {
      const { store } = fixture;
      for (const owner of ['a', 'b']) await store.leases.openOwner({ owner, host: 'host', bootId: 'boot' });
      const acquire: LeaseFixture['acquire'] = (set, wanted, { owner = 'a', ...o } = {}) =>
        store.leases.acquire({ set, owner, keys: wanted, ttlMs }, o);
      await work({ ...fixture, acquire });
    });
}
