import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '@conductor/core';
import type { BranchExchange } from '@conductor/core/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitExchange } from './exchange.js';
import { gitRepository } from './repository.js';

const branch = 'conductor/run/run_1';

let outer: string;
const clone = (name: string) => join(outer, name);
const git = (folder: string, ...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=Jo', '-c', 'user.email=jo@example.com', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
const write = async (folder: string, path: string, text: string) => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
};

/** A commit of `files` in a clone, without moving its branch. */
async function commitIn(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) await write(folder, path, text);
  git(folder, 'add', '-A');
  git(folder, 'commit', '--quiet', '-m', 'work');
  return git(folder, 'rev-parse', 'HEAD');
}

beforeEach(async () => {
  outer = await mkdtemp(join(tmpdir(), 'conductor-exchange-'));
  git(outer, 'init', '--quiet', '--bare', '--initial-branch=main', 'shared.git');
  git(outer, 'clone', '--quiet', 'shared.git', 'engine');
  await commitIn(clone('engine'), { 'kept.txt': 'kept\n', 'gone.txt': 'gone\n', 'app/in.txt': 'in\n' });
  git(clone('engine'), 'push', '--quiet', 'origin', 'HEAD:main');
  git(outer, 'clone', '--quiet', '--branch=main', 'shared.git', 'worker');
});
afterEach(() => rm(outer, { recursive: true, force: true }));

describe('an exchange by a remote of git', () => {
  it('carries a commit from one clone to another, tells what it changes, and is gone when it was discarded', async () => {
    const [engine, worker] = [clone('engine'), clone('worker')];
    const [theirs, ours] = [gitExchange({ root: worker }), gitExchange({ root: engine })];
    const base = git(engine, 'rev-parse', 'HEAD');
    git(worker, 'rm', '--quiet', 'gone.txt');
    const commit = await commitIn(worker, { 'kept.txt': 'changed\n', 'new ä.txt': 'new\n' });
    await theirs.publish({ branch, commit });
    expect(await ours.fetch({ branch, base })).toEqual({
      commit,
      changes: [
        { path: 'gone.txt', change: 'deleted' },
        { path: 'kept.txt', change: 'modified' },
        { path: 'new ä.txt', change: 'added' },
      ],
    });
    expect(git(engine, 'rev-parse', 'HEAD')).toBe(base);
    const repository = gitRepository({ root: engine, clock: systemClock() });
    expect(await repository.integrate({ branch, key: 'p/t/1' })).toEqual({ sha: git(engine, 'rev-parse', 'HEAD') });
    await ours.discard(['conductor/base/run_1', branch]);
    await ours.discard([branch]);
    expect(git(clone('shared.git'), 'branch', '--list', 'conductor/*')).toBe('');
    expect(git(engine, 'branch', '--list', 'conductor/*')).toBe('');
    await expect(ours.fetch({ branch })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('publishes that branch alone, whatever a person has set for pushes', async () => {
    const worker = clone('worker');
    const commit = await commitIn(worker, { 'kept.txt': 'changed\n' });
    git(worker, 'tag', '--annotate', '-m', 'not yet', 'v1');
    git(worker, 'config', 'push.followTags', 'true');
    git(worker, 'config', 'push.gpgSign', 'true');
    await gitExchange({ root: worker }).publish({ branch, commit });
    expect(git(clone('shared.git'), 'for-each-ref', '--format=%(refname)')).toBe(
      `refs/heads/${branch}\nrefs/heads/main`,
    );
  });

  it('publishes again over what was there, also backwards', async () => {
    const [engine, worker] = [clone('engine'), clone('worker')];
    const [theirs, ours] = [gitExchange({ root: worker }), gitExchange({ root: engine })];
    const base = git(engine, 'rev-parse', 'HEAD');
    const commit = await commitIn(worker, { 'new.txt': 'new\n' });
    await theirs.publish({ branch, commit });
    await ours.fetch({ branch });
    await theirs.publish({ branch, commit: base });
    expect(await ours.fetch({ branch, base })).toEqual({ commit: base, changes: [] });
  });

  it('names files beside a project that is only a part of the repository', async () => {
    const worker = clone('worker');
    const base = git(worker, 'rev-parse', 'HEAD');
    const commit = await commitIn(worker, { 'app/in.txt': 'changed\n', 'kept.txt': 'changed\n' });
    await gitExchange({ root: worker }).publish({ branch, commit });
    const { changes } = await gitExchange({ root: join(clone('engine'), 'app') }).fetch({ branch, base });
    expect(changes.map(({ path }) => path)).toEqual(['../kept.txt', 'in.txt']);
  });

  it('takes the shared repository by path, and says what is missing where there is none', async () => {
    const worker = clone('worker');
    git(worker, 'remote', 'remove', 'origin');
    const commit = git(worker, 'rev-parse', 'HEAD');
    await expect(gitExchange({ root: worker }).publish({ branch, commit })).rejects.toMatchObject({
      code: 'CAPABILITY_MISSING',
    });
    await gitExchange({ root: worker, remote: clone('shared.git') }).publish({ branch, commit });
    expect(git(clone('shared.git'), 'rev-parse', branch)).toBe(commit);
  });

  it('reads and writes no branch but those of Conductor, and takes no option for a remote', async () => {
    const exchange: BranchExchange = gitExchange({ root: clone('worker') });
    for (const other of ['main', 'conductor/run', 'conductor/run/..', 'conductor/run/a b', '-conductor/a/b'])
      await expect(exchange.fetch({ branch: other })).rejects.toMatchObject({ code: 'ID_INVALID' });
    await expect(exchange.publish({ branch, commit: '--all' })).rejects.toMatchObject({ code: 'ID_INVALID' });
    expect(() => gitExchange({ root: outer, remote: '--upload-pack=x' })).toThrow('no remote of git');
  });
});
