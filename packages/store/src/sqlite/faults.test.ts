import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { FakeClock } from '@conductor/core/testing';
import type { Store } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { all, codeOf, commitOf, events } from '../conformance/store-fixture.js';
import { sqliteStore } from './store.js';

/** Every offset, as the campaign does it; else one in a few hundred. */
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
    const places = full ? upTo(log.length - first + 1).map((place) => first + place - 1) : someOf(first, log.length);
    for (const size of new Set([...places, ...acknowledged.flatMap((end) => [end - 1, end])])) {
      if (size < first) continue;
      const copy = folder.file(`cut-${size}.db`);
      writeFileSync(copy, main);
      writeFileSync(`${copy}-wal`, log.subarray(0, size));
      const whole = acknowledged.filter((end) => end <= size).length - 1;
      expect([size, await numbersIn(copy)]).toEqual([size, upTo(whole * 2)]);
      for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
    }
    await store.close();
  }, 3_600_000);

  it('opens to nothing, or is made anew, when it is cut before the first commit', async () => {
    const store = await sqliteStore({ database: openDatabase(path()), clock: new FakeClock() });
    const [main, log] = [readFileSync(path()), readFileSync(wal())];
    const places = full ? upTo(log.length).map((place) => place - 1) : someOf(0, log.length, 15_013);
    for (const size of [0, 31, 32, ...places]) {
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
