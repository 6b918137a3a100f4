import { constants } from 'node:fs';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConductorError } from '@conductor/core';
import { notWritable } from './replace-file.js';

/**
 * Makes a file that must not be there: `fill` is handed the path of an empty one beside it, of the owner alone, which gets its
 * name when its bytes are on the disk. Answers its length. Throws VALIDATION_FAILED where the file is there, FILE_NOT_FOUND
 * where none can be made, and what `fill` throws; then nothing is left.
 */
export async function publishNew(file: string, fill: (part: string) => Promise<void>): Promise<number> {
  const part = join(dirname(file), `.${basename(file).slice(0, 100)}.${process.pid}.part`);
  if (await isThere(file)) throw thereAlready(file);
  await rm(part, { force: true }); // left by a process of this number that was killed
  await make(part, file);
  try {
    await fill(part);
    const bytes = await synced(part);
    await give(part, file);
    await syncFolder(dirname(file));
    return bytes;
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(part + suffix, { force: true });
  }
}

async function make(part: string, file: string): Promise<void> {
  try {
    await (await open(part, 'wx', 0o600)).close();
  } catch (cause) {
    throw notWritable(file, cause);
  }
}

async function synced(path: string): Promise<number> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

/** Two at once for one name: a link is made once only. */
async function give(part: string, file: string): Promise<void> {
  try {
    await link(part, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw thereAlready(file);
    if (!['EPERM', 'ENOTSUP', 'EMLINK'].includes(code)) throw error;
    // A file system without links: an empty claim first, then the bytes over it.
    await (await open(file, 'wx', 0o600)).close();
    await rename(part, file);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function thereAlready(file: string): ConductorError {
  return new ConductorError('VALIDATION_FAILED', `${file} is there already`, {
    hint: 'Name a new file: nothing is written over.',
    details: { path: file },
  });
}
