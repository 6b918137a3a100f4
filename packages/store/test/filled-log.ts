import type { Store } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { all, commitOf, events, keys, shared } from '../src/conformance/store-fixture.js';
import type { FileStore } from '../src/file/log/file-store.js';
import { Disk } from './disk.js';
import { oneTry } from './numbered.js';

const ttlMs = 60_000;
export const owner = 'foreign:w';

/** Some of everything that a log can hold. */
async function fill(store: Store, clock: FakeClock): Promise<void> {
  await store.records.define('things', { version: 1, indexes: [], unique: [['name']] });
  await store.records.define('$view', { version: 1, indexes: [] });
  await store.subscriptions.ensure(oneTry);
  for (let version = 0; version < 5; version += 1) {
    await store.commit({
      ...commitOf('track/a', version, events(1, version + 1)),
      idempotencyKey: `k${version}`,
      records: [{ collection: 'things', key: 'one', expectedRevision: version, value: { name: `n${version}` } }],
    });
    const value = { hash: 'x'.repeat(200), version };
    const records = [{ collection: '$view', key: 'plan', expectedRevision: version, value }];
    await store.commit({ ...commitOf('track/a', 0), appends: [], records });
    const held = await store.leases.acquire({ set: `s${version}`, owner, keys: keys('k', 'l'), ttlMs });
    if (version < 3) await store.leases.release(held.set, held.token);
    else if (version === 3) await clock.advance(ttlMs); // the next one takes it over: it is lost
  }
  await store.leases.acquire({ set: 'r', owner, keys: shared('m'), ttlMs });
  store.leases.acquire({ set: 'w', owner, keys: keys('l'), ttlMs }, { waitMs: ttlMs }).catch(() => undefined);
  await clock.settle();
  const claim = await store.subscriptions.claim('n', { owner: 'o', max: 2, visibleMs: ttlMs });
  await store.subscriptions.settle(claim, [{ seq: 1, outcome: 'dead', error: 'no' }]);
}

/** Everything that can be asked of a store. */
export async function seen(store: Store) {
  return {
    id: store.id,
    events: await all(store.readAll()),
    streams: await store.streams(),
    leases: await store.leases.list(),
    things: await store.records.list('things', { deleted: true }),
    views: await store.records.list('$view'),
    subscription: await store.subscriptions.status('n'),
  };
}

export async function filled(
  segmentBytes = 700,
): Promise<{ readonly disk: Disk; readonly clock: FakeClock; readonly store: FileStore }> {
  const disk = new Disk();
  const clock = new FakeClock();
  const store = await disk.open({ clock, segmentBytes });
  await fill(store, clock);
  return { disk, clock, store };
}
