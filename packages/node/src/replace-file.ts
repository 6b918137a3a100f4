import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConductorError } from '@conductor/core';

/**
 * Writes a file, or a new one in the place of one that is there: it is there whole or not at all, and gets its name when its
 * bytes are on the disk. What is no file (a terminal, a pipe, `/dev/null`) is written to as it is and stays what it is. Throws
 * VALIDATION_FAILED for a folder, FILE_NOT_FOUND where nothing can be written, STORE_FULL, and what `fill` throws.
 */
export async function replaceFile<T>(path: string, fill: (file: FileHandle) => Promise<T>): Promise<T> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() === true)
    throw new ConductorError('VALIDATION_FAILED', `${path} is a folder`, {
      hint: 'Name a file in it.',
      details: { path },
    });
  if (there && !there.isFile()) return writeThrough(path, fill);
  const target = there ? await realpath(path) : path; // a link stays a link
  const part = join(dirname(target), `.${basename(target).slice(0, 100)}.${process.pid}.part`);
  const file = await opened(part, path);
  try {
    const result = await fill(file);
    await file.sync();
    await file.close();
    await rename(part, target);
    return result;
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw fullOr(error, path);
  }
}

async function writeThrough<T>(path: string, fill: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await opened(path, path);
  try {
    return await fill(file);
  } catch (error) {
    throw fullOr(error, path);
  } finally {
    await file.close();
  }
}

function fullOr(error: unknown, path: string): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code)) return error;
  return new ConductorError('STORE_FULL', `No space left for ${path}`, { cause: error, details: { path } });
}

/** Of the owner alone: what people and agents have said is for nobody else's eyes. */
function opened(path: string, wanted: string): Promise<FileHandle> {
  return open(path, 'w', 0o600).catch((cause: unknown) => {
    throw notWritable(wanted, cause);
  });
}

/** What the system says of a file that cannot be made, about the one that was asked for. */
export function notWritable(path: string, cause: unknown): ConductorError {
  const { code = String(cause) } = cause as NodeJS.ErrnoException;
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new ConductorError('FILE_NOT_FOUND', `${path} cannot be written (${code})`, {
    hint: denied ? 'Name a file where you may write.' : 'Name a file in a folder that is there.',
    details: { path },
    cause,
  });
}
