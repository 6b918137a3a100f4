import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { systemClock } from '@conductor/core';
import { silentLogger } from '@conductor/core/ports';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from './temporary-folder.js';

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'conductor-temporary-'));
});
afterEach(() => rm(state, { recursive: true }));

const open = () => temporaryFolder(state, { clock: systemClock(), logger: silentLogger });
const left = async (name: string) => {
  await mkdir(join(state, 'tmp', name), { recursive: true });
  await writeFile(join(state, 'tmp', name, 'assignment.json'), '{}');
};

it('removes what killed processes left, and nothing of those that live or that nobody can look at', async () => {
  const own = basename((await open()).path);
  const space = own.split('-')[0] ?? '';
  const { pid } = spawnSync('true');
  const gone = `${space}-${pid}`;
  for (const name of [own, gone, '1-2', '1-3', 'somebody-else']) await left(name);
  await utimes(join(state, 'tmp', '1-3'), 1, 1);
  await open();
  expect((await readdir(join(state, 'tmp'))).toSorted()).toEqual([own, '1-2', 'somebody-else'].toSorted());
});

it('goes with its process, unless somebody still uses it', async () => {
  const first = await open();
  await first.close();
  await mkdir(first.path, { recursive: true });
  await writeFile(join(first.path, 'half'), '');
  await first.close();
  expect(await readdir(first.path)).toEqual(['half']);
  await rm(join(first.path, 'half'));
  await first.close();
  expect(await readdir(join(state, 'tmp'))).toEqual([]);
});
