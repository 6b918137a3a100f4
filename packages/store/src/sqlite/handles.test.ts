import { rmSync } from 'node:fs';
import { FakeClock } from '@conductor/core/testing';
import type { Store } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { codeOf, commitOf, keys } from '../conformance/store-fixture.js';
import { databaseOwners } from './database-owners.js';
import type { SqlDatabase } from './database.js';
import { sqliteStore } from './store.js';

const ttlMs = 6_000;
let folder: TemporaryFolder;
let owners: TemporaryFolder;
let clock: FakeClock;
let stores: Store[];
beforeEach(() => {
  folder = temporaryFolder();
  owners = temporaryFolder();
  clock = new FakeClock();
  stores = [];
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  folder.remove();
  owners.remove();
});

/** One more handle of the same file, as another process has it; `locks` collects what its death would drop. */
async function handle(locks: SqlDatabase[] = []): Promise<Store> {
  const store = await sqliteStore({
    database: openDatabase(folder.file('conductor.db')),
    clock,
    owners: ownerLocks(locks),
  });
  stores.push(store);
  return store;
}

function ownerLocks(locks: SqlDatabase[] = []) {
  return databaseOwners({
    open(file) {
      const database = openDatabase(owners.file(file));
      locks.push(database);
      return database;
    },
    files: async () => owners.files(),
    remove: async (file) => rmSync(owners.file(file), { force: true }),
  });
}

/** What the end of a process does to its owner locks. */
function die(locks: readonly SqlDatabase[]): void {
  for (const lock of locks) lock.close();
}

describe('two handles of one file', () => {
  it('follow each other by polling', async () => {
    const one = await handle();
    const two = await handle();
    const stop = new AbortController();
    const pages = two.follow({ after: 0, signal: stop.signal })[Symbol.asyncIterator]();
    const next = pages.next();
    await clock.settle();
    await one.commit(commitOf('track/1', 0));
    await clock.advance(200);
    expect((await next).value).toMatchObject([{ id: 'track/1@1' }]);
    stop.abort();
    await expect(pages.next()).rejects.toThrow();
  });

  it('see each other’s versions, leases and fences', async () => {
    const one = await handle();
    const two = await handle();
    await one.commit(commitOf('track/1', 0));
    expect(await codeOf(two.commit(commitOf('track/1', 0)))).toBe('VERSION_CONFLICT');
    await one.leases.openOwner({ owner: 'a', host: 'h', bootId: 'b' });
    await two.leases.openOwner({ owner: 'b', host: 'h', bootId: 'b' });
    const held = await one.leases.acquire({ set: 's', owner: 'a', keys: keys('k'), ttlMs });
    expect(await codeOf(two.leases.acquire({ set: 't', owner: 'b', keys: keys('k'), ttlMs }))).toBe('LEASE_HELD');
    await clock.advance(ttlMs);
    await two.leases.acquire({ set: 't', owner: 'b', keys: keys('k'), ttlMs });
    const fence = [{ set: 's', token: held.token }];
    expect(await codeOf(one.commit({ ...commitOf('track/1', 1), fence }))).toBe('FENCED');
    expect(await one.leases.renew('a', ttlMs)).toEqual({ kept: 0, lost: ['s'] });
  });

  it('hand a lease over from one to the other', async () => {
    const one = await handle();
    const two = await handle();
    await one.leases.openOwner({ owner: 'a', host: 'h', bootId: 'b' });
    await two.leases.openOwner({ owner: 'b', host: 'h', bootId: 'b' });
    const { token } = await one.leases.acquire({ set: 's', owner: 'a', keys: keys('k'), ttlMs: 60_000 });
    const waiting = two.leases.acquire({ set: 't', owner: 'b', keys: keys('k'), ttlMs }, { waitMs: 10_000 });
    await clock.settle();
    await one.leases.release('s', token);
    // Granted already, though its process has not looked yet: nobody slips in.
    expect((await one.leases.list()).grants).toMatchObject([{ set: 't', owner: 'b' }]);
    await clock.advance(200);
    expect(await waiting).toMatchObject({ set: 't' });
  });

  it('share the work of a subscription, one claim at a time', async () => {
    const one = await handle();
    const two = await handle();
    await one.subscriptions.ensure({
      name: 'n',
      from: 'start',
      order: 'all',
      maxAttempts: 3,
      backoff: { baseMs: 1, maxMs: 1 },
    });
    await one.commit(commitOf('track/1', 0));
    const claim = { owner: 'o', max: 5, visibleMs: 60_000 };
    const mine = await one.subscriptions.claim('n', claim);
    const theirs = two.subscriptions.claim('n', claim);
    await clock.settle();
    await one.subscriptions.settle(mine, [{ seq: 1, outcome: 'done' }]);
    await one.commit(commitOf('track/1', 1));
    await clock.advance(200);
    expect((await theirs).deliveries.map(({ event }) => event.seq)).toEqual([2]);
  });

  it('see at once what another one did to an event: tried in vain, put aside, handed out again', async () => {
    const one = await handle();
    const two = await handle();
    const backoff = { baseMs: 10, maxMs: 10 };
    await one.subscriptions.ensure({ name: 'n', from: 'start', order: 'all', maxAttempts: 2, backoff });
    await one.commit(commitOf('track/1', 0));
    const trial = async (by: Store, outcome: 'retry' | 'done') => {
      const claim = await by.subscriptions.claim('n', { owner: 'o', max: 5, visibleMs: 60_000 });
      await by.subscriptions.settle(claim, [{ seq: 1, outcome, error: 'no' }]);
      return claim.deliveries.map(({ attempt }) => attempt);
    };
    const states = async () => [await one.subscriptions.status('n'), await two.subscriptions.status('n')];
    const both = (state: object) => [expect.objectContaining(state), expect.objectContaining(state)];
    expect(await trial(one, 'retry')).toEqual([1]);
    expect(await states()).toEqual(both({ parked: 1, dead: [] }));
    await clock.advance(20);
    expect(await trial(two, 'retry')).toEqual([2]);
    expect(await states()).toEqual(both({ parked: 0, dead: [{ seq: 1, attempts: 2, error: 'no' }] }));
    await one.subscriptions.replay('n', { dead: [1] });
    expect(await states()).toEqual(both({ parked: 1, dead: [] }));
    expect(await trial(two, 'done')).toEqual([1]);
    expect(await states()).toEqual(both({ parked: 0, dead: [] }));
  });
});

describe('owner locks', () => {
  it('prove that an owner is dead, void its leases at once, and serve who waited for them', async () => {
    const locks: SqlDatabase[] = [];
    const dead = await handle(locks);
    const alive = await handle();
    await dead.leases.openOwner({ owner: 'dead', host: 'h', bootId: 'b' });
    await alive.leases.openOwner({ owner: 'alive', host: 'h', bootId: 'b' });
    const lost = await dead.leases.acquire({ set: 's', owner: 'dead', keys: keys('k'), ttlMs: 3_600_000 });
    expect(await alive.leases.reap()).toEqual([]);
    const waiting = alive.leases.acquire({ set: 't', owner: 'alive', keys: keys('k'), ttlMs }, { waitMs: 10_000 });
    await clock.settle();
    die(locks);
    stores = [alive];
    expect(await alive.leases.reap()).toEqual(['dead']);
    expect(await waiting).toMatchObject({ set: 't', owner: 'alive' });
    const fence = [{ set: 's', token: lost.token }];
    expect(await codeOf(dead.commit({ ...commitOf('track/1', 0), fence }))).toBe('FENCED');
    expect(await alive.leases.reap()).toEqual([]);
    expect(owners.files()).toEqual(['alive.db']);
  });

  it('let one of two rescuers void the dead owner', async () => {
    const locks: SqlDatabase[] = [];
    const dead = await handle(locks);
    const one = await handle();
    const two = await handle();
    await dead.leases.openOwner({ owner: 'dead', host: 'h', bootId: 'b' });
    die(locks);
    const found = await Promise.all([one.leases.reap(), two.leases.reap()]);
    stores = [one, two];
    expect(found.flat()).toEqual(['dead']);
  });

  it('let an owner id be open in one process only, and leave no file when it closes', async () => {
    const one = await handle();
    const two = await handle();
    const owner = await one.leases.openOwner({ owner: 'a', host: 'h', bootId: 'b' });
    expect(await codeOf(two.leases.openOwner({ owner: 'a', host: 'h', bootId: 'b' }))).toBe('LEASE_HELD');
    await owner.close();
    expect(owners.files()).toEqual([]);
    await two.leases.openOwner({ owner: 'a', host: 'h', bootId: 'b' });
  });

  it('void what an owner of the same id left behind when it died', async () => {
    const locks: SqlDatabase[] = [];
    const dead = await handle(locks);
    await dead.leases.openOwner({ owner: 'a', host: 'h', bootId: 'b' });
    await dead.leases.acquire({ set: 's', owner: 'a', keys: keys('k'), ttlMs: 3_600_000 });
    die(locks);
    const next = await handle();
    await next.leases.openOwner({ owner: 'a', host: 'h', bootId: 'b' });
    expect((await next.leases.list()).grants).toEqual([]);
    stores = [next];
  });

  it('remove the file of an owner that died before it was written down', async () => {
    const store = await handle();
    openDatabase(owners.file('torn.db')).close();
    expect(owners.files()).toEqual(['torn.db']);
    expect(await store.leases.reap()).toEqual([]);
    expect(owners.files()).toEqual([]);
  });

  it('refuse names that would lead out of their folder', async () => {
    const locks = ownerLocks();
    for (const owner of ['../x', 'a/b', '.hidden', '', 'a..b', 'x'.repeat(200), 'C:x']) {
      expect([owner, await codeOf(locks.lock(owner))]).toEqual([owner, 'ID_INVALID']);
    }
  });

  it('make a store that can prove the death of owners', async () => {
    expect((await handle()).driver.capabilities.ownerProof).toBe(true);
  });
});
