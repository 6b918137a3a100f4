import { readFileSync, writeFileSync } from 'node:fs';
import { FakeClock } from '@conductor/core/testing';
import type { Store } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { append, numbers, oneTry } from '../../test/numbered.js';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { all, codeOf, commitOf, events, keys } from '../conformance/store-fixture.js';
import { sqliteStore } from './store.js';
import type { SqliteStore, SqliteStoreOptions } from './store.js';

const day = 24 * 60 * 60_000;
let folder: TemporaryFolder;
let clock: FakeClock;
let stores: Store[];
beforeEach(() => {
  folder = temporaryFolder();
  clock = new FakeClock();
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  folder.remove();
});

const path = () => folder.file('conductor.db');

async function open(o: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> {
  const store = await sqliteStore({ database: openDatabase(path()), clock, ...o });
  stores.push(store);
  return store;
}

describe('a copy of the database', () => {
  it('is a store with the beginning of the log as it was at that moment, while commits come in', async () => {
    const store = await open();
    const other = await open();
    const writes = async (by: SqliteStore, stream: `track/${string}`) => {
      for (let version = 0; version < 40; version += 2) await by.commit(commitOf(stream, version, events(2)));
    };
    const copies = async () => {
      for (let copy = 0; copy < 5; copy += 1) {
        await store.copyTo(folder.file(`copy-${copy}.db`));
        await clock.turn();
      }
    };
    await Promise.all([writes(store, 'track/a'), writes(other, 'track/b'), copies()]);
    const log = await all(store.readAll());
    expect(log).toHaveLength(80);
    for (let copy = 0; copy < 5; copy += 1) {
      const found = await sqliteStore({ database: openDatabase(folder.file(`copy-${copy}.db`)), clock });
      const beginning = await all(found.readAll());
      expect(beginning).toEqual(log.slice(0, beginning.length));
      expect(beginning.length % 2).toBe(0); // whole commits
      expect(await found.verify()).toEqual([]);
      expect(found.id).toBe(store.id);
      await found.close();
    }
  });

  it('is never written over a file, and its failure leaves the store open', async () => {
    const store = await open();
    await append(store, 0);
    writeFileSync(folder.file('there.db'), 'mine');
    expect(await codeOf(store.copyTo(folder.file('there.db')))).toBe('STORE_FAILED');
    expect(readFileSync(folder.file('there.db'), 'utf8')).toBe('mine');
    expect(await codeOf(store.copyTo(folder.file('none/there.db')))).toBe('STORE_FAILED');
    await append(store, 1);
  });

  it('can be made by a handle that only reads, and not by one that is closed', async () => {
    await append(await open(), 0);
    const reader = await open({ database: openDatabase(path(), { readOnly: true }), readOnly: true });
    await reader.copyTo(folder.file('copy.db'));
    const copy = await sqliteStore({ database: openDatabase(folder.file('copy.db')), clock });
    expect(await copy.head()).toBe(1);
    await copy.close();
    await reader.close();
    expect(await codeOf(reader.copyTo(folder.file('late.db')))).toBe('CLOSED');
    expect(reader.driver.capabilities.backup).toBe(true);
  });
});

describe('a database that is looked through', () => {
  const filled = async () => {
    const store = await open();
    await store.records.define('things', { version: 1, indexes: [] });
    await store.subscriptions.ensure(oneTry);
    for (let version = 0; version < 6; version += 2) {
      const records = [{ collection: 'things', key: 'one', expectedRevision: version / 2, value: version }];
      await store.commit({ ...commitOf('track/a', version, events(2)), records, idempotencyKey: `k${version}` });
    }
    await store.leases.acquire({ set: 's', owner: 'foreign:w', keys: keys('k'), ttlMs: day });
    return store;
  };

  it('is sound after everything that a store does', async () => {
    expect(await (await filled()).verify()).toEqual([]);
  });

  it.each([
    ['DELETE FROM events WHERE seq = 3', 'the log has a gap before seq 4'],
    ['DELETE FROM events WHERE seq = 6', 'events are missing at the end of commit 3'],
    ['UPDATE events SET version = 9 WHERE seq = 6', 'the versions have a gap in the stream track/a'],
    [
      `UPDATE events SET version = 90 WHERE seq = 2; UPDATE events SET version = 2 WHERE seq = 3;
       UPDATE events SET version = 3 WHERE seq = 2`,
      'the versions of a stream are not in the order of the log at seq 2, 3',
    ],
    ['UPDATE events SET "commit" = 1 WHERE seq = 4', 'no commit stands for the event 4'],
    ['DELETE FROM commits WHERE "commit" = 2', 'no commit stands for the event 3, 4'],
    [
      'UPDATE commits SET first_seq = 4 WHERE "commit" = 2',
      'the events do not follow those of the commit before, in commit 2',
    ],
    [`UPDATE events SET data = '{"n":' WHERE seq = 5`, 'the data is no JSON in event 5'],
    [`UPDATE commits SET actor = 'me' WHERE "commit" = 1`, 'the actor or the correlation is no JSON in commit 1'],
    [
      `UPDATE commits SET digest = 'abc' WHERE "commit" = 1`,
      'the digest is missing or is none in the commit with a key 1',
    ],
    ['UPDATE records SET seq = 7', 'the value is no JSON, or of an event that is not there, in the record things/one'],
    ['UPDATE subscriptions SET "cursor" = 7', 'the place in the log is behind its end in the subscription n'],
    [
      `UPDATE counters SET value = 0 WHERE name = 'token'`,
      'a token was given out that the counter has not reached, in the set s',
    ],
  ])('tells of %s', async (damage, problem) => {
    const store = await filled();
    const vandal = openDatabase(path());
    vandal.exec(damage);
    vandal.close();
    expect(await store.verify()).toContain(problem);
  });

  it('is sound with a key of a commit without events, and with a subscription from an event that is yet to come', async () => {
    const store = await open();
    const records = [{ collection: '$local', key: 'k', expectedRevision: 0, value: 1 }];
    await store.commit({ ...commitOf('track/a', 0), appends: [], records, idempotencyKey: 'without events' });
    await append(store, 0);
    const backoff = { baseMs: 1, maxMs: 1 };
    await store.subscriptions.ensure({ name: 'later', from: 9, order: 'all', maxAttempts: 1, backoff });
    expect(await store.verify()).toEqual([]);
  });

  it('tells of a page that is damaged', async () => {
    const store = await open();
    for (let version = 0; version < 200; version += 1) await append(store, version);
    await store.close();
    const database = openDatabase(path());
    const { rootpage } = database
      .prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_events_1'`)
      .get() as { readonly rootpage: number };
    database.close();
    const bytes = readFileSync(path());
    bytes.fill(0x55, (rootpage - 1) * 4096 + 200, (rootpage - 1) * 4096 + 2000);
    writeFileSync(path(), bytes);
    const damaged = await open();
    const found = await damaged.verify().then(
      (problems) => problems.join(' '),
      (error: unknown) => (error as { readonly code: string }).code,
    );
    expect(found).toMatch(/SQLite: |STORE_CORRUPT/u);
  });
});

describe('a database that is tidied', () => {
  it('forgets dead letters after their time, and traces of leases, and nothing else', async () => {
    const store = await open();
    await store.subscriptions.ensure(oneTry);
    for (let version = 0; version < 3; version += 1) await append(store, version);
    const dead = async () => (await store.subscriptions.status('n')).dead.map(({ seq }) => seq);
    const fail = async () => {
      const claim = await store.subscriptions.claim('n', { owner: 'o', max: 1, visibleMs: 1_000 });
      await store.subscriptions.settle(
        claim,
        claim.deliveries.map(({ event }) => ({ seq: event.seq, outcome: 'dead', error: 'no' })),
      );
    };
    const owner = 'foreign:w';
    const lost = await store.leases.acquire({ set: 'lost', owner, keys: keys('k'), ttlMs: 1_000 });
    await fail();
    await clock.advance(2_000);
    const held = await store.leases.acquire({ set: 'held', owner, keys: keys('k'), ttlMs: 60 * day });
    await clock.advance(29 * day);
    await fail();
    expect(await store.tidy()).toMatchObject({ deadLetters: 0, leases: 1 });
    expect(await dead()).toEqual([1, 2]);
    await clock.advance(2 * day);
    expect(await store.tidy()).toMatchObject({ deadLetters: 1, leases: 0 });
    expect(await dead()).toEqual([2]);
    expect(await store.tidy({ deadLetterMs: 0 })).toMatchObject({ deadLetters: 1 });
    expect(await numbers(store)).toEqual([1, 2, 3]);
    const fence = (set: string, token: number) => [{ set, token }];
    expect(await codeOf(store.commit({ ...commitOf('track/a', 3), fence: fence('lost', lost.token) }))).toBe('FENCED');
    await store.commit({ ...commitOf('track/a', 3), fence: fence('held', held.token) });
    expect(await store.verify()).toEqual([]);
  });

  it('removes requests whose process died while it waited', async () => {
    const store = await open();
    const owner = 'foreign:w';
    const { token } = await store.leases.acquire({ set: 's', owner, keys: keys('k'), ttlMs: 60 * day });
    const vandal = openDatabase(path());
    vandal.exec(`INSERT INTO waiters (id, kind, "set", owner, token, ttl, until, granted, keys)
      VALUES (1, 'acquire', 't', 'foreign:w', 0, 1000, ${clock.now() + 1_000}, 0, '[{"key":"k","mode":"exclusive"}]')`);
    vandal.close();
    expect((await store.leases.list()).waiting).toHaveLength(1);
    await clock.advance(2 * day);
    expect(await store.tidy()).toMatchObject({ leases: 1 });
    await store.leases.release('s', token);
    expect((await store.leases.list()).grants).toEqual([]);
  });

  it('gives the room of many rows that are gone back to the disk', async () => {
    const store = await open();
    await store.records.define('$view', { version: 1, indexes: [] });
    const put = (revision: number, value: string) => {
      const records = [{ collection: '$view', key: 'one', expectedRevision: revision, value }];
      return store.commit({ ...commitOf('track/a', 0), appends: [], records });
    };
    await append(store, 0);
    await put(0, 'x'.repeat(2_000_000));
    await put(1, 'small');
    const { bytesBefore, bytes } = await store.tidy();
    expect(bytesBefore).toBeGreaterThan(2_000_000);
    expect(bytes).toBeLessThan(400_000);
    expect(await numbers(store)).toEqual([1]);
    expect(await store.verify()).toEqual([]);
  });
});

describe('artifacts that are named', () => {
  it('are found in events and in rows, wherever they stand in them', async () => {
    const store = await open();
    const id = (digit: string) => `sha256:${digit.repeat(64)}`;
    await store.records.define('$view', { version: 1, indexes: [] });
    for (let version = 0; version < 250; version += 1) {
      const data = { deep: [{ text: `see ${id(version === 249 ? 'b' : 'a')}.` }] };
      await store.commit(commitOf('track/a', version, [{ type: 'x', v: 1, data }]));
    }
    const records = [{ collection: '$view', key: 'k', expectedRevision: 0, value: { [id('c')]: `${id('d')}e` } }];
    await store.commit({ ...commitOf('track/a', 0), appends: [], records });
    expect([...(await store.references())].sort()).toEqual([id('a'), id('b'), id('c'), id('d')]);
  });
});
