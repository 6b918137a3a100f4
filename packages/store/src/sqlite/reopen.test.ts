import { writeFileSync } from 'node:fs';
import { ConductorError } from '@conductor/core';
import { FakeClock } from '@conductor/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { all, codeOf, commitOf, events, keys } from '../conformance/store-fixture.js';
import { migrate, migrations } from './migrations.js';
import { sqliteStore } from './store.js';
import type { SqliteStoreOptions } from './store.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const path = () => folder.file('conductor.db');

function open(clock = new FakeClock(), o: Partial<SqliteStoreOptions> = {}) {
  return sqliteStore({ database: openDatabase(path()), clock, ...o });
}

describe('a store that is opened again', () => {
  it('has everything it had', async () => {
    const clock = new FakeClock();
    const first = await open(clock);
    await first.subscriptions.ensure({
      name: 'n',
      from: 'start',
      order: 'all',
      maxAttempts: 3,
      backoff: { baseMs: 1, maxMs: 1 },
    });
    await first.records.define('things', { version: 1, indexes: [], unique: [['n']] });
    const commit = {
      ...commitOf('track/1', 0, events(3)),
      records: [{ collection: 'things', key: 'a', expectedRevision: 0, value: { n: 1 } }],
      leases: [{ op: 'acquire', set: 'foreign/w', owner: 'foreign:w', keys: keys('file:a'), ttlMs: 60_000 }],
      idempotencyKey: 'key',
    } as const;
    const { grants } = await first.commit(commit);
    const claim = await first.subscriptions.claim('n', { owner: 'o', max: 2, visibleMs: 60_000 });
    await first.subscriptions.settle(claim, [
      { seq: 1, outcome: 'done' },
      { seq: 2, outcome: 'dead', error: 'e' },
    ]);
    const log = await all(first.readAll());
    await first.close();

    const second = await open(clock);
    expect(second.id).toBe(first.id);
    expect(await all(second.readAll())).toEqual(log);
    expect(await second.records.get('things', 'a')).toMatchObject({ revision: 1, value: { n: 1 }, seq: 3 });
    expect((await second.leases.list()).grants).toEqual(grants);
    expect(await second.subscriptions.status('n')).toMatchObject({
      cursor: 2,
      behind: 1,
      dead: [{ seq: 2, error: 'e' }],
    });
    expect(await second.commit(commit)).toMatchObject({ deduplicated: true, lastSeq: 3 });
    const other = { collection: 'things', key: 'b', expectedRevision: 0, value: { n: 1 } } as const;
    expect(await codeOf(second.commit({ ...commitOf('track/1', 3), records: [other] }))).toBe('UNIQUE_VIOLATION');
    const later = await second.commit({
      appends: [],
      meta: commit.meta,
      leases: [{ ...commit.leases[0], set: 'foreign/v', keys: keys('file:b') }],
    });
    expect(later.grants[0]?.token).toBeGreaterThan(grants[0]?.token ?? 0);
    await second.close();
  });

  it('tells a file that is no database, with a hint', async () => {
    writeFileSync(path(), 'This is not a database, but it is long enough to be looked at as one. '.repeat(100));
    const error: unknown = await open().catch((thrown: unknown) => thrown);
    expect(ConductorError.is(error, 'STORE_CORRUPT') && error.hint).toContain('Restore');
  });

  it('does not touch a database of somebody else', async () => {
    const foreign = openDatabase(path());
    foreign.exec('CREATE TABLE theirs (x)');
    foreign.close();
    expect(await codeOf(open())).toBe('STORE_CORRUPT');
    const after = openDatabase(path());
    expect(after.prepare('SELECT count(*) AS n FROM sqlite_schema').get()).toMatchObject({ n: 1 });
    after.close();
  });

  it('refuses a schema of a newer version', async () => {
    await (await open()).close();
    const newer = openDatabase(path());
    newer.exec(`INSERT INTO migrations VALUES (99, 'later', 'x', '2030-01-01T00:00:00.000Z')`);
    newer.close();
    expect(await codeOf(open())).toBe('STORE_NEWER');
  });

  it('refuses a schema step that is not the one that was applied', async () => {
    await (await open()).close();
    const changed = openDatabase(path());
    changed.exec(`UPDATE migrations SET checksum = 'other'`);
    changed.close();
    expect(await codeOf(open())).toBe('STORE_CORRUPT');
  });

  it('applies later steps, all or none', async () => {
    await (await open()).close();
    const clock = new FakeClock();
    const database = openDatabase(path());
    const second = { number: 2, name: 'second', sql: 'CREATE TABLE second (x) STRICT, WITHOUT' };
    const steps = [...migrations, { ...second, sql: 'CREATE TABLE second (x TEXT)' }, { ...second, number: 3 }];
    const run = (list: typeof steps) => () => migrate(database, { clock, readOnly: false, steps: list });
    expect(run(steps)).toThrow(expect.objectContaining({ code: 'MIGRATION_FAILED' }));
    expect(run(steps.slice(0, 2))).not.toThrow();
    expect(run(steps.slice(0, 2))).not.toThrow();
    expect(database.prepare('SELECT number FROM migrations').all()).toHaveLength(2);
    expect(() =>
      migrate(database, {
        clock,
        readOnly: true,
        steps: [...steps.slice(0, 2), { ...second, number: 3, sql: 'SELECT 1' }],
      }),
    ).toThrow(expect.objectContaining({ code: 'STORE_READ_ONLY' }));
    database.close();
  });

  it('can be made by two processes at once', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    expect(one.id).toBe(two.id);
    await Promise.all([one.commit(commitOf('track/1', 0)), two.commit(commitOf('track/2', 0))]);
    expect(await one.head()).toBe(2);
    await Promise.all([one.close(), two.close()]);
  });

  it('reads, and refuses to write, when it is opened for reading only', async () => {
    const writer = await open();
    await writer.commit(commitOf('track/1', 0));
    const reader = await open(new FakeClock(), { database: openDatabase(path(), { readOnly: true }), readOnly: true });
    expect(reader.id).toBe(writer.id);
    expect(await all(reader.readAll())).toHaveLength(1);
    expect(await codeOf(reader.commit(commitOf('track/1', 1)))).toBe('STORE_READ_ONLY');
    expect(await codeOf(reader.leases.release('s', 1))).toBe('STORE_READ_ONLY');
    await writer.commit(commitOf('track/1', 1));
    expect(await reader.head()).toBe(2);
    await reader.close();
    await writer.close();
  });

  it('tells that it cannot write to a connection that only reads', async () => {
    await (await open()).close();
    const store = await open(new FakeClock(), { database: openDatabase(path(), { readOnly: true }) });
    expect(await codeOf(store.commit(commitOf('track/1', 0)))).toBe('STORE_READ_ONLY');
    expect(await store.head()).toBe(0);
    await store.close();
  });

  it('says what it can do as it was opened', async () => {
    const disk = await open();
    expect(disk.driver.capabilities).toEqual({
      durability: 'fsync',
      reach: 'machine',
      ownerProof: false,
      backup: true,
    });
    await disk.close();
    const os = await open(new FakeClock(), { durability: 'os' });
    expect(os.driver.capabilities.durability).toBe('os');
    await os.close();
    const memory = await sqliteStore({ database: openDatabase(':memory:'), clock: new FakeClock() });
    expect(memory.driver.capabilities).toMatchObject({ durability: 'memory', reach: 'process' });
    await memory.close();
  });
});
