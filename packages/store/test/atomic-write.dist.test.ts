import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@conductor/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileWorkspace } from '../src/file/workspace.js';
import { temporaryFolder } from './open-database.js';
import type { TemporaryFolder } from './open-database.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const script = fileURLToPath(new URL('dying-writer.mjs', import.meta.url));
const name = 'state.json';
const before = JSON.stringify({ text: 'before'.repeat(2_000) });
const after = JSON.stringify({ text: 'after'.repeat(3_000) });

/** A process that replaces the file and dies before its n-th call; the calls that it came to, of which it did not make the last. */
function replaceAndDieAt(n: number): readonly string[] {
  const { stdout, signal, status, stderr } = spawnSync(process.execPath, [script, folder.path, after, String(n)], {
    encoding: 'utf8',
  });
  expect([signal ?? status, stderr]).toEqual([signal === 'SIGKILL' ? 'SIGKILL' : 0, '']);
  return stdout.trim().split('\n');
}

it('writes a file as a whole or not at all: a crash between the temporary file and its new name leaves the old one [T-13]', async () => {
  const files = fileWorkspace({ root: folder.path, clock: systemClock() });
  const died: string[] = [];
  for (let n = 1; died.at(-1) !== 'done'; n += 1) {
    folder.files().forEach((file) => rmSync(folder.file(file)));
    writeFileSync(folder.file(name), before);
    const calls = replaceAndDieAt(n);
    const last = calls.at(-1) ?? '';
    died.push(last);
    const renamed = calls.slice(0, -1).includes('rename');
    expect([last, readFileSync(folder.file(name), 'utf8')]).toEqual([last, renamed ? after : before]);
    if (last === 'rename') {
      const left = readdirSync(folder.path).filter((file) => file !== name);
      expect(left.map((file) => readFileSync(folder.file(file), 'utf8'))).toEqual([after]); // whole, and nobody's yet
    }
    // The next one finds nothing in its way, and what the dead one left is no file of the project.
    const found: string[] = [];
    for await (const { path } of files.list('**')) found.push(path);
    expect(found).toEqual([name]);
    await files.replace(name, new TextEncoder().encode('next'));
    expect(readFileSync(folder.file(name), 'utf8')).toBe('next');
  }
  expect(died).toEqual(expect.arrayContaining(['open', 'begin', 'end', 'chmod', 'rename', 'done']));
});
