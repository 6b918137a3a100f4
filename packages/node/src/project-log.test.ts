import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openProject } from './open-project.js';
import { exportProject, exportProjectFile, importProject } from './project-log.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conductor-log-'));
  await mkdir(join(folder, 'from'));
  const project = await openProject(join(folder, 'from'), { create: true, config: false, git: 'off' });
  await project.api.tracks.create({ goal: 'A file', tasks: [{ text: 'Write it', files: ['a.txt'] }] });
  await project.close();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

async function* pipe(bytes: Uint8Array, o: { readonly breaks?: boolean } = {}): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 1_000) yield bytes.subarray(from, from + 1_000);
  if (o.breaks === true) throw new Error('the pipe broke');
}

async function exported(name: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await exportProject(at(name), (bytes) => void parts.push(bytes), { config: false });
  return Buffer.concat(parts);
}

describe('importProject', () => {
  it('takes bytes that can be read once, keeps them only meanwhile, and makes the folder a project', async () => {
    const text = await exported('from');
    const result = await importProject(at('to'), pipe(text), { config: false });
    expect(result).toMatchObject({ place: '.conductor/conductor.db', elsewhere: false, resumedAfter: 0 });
    expect(readdirSync(at('to/.conductor/tmp'))).toEqual([]);
    expect((await exported('to')).equals(text)).toBe(true);
    const project = await openProject(at('to'), { config: false, git: 'off' });
    expect((await project.api.tracks.list()).items.map(({ name }) => name)).toEqual(['A file']);
    await project.close();
  });

  it('writes nothing of a pipe that breaks, and says where a log went that the configuration does not name', async () => {
    const text = await exported('from');
    await expect(importProject(at('to'), pipe(text, { breaks: true }), { config: false })).rejects.toThrow(
      'the pipe broke',
    );
    expect(readdirSync(at('to/.conductor/tmp'))).toEqual([]);
    const result = await importProject(at('to'), pipe(text), { config: false, store: 'files' });
    expect(result).toMatchObject({ place: '.conductor/files/log', elsewhere: true });
  });
});

describe('exportProject of a store in memory', () => {
  it('is refused, since its log ended with the command before', async () => {
    await writeFile(at('from/conductor.config.json'), JSON.stringify({ store: 'memory' }));
    const call = exportProject(at('from'), () => undefined);
    await expect(call).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('importProject of a pipe that says nothing', () => {
  it('ends by its signal, and leaves nothing of it', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
      abort.abort(reason);
      await new Promise(() => {});
    }
    const importing = importProject(at('to'), silent(), { config: false, signal: abort.signal });
    await expect(importing).rejects.toBe(reason);
    expect(readdirSync(at('to/.conductor/tmp'))).toEqual([]);
  });
});

describe('importProject of a path', () => {
  it('reads a pipe, which can be read once only, and refuses a folder', async () => {
    const text = await exported('from');
    execFileSync('mkfifo', [at('pipe')]);
    const written = writeFile(at('pipe'), text);
    await importProject(at('to'), at('pipe'), { config: false });
    await written;
    expect((await exported('to')).equals(text)).toBe(true);
    await expect(importProject(at('other'), folder, { config: false })).rejects.toMatchObject({ code: 'FILE_INVALID' });
    expect(existsSync(at('other'))).toBe(false);
  });
});

describe('exportProjectFile', () => {
  it('leaves nothing behind when it is aborted, and the same bytes as any other way when it is not', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(exportProjectFile(at('from'), at('log'), { config: false, signal })).rejects.toThrow('enough');
    expect(readdirSync(folder)).toEqual(['from']);
    await exportProjectFile(at('from'), at('log'), { config: false });
    expect((await readFile(at('log'))).equals(await exported('from'))).toBe(true);
  });
});
