import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '@conductor/core';
import type { Workspace } from '@conductor/core/ports';
import { workspaceSuite } from '../conformance/workspace.suite.js';
import { fileWorkspace } from './workspace.js';

const freshFolder = () => mkdtemp(join(tmpdir(), 'conductor-workspace-'));

workspaceSuite('file', async ({ clock }) => {
  const root = await freshFolder();
  return { workspace: fileWorkspace({ root, clock }), close: () => rm(root, { recursive: true }) };
});

workspaceSuite('file, with a folder for temporary files', async ({ clock }) => {
  const root = await freshFolder();
  const temporary = join(root, '.conductor', 'tmp');
  return { workspace: fileWorkspace({ root, clock, temporary }), close: () => rm(root, { recursive: true }) };
});

describe('fileWorkspace', () => {
  let outside: string;
  let root: string;
  let files: Workspace;
  const bytes = new TextEncoder().encode('bytes');

  beforeEach(async () => {
    outside = await freshFolder();
    root = join(outside, 'project');
    await mkdir(root);
    await writeFile(join(outside, 'secret'), 'secret');
    files = fileWorkspace({ root, clock: systemClock() });
  });
  afterEach(() => rm(outside, { recursive: true }));

  const listed = async (glob: string) => {
    const paths = [];
    for await (const { path } of files.list(glob)) paths.push(path);
    return paths;
  };

  it.each(['link', 'link/secret', 'folder/link', 'dangling', 'circle', 'up/secret'])(
    'refuses %s, where a link leads out, to nothing, or in a circle',
    async (path) => {
      await mkdir(join(root, 'folder'));
      await symlink(path === 'link/secret' ? outside : join(outside, 'secret'), join(root, 'link'));
      await symlink('../../secret', join(root, 'folder', 'link'));
      await symlink(join(outside, 'later'), join(root, 'dangling'));
      await symlink('circle', join(root, 'circle'));
      await symlink('..', join(root, 'up'));
      const refused = { code: 'PATH_UNSAFE' };
      await expect(files.read(path)).rejects.toMatchObject(refused);
      await expect(files.replace(path, bytes)).rejects.toMatchObject(refused);
      await expect(files.append(path, 'x')).rejects.toMatchObject(refused);
      await expect(files.create(path, bytes)).rejects.toMatchObject(refused);
      await expect(files.mutex(path)).rejects.toMatchObject(refused);
      expect(await readdir(outside)).toEqual(['project', 'secret']);
      expect(await listed('**')).toEqual([]);
    },
  );

  it('refuses to remove through a link that leads out, and removes a link without what it leads to', async () => {
    await symlink(outside, join(root, 'out'));
    await expect(files.remove('out/secret')).rejects.toMatchObject({ code: 'PATH_UNSAFE' });
    await files.remove('out');
    expect(await readdir(outside)).toEqual(['project', 'secret']);
    expect(await readdir(root)).toEqual([]);
  });

  it('follows links that stay inside, writes to what they lead to, and lists it once', async () => {
    await files.replace('real/a.md', bytes);
    await symlink('real', join(root, 'alias'));
    await symlink('real/a.md', join(root, 'a.md'));
    await files.append('a.md', 'x');
    await files.replace('alias/b.md', bytes);
    expect(await listed('**')).toEqual(['real/a.md', 'real/b.md']);
    expect((await files.read('real/a.md'))?.length).toBe(8);
  });

  it('works below a root that is itself a link', async () => {
    await symlink(root, join(outside, 'alias'));
    const aliased = fileWorkspace({ root: join(outside, 'alias'), clock: systemClock() });
    await aliased.replace('a.md', bytes);
    expect(await files.read('a.md')).toEqual(bytes);
  });

  it('never waits for a pipe and takes no folder for a file', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await mkdir(join(root, 'folder'));
    await expect(files.read('pipe')).rejects.toMatchObject({ code: 'FILE_INVALID' });
    await expect(files.read('folder')).rejects.toMatchObject({ code: 'FILE_INVALID' });
    await expect(files.append('folder', 'x')).rejects.toMatchObject({ code: 'FILE_INVALID' });
    await expect(files.replace('folder', bytes)).rejects.toMatchObject({ code: 'FILE_INVALID' });
    expect(await files.create('folder', bytes)).toBe(false);
    expect(await readdir(root)).toEqual(['folder', 'pipe']);
  });

  it('says that the folder is gone when it is', async () => {
    await rm(root, { recursive: true });
    const calls = [() => files.read('a'), () => files.replace('a', bytes), () => files.remove('a'), () => listed('*')];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('keeps the permissions of a file that it replaces, and leaves no temporary file', async () => {
    await files.replace('run.sh', bytes);
    await chmod(join(root, 'run.sh'), 0o751);
    await files.replace('run.sh', bytes);
    expect((await stat(join(root, 'run.sh'))).mode & 0o777).toBe(0o751);
    expect(await readdir(root)).toEqual(['run.sh']);
  });

  it('is not stopped by a temporary file that a killed process left', async () => {
    await writeFile(join(root, `.a.md.${process.pid}-0.tmp`), 'left');
    await files.replace('a.md', bytes);
    expect(await files.read('a.md')).toEqual(bytes);
    expect(await listed('**')).toEqual(['a.md']);
  });

  it('does not list names that data cannot say', async () => {
    for (const name of ['a:b', 'trailing.', 'cafe\u0301', 'fine']) await writeFile(join(root, name), '');
    expect(await listed('**')).toEqual(['fine']);
  });

  it('writes into the disk as it is when temporary files lie on another', async () => {
    const other = fileWorkspace({ root, clock: systemClock(), temporary: '/dev/shm/conductor-test' });
    try {
      await other.replace('a/b.md', bytes);
      expect(await files.read('a/b.md')).toEqual(bytes);
      expect(await readdir('/dev/shm/conductor-test')).toEqual([]);
    } finally {
      await rm('/dev/shm/conductor-test', { recursive: true, force: true });
    }
  });

  it('says who holds a lock folder, and takes over one that another program left', async () => {
    const lock = await files.mutex('.metadata.lock');
    await expect(files.mutex('.metadata.lock', { waitMs: 0 })).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      details: { owner: expect.stringContaining(`"pid":${process.pid}`) as string },
    });
    await lock.release();
    await mkdir(join(root, '.metadata.lock'));
    await utimes(join(root, '.metadata.lock'), 1, 1);
    await (await files.mutex('.metadata.lock', { waitMs: 0 })).release();
    expect(await readdir(root)).toEqual([]);
  });

  it('steals nothing while another does, unless that one died over it', async () => {
    const steal = () => files.mutex('lock', { waitMs: 0 });
    await mkdir(join(root, 'lock'));
    await utimes(join(root, 'lock'), 1, 1);
    // What it had carried off when it died.
    await mkdir(join(root, 'lock.steal', 'lock'), { recursive: true });
    await writeFile(join(root, 'lock.steal', 'lock', 'owner.json'), '{}');
    await expect(steal()).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    await utimes(join(root, 'lock.steal'), 1, 1);
    await steal().catch(() => {}); // takes the dead thief's guard away
    await (await steal()).release();
    expect(await readdir(root)).toEqual([]);
  });

  it('takes a lock at once from a process of this host that is gone, and from no other', async () => {
    const ownerFile = join(root, 'lock', 'owner.json');
    await files.mutex('lock');
    const owner = JSON.parse(await readFile(ownerFile, 'utf8')) as Record<string, unknown>;
    const { pid: gone } = spawnSync('true');
    for (const held of [
      owner,
      { ...owner, pid: gone, host: 'elsewhere' },
      { ...owner, pid: gone, pids: 'others' },
      {},
    ]) {
      await writeFile(ownerFile, JSON.stringify(held));
      await expect(files.mutex('lock', { waitMs: 0 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    }
    await writeFile(ownerFile, JSON.stringify({ ...owner, pid: gone }));
    await (await files.mutex('lock', { waitMs: 0 })).release();
    expect(await readdir(root)).toEqual([]);
  });

  it('takes a lock of ours without an owner after a moment, a foreign one only when it is stale', async () => {
    const seconds = (systemClock().now() - 4000) / 1000;
    await mkdir(join(root, 'ours'), { mode: 0o1777 });
    await mkdir(join(root, 'foreign'));
    await expect(files.mutex('ours', { waitMs: 0 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    for (const name of ['ours', 'foreign']) await utimes(join(root, name), seconds, seconds);
    await (await files.mutex('ours', { waitMs: 0 })).release();
    await expect(files.mutex('foreign', { waitMs: 0 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    const held = await files.mutex('held');
    expect((await stat(join(root, 'held'))).mode & 0o1000).toBe(0o1000);
    await held.release();
  });

  it('lets one of many steal a stale lock, however they race', async () => {
    for (let round = 0; round < 20; round += 1) {
      await mkdir(join(root, 'lock'));
      await utimes(join(root, 'lock'), 1, 1);
      const race = Array.from({ length: 8 }, () => files.mutex('lock', { waitMs: 0 }).catch(() => undefined));
      const won = (await Promise.all(race)).filter((lock) => lock !== undefined);
      expect(won.length).toBeLessThanOrEqual(1);
      for (const lock of won) await lock.release();
      await rm(join(root, 'lock'), { recursive: true, force: true });
    }
  });
});
