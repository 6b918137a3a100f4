import { FakeClock } from '@conductor/core/testing';
import { systemClock } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { all, codeOf, commitOf, emptyCommit, events } from '../conformance/store-fixture.js';
import type { SqlDatabase } from './database.js';
import { sqliteStore } from './store.js';
import type { SqliteStoreOptions } from './store.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const path = () => folder.file('conductor.db');

function open(clock: Clock, o: Partial<SqliteStoreOptions> = {}) {
  return sqliteStore({ database: openDatabase(path()), clock, ...o });
}

/** The same connection, with a look at, or a spanner in, every statement that runs. */
function watched(database: SqlDatabase, before: (sql: string) => void): SqlDatabase {
  return {
    exec(sql) {
      before(sql);
      database.exec(sql);
    },
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run(...values) {
          before(sql);
          return statement.run(...values);
        },
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
      };
    },
    close: () => database.close(),
  };
}

function failure(errcode: number): Error {
  return Object.assign(new Error(`result ${errcode}`), { errcode });
}

describe('group commit', () => {
  it('writes what arrives in one turn in one transaction', async () => {
    const ran: string[] = [];
    const clock = new FakeClock();
    const store = await open(clock, { database: watched(openDatabase(path()), (sql) => ran.push(sql)) });
    ran.length = 0;
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) => store.commit(commitOf(`track/${n}`, 0, events(2)))),
    );
    expect(ran.filter((sql) => sql === 'BEGIN IMMEDIATE')).toHaveLength(1);
    expect(ran.filter((sql) => sql === 'COMMIT')).toHaveLength(1);
    expect(results.map(({ lastSeq }) => lastSeq)).toEqual(Array.from({ length: 50 }, (_, n) => (n + 1) * 2));
    await store.close();
  });

  it('rejects the one that conflicts, and writes the others around it', async () => {
    const store = await open(new FakeClock());
    const group = [
      store.commit(commitOf('track/1', 0)),
      store.commit(commitOf('track/1', 0)),
      store.commit(commitOf('track/1', 1)),
      store.commit({ ...emptyCommit, records: [{ collection: '$c', key: 'a', expectedRevision: 9, value: 1 }] }),
      store.commit(commitOf('track/2', 0)),
    ];
    const codes = await Promise.all(group.map(codeOf));
    expect(codes).toEqual([undefined, 'VERSION_CONFLICT', undefined, 'REVISION_CONFLICT', undefined]);
    expect((await all(store.readAll())).map(({ id }) => id)).toEqual(['track/1@1', 'track/1@2', 'track/2@1']);
    await store.close();
  });

  it('leaves nothing of a member that fails half-way, and does the others again', async () => {
    const clock = new FakeClock();
    const store = await open(clock);
    await store.leases.openOwner({ owner: 'one', host: 'here', bootId: 'now' });
    const exclusive = (key: string) => [{ key, mode: 'exclusive' as const }];
    await store.leases.acquire({ set: 'taken', owner: 'one', keys: exclusive('b'), ttlMs: 60_000 });
    const take = (set: string, key: string) =>
      ({ op: 'acquire', set, owner: 'one', keys: exclusive(key), ttlMs: 60_000 }) as const;
    const [before, half, after] = await Promise.all([
      store.commit(commitOf('track/1', 0, events(1))),
      // The first set is written when the second one is refused.
      codeOf(store.commit({ ...commitOf('track/2', 0, events(1)), leases: [take('free', 'a'), take('second', 'b')] })),
      store.commit(commitOf('track/1', 1, events(1))),
    ]);
    expect([before.lastSeq, half, after.lastSeq]).toEqual([1, 'LEASE_HELD', 2]);
    expect((await store.leases.list()).grants.map(({ set }) => set)).toEqual(['taken']);
    expect(await store.head({ stream: 'track/2' })).toBe(0);
    // What is remembered of the set that was taken back is forgotten as well.
    await store.leases.acquire({ set: 'free', owner: 'one', keys: exclusive('a'), ttlMs: 60_000 });
    await store.close();
  });

  it('believes nobody that a stream is new or a key unused, and lets the others of the group pass', async () => {
    const clock = new FakeClock();
    const first = await open(clock);
    const once = { ...commitOf('audit/1', 'any'), idempotencyKey: 'once' };
    await first.commit(commitOf('track/1', 0, events(2)));
    await first.commit(once);
    await first.close();
    const store = await open(clock); // remembers nothing
    const record = { collection: '$c', key: 'a', expectedRevision: 0, value: 1 } as const;
    const [stale, repeated, other, reading, twice] = await Promise.all([
      store.commit(commitOf('track/1', 0)).catch((error: unknown) => error),
      store.commit(once),
      store.commit({ ...once, meta: { ...once.meta, actor: { kind: 'engine', id: 'else' } } }).catch(String),
      // Looks for its record, and so meets the changes of the others before they are all made.
      store.commit({ ...commitOf('track/2', 0), records: [record], idempotencyKey: 'new' }),
      store.commit({ ...commitOf('track/2', 0), records: [record], idempotencyKey: 'new' }),
    ]);
    expect(stale).toMatchObject({ code: 'VERSION_CONFLICT', details: { expected: 0, actual: 2 } });
    expect(repeated).toMatchObject({ deduplicated: true, lastSeq: 3 });
    expect(other).toContain('The key once was used for another commit');
    expect(reading).toMatchObject({ deduplicated: false, lastSeq: 4 });
    expect(twice).toMatchObject({ deduplicated: true, lastSeq: 4 });
    expect((await all(store.readAll())).map(({ id, commit }) => [id, commit])).toEqual([
      ['track/1@1', 1],
      ['track/1@2', 1],
      ['audit/1@1', 2],
      ['track/2@1', 3],
    ]);
    await store.close();
  });

  it('tells a change that SQLite refuses to the one who wanted it', async () => {
    const constraint = 19;
    const broken = watched(openDatabase(path()), (sql) => {
      if (sql.startsWith('INSERT INTO grants')) throw failure(constraint);
    });
    const store = await open(new FakeClock(), { database: broken });
    await store.leases.openOwner({ owner: 'one', host: 'here', bootId: 'now' });
    const keys = [{ key: 'a', mode: 'exclusive' as const }];
    const group = [
      store.commit(commitOf('track/1', 0)),
      store.leases.acquire({ set: 'x', owner: 'one', keys, ttlMs: 60_000 }),
      store.commit(commitOf('track/1', 1)),
    ];
    expect(await Promise.all(group.map(codeOf))).toEqual([undefined, 'STORE_FAILED', undefined]);
    expect((await store.leases.list()).grants).toEqual([]);
    await store.close();
  });

  it('answers a repetition of what this handle wrote itself without a second transaction', async () => {
    const ran: string[] = [];
    const store = await open(new FakeClock(), { database: watched(openDatabase(path()), (sql) => ran.push(sql)) });
    const once = { ...commitOf('track/1', 0), idempotencyKey: 'once' };
    await store.commit(once);
    ran.length = 0;
    expect(await store.commit(once)).toMatchObject({ deduplicated: true, lastSeq: 1 });
    expect(ran.filter((sql) => sql === 'BEGIN IMMEDIATE')).toHaveLength(1);
    await store.close();
  });

  it('sees at once what another connection has committed, in streams and in leases', async () => {
    const clock = new FakeClock();
    const [first, second] = [await open(clock), await open(clock)];
    await first.leases.openOwner({ owner: 'one', host: 'here', bootId: 'now' });
    const request = {
      set: 'x',
      owner: 'one',
      keys: [{ key: 'a', mode: 'exclusive' as const }],
      ttlMs: 60_000,
    };
    for (let version = 0; version < 6; version += 2) {
      await first.commit(commitOf('track/1', version, events(1)));
      await second.commit(commitOf('track/1', version + 1, events(1)));
      const { token } = await first.leases.acquire(request);
      await second.leases.release('x', token);
      const other = await second.leases.acquire({ ...request, set: 'y' });
      expect(other.token).toBeGreaterThan(token);
      await first.leases.release('y', other.token);
    }
    expect(await second.head()).toBe(6);
    await Promise.all([first.close(), second.close()]);
  });

  it('serves who waits here in the transaction that brings the event or frees the key', async () => {
    const ran: string[] = [];
    const clock = new FakeClock();
    const store = await open(clock, { database: watched(openDatabase(path()), (sql) => ran.push(sql)) });
    const written = () => ran.filter((sql) => sql === 'COMMIT').length - ran.filter((sql) => sql === 'BEGIN').length;
    await store.leases.openOwner({ owner: 'one', host: 'here', bootId: 'now' });
    const backoff = { baseMs: 1, maxMs: 1 };
    await store.subscriptions.ensure({ name: 'feed', from: 'end', order: 'all', maxAttempts: 1, backoff });
    const claim = store.subscriptions.claim('feed', { owner: 'one', max: 5, visibleMs: 60_000 });
    const request = { owner: 'one', keys: [{ key: 'a', mode: 'exclusive' as const }], ttlMs: 60_000 };
    const held = await store.leases.acquire({ ...request, set: 'first' });
    const next = store.leases.acquire({ ...request, set: 'next' }, { waitMs: 60_000 });
    await clock.advance(1);
    const before = written();
    await Promise.all([store.commit(commitOf('track/1', 0, events(2))), store.leases.release('first', held.token)]);
    expect((await claim).deliveries.map(({ event }) => event.seq)).toEqual([1, 2]);
    expect((await next).token).toBeGreaterThan(held.token);
    expect(written() - before).toBe(1);
    await store.close();
  });

  it('asks nothing on behalf of a claim that waits for other events', async () => {
    const ran: string[] = [];
    const clock = new FakeClock();
    const store = await open(clock, { database: watched(openDatabase(path()), (sql) => ran.push(sql)) });
    const backoff = { baseMs: 1, maxMs: 1 };
    const types = ['other.*'];
    await store.subscriptions.ensure({ name: 'feed', from: 'end', order: 'all', maxAttempts: 1, backoff, types });
    const claim = store.subscriptions.claim('feed', { owner: 'one', max: 5, visibleMs: 60_000 });
    await clock.settle();
    const runBy = async (version: number) => {
      ran.length = 0;
      await store.commit(commitOf('track/1', version));
      await clock.settle();
      return [...ran];
    };
    const idle = await runBy(0);
    await store.commit(commitOf('track/1', 1, events(1, 2, 'other.thing')));
    expect((await claim).deliveries.map(({ event }) => event.seq)).toEqual([2]);
    expect(idle).toEqual(await runBy(2));
    expect(idle.filter((sql) => sql.startsWith('BEGIN'))).toEqual(['BEGIN IMMEDIATE']);
    await store.close();
  });

  it('leaves out whoever aborts before the group is written', async () => {
    const store = await open(new FakeClock());
    const stop = new AbortController();
    const aborted = store.commit(commitOf('track/1', 0), { signal: stop.signal });
    const other = store.commit(commitOf('track/2', 0));
    stop.abort(new Error('changed my mind'));
    await expect(aborted).rejects.toThrow('changed my mind');
    expect((await other).lastSeq).toBe(1);
    expect(await store.head({ stream: 'track/1' })).toBe(0);
    await store.close();
  });

  it('writes what was handed in before close, and answers it', async () => {
    const store = await open(new FakeClock());
    const last = store.commit(commitOf('track/1', 0));
    const closed = store.close();
    expect((await last).lastSeq).toBe(1);
    await closed;
    const again = await open(new FakeClock());
    expect(await again.head()).toBe(1);
    await again.close();
  });

  it.each([
    ['a failed fsync', 10 + 4 * 256, 'COMMIT_UNKNOWN', 'STORE_FAILED'],
    ['a damaged page', 11, 'STORE_CORRUPT', 'STORE_CORRUPT'],
  ])('rejects the whole group after %s, and closes itself', async (_, errcode, code, later) => {
    let broken = false;
    const database = watched(openDatabase(path()), (sql) => {
      if (broken && sql === 'COMMIT') throw failure(errcode);
    });
    const store = await open(new FakeClock(), { database });
    await store.commit(commitOf('track/1', 0));
    broken = true;
    const group = [store.commit(commitOf('track/1', 1)), store.commit(commitOf('track/2', 0))];
    expect(await Promise.all(group.map(codeOf))).toEqual([code, code]);
    broken = false;
    expect(await codeOf(store.commit(commitOf('track/3', 0)))).toBe(later);
    expect(await codeOf(store.head())).toBe(later);
    await store.close();
    const again = await open(new FakeClock());
    expect((await all(again.readAll())).map(({ id }) => id)).toEqual(['track/1@1']);
    await again.close();
  });

  it('tells a full disk, writes nothing of the group, and goes on when there is room again', async () => {
    const database = openDatabase(path());
    const store = await open(new FakeClock(), { database });
    await store.commit(commitOf('track/1', 0));
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    database.exec(`PRAGMA max_page_count = ${pages + 2}`);
    const large = [{ type: 't', v: 1, data: 'x'.repeat(100_000) }];
    const group = [store.commit(commitOf('track/2', 0)), store.commit(commitOf('track/3', 0, large))];
    expect(await Promise.all(group.map(codeOf))).toEqual(['STORE_FULL', 'STORE_FULL']);
    expect(await store.head()).toBe(1);
    database.exec('PRAGMA max_page_count = 1000000');
    expect((await store.commit(commitOf('track/3', 0, large))).lastSeq).toBe(2);
    await store.close();
  });

  it('waits through the clock while another process writes, and is heard then', async () => {
    const clock = new FakeClock();
    const store = await open(clock);
    const other = openDatabase(path());
    other.exec('BEGIN IMMEDIATE');
    const commit = store.commit(commitOf('track/1', 0));
    await clock.settle();
    expect(clock.pending).toBe(1);
    other.exec('ROLLBACK');
    await clock.advance(1_000);
    expect((await commit).lastSeq).toBe(1);
    other.close();
    await store.close();
  });

  it('gives up with STORE_BUSY after its time, writes nothing, and can go on', async () => {
    const clock = new FakeClock();
    const store = await open(clock, { storeBusyMs: 100 });
    const other = openDatabase(path());
    other.exec('BEGIN IMMEDIATE');
    const busy = Promise.all([
      codeOf(store.commit(commitOf('track/1', 0))),
      codeOf(store.commit(commitOf('track/2', 0))),
    ]);
    await clock.runUntil(busy);
    expect(await busy).toEqual(['STORE_BUSY', 'STORE_BUSY']);
    other.exec('ROLLBACK');
    other.close();
    expect((await store.commit(commitOf('track/1', 0))).lastSeq).toBe(1);
    await store.close();
  });

  it('answers an abort at once while the file is busy, and does not write it later', async () => {
    const clock = new FakeClock();
    const store = await open(clock);
    const other = openDatabase(path());
    other.exec('BEGIN IMMEDIATE');
    const stop = new AbortController();
    const aborted = store.commit(commitOf('track/1', 0), { signal: stop.signal });
    const outcome = aborted.catch((error: unknown) => String(error));
    await clock.settle();
    stop.abort(new Error('changed my mind'));
    expect(await outcome).toContain('changed my mind');
    other.exec('ROLLBACK');
    other.close();
    await clock.advance(1_000);
    expect(await store.head()).toBe(0);
    await store.close();
  });

  it('runs on the real clock too', async () => {
    const store = await open(systemClock());
    for (let n = 0; n < 20; n += 1) await store.commit(commitOf('track/1', n));
    expect(await store.head()).toBe(20);
    await store.close();
  });
});
