import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@conductor/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitExchange } from './exchange.js';
import { gitWorkFolders } from './work-folders.js';

let outer: string;
let base: { readonly branch: string; readonly commit: string };
const at = (...path: readonly string[]) => join(outer, ...path);
const git = (folder: string, ...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=Jo', '-c', 'user.email=jo@example.com', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
const foldersOf = () => gitWorkFolders({ root: at('worker'), clock: systemClock(), worktrees: at('copies') });

beforeEach(async () => {
  outer = await mkdtemp(join(tmpdir(), 'conductor-folders-'));
  git(outer, 'init', '--quiet', '--bare', '--initial-branch=main', 'shared.git');
  git(outer, 'clone', '--quiet', 'shared.git', 'engine');
  await writeFile(at('engine', 'a.txt'), 'a\n');
  git(at('engine'), 'add', '-A');
  git(at('engine'), 'commit', '--quiet', '-m', 'first');
  git(outer, 'clone', '--quiet', 'shared.git', 'worker');
  base = { branch: 'conductor/base/run_1', commit: git(at('engine'), 'rev-parse', 'HEAD') };
  await gitExchange({ root: at('engine') }).publish(base);
});
afterEach(() => rm(outer, { recursive: true, force: true }));

describe('folders of a worker', () => {
  it('are fresh copies of what the engine has committed, and hand over what was made in them', async () => {
    const folder = await foldersOf().open({ runId: 'run_1', base });
    await folder.workspace.replace('b.txt', new TextEncoder().encode('b\n'));
    await folder.workspace.replace('scratch.txt', new TextEncoder().encode('no work\n'));
    expect(await folder.changed()).toEqual(['b.txt', 'scratch.txt']);
    const branch = 'conductor/run/run_1';
    const { commit } = await folder.handOver({ branch, paths: ['b.txt'], message: 'feat: b', key: 'p/t/1' });
    await folder.close();
    expect(await readdir(at('copies'))).toEqual([]);
    expect(git(at('worker'), 'branch', '--list', 'conductor/*')).toBe('');
    expect(await gitExchange({ root: at('engine') }).fetch({ branch, base: base.commit })).toEqual({
      commit,
      changes: [{ path: 'b.txt', change: 'added' }],
    });
    expect(git(at('engine'), 'log', '-1', '--format=%B', commit)).toContain('Conductor-Key: p/t/1');
  });

  it('hand over what an agent has committed by itself', async () => {
    const folder = await foldersOf().open({ runId: 'run_1', base });
    const { root } = folder.workspace;
    await writeFile(join(root, 'b.txt'), 'b\n');
    git(root, 'add', '-A');
    git(root, 'commit', '--quiet', '-m', 'mine');
    expect(await folder.changed()).toEqual(['b.txt']);
    const handed = { branch: 'conductor/run/run_1', paths: ['b.txt'], message: 'feat: b', key: 'p/t/1' };
    expect(await folder.handOver(handed)).toEqual({ commit: git(root, 'rev-parse', 'HEAD') });
    await folder.close();
  });

  it('of a worker that was killed are removed by the next one, and no others', async () => {
    const [left, other] = [await foldersOf().open({ runId: 'run_1', base }), at('mine')];
    git(at('worker'), 'worktree', 'add', '--quiet', other, base.commit);
    await foldersOf().remove('run_1');
    await foldersOf().remove('run_1');
    expect([existsSync(left.workspace.root), existsSync(other)]).toEqual([false, true]);
  });

  it('cannot be had without the branch that the engine published', async () => {
    const gone = { ...base, branch: 'conductor/base/run_2' };
    await expect(foldersOf().open({ runId: 'run_2', base: gone })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });
});
