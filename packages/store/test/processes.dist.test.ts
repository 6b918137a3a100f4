import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FakeClock } from '@conductor/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { all } from '../src/conformance/store-fixture.js';
import { sqliteStore } from '../src/sqlite/store.js';
import { openDatabase, temporaryFolder } from './open-database.js';
import type { TemporaryFolder } from './open-database.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const path = () => folder.file('conductor.db');

interface Ended {
  readonly lines: readonly string[];
  readonly code: number | null;
  readonly errors: string;
}

/** Runs the writer; `onLine` may kill it. */
function write(
  stream: string,
  count: number,
  o: { readonly shell?: string; readonly onLine?: (line: string, kill: () => void) => void } = {},
): Promise<Ended> {
  const args = [fileURLToPath(new URL('./writer.mjs', import.meta.url)), path(), stream, String(count)];
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

async function stored() {
  const database = openDatabase(path());
  const check = database.prepare('PRAGMA integrity_check').get() as { integrity_check: string };
  const store = await sqliteStore({ database, clock: new FakeClock() });
  const log = await all(store.readAll());
  await store.close();
  expect(check.integrity_check).toBe('ok');
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  return log;
}

describe('processes that write one file', () => {
  it('lose nothing and leave no gap when two of them write at the same time', async () => {
    const ends = await Promise.all([write('track/a', 150), write('track/b', 150)]);
    for (const { code, errors, lines } of ends) {
      expect({ code, errors: errors.replace(/.*(ExperimentalWarning|trace-warnings).*\n/g, '') }).toEqual({
        code: 0,
        errors: '',
      });
      expect(lines).toHaveLength(150);
    }
    const log = await stored();
    expect(log).toHaveLength(600);
    for (const stream of ['track/a', 'track/b']) {
      const versions = log.filter((event) => event.stream === stream).map(({ version }) => version);
      expect(versions).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    }
  });

  it.each([1, 2, 7, 23, 61])('keep every acknowledged commit, whole, when one is killed after %i', async (last) => {
    const { lines, code } = await write('track/a', 100_000, {
      onLine: (line, kill) => {
        if (line === String(last)) kill();
      },
    });
    expect(code).toBeNull();
    const log = await stored();
    // The commit that was under way may be there or not, but never half.
    expect(log.length % 2).toBe(0);
    expect(log.length).toBeGreaterThanOrEqual(lines.length * 2);
    expect(log.length).toBeLessThanOrEqual((lines.length + 1) * 2);
  });

  it('tell a file that may not grow any more, and keep what was acknowledged', async () => {
    const { lines, code } = await write('track/a', 100_000, { shell: 'ulimit -f 400' });
    expect({ code, last: lines.at(-1) }).toEqual({ code: 3, last: 'STORE_FULL' });
    expect(await stored()).toHaveLength((lines.length - 1) * 2);
  });
});
