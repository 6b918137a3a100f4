import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { FakeClock } from '@conductor/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { append, numbers, upTo } from '../../test/numbered.js';
import { openDatabase, temporaryFolder } from '../../test/open-database.js';
import type { TemporaryFolder } from '../../test/open-database.js';
import { randomOf } from '../../test/prove/random.js';
import { codeOf, commitOf } from '../conformance/store-fixture.js';
import { firstSeed, full, proof } from '../../../../proof.shared.js';
import { sqliteStore } from './store.js';

/** Copies that were looked at; every byte of the log in a full campaign, else some. */
const counts = { bytes: 0, cuts: 0, flips: 0, stores: 0, refusedWhenFull: 0 };
proof('disks', {
  part: 'sqlite: its write-ahead log',
  proves:
    'A write-ahead log that is cut at any byte, or of which any byte is wrong, opens to a prefix of the acknowledged commits, and the store goes on behind them; a database that may not grow refuses a commit whole.',
  facts: () => ({ seed: firstSeed, ...counts }),
});

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const path = () => folder.file('conductor.db');
const wal = () => `${path()}-wal`;

async function numbersIn(file: string): Promise<readonly number[]> {
  const store = await sqliteStore({ database: openDatabase(file), clock: new FakeClock() });
  try {
    const found = await numbers(store);
    expect(await store.verify()).toEqual([]);
    // It goes on: what was cut off is overwritten.
    await append(store, found.length, 2);
    expect(await store.head()).toBe(found.length + 2);
    return found;
  } finally {
    await store.close();
  }
}

/** A database in the middle of its life: its file, its write-ahead log, and how long that was at each acknowledgement. */
async function written(commits: number): Promise<Written> {
  const store = await sqliteStore({ database: openDatabase(path()), clock: new FakeClock() });
  const ends: number[] = [statSync(wal()).size];
  for (let done = 0; done < commits; done += 1) {
    await append(store, done * 2, 2);
    ends.push(statSync(wal()).size);
  }
  const [main, log] = [readFileSync(path()), readFileSync(wal())];
  await store.close();
  return { main, log, ends };
}

interface Written {
  readonly main: Uint8Array;
  readonly log: Uint8Array;
  /** The first one: the schema is there, and nothing else. */
  readonly ends: readonly number[];
}

/** What has to be there when the first `size` bytes of a log are whole. */
const wholeIn = ({ ends }: Written, size: number) =>
  upTo(2 * Math.max(0, ends.filter((end) => end <= size).length - 1));

/** A copy of the database with another log. */
function copyOf({ main }: Written, log: Uint8Array): { readonly copy: string; remove(): void } {
  const copy = folder.file('copy.db');
  writeFileSync(copy, main);
  writeFileSync(`${copy}-wal`, log);
  return { copy, remove: () => ['', '-wal', '-shm'].forEach((suffix) => rmSync(copy + suffix, { force: true })) };
}

/**
 * Looks at one copy again and again, and changes its log in between: through one connection that may not write, so that
 * SQLite recovers the log at each look, leaves it as it is, and a look costs a fraction of a millisecond.
 */
function looking(written: Written) {
  const { copy, remove } = copyOf(written, written.log);
  const file = openSync(`${copy}-wal`, 'r+');
  const database = openDatabase(':memory:');
  database.exec(`ATTACH 'file:${copy}?mode=ro' AS cut`);
  // Prepared once, and by SQLite again when it sees another schema: statements pile up until they are collected.
  const tables = database.prepare(`SELECT name FROM cut.sqlite_schema WHERE name = 'events'`);
  const rows = database.prepare(`SELECT json_extract(data, '$.n') AS n FROM cut.events ORDER BY seq`);
  database.exec('DETACH cut');
  return {
    cutTo: (size: number) => ftruncateSync(file, size),
    flip(at: number, bits: number) {
      writeSync(file, new Uint8Array([(written.log[at] ?? 0) ^ bits]), 0, 1, at);
    },
    numbers(): readonly number[] {
      database.exec(`ATTACH 'file:${copy}?mode=ro' AS cut`);
      try {
        if (tables.all().length === 0) return [];
        return (rows.all() as readonly { readonly n: number }[]).map(({ n }) => n); // the column is named in the statement
      } finally {
        database.exec('DETACH cut');
      }
    },
    close() {
      database.close();
      closeSync(file);
      remove();
    },
  };
}

/** The assertion alone costs more than a look, of which there are hundreds of thousands. */
function expectNumbers(at: number, found: readonly number[], expected: readonly number[]): void {
  if (found.join() !== expected.join()) expect([at, found]).toEqual([at, expected]);
}

describe('a write-ahead log that was cut', () => {
  it('opens to the commits that are whole in it, cut at any byte', async () => {
    const made = await written(4);
    const at = looking(made);
    expect(at.numbers()).toEqual(upTo(8));
    for (let size = made.log.length; size >= 0; size -= full ? 1 : 127) {
      at.cutTo(size);
      expectNumbers(size, at.numbers(), wholeIn(made, size));
      counts.cuts += 1;
    }
    at.close();
    counts.bytes = made.log.length;
    if (full) expect(counts.cuts).toBe(made.log.length + 1);
  }, 3_600_000);

  it('is a store that goes on behind the commits that are whole, or is made anew when there is none', async () => {
    const made = await written(4);
    const first = made.ends[0] ?? 0;
    const edges = [0, 31, 32, ...made.ends.flatMap((end) => [end - 1, end])];
    const places = [...someOf(0, first, full ? 1_021 : 15_013), ...someOf(first, made.log.length, full ? 211 : 1_021)];
    for (const size of new Set([...edges, ...places])) {
      const { copy, remove } = copyOf(made, made.log.subarray(0, size));
      expect([size, await numbersIn(copy)]).toEqual([size, wholeIn(made, size)]);
      counts.stores += 1;
      remove();
    }
  }, 3_600_000);
});

describe('a write-ahead log of which a byte is wrong', () => {
  it('drops the commits from the first damaged page on, and shows none of them in part', async () => {
    const made = await written(4);
    const random = randomOf(firstSeed);
    const at = looking(made);
    const [first = 0] = made.ends;
    // The pages of the schema are many and alike: one byte in seven of them.
    for (let place = 0; place < made.log.length; place += full ? (place < first ? 7 : 1) : 251) {
      at.flip(place, 1 << random.between(0, 7));
      expectNumbers(place, at.numbers(), wholeIn(made, place));
      at.flip(place, 0);
      counts.flips += 1;
    }
    expect(at.numbers()).toEqual(upTo(8));
    at.close();
  }, 3_600_000);

  it('is a store that goes on behind the commits before that byte', async () => {
    const made = await written(3);
    for (const place of someOf(made.ends[0] ?? 0, made.log.length, full ? 211 : 5_003)) {
      const wrong = Uint8Array.from(made.log);
      wrong[place] = (wrong[place] ?? 0) ^ 0x10;
      const { copy, remove } = copyOf(made, wrong);
      expect([place, await numbersIn(copy)]).toEqual([place, wholeIn(made, place)]);
      counts.stores += 1;
      remove();
    }
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
    counts.refusedWhenFull += 2;
    expect(await store.head()).toBe(kept);
    expect(await store.verify()).toEqual([]);
    limit(1_000_000);
    await store.commit(long(kept));
    await store.close();
    const again = await sqliteStore({ database: openDatabase(path()), clock: new FakeClock() });
    expect(await numbers(again)).toEqual(upTo(kept + 1));
    await again.close();
  });
});

/** Places in a range, a prime apart, so that they fall on all parts of a page. */
function someOf(from: number, to: number, apart: number): readonly number[] {
  return Array.from({ length: Math.ceil((to - from) / apart) }, (_, index) => from + index * apart);
}
