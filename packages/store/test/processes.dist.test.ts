import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FakeClock } from '@conductor/core/testing';
import type { Store } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { all } from '../src/conformance/store-fixture.js';
import { fileStore } from '../src/file/log/file-store.js';
import { nodeLogFiles } from '../src/file/log/log-files.js';
import { databaseLock } from '../src/sqlite/database-lock.js';
import { sqliteStore } from '../src/sqlite/store.js';
import { openDatabase, temporaryFolder } from './open-database.js';
import type { TemporaryFolder } from './open-database.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

type Driver = 'sqlite' | 'file';
const path = (driver: Driver) => folder.file(driver === 'sqlite' ? 'conductor.db' : 'log');

interface Ended {
  readonly lines: readonly string[];
  readonly code: number | null;
  readonly errors: string;
}

/** Runs the writer; `onLine` may kill it. */
function write(
  driver: Driver,
  stream: string,
  count: number,
  o: { readonly shell?: string; readonly onLine?: (line: string, kill: () => void) => void } = {},
): Promise<Ended> {
  const args = [fileURLToPath(new URL('./writer.mjs', import.meta.url)), driver, path(driver), stream, String(count)];
  const [command, ...rest] =
    o.shell === undefined
      ? [process.execPath, ...args]
      : ['sh', '-c', `${o.shell}; exec "$0" "$@"`, process.execPath, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let text = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (text + chunk).split('\n');
    text = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      o.onLine?.(line, () => child.kill('SIGKILL'));
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ lines, code, errors }));
  });
}

async function open(driver: Driver): Promise<Store> {
  const clock = new FakeClock();
  if (driver === 'file')
    return fileStore({
      files: nodeLogFiles(path(driver)),
      lock: databaseLock(openDatabase(`${path(driver)}.lock`)),
      clock,
    });
  const database = openDatabase(path(driver));
  const check = database.prepare('PRAGMA integrity_check').get() as { integrity_check: string }; // named in the statement
  expect(check.integrity_check).toBe('ok');
  return sqliteStore({ database, clock });
}

async function stored(driver: Driver) {
  const store = await open(driver);
  const log = await all(store.readAll());
  await store.close();
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  return log;
}

describe.each(['sqlite', 'file'] as const)('processes that write one %s store', (driver) => {
  it('lose nothing and leave no gap when two of them write at the same time', async () => {
    const ends = await Promise.all([write(driver, 'track/a', 150), write(driver, 'track/b', 150)]);
    for (const { code, errors, lines } of ends) {
      expect({ code, errors: errors.replace(/.*(ExperimentalWarning|trace-warnings).*\n/g, '') }).toEqual({
        code: 0,
        errors: '',
      });
      expect(lines).toHaveLength(150);
    }
    const log = await stored(driver);
    expect(log).toHaveLength(600);
    for (const stream of ['track/a', 'track/b']) {
      const versions = log.filter((event) => event.stream === stream).map(({ version }) => version);
      expect(versions).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    }
    // The files were written anew meanwhile, by one process or the other.
    if (driver === 'file') expect(readdirSync(path(driver)).filter((name) => name.startsWith('base-'))).toHaveLength(1);
  });

  it.each([1, 2, 7, 23, 61])('keep every acknowledged commit, whole, when one is killed after %i', async (last) => {
    const { lines, code } = await write(driver, 'track/a', 100_000, {
      onLine: (line, kill) => {
        if (line === String(last)) kill();
      },
    });
    expect(code).toBeNull();
    const log = await stored(driver);
    // The commit that was under way may be there or not, but never half.
    expect(log.length % 2).toBe(0);
    expect(log.length).toBeGreaterThanOrEqual(lines.length * 2);
    expect(log.length).toBeLessThanOrEqual((lines.length + 1) * 2);
  });

  it('tell a file that may not grow any more, and keep what was acknowledged', async () => {
    const { lines, code } = await write(driver, 'track/a', 100_000, { shell: 'ulimit -f 400' });
    expect({ code, last: lines.at(-1) }).toEqual({ code: 3, last: 'STORE_FULL' });
    expect(await stored(driver)).toHaveLength((lines.length - 1) * 2);
  });
});

it('copies a SQLite store while other processes write: each copy is a sound store with the beginning of the log', async () => {
  const store = await sqliteStore({ database: openDatabase(path('sqlite')), clock: new FakeClock() });
  let copies = 0;
  const made: Promise<void>[] = [];
  const copyNow = (line: string) => {
    if (Number(line) % 40 !== 0) return;
    copies += 1;
    made.push(store.copyTo(folder.file(`copy-${copies}.db`)));
  };
  const ends = await Promise.all(['run/a', 'run/b'].map((stream) => write('sqlite', stream, 120, { onLine: copyNow })));
  await Promise.all(made);
  const log = await all(store.readAll());
  await store.close();
  expect([ends.map(({ code }) => code), log.length, copies]).toEqual([[0, 0], 480, 6]);
  for (let copy = 1; copy <= copies; copy += 1) {
    const found = await sqliteStore({ database: openDatabase(folder.file(`copy-${copy}.db`)), clock: new FakeClock() });
    const beginning = await all(found.readAll());
    expect(beginning).toEqual(log.slice(0, beginning.length));
    expect([beginning.length % 2, beginning.length > 0, await found.verify()]).toEqual([0, true, []]);
    await found.close();
  }
});
