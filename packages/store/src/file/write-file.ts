import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileTooLarge } from '../workspace-rules.js';
import { ConductorError } from '@conductor/core';
import { ifExists, systemCode } from './file-error.js';

/** How a file is published. */
export interface PublishOptions {
  /** Folder for temporary files on the same file system; absent: beside the target, as a hidden file. */
  readonly temporary?: string | undefined;
  /** The bytes and their name survive a power cut. */
  readonly durable?: boolean | undefined;
  /** Fails with EEXIST instead of replacing. */
  readonly exclusive?: boolean | undefined;
  /** Permissions of a new file; an existing one keeps its own. */
  readonly mode?: number | undefined;
  /** Called when the bytes are complete and nothing is published yet; a throw leaves everything as it was. */
  readonly beforePublish?: (() => Promise<void>) | undefined;
}

/** SHA-256 in hex, by the platform's own implementation. */
export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Writes all bytes to a temporary file and gives it the name in one step: no reader ever sees a part. Makes the folders. */
export async function publishFile(target: string, bytes: Uint8Array, options: PublishOptions = {}): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const mode = options.mode ?? (await ifExists(stat(target)))?.mode;
  const temporary = await openTemporary(options.temporary ?? dirname(target), basename(target), options.mode ?? 0o666);
  try {
    await fill(temporary.handle, bytes, options.durable === true);
    // After opening: the mask of the process must not take away what the file had.
    if (mode !== undefined) await chmod(temporary.path, mode & 0o7777);
    await options.beforePublish?.();
    await give(temporary.path, target, options.exclusive === true);
  } catch (error) {
    // Only now: once it is published, its name may be somebody else's.
    await rm(temporary.path, { force: true });
    if (systemCode(error) !== 'EXDEV' || options.temporary === undefined) throw error;
    // The folder for temporary files lies on another disk than this target.
    return publishFile(target, bytes, { ...options, temporary: undefined });
  }
  if (options.durable === true) await syncFolder(dirname(target));
}

/** A new file of a name that nobody uses. The caller closes and removes it. */
export async function openTemporary(
  folder: string,
  name: string,
  mode: number,
): Promise<{ readonly path: string; readonly handle: FileHandle }> {
  await mkdir(folder, { recursive: true });
  for (let count = 0; ; count += 1) {
    // Short, so that a name at the limit stays below it; exclusive, so that the name need not be unguessable.
    const path = join(folder, `.${name.slice(0, 60)}.${process.pid}-${count}.tmp`);
    try {
      return { path, handle: await open(path, 'wx', mode) };
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** Makes names in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems cannot sync a folder; then there is nothing more that a program can do.
    if (systemCode(error) !== 'EINVAL' && systemCode(error) !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}

/** All bytes of a regular file, `undefined` when there is none. Throws TOO_LARGE, FILE_INVALID; never waits for a pipe. */
export async function readRegular(target: string, path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await ifExists(open(target, flags));
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    if (!found.isFile())
      throw new ConductorError('FILE_INVALID', `${path} is no regular file`, { details: { path, reason: 'kind' } });
    if (found.size > maxBytes) throw fileTooLarge(path, maxBytes);
    return await readAll(handle, found.size, path, maxBytes);
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle, expected: number, path: string, maxBytes: number): Promise<Uint8Array> {
  // One byte more than expected shows at once that the file has grown since.
  let bytes = new Uint8Array(Math.min(expected, maxBytes) + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
    length += bytesRead;
    if (length > maxBytes) throw fileTooLarge(path, maxBytes);
    if (bytesRead === 0) return bytes.slice(0, length);
    if (length < bytes.length) continue;
    const larger = new Uint8Array(Math.min(bytes.length * 2, maxBytes + 1));
    larger.set(bytes);
    bytes = larger;
  }
}

async function fill(handle: FileHandle, bytes: Uint8Array, durable: boolean): Promise<void> {
  try {
    await handle.writeFile(bytes);
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
}

async function give(temporary: string, target: string, exclusive: boolean): Promise<void> {
  if (!exclusive) return rename(temporary, target);
  try {
    await link(temporary, target);
    await rm(temporary, { force: true });
  } catch (error) {
    // A file system without hard links: an empty claim first, then the bytes over it.
    if (!['EPERM', 'ENOTSUP', 'EMLINK'].includes(systemCode(error))) throw error;
    await (await open(target, 'wx')).close();
    await rename(temporary, target);
  }
}
