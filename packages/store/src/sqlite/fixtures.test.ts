import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Store } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { all, codeOf, commitOf, keys } from '../conformance/store-fixture.js';
import type { SqlDatabase } from './database.js';
import { migrate, migrations } from './migrations.js';
import type { Migration } from '../rules/migrations.js';
import { sqliteStore } from './store.js';

/** Written by scripts/store-fixture.mjs, each with the code of the commit that had this schema. */
const fixtures = new URL('../../test/fixtures/', import.meta.url);
const names = readdirSync(fixtures)
  .filter((file) => file.endsWith('.db.gz'))
  .map((file) => file.replace('.db.gz', ''));

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

function unpack(name: string): string {
  const path = folder.file('conductor.db');
  writeFileSync(path, gunzipSync(readFileSync(new URL(`${name}.db.gz`, fixtures))));
  return path;
}

/** What the commit that wrote it read back. */
function expected(name: string): Record<string, unknown> {
  const { commit: _, ...seen } = JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), 'utf8')) as Record<
    string,
    unknown
  >;
  return seen;
}

async function seen(store: Store): Promise<unknown> {
  const read = {
    id: store.id,
    events: await all(store.readAll()),
    streams: await store.streams(),
    things: await store.records.list('things', { deleted: true }),
    leases: await store.leases.list(),
    subscription: await store.subscriptions.status('mails'),
  };
  return JSON.parse(JSON.stringify(read)); // as the file has it
}

/** The bytes of everything that was ever said. */
function rawEvents(database: SqlDatabase): unknown {
  const events = 'SELECT seq, stream, version, type, v, "commit", CAST(data AS BLOB) AS data FROM events ORDER BY seq';
  const commits = 'SELECT "commit", at, actor, correlation, causation, "key", digest FROM commits ORDER BY "commit"';
  return [database.prepare(events).all(), database.prepare(commits).all()];
}

const open = (path: string) => sqliteStore({ database: openDatabase(path), clock: new FakeClock() });

describe('databases of earlier schemas', () => {
  it('are there for every schema before the newest', () => {
    const earlier = migrations.slice(0, -1).map(({ number }) => `schema-${number}`);
    expect(names).toEqual(expect.arrayContaining(earlier));
    expect(names.length).toBeGreaterThan(0);
  });

  it.each(names)('read back as they were, and go on: %s', async (name) => {
    const path = unpack(name);
    const before = openDatabase(path);
    const raw = rawEvents(before);
    before.close();
    const store = await open(path);
    expect(await seen(store)).toEqual(expected(name));
    const after = openDatabase(path);
    expect(rawEvents(after)).toEqual(raw);
    after.close();
    // Keys, tokens and the line of who waits are remembered too.
    expect(await codeOf(store.commit({ ...commitOf('track/a', 12), idempotencyKey: 'key-3' }))).toBe(
      'IDEMPOTENCY_MISMATCH',
    );
    expect((await store.commit(commitOf('track/a', 12))).lastSeq).toBe(26);
    await store.leases.release('held', 2);
    const { grants } = await store.leases.list();
    expect(grants.map(({ set, token }) => [set, token > 2])).toEqual([['waits', true]]);
    const free = await store.leases.acquire({ set: 'free', owner: 'engine-1', keys: keys('z'), ttlMs: 1_000 });
    expect(free.token).toBeGreaterThan(grants[0]?.token ?? 0);
    await store.close();
  });

  it.each(names)('are left alone by a reader that may not write: %s', async (name) => {
    const path = unpack(name);
    const bytes = readFileSync(path);
    const database = openDatabase(path, { readOnly: true });
    const read = await codeOf(sqliteStore({ database, clock: new FakeClock(), readOnly: true }).then((s) => s.close()));
    const upToDate = name === `schema-${migrations.length}`;
    expect(read).toBe(upToDate ? undefined : 'STORE_READ_ONLY');
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it.each(names)('are refused from the future, and when an applied step was changed: %s', async (name) => {
    const path = unpack(name);
    await (await open(path)).close();
    const database = openDatabase(path);
    database.exec(`INSERT INTO migrations VALUES (99, 'later', 'x', '2027-01-01T00:00:00.000Z')`);
    database.close();
    const bytes = readFileSync(path);
    expect(await codeOf(open(path))).toBe('STORE_NEWER');
    expect(readFileSync(path).equals(bytes)).toBe(true);
    const changed = openDatabase(path);
    changed.exec('DELETE FROM migrations WHERE number = 99');
    changed.exec(`UPDATE migrations SET checksum = 'y' WHERE number = 1`);
    changed.close();
    expect(await codeOf(open(path))).toBe('STORE_CORRUPT');
  });
});

/** One more step than there are, so that the first fixture always has a way to go. */
const steps: readonly Migration[] = [
  ...migrations,
  {
    number: migrations.length + 1,
    name: 'of this test',
    sql: `
CREATE TABLE copies (seq INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT;
INSERT INTO copies SELECT seq, data FROM events;
ALTER TABLE events ADD COLUMN note TEXT;
UPDATE events SET note = 'seen';
`,
  },
];

/** A connection that runs each statement of a script by itself, and tells before and after each. */
function stepwise(database: SqlDatabase, tell: () => void): SqlDatabase {
  return {
    exec(sql) {
      for (const part of sql.split(/;\n/u).filter((each) => each.trim() !== '')) {
        tell();
        database.exec(part);
        tell();
      }
    },
    prepare: (sql) => database.prepare(sql),
    close: () => database.close(),
  };
}

/** `old` or `new`; throws for anything between. */
function schemaOf(path: string, raw: unknown): 'old' | 'new' {
  const database = openDatabase(path);
  try {
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    expect(rawEvents(database)).toEqual(raw);
    const tables = database.prepare(`SELECT count(*) AS n FROM sqlite_schema WHERE name = 'copies'`).get();
    const { n: applied } = database.prepare('SELECT count(*) AS n FROM migrations').get() as { readonly n: number };
    const isNew = (tables as { readonly n: number }).n === 1;
    expect(applied).toBe(isNew ? steps.length : 1);
    if (!isNew) return 'old';
    expect(database.prepare(`SELECT count(*) AS n FROM events WHERE note IS NOT 'seen'`).get()).toEqual({ n: 0 });
    expect(database.prepare('SELECT count(*) AS n FROM copies').get()).toEqual({ n: 25 });
    return 'new';
  } finally {
    database.close();
  }
}

describe('a migration that is killed', () => {
  const copyTo = (path: string, copy: string) => {
    copyFileSync(path, copy);
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
  };

  it('leaves the old schema at every statement, and can be done again', () => {
    const path = unpack('schema-1');
    const database = openDatabase(path);
    database.exec('PRAGMA journal_mode = WAL');
    const raw = rawEvents(database);
    const copies: string[] = [];
    const kill = () => {
      const copy = folder.file(`killed-${copies.length}.db`);
      copyTo(path, copy);
      copies.push(copy);
    };
    migrate(stepwise(database, kill), { clock: new FakeClock(), readOnly: false, steps });
    const found = copies.map((copy) => schemaOf(copy, raw));
    expect(found.length).toBeGreaterThan(8);
    // Only what was copied behind the COMMIT is new.
    expect(found).toEqual(found.map((_, index) => (index === found.length - 1 ? 'new' : 'old')));
    database.close();
    const again = openDatabase(copies.at(-2) ?? '');
    migrate(again, { clock: new FakeClock(), readOnly: false, steps });
    again.close();
    expect(schemaOf(copies.at(-2) ?? '', raw)).toBe('new');
  });

  it('leaves the old schema or the new one when its log is cut anywhere', () => {
    const path = unpack('schema-1');
    const database = openDatabase(path);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA wal_autocheckpoint = 0');
    const raw = rawEvents(database);
    migrate(database, { clock: new FakeClock(), readOnly: false, steps });
    const log = readFileSync(`${path}-wal`);
    const main = readFileSync(path);
    const found = new Set<string>();
    for (let size = 0; size <= log.length; size += size === log.length ? 1 : Math.min(1_021, log.length - size)) {
      const copy = folder.file(`cut-${size}.db`); // a name of its own: a connection may live on behind its statements
      writeFileSync(copy, main);
      writeFileSync(`${copy}-wal`, log);
      truncateSync(`${copy}-wal`, size);
      found.add(size === log.length ? `whole: ${schemaOf(copy, raw)}` : schemaOf(copy, raw));
    }
    expect([...found].sort()).toEqual(['old', 'whole: new']);
    database.close();
  });
});
