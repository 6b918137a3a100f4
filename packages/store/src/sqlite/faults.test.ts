import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { FakeClock } from '@conductor/core/testing';
import type { Store } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { all, codeOf, commitOf, events } from '../conformance/store-fixture.js';
import { sqliteStore } from './store.js';

/** Every offset, as the campaign does it; else one in five hundred. */
const full = process.env['CONDUCTOR_PROVE'] === 'full';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const path = () => folder.file('conductor.db');
const wal = () => `${path()}-wal`;
const append = (store: Store, version: number) => store.commit(commitOf('track/a', version, events(2, version + 1)));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function numbersIn(file: string): Promise<readonly number[]> {
  const store = await sqliteStore({ database: openDatabase(file), clock: new FakeClock() });
  try {
    const numbers = (await all(store.readAll())).map(({ data }) => (data as { readonly n: number }).n);
    expect(await store.verify()).toEqual([]);
    // It goes on: what was cut off is overwritten.
    await append(store, numbers.length);
    expect(await store.head()).toBe(numbers.length + 2);
    return numbers;
  } finally {
    await store.close();
  }
}

/** The same at every offset, without a store around it: through one connection, so that each look costs a millisecond. */
function rawReader(): { numbersIn(file: string): readonly number[]; close(): void } {
  const database = openDatabase(':memory:');
  return {
    numbersIn(file) {
      database.exec(`ATTACH '${file}' AS cut`);
      try {
        const tables = database.prepare(`SELECT name FROM cut.sqlite_schema WHERE name = 'events'`).all();
        if (tables.length === 0) return [];
        const rows = database.prepare(`SELECT json_extract(data, '$.n') AS n FROM cut.events ORDER BY seq`).all();
        return (rows as readonly { readonly n: number }[]).map(({ n }) => n); // the column is named in the statement
      } finally {
        database.exec('DETACH cut');
      }
    },
    close: () => database.close(),
  };
}

describe('a write-ahead log that was cut', () => {
  it('opens to the commits that are whole in it, cut at any byte, and goes on behind them', async () => {
    const store = await sqliteStore({ database: openDatabase(path()), clock: new FakeClock() });
    /** How long the log was when a commit was acknowledged, and how many there were. */
    const acknowledged: number[] = [statSync(wal()).size];
    for (let version = 0; version < 8; version += 2) {
      await append(store, version);
      acknowledged.push(statSync(wal()).size);
    }
    const [main, log] = [readFileSync(path()), readFileSync(wal())];
    const first = acknowledged[0] ?? 0;
    const cutAt = (size: number) => {
      const copy = folder.file(`cut-${size}.db`);
      writeFileSync(copy, main);
      writeFileSync(`${copy}-wal`, log.subarray(0, size));
      const remove = () => ['', '-wal', '-shm'].forEach((suffix) => rmSync(copy + suffix, { force: true }));
      return { copy, whole: Math.max(0, acknowledged.filter((end) => end <= size).length - 1), remove };
    };
    const ends = acknowledged.flatMap((end) => [end - 1, end]).filter((end) => end >= first);
    for (const size of new Set([...someOf(first, log.length), ...ends])) {
      const { copy, whole, remove } = cutAt(size);
      expect([size, await numbersIn(copy)]).toEqual([size, upTo(whole * 2)]);
      remove();
    }
    const reader = rawReader();
    let looks = 0;
    for (let size = 0; size <= log.length; size += full ? 1 : 509) {
      const { copy, whole, remove } = cutAt(size);
      const found = reader.numbersIn(copy);
      if (found.join() !== upTo(whole * 2).join()) expect([size, found]).toEqual([size, upTo(whole * 2)]);
      looks += 1;
      remove();
    }
    expect(looks).toBeGreaterThan(full ? 100_000 : 200);
    reader.close();
    await store.close();
  }, 3_600_000);

  it('opens to nothing, or is made anew, when it is cut before the first commit', async () => {
    const store = await sqliteStore({ database: openDatabase(path()), clock: new FakeClock() });
    const [main, log] = [readFileSync(path()), readFileSync(wal())];
    for (const size of [0, 31, 32, ...someOf(0, log.length, full ? 1_021 : 15_013)]) {
      const copy = folder.file(`cut-${size}.db`);
      writeFileSync(copy, main);
      writeFileSync(`${copy}-wal`, log.subarray(0, size));
      expect([size, await numbersIn(copy)]).toEqual([size, []]);
      for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
    }
    await store.close();
  }, 3_600_000);

  it('drops the commits from the first damaged page on, and shows none of them in part', async () => {
    const store = await sqliteStore({ database: openDatabase(path()), clock: new FakeClock() });
    const ends: number[] = [statSync(wal()).size];
    for (let version = 0; version < 6; version += 2) {
      await append(store, version);
      ends.push(statSync(wal()).size);
    }
    const [main, log] = [readFileSync(path()), readFileSync(wal())];
    for (const at of someOf(ends[0] ?? 0, log.length, full ? 97 : 3_001)) {
      const copy = folder.file(`damaged-${at}.db`);
      const wrong = Buffer.from(log);
      wrong[at] = (wrong[at] ?? 0) ^ 0x10;
      writeFileSync(copy, main);
      writeFileSync(`${copy}-wal`, wrong);
      const whole = ends.filter((end) => end <= at).length - 1;
      const found = await numbersIn(copy);
      expect([at, found]).toEqual([at, upTo(whole * 2)]);
      for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
    }
    await store.close();
  }, 3_600_000);
});

describe('a database that may not grow', () => {
  it('refuses the commit that is too long, keeps all others, and takes the same one when there is room', async () => {
    const database = openDatabase(path());
    const store = await sqliteStore({ database, clock: new FakeClock() });
    const limit = (pages: number) => database.prepare(`PRAGMA max_page_count = ${pages}`).get();
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { readonly page_count: number };
    limit(pages + 4);
    const long = (version: number) =>
      commitOf('track/a', version, [{ type: 'x', v: 1, data: { n: version + 1, text: 'x'.repeat(6_000) } }]);
    let kept = 0;
    while ((await codeOf(store.commit(long(kept)))) === undefined) kept += 1;
    expect(kept).toBeGreaterThan(0);
    expect(await codeOf(store.commit(long(kept)))).toBe('STORE_FULL');
    expect(await store.head()).toBe(kept);
    expect(await store.verify()).toEqual([]);
    limit(1_000_000);
    await store.commit(long(kept));
    await store.close();
    const again = await sqliteStore({ database: openDatabase(path()), clock: new FakeClock() });
    expect((await all(again.readAll())).map(({ data }) => (data as { readonly n: number }).n)).toEqual(upTo(kept + 1));
    await again.close();
  });
});

/** Places in a range, a prime apart, so that they fall on all parts of a page. */
function someOf(from: number, to: number, apart = 1_021): readonly number[] {
  return Array.from({ length: Math.ceil((to - from) / apart) }, (_, index) => from + index * apart);
}
