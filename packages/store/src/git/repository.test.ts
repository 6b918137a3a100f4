import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '@conductor/core';
import type { Repository } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { messageWith } from './commit.js';
import { gitRepository } from './repository.js';
import { parseStatus } from './status.js';

const key = 'project_1/greet_20260101:EXECUTE:t1:1';

let outer: string;
let root: string;
let repository: Repository;

/** Git as a person uses it, with an identity of its own and no settings of this machine. */
const git = (...args: readonly string[]) => gitIn(root, ...args);
const gitIn = (folder: string, ...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();

const write = async (path: string, text: string) => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
};
const lastFiles = () => git('show', '--format=', '--name-status', '-z', 'HEAD').split('\0').filter(Boolean);

async function fresh(): Promise<void> {
  outer = await realpath(await mkdtemp(join(tmpdir(), 'conductor-git-')));
  root = join(outer, 'project');
  await mkdir(root);
  git('init', '--quiet', '--initial-branch=main');
  repository = gitRepository({ root, clock: systemClock(), worktrees: join(outer, 'trees') });
}

async function firstCommit(): Promise<string> {
  await write('README.md', 'one\n');
  git('add', '-A');
  git('commit', '--quiet', '-m', 'first');
  return git('rev-parse', 'HEAD');
}

beforeEach(fresh);
afterEach(() => rm(outer, { recursive: true, force: true }));

describe('status', () => {
  it('knows a folder without a repository, and one that is gone', async () => {
    expect(await gitRepository({ root: outer, clock: systemClock() }).status()).toEqual({ kind: 'none', changed: [] });
    expect(await repository.status({ folder: join(outer, 'nowhere') })).toEqual({ kind: 'none', changed: [] });
  });

  it('knows a repository without a commit', async () => {
    await write('a b.txt', '');
    expect(await repository.status()).toEqual({ kind: 'empty', branch: 'main', changed: ['a b.txt'] });
  });

  it('lists what changed by its plain name, sorted, without what is ignored', async () => {
    const head = await firstCommit();
    await write('.gitignore', 'build/\n');
    await write('build/out.js', '');
    await write('Größe "x".md', '');
    await write('a/-v', '');
    await rm(join(root, 'README.md'));
    expect(await repository.status()).toEqual({
      kind: 'ready',
      head,
      branch: 'main',
      changed: ['.gitignore', 'Größe "x".md', 'README.md', 'a/-v'].sort(),
    });
  });

  it('knows a detached head and an unfinished merge', async () => {
    await firstCommit();
    git('checkout', '--quiet', '--detach');
    expect(await repository.status()).toMatchObject({ kind: 'detached' });
    git('checkout', '--quiet', '-b', 'other', 'main');
    await write('README.md', 'other\n');
    git('commit', '--quiet', '-am', 'other');
    git('checkout', '--quiet', 'main');
    await write('README.md', 'main\n');
    git('commit', '--quiet', '-am', 'main');
    expect(() => git('merge', '--quiet', 'other')).toThrow('merge');
    expect(await repository.status()).toMatchObject({ kind: 'busy', branch: 'main', changed: ['README.md'] });
    await expect(repository.commit({ paths: ['README.md'], message: 'x', key })).rejects.toMatchObject({
      code: 'REPO_BUSY',
    });
  });

  it('speaks of a project in a folder of the repository by its own paths', async () => {
    await firstCommit();
    await write('packages/one/a.txt', '');
    await write('elsewhere.txt', '');
    expect((await repository.status({ folder: join(root, 'packages/one') })).changed).toEqual(['a.txt']);
  });

  it('reads unmerged, changed and untracked entries, and no repository within the repository', () => {
    const line = (kind: string, fields: number, path: string) => [kind, ...Array(fields - 1).fill('x'), path].join(' ');
    const text = [
      '# branch.oid (initial)',
      '# branch.head main',
      line('u', 10, 'p/u u'),
      line('1', 8, 'p/c'),
      '? p/n',
      '? p/r/',
    ];
    expect(parseStatus(`${text.join('\0')}\0`, 'p/')).toEqual({
      head: undefined,
      branch: 'main',
      changed: ['c', 'n', 'u u'],
    });
  });
});

describe('commit', () => {
  it('commits the listed paths and nothing else, new, changed and deleted ones alike', async () => {
    await firstCommit();
    await write('gone.txt', 'gone');
    git('add', '-A');
    git('commit', '--quiet', '-m', 'second');
    await write('README.md', 'two\n');
    await write('src/new.ts', 'new');
    await write('other.txt', 'not ours');
    await rm(join(root, 'gone.txt'));
    const paths = ['README.md', 'src', 'gone.txt', 'never-there.txt'];
    const { sha } = await repository.commit({ paths, message: 'feat: do it', key });
    expect(sha).toBe(git('rev-parse', 'HEAD'));
    expect(lastFiles()).toEqual(['M', 'README.md', 'D', 'gone.txt', 'A', 'src/new.ts']);
    expect((await repository.status()).changed).toEqual(['other.txt']);
  });

  it('leaves staged what a person has staged', async () => {
    await firstCommit();
    await write('mine.txt', 'mine');
    git('add', 'mine.txt');
    await write('task.txt', 'task');
    await repository.commit({ paths: ['task.txt'], message: 'task', key });
    expect(lastFiles()).toEqual(['A', 'task.txt']);
    expect(git('diff', '--cached', '--name-only')).toBe('mine.txt');
  });

  it('commits nothing when nothing has changed or all of it is ignored', async () => {
    const head = await firstCommit();
    await write('.git/info/exclude', 'ignored.txt\n');
    await write('ignored.txt', 'x');
    expect(await repository.commit({ paths: ['ignored.txt', 'README.md', 'none'], message: 'x', key })).toEqual({});
    expect(git('rev-parse', 'HEAD')).toBe(head);
  });

  it.each(['*', '-A', ':(glob)**', '--amend', '$(touch pwned)', 'a b\'"c'])(
    'takes %s for a plain name',
    async (name) => {
      await firstCommit();
      await writeFile(join(root, name.replaceAll(/[*:"]/g, '_')), 'x');
      await write('bystander.txt', 'x');
      const safe = !/[*:"]/.test(name);
      const commit = repository.commit({ paths: [name], message: 'x', key });
      if (!safe) return expect(commit).rejects.toMatchObject({ code: 'PATH_UNSAFE' });
      expect(await commit).toMatchObject({ sha: expect.any(String) as string });
      expect(lastFiles()).toEqual(['A', name]);
    },
  );

  it('takes brackets in a name for no pattern', async () => {
    await write('pages/[id].ts', 'x');
    await write('pages/i.ts', 'x');
    await firstCommit();
    await write('pages/[id].ts', 'changed');
    await write('pages/i.ts', 'changed');
    await repository.commit({ paths: ['pages/[id].ts'], message: 'x', key });
    expect(lastFiles()).toEqual(['M', 'pages/[id].ts']);
  });

  it.each(['../outside.txt', '/etc/passwd', 'a/../../b'])('refuses the path %s', async (path) => {
    await firstCommit();
    await expect(repository.commit({ paths: [path], message: 'x', key })).rejects.toMatchObject({
      code: 'PATH_UNSAFE',
    });
  });

  it('refuses before the first commit, on a detached head and outside a repository', async () => {
    await write('a.txt', '');
    const commit = (folder?: string) =>
      repository.commit({ paths: ['a.txt'], message: 'x', key, ...(folder === undefined ? {} : { folder }) });
    await expect(commit()).rejects.toMatchObject({ code: 'REPO_BUSY', details: { kind: 'empty' } });
    await firstCommit();
    git('checkout', '--quiet', '--detach');
    await expect(commit()).rejects.toMatchObject({ code: 'REPO_BUSY', details: { kind: 'detached' } });
    await expect(commit(outer)).rejects.toMatchObject({ code: 'CAPABILITY_MISSING' });
  });

  it('waits for another git, and says so when that one does not end', async () => {
    await firstCommit();
    await write('a.txt', '');
    await write('.git/index.lock', '');
    const clock = new FakeClock();
    const waiting = gitRepository({ root, clock }).commit({ paths: ['a.txt'], message: 'x', key });
    waiting.catch(() => {});
    let open = true;
    void waiting.finally(() => (open = false)).catch(() => {});
    while (open) await clock.advance(50);
    await expect(waiting).rejects.toMatchObject({ code: 'REPO_BUSY', retryable: true });
    await rm(join(root, '.git/index.lock'));
    expect(await repository.commit({ paths: ['a.txt'], message: 'x', key })).toHaveProperty('sha');
  });

  it('goes on when the other git has ended', async () => {
    await firstCommit();
    await write('a.txt', '');
    await write('.git/index.lock', '');
    const clock = new FakeClock();
    const waiting = gitRepository({ root, clock }).commit({ paths: ['a.txt'], message: 'x', key });
    while (clock.pending === 0) await clock.turn();
    await rm(join(root, '.git/index.lock'));
    await clock.advance(50);
    expect(await waiting).toHaveProperty('sha');
  });

  describe('a lock that a git of a killed engine left', () => {
    const marker = '.git/conductor-commit.json';
    const lock = '.git/index.lock';
    /** Git takes real time, the waits between none. */
    const commit = async () => {
      const clock = new FakeClock();
      const waiting = gitRepository({ root, clock }).commit({ paths: ['a.txt'], message: 'x', key });
      let open = true;
      const close = () => (open = false);
      waiting.then(close, close);
      while (open) await clock.advance(50);
      return waiting;
    };
    const own = async () => ({
      pid: process.pid,
      host: hostname(),
      boot: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
      pids: await readlink('/proc/self/ns/pid'),
    });
    const gone = () => spawnSync('true').pid;
    const leave = async (owner: object, locks = [lock]) => {
      await firstCommit();
      await write('a.txt', '');
      await write(marker, JSON.stringify(owner));
      for (const path of locks) await write(path, '');
    };

    it.each([[[lock]], [[lock, '.git/HEAD.lock', '.git/refs/heads/main.lock']]])('is taken away: %s', async (locks) => {
      await leave({ ...(await own()), pid: gone() }, locks);
      expect(await commit()).toHaveProperty('sha');
      expect(await readdir(join(root, '.git'))).not.toContain('conductor-commit.json');
    });

    it('is taken away when the machine was started anew since', async () => {
      await leave({ ...(await own()), boot: 'an earlier one', pids: 'others' });
      expect(await commit()).toHaveProperty('sha');
    });

    it.each([
      ['its engine lives', async () => ({ ...(await own()), pid: process.ppid })],
      ['its engine ran elsewhere', async () => ({ ...(await own()), pid: gone(), host: 'elsewhere' })],
      ['its engine ran in another container', async () => ({ ...(await own()), pid: gone(), pids: 'others' })],
      ['nobody knows whose it is', async () => ({})],
    ])('stays when %s', async (_why, owner) => {
      await leave(await owner());
      await expect(commit()).rejects.toMatchObject({ code: 'REPO_BUSY' });
    });

    it('stays when it is older than what the engine did', async () => {
      await leave({ ...(await own()), pid: gone() });
      await utimes(join(root, lock), 1, 1);
      await expect(commit()).rejects.toMatchObject({ code: 'REPO_BUSY' });
    });

    it('stays while a git works in this tree', async () => {
      await leave({ ...(await own()), pid: gone() });
      const busy = spawn('git', ['cat-file', '--batch'], { cwd: root, stdio: ['pipe', 'ignore', 'ignore'] });
      await expect(commit()).rejects.toMatchObject({ code: 'REPO_BUSY' });
      busy.stdin.end();
      await once(busy, 'close');
    });
  });

  it('runs no hook, asks for no signature, and commits as Conductor where nobody is named', async () => {
    await firstCommit();
    git('config', 'commit.gpgSign', 'true');
    git('config', 'user.name', '');
    git('config', 'user.email', '');
    await writeFile(join(root, '.git/hooks/pre-commit'), '#!/bin/sh\ntouch hook-ran\nexit 1\n', { mode: 0o755 });
    await writeFile(join(root, '.git/hooks/post-commit'), '#!/bin/sh\ntouch hook-ran\n', { mode: 0o755 });
    await write('a.txt', '');
    await repository.commit({ paths: ['a.txt'], message: 'x', key });
    expect(git('log', '-1', '--format=%an <%ae>')).toBe('Conductor <conductor@localhost>');
    expect((await repository.status()).changed).toEqual([]);
  });

  it('rejects with the reason of a signal that has aborted', async () => {
    const head = await firstCommit();
    await write('a.txt', '');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(repository.commit({ paths: ['a.txt'], message: 'x', key, signal })).rejects.toThrow('enough');
    await expect(repository.status({ signal })).rejects.toThrow('enough');
    await expect(repository.findKey(key, { signal })).rejects.toThrow('enough');
    expect(git('rev-parse', 'HEAD')).toBe(head);
  });
});

describe('the key of a commit', () => {
  const commit = async (name: string, message: string, ofKey: string) => {
    await write(name, name);
    return (await repository.commit({ paths: [name], message, key: ofKey })).sha;
  };

  it('finds the commit by its exact key, the newest first, and no other', async () => {
    await firstCommit();
    const first = await commit('a', 'a', 'run/1');
    await commit('b', 'b', 'run/10');
    expect(await repository.findKey('run/1')).toBe(first);
    const again = await commit('c', 'c', 'run/1');
    expect(await repository.findKey('run/1')).toBe(again);
    expect(await repository.findKey('run/2')).toBeUndefined();
    expect(await repository.findKey('run')).toBeUndefined();
    expect(await repository.findKey('run/.*')).toBeUndefined();
  });

  it('is not fooled by a message that speaks of a key', async () => {
    await firstCommit();
    await write('a', 'a');
    git('add', '-A');
    git('commit', '--quiet', '-m', 'talk', '-m', 'Conductor-Key: run/1', '-m', 'and more');
    await commit('b', 'Conductor-Key: run/2\nconductor-key: run/3', 'run/4');
    for (const other of ['run/1', 'run/2', 'run/3']) expect(await repository.findKey(other)).toBeUndefined();
    expect(await repository.findKey('run/4')).toBeDefined();
  });

  it('looks only after a commit when told so, and everywhere when history no longer has it', async () => {
    await firstCommit();
    const first = await commit('a', 'a', 'run/1');
    const second = await commit('b', 'b', 'run/2');
    expect(await repository.findKey('run/1', { since: first ?? '' })).toBeUndefined();
    expect(await repository.findKey('run/2', { since: first ?? '' })).toBe(second);
    expect(await repository.findKey('run/1', { since: 'f'.repeat(40) })).toBe(first);
    await expect(repository.findKey('run/1', { since: '--all' })).rejects.toMatchObject({ code: 'ID_INVALID' });
  });

  it('finds nothing in a repository without commits', async () => {
    expect(await repository.findKey('run/1')).toBeUndefined();
  });

  it.each(['', 'two\nlines', ' space', 'end ', 'x'.repeat(256), '\u0000'])('cannot be %j', (bad) => {
    expect(() => messageWith('x', bad)).toThrow(expect.objectContaining({ code: 'ID_INVALID' }));
  });

  it('is the last trailer of a message that keeps its text and loses its controls', () => {
    expect(messageWith('feat: x\n\n# a heading\u0000\u001b\n', 'k')).toBe(
      'feat: x\n\n# a heading\n\nConductor-Key: k\n',
    );
    expect(messageWith('', 'k')).toBe('Work of a task\n\nConductor-Key: k\n');
  });
});

describe('changes', () => {
  it('compares a commit with the files as they are', async () => {
    await write('kept', '1');
    await write('old', '1');
    await write('taken-out', '1');
    const from = await firstCommit();
    await write('kept', '2');
    await write('committed-since', '1');
    git('add', 'committed-since');
    git('commit', '--quiet', '-m', 'since');
    await rm(join(root, 'old'));
    git('rm', '--quiet', '--cached', 'taken-out');
    await write('new/ä', '1');
    expect(await repository.changes(from)).toEqual([
      { path: 'committed-since', change: 'added' },
      { path: 'kept', change: 'modified' },
      { path: 'new/ä', change: 'added' },
      { path: 'old', change: 'deleted' },
      { path: 'taken-out', change: 'modified' },
    ]);
    expect(await repository.changes(from, { folder: join(root, 'new') })).toEqual([{ path: 'ä', change: 'added' }]);
  });

  it('takes nothing but a commit', async () => {
    await firstCommit();
    for (const from of ['--output=x', 'HEAD', 'main..', '']) {
      await expect(repository.changes(from)).rejects.toMatchObject({ code: 'ID_INVALID' });
    }
    await expect(repository.changes('f'.repeat(40))).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });
});

describe('worktrees', () => {
  it('makes one for a key, lists it, commits in it, and removes it with its branch', async () => {
    const base = await firstCommit();
    const { folder, branch } = await repository.addWorktree({ key, base });
    expect(folder.startsWith(join(outer, 'trees'))).toBe(true);
    expect(await repository.worktrees()).toEqual([{ folder, branch, key }]);
    await writeFile(join(folder, 'work.txt'), 'work');
    expect(await repository.status({ folder })).toMatchObject({ kind: 'ready', branch, changed: ['work.txt'] });
    const { sha } = await repository.commit({ paths: ['work.txt'], message: 'work', key, folder });
    expect(await repository.findKey(key, { folder })).toBe(sha);
    expect(await repository.findKey(key)).toBeUndefined();
    await repository.removeWorktree(folder);
    await repository.removeWorktree(folder);
    expect(await repository.worktrees()).toEqual([]);
    expect(git('branch', '--list', branch)).toBe('');
    expect(git('config', '--list', '--local')).not.toContain('conductor');
  });

  it('makes it anew after a crash, even when its folder is torn', async () => {
    const base = await firstCommit();
    const first = await repository.addWorktree({ key, base });
    await writeFile(join(first.folder, 'half.txt'), 'half');
    const second = await repository.addWorktree({ key, base });
    expect(second).toEqual(first);
    expect((await repository.status({ folder: second.folder })).changed).toEqual([]);
    await rm(join(second.folder, '.git'));
    expect(await repository.addWorktree({ key, base })).toEqual(first);
  });

  it('hands out the folder of the project when that is a part of the repository', async () => {
    await write('packages/one/a.txt', 'a');
    const base = await firstCommit();
    const part = gitRepository({
      root: join(root, 'packages/one'),
      clock: systemClock(),
      worktrees: join(outer, 'trees'),
    });
    const { folder } = await part.addWorktree({ key, base });
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('a');
    expect((await part.worktrees()).map((tree) => tree.folder)).toEqual([folder]);
    await part.removeWorktree(folder);
    expect(await part.worktrees()).toEqual([]);
  });

  it('keeps similar keys apart and takes no hostile one into a path', async () => {
    const base = await firstCommit();
    const trees = [];
    for (const one of ['a/b', 'a:b', '../../x', '--force'])
      trees.push(await repository.addWorktree({ key: one, base }));
    expect(new Set(trees.map(({ folder }) => folder)).size).toBe(4);
    for (const { folder } of trees) expect(dirname(folder)).toBe(join(outer, 'trees'));
    await expect(repository.addWorktree({ key, base: '--detach' })).rejects.toMatchObject({ code: 'ID_INVALID' });
  });

  it('removes nothing that it did not make', async () => {
    await firstCommit();
    git('worktree', 'add', '--quiet', join(outer, 'mine'));
    for (const folder of [root, outer, join(outer, 'mine')])
      await expect(repository.removeWorktree(folder)).rejects.toMatchObject({ code: 'PATH_UNSAFE' });
    expect(await repository.worktrees()).toEqual([]);
  });

  it('needs a folder for them', async () => {
    const base = await firstCommit();
    const without = gitRepository({ root, clock: systemClock() });
    await expect(without.addWorktree({ key, base })).rejects.toMatchObject({ code: 'CAPABILITY_MISSING' });
  });
});

describe('integrate', () => {
  const workOn = async (text: string, file = 'README.md') => {
    const tree = await repository.addWorktree({ key, base: git('rev-parse', 'HEAD') });
    await writeFile(join(tree.folder, file), text);
    await repository.commit({ paths: [file], message: `feat: ${file}`, key, folder: tree.folder });
    return tree;
  };

  it('brings a branch in as one commit with its key, beside what has come since', async () => {
    await firstCommit();
    const { branch } = await workOn('new\n', 'new.txt');
    await write('since.txt', 'since');
    git('add', '-A');
    git('commit', '--quiet', '-m', 'since');
    await write('mine.txt', 'a person is at work');
    const result = await repository.integrate({ branch, key });
    expect(result).toEqual({ sha: git('rev-parse', 'HEAD') });
    expect(lastFiles()).toEqual(['A', 'new.txt']);
    expect(git('log', '-1', '--format=%s')).toBe('feat: new.txt');
    expect(await repository.findKey(key)).toBe(git('rev-parse', 'HEAD'));
    expect((await repository.status()).changed).toEqual(['mine.txt']);
    expect(await repository.integrate({ branch, key })).toEqual(result);
    expect(git('rev-list', '--count', 'HEAD')).toBe('3');
  });

  it('lists conflicts with their lines and changes nothing', async () => {
    await firstCommit();
    const { branch } = await workOn('theirs\n');
    await write('README.md', 'ours\n');
    git('commit', '--quiet', '-am', 'ours');
    const head = git('rev-parse', 'HEAD');
    const result = await repository.integrate({ branch, key });
    expect(result).toEqual({
      conflicts: [
        { path: 'README.md', hunk: expect.stringMatching(/^<<<<<<< .*\nours\n=======\ntheirs\n>>>>>>> /) as string },
      ],
    });
    expect(git('rev-parse', 'HEAD')).toBe(head);
    expect(await repository.status()).toMatchObject({ kind: 'ready', changed: [] });
  });

  it('stops before a change of a person that would be overwritten', async () => {
    await firstCommit();
    const { branch } = await workOn('theirs\n');
    await write('README.md', 'a person is at work\n');
    await expect(repository.integrate({ branch, key })).rejects.toMatchObject({ code: 'WORKTREE_DIRTY' });
    expect(await readFile(join(root, 'README.md'), 'utf8')).toBe('a person is at work\n');
    git('checkout', '--quiet', 'README.md');
    expect(await repository.integrate({ branch, key })).toHaveProperty('sha');
  });

  it('leaves a mark while its git holds locks, by which those of a killed one are known', async () => {
    await write('.gitattributes', '*.txt filter=look\n');
    await firstCommit();
    // Called by git when it writes the file, in the folder that it writes to.
    git('config', 'filter.look.smudge', `ls .git > '${join(outer, 'seen')}'; cat`);
    const { branch } = await workOn('new\n', 'new.txt');
    await repository.integrate({ branch, key });
    expect((await readFile(join(outer, 'seen'), 'utf8')).split('\n')).toContain('conductor-commit.json');
    expect(await readdir(join(root, '.git'))).not.toContain('conductor-commit.json');
  });

  it("leaves a person's changes alone and keeps its key, whatever is set for merges and trailers", async () => {
    await firstCommit();
    for (const setting of ['merge.autoStash=true', 'merge.verifySignatures=true', 'trailer.separators=#'])
      git('config', ...setting.split('='));
    const { branch } = await workOn('theirs\n');
    await write('README.md', 'mine, not committed\n');
    await expect(repository.integrate({ branch, key })).rejects.toMatchObject({ code: 'WORKTREE_DIRTY' });
    expect(await readFile(join(root, 'README.md'), 'utf8')).toBe('mine, not committed\n');
    git('checkout', '--quiet', 'README.md');
    await repository.integrate({ branch, key });
    expect(await repository.findKey(key)).toBe(git('rev-parse', 'HEAD'));
  });

  it('answers with the head when the branch holds nothing new', async () => {
    const head = await firstCommit();
    const { branch } = await repository.addWorktree({ key, base: head });
    expect(await repository.integrate({ branch, key })).toEqual({ sha: head });
  });

  it.each(['--all', 'nowhere', '../x'])('does not know the branch %s', async (branch) => {
    await firstCommit();
    await expect(repository.integrate({ branch, key })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });
});
