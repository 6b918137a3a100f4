import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FakeClock } from '@conductor/core/testing';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { all } from '../../src/conformance/store-fixture.js';
import { sqliteStore } from '../../src/sqlite/store.js';
import { firstSeed, full, proof } from '../../../../proof.shared.js';
import { randomOf } from '../prove/random.js';
import { openDatabase, temporaryFolder } from '../open-database.js';
import type { TemporaryFolder } from '../open-database.js';
import { parseTrace, RecordedDisk } from './recorded-disk.js';
import type { Step } from './recorded-disk.js';

const tools = temporaryFolder();
afterAll(() => tools.remove());
const shim = buildShim();

const counts = { powerCuts: 0, failedSyncs: 0, failedWrites: 0 };
/** What was refused behind a failure, by code. */
const refusals = new Set<string>();
proof('disks', {
  part: 'sqlite: a disk that fails',
  proves:
    'Whatever is lost of what was not synced when the power is cut, and whichever write or sync fails with EIO: every acknowledged commit is there, none half, and after a failed sync none is acknowledged.',
  facts: () => ({
    seed: firstSeed,
    commits: { powerCut: commitsCut, eio: commitsEio },
    ...counts,
    refusals: [...refusals],
  }),
});

/** Commits of a process whose disk is recorded, and of one whose disk fails. */
const commitsCut = full ? 40 : 5;
const commitsEio = 5;

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

/** What a process does to its disk that commits `count` times. */
function recorded(count: number): readonly Step[] {
  const trace = tools.file('trace');
  rmSync(trace, { force: true });
  expect(write(count, { trace }).at(-1)).toBe('closed');
  return parseTrace(readFileSync(trace));
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
    const steps = recorded(commitsCut);
    const disk = new RecordedDisk();
    const random = randomOf(firstSeed);
    let acknowledged = 0;
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
      counts.powerCuts += 1;
    };
    for (const [index, step] of steps.entries()) {
      disk.apply(step);
      acknowledged += isYes(step) ? 1 : 0;
      if (!full && step.do === 'write' && index % 5 !== 0) continue;
      // Before the first answer the database may not be there as a whole: it is made anew.
      await check(() => false, `none-${index}`);
      await check(() => true, `all-${index}`);
      await check(() => random.chance(0.5), `some-${index}`);
    }
    expect(acknowledged).toBe(commitsCut);
    expect(counts.powerCuts).toBeGreaterThan(full ? 1_000 : 100);
    expect([...lost].sort()).toEqual([0, 1]); // a commit that was under way is there or not
  }, 600_000);

  it('shows that a disk which drops what was synced is found out', async () => {
    const steps = recorded(4).filter((step) => step.do !== 'sync' || step.file !== 'conductor.db-wal');
    const disk = new RecordedDisk();
    for (const step of steps.slice(0, steps.findIndex((step) => isYes(step)) + 1)) disk.apply(step);
    const path = tools.file('lying.db');
    for (const [file, bytes] of disk.after(() => false)) writeFileSync(path + file.slice('conductor.db'.length), bytes);
    expect(await commitsIn(path)).toEqual([]); // one was acknowledged
  });
});

describe.skipIf(shim === undefined)('SQLite over a disk that fails (shim by cc)', () => {
  const eio = 5;

  it('acknowledges nothing behind a sync that failed, and loses nothing that it had', async () => {
    const syncs = recorded(commitsEio).filter(({ do: step }) => step === 'sync').length;
    for (const nth of full ? upTo(syncs) : [2, 5, 7, 8, 10]) {
      const said = writeAnew({ fail: `sync:${nth}:${eio}` });
      const yes = numbersOf(said, 'yes');
      expect(yes).toEqual(upTo(yes.length));
      const refused = said.filter((line) => line.startsWith('no '));
      // The one that was under way may be there or not; all behind it are known not to be.
      expect([nth, ...refused]).toEqual([
        nth,
        ...upTo(commitsEio)
          .slice(yes.length)
          .map((n, index) => `no ${n} ${index === 0 ? 'COMMIT_UNKNOWN' : 'STORE_FAILED'}`)
          .slice(0, refused.length),
      ]);
      const found = await commitsIn(folder.file('conductor.db'));
      expect([yes.length, yes.length + Math.min(1, refused.length)]).toContain(found.length);
      expect([nth, ...found]).toEqual([nth, ...upTo(found.length)]);
      noteRefusals(said);
      counts.failedSyncs += 1;
    }
  }, 3_600_000);

  it('refuses what cannot be written, whole, wherever it fails', async () => {
    const writes = recorded(commitsEio).filter(({ do: step }) => step === 'write').length;
    const codes = new Set<string>();
    for (const nth of full ? upTo(writes) : [2, 75, 79, 85]) {
      const said = writeAnew({ fail: `write:${nth}:${eio}` });
      for (const code of noteRefusals(said)) codes.add(code);
      const yes = numbersOf(said, 'yes');
      const found = await commitsIn(folder.file('conductor.db'));
      const unknown = found.filter((n) => !yes.includes(n) && !said.includes(`no ${n} COMMIT_UNKNOWN`));
      expect([nth, unknown, yes.filter((n) => !found.includes(n))]).toEqual([nth, [], []]);
      counts.failedWrites += 1;
    }
    expect([...codes].every((code) => ['STORE_FULL', 'STORE_FAILED', 'COMMIT_UNKNOWN'].includes(code))).toBe(true);
    expect(codes.size).toBeGreaterThan(0);
  }, 3_600_000);

  /** In an empty folder. */
  function writeAnew(how: { readonly fail: string }): readonly string[] {
    folder.remove();
    folder = temporaryFolder();
    return write(commitsEio, how);
  }
});

/** The codes in what a process said. */
function noteRefusals(said: readonly string[]): readonly string[] {
  const codes = said.filter((line) => /^(?:no|failed) /u.test(line)).map((line) => line.split(' ').at(-1) ?? '');
  for (const code of codes) refusals.add(code);
  return codes;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const isYes = (step: Step) => step.do === 'say' && step.text.startsWith('yes ');
