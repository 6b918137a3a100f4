import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile } from './replace-file.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'conductor-replace-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const at = (name: string) => join(dir, name);
const write = (path: string, text: string) => replaceFile(path, (file) => file.writeFile(text));

describe('a file that is written whole or not at all', () => {
  it('takes the place of the old one when it is whole, for its owner alone, and leaves the old one otherwise', async () => {
    await write(at('log'), 'old');
    await expect(
      replaceFile(at('log'), async (file) => {
        await file.writeFile('half');
        throw new Error('the store failed');
      }),
    ).rejects.toThrow('the store failed');
    expect(await readFile(at('log'), 'utf8')).toBe('old');
    await write(at('log'), 'new');
    expect(await readFile(at('log'), 'utf8')).toBe('new');
    expect((await stat(at('log'))).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['log']);
  });

  it('leaves what is no file what it is: a pipe, a link', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const read = readFile(at('pipe'), 'utf8');
    await write(at('pipe'), 'through');
    expect(await read).toBe('through');
    expect((await lstat(at('pipe'))).isFIFO()).toBe(true);

    await writeFile(at('kept'), 'old');
    await symlink('kept', at('link'));
    await write(at('link'), 'new');
    expect((await lstat(at('link'))).isSymbolicLink()).toBe(true);
    expect(await readFile(at('kept'), 'utf8')).toBe('new');
  });

  it.skipIf(!existsSync('/dev/full'))('says of a full disk that it is full', async () => {
    await expect(write('/dev/full', 'x')).rejects.toMatchObject({ code: 'STORE_FULL' });
  });

  it('says of a folder, and of a folder that is not there, what is wrong with the name', async () => {
    await expect(write(dir, 'x')).rejects.toMatchObject({ code: 'VALIDATION_FAILED', message: `${dir} is a folder` });
    const gone = at('gone/log');
    await expect(write(gone, 'x')).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: `${gone} cannot be written (ENOENT)`,
    });
  });
});
