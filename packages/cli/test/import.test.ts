import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine, planOf } from './command-line.js';
import type { CommandLine } from './command-line.js';

let line: CommandLine;
beforeEach(async () => {
  line = await commandLine();
});
afterEach(() => line.remove());

/** A file of the project, its folders with it. */
async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(line.dir, path)), { recursive: true });
  await line.write(path, text);
}
const folder = (path: string) => mkdir(join(line.dir, path), { recursive: true });
const tracks = async () =>
  ((await line.json('list')).last['tracks'] as readonly { readonly id: string }[]).map(({ id }) => id).toSorted();

interface Check {
  readonly id: string;
  readonly status: string;
  readonly message: string;
}
const foldersCheck = async () =>
  ((await line.json('doctor')).last['checks'] as readonly Check[]).find(({ id }) => id === 'folders');

describe('a project whose folders are not all readable', () => {
  it('has a track for each that is, and a finding that names the file of each that is not', async () => {
    for (const name of ['a', 'm', 'z']) await put(`conductor/tracks/${name}/plan.md`, planOf('a.txt'));
    await folder('conductor/tracks/folder-for-plan/plan.md');
    await folder('conductor/tracks/folder-for-metadata/metadata.json');
    await put('conductor/tracks/folder-for-metadata/plan.md', planOf('a.txt'));
    await put('conductor/tracks/file-for-folder/brainstorm', 'not a folder');
    await put('conductor/tracks/file-for-folder/plan.md', planOf('a.txt'));
    await folder('conductor/tracks.md');
    const read = await tracks();
    for (const name of ['a', 'm', 'z', 'folder-for-metadata', 'file-for-folder']) expect(read).toContain(name);
    const found = await foldersCheck();
    expect(found?.status).toBe('warn');
    for (const path of ['folder-for-plan/plan.md', 'folder-for-metadata/metadata.json'])
      expect(found?.message).toContain(`conductor/tracks/${path} is no regular file`);
    expect(await readdir(join(line.dir, 'conductor/tracks/folder-for-plan/plan.md'))).toEqual([]);
  });
});

describe('documents that lie under another name', () => {
  it.each(['docs/conductor', 'Conductor'])('in %s: a command says how to take them, and init does', async (dir) => {
    await put(`${dir}/tracks/a/plan.md`, planOf('a.txt'));
    await put(`${dir}/product.md`, '# Theirs\n');
    await folder('.git');
    await folder('src');
    const missed = await line.json('list', '-C', 'src');
    expect(missed.exitCode).toBe(3);
    expect(missed.last['error']).toMatchObject({
      code: 'PROJECT_NOT_FOUND',
      hint: `To take them as they are: conductor init ${line.dir}`,
      details: { documents: join(line.dir, dir) },
    });
    expect(await readdir(line.dir)).not.toContain('conductor');
    const { last } = await line.json('init');
    expect(last).toMatchObject({
      created: ['.conductor/', 'conductor.config.json'],
      kept: [`${dir}/product.md`, `${dir}/tracks/`],
    });
    expect(await tracks()).toEqual(['a']);
    const { exitCode } = await line.run('new', 'More');
    expect(exitCode).toBe(0);
    expect(await readdir(join(line.dir, dir, 'tracks'))).toHaveLength(2);
    expect(await readdir(line.dir)).not.toContain('conductor');
    expect((await line.json('init')).last).toMatchObject({ created: [] });
  });

  it('are not looked for where there is a project, nor taken for one without tracks', async () => {
    await put('docs/conductor/README.md', '# About the tool\n');
    await line.run('init');
    expect(await readdir(line.dir)).toContain('conductor');
    await put('docs/conductor/tracks/a/plan.md', planOf('a.txt'));
    await line.run('init');
    expect(await tracks()).toEqual([]);
  });
});
