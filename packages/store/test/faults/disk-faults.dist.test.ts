import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FakeClock } from '@conductor/core/testing';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { all } from '../../src/conformance/store-fixture.js';
import { sqliteStore } from '../../src/sqlite/store.js';
import { openDatabase, temporaryFolder } from '../open-database.js';
import type { TemporaryFolder } from '../open-database.js';
import { parseTrace, RecordedDisk } from './recorded-disk.js';
import type { Step } from './recorded-disk.js';

const tools = temporaryFolder();
afterAll(() => tools.remove());
const shim = buildShim();

/** Everything, as the campaign does it; else a part that costs a few seconds. */
const full = process.env['CONDUCTOR_PROVE'] === 'full';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** The library that stands between a process and its disk; `undefined` where none can be made. */
function buildShim(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const library = tools.file('shim.so');
  const source = fileURLToPath(new URL('./shim.c', import.meta.url));
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl', '-lpthread'], { stdio: 'pipe' });
    return library;
  } catch {
    return undefined; // no compiler: the tests below are skipped by name
  }
}

/** Lets a process commit `count` times over the shim; what it said, line by line. */
function write(count: number, o: { readonly fail?: string; readonly trace?: string } = {}): readonly string[] {
  const script = fileURLToPath(new URL('./writer.mjs', import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, [script, folder.file('conductor.db'), String(count)], {
    encoding: 'utf8',
    env: {
      ...process.env,
      LD_PRELOAD: shim,
      CONDUCTOR_FOLDER: folder.path,
      ...(o.fail !== undefined && { CONDUCTOR_FAIL: o.fail }),
      ...(o.trace !== undefined && { CONDUCTOR_TRACE: o.trace }),
    },
  });
  expect(status).toBe(0);
  return stdout.trim().split('\n');
}

const numbersOf = (said: readonly string[], word: string) =>
  said.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(' ')[1]));

/** The numbers of the commits in a store; fails for one that is half there, or out of place. */
async function commitsIn(path: string): Promise<readonly number[]> {
  const store = await sqliteStore({ database: openDatabase(path), clock: new FakeClock() });
  expect(await store.verify()).toEqual([]);
  const parts = (await all(store.readAll())).map(({ data }) => data as { readonly n: number; readonly part: number });
  await store.close();
  expect(parts.map(({ part }) => part)).toEqual(parts.map((_, index) => (index % 2) + 1));
  return parts.filter(({ part }) => part === 1).map(({ n }) => n);
}

describe.skipIf(shim === undefined)('SQLite over a disk that loses what was not synced (shim by cc)', () => {
  it('has every acknowledged commit and no half one, whenever the power is cut and whatever the disk has kept', async () => {
    const trace = tools.file('trace');
    const count = full ? 40 : 5;
    expect(write(count, { trace }).at(-1)).toBe('closed');
    const steps = parseTrace(readFileSync(trace));
    const disk = new RecordedDisk();
    const random = randomBits(7);
    let acknowledged = 0;
    let cuts = 0;
    const lost = new Set<number>();
    const check = async (keeps: () => boolean, name: string) => {
      const files = disk.after(keeps);
      const path = tools.file(`${name}.db`);
      for (const suffix of ['', '-wal', '-journal']) {
        const bytes = files.get(`conductor.db${suffix}`);
        if (bytes !== undefined) writeFileSync(path + suffix, bytes);
      }
      if (!existsSync(path)) return expect(acknowledged).toBe(0);
      const found = await commitsIn(path);
      expect(found).toEqual(upTo(found.length));
      expect([name, found.length >= acknowledged, found.length <= acknowledged + 1]).toEqual([name, true, true]);
      lost.add(found.length - acknowledged);
      cuts += 1;
    };
    for (const [index, step] of steps.entries()) {
      disk.apply(step);
      acknowledged += isYes(step) ? 1 : 0;
      if (!full && step.do === 'write' && index % 5 !== 0) continue;
      // Before the first answer the database may not be there as a whole: it is made anew.
      await check(() => false, `none-${index}`);
      await check(() => true, `all-${index}`);
      await check(() => random() === 1, `some-${index}`);
    }
    expect(acknowledged).toBe(count);
    expect(cuts).toBeGreaterThan(full ? 1_000 : 100);
    expect([...lost].sort()).toEqual([0, 1]); // a commit that was under way is there or not
  }, 600_000);

  it('shows that a disk which drops what was synced is found out', async () => {
    const trace = tools.file('trace-lying');
    write(4, { trace });
    const steps = parseTrace(readFileSync(trace)).filter(
      (step) => step.do !== 'sync' || step.file !== 'conductor.db-wal',
    );
    const disk = new RecordedDisk();
    for (const step of steps.slice(0, steps.findIndex((step) => isYes(step)) + 1)) disk.apply(step);
    const path = tools.file('lying.db');
    for (const [file, bytes] of disk.after(() => false)) writeFileSync(path + file.slice('conductor.db'.length), bytes);
    expect(await commitsIn(path)).toEqual([]); // one was acknowledged
  });
});

describe.skipIf(shim === undefined)('SQLite over a disk that fails (shim by cc)', () => {
  const eio = 5;

  it.each(full ? upTo(16) : [2, 5, 7, 8, 10])(
    'acknowledges nothing behind a sync that failed, and loses nothing that it had: the sync %i',
    async (nth) => {
      const said = write(5, { fail: `sync:${nth}:${eio}` });
      const yes = numbersOf(said, 'yes');
      expect(yes).toEqual(upTo(yes.length));
      const refused = said.filter((line) => line.startsWith('no '));
      // The one that was under way may be there or not; all behind it are known not to be.
      expect(refused).toEqual(
        upTo(5)
          .slice(yes.length)
          .map((n, index) => `no ${n} ${index === 0 ? 'COMMIT_UNKNOWN' : 'STORE_FAILED'}`)
          .slice(0, refused.length),
      );
      const found = await commitsIn(folder.file('conductor.db'));
      expect([yes.length, yes.length + Math.min(1, refused.length)]).toContain(found.length);
      expect(found).toEqual(upTo(found.length));
    },
  );

  it('refuses what cannot be written, whole, wherever it fails', async () => {
    const codes = new Set<string>();
    for (const nth of full ? upTo(120) : [2, 75, 79, 85]) {
      folder.remove();
      folder = temporaryFolder();
      const said = write(5, { fail: `write:${nth}:${eio}` });
      for (const line of said) if (/^(?:no|failed) /u.test(line)) codes.add(line.split(' ').at(-1) ?? '');
      const yes = numbersOf(said, 'yes');
      const found = await commitsIn(folder.file('conductor.db'));
      expect([nth, found.filter((n) => !yes.includes(n) && !said.includes(`no ${n} COMMIT_UNKNOWN`))]).toEqual([
        nth,
        [],
      ]);
      expect([nth, yes.filter((n) => !found.includes(n))]).toEqual([nth, []]);
    }
    expect([...codes].every((code) => ['STORE_FULL', 'STORE_FAILED', 'COMMIT_UNKNOWN'].includes(code))).toBe(true);
    expect(codes.size).toBeGreaterThan(0);
  }, 3_600_000);
});

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const isYes = (step: Step) => step.do === 'say' && step.text.startsWith('yes ');

/** Bits from a linear congruential generator (Numerical Recipes): the same ones each time. */
function randomBits(seed: number): () => 0 | 1 {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state > 0x7fff_ffff ? 1 : 0;
  };
}
