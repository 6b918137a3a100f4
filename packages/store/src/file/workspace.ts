import { constants, readdirSync, statSync } from 'node:fs';
import { lstat, mkdir, open, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { glob as globFiles } from 'tinyglobby';
import type { Clock, Opt, Workspace, WorkspaceEntry } from '@conductor/core/ports';
import { skippedFolders } from '../path-glob.js';
import { safeGlob, safePath } from '../safe-path.js';
import { defaultReadBytes, fileChanged, newlineByte, withNewline } from '../workspace-rules.js';
import { ifExists, onDisk, systemCode } from './file-error.js';
import { folderMutex } from './folder-mutex.js';
import { realPathBelow, realRoot } from './real-path.js';
import { watchFiles } from './watch-files.js';
import { hashOf, publishFile, readRegular } from './write-file.js';

/** Where a workspace lies on this disk. */
export interface FileWorkspaceOptions {
  /** The project's folder. */
  readonly root: string;
  readonly clock: Clock;
  /** Folder for temporary files on the same disk, such as `.conductor/tmp`; absent: hidden files beside the target. */
  readonly temporary?: string | undefined;
  readonly limits?: { readonly readBytes?: number | undefined } | undefined;
}

/**
 * The files of a project on this disk. Nothing is held open; other programs may write beside it. Paths that no safe name
 * can say (a `:` in a file name, for instance) and links are not listed. System errors come as FILE_INVALID, STORE_FULL,
 * STORE_READ_ONLY or STORE_FAILED with the path.
 */
export function fileWorkspace({ root: folder, clock, temporary, limits = {} }: FileWorkspaceOptions): Workspace {
  const root = resolve(folder);
  const readBytes = limits.readBytes ?? defaultReadBytes;
  let folds: boolean | undefined;

  return Object.freeze<Workspace>({
    root,

    key(path) {
      const safe = safePath(path);
      folds ??= foldsCase(root);
      return folds ? safe.toLowerCase() : safe;
    },

    async read(path, { signal, maxBytes = readBytes } = {}) {
      signal?.throwIfAborted();
      const safe = safePath(path);
      return onDisk(safe, 'read', async () => readRegular(await realPathBelow(root, safe), safe, maxBytes));
    },

    list: (glob, o = {}) => listFiles(root, glob, o),

    async replace(path, bytes, { signal, ifHash, durable } = {}) {
      signal?.throwIfAborted();
      const safe = safePath(path);
      await onDisk(safe, 'write', async () => {
        const target = await realPathBelow(root, safe);
        const same = ifHash === undefined ? undefined : await expectHash(target, safe, ifHash);
        try {
          await publishFile(target, bytes, { temporary, durable, exclusive: ifHash === '', beforePublish: same });
        } catch (error) {
          throw ifHash === '' && systemCode(error) === 'EEXIST' ? fileChanged(safe) : error;
        }
      });
      return { sha256: hashOf(bytes) };
    },

    async append(path, line, { signal } = {}) {
      signal?.throwIfAborted();
      const safe = safePath(path);
      return onDisk(safe, 'append to', async () => ({
        offset: await appendLine(await realPathBelow(root, safe), line),
      }));
    },

    async create(path, bytes, { signal } = {}) {
      signal?.throwIfAborted();
      const safe = safePath(path);
      return onDisk(safe, 'create', async () => createFile(await realPathBelow(root, safe), bytes, temporary));
    },

    async mutex(path, o = {}) {
      o.signal?.throwIfAborted();
      const safe = safePath(path);
      return onDisk(safe, 'lock', async () => folderMutex(await realPathBelow(root, safe), { ...o, clock }));
    },

    async remove(path, { signal } = {}) {
      signal?.throwIfAborted();
      const safe = safePath(path);
      await onDisk(safe, 'remove', async () => {
        // The link itself, not what it leads to: so the folder is resolved and the last name is not.
        const parent = dirname(safe) === '.' ? await realRoot(root) : await realPathBelow(root, dirname(safe));
        await ifExists(unlink(join(parent, basename(safe))));
      });
    },

    watch: (globs, { signal } = {}) => watchFiles(root, globs, { clock, signal }),
  });
}

async function* listFiles(root: string, glob: string, { signal }: Opt): AsyncGenerator<WorkspaceEntry> {
  signal?.throwIfAborted();
  const base = await realRoot(root);
  const found = await globFiles(safeGlob(glob), {
    cwd: base,
    expandDirectories: false,
    followSymbolicLinks: false,
    ignore: skippedFolders.map((name) => `**/${name}/**`),
    ...(signal === undefined ? {} : { signal }),
  });
  // By code units, as everywhere: a locale would order differently on each machine.
  for (const path of found.sort()) {
    signal?.throwIfAborted();
    const entry = isSafe(path) ? await entryOf(base, path) : undefined;
    if (entry !== undefined) yield entry;
  }
}

function isSafe(path: string): boolean {
  try {
    return safePath(path) === path;
  } catch {
    // Its name cannot be said in data, so nobody could ask for it either.
    return false;
  }
}

async function entryOf(base: string, path: string): Promise<WorkspaceEntry | undefined> {
  const found = await ifExists(lstat(join(base, path)));
  if (found === undefined || !found.isFile()) return undefined;
  return { path, bytes: found.size, modifiedMs: found.mtimeMs };
}

/** Compares now, and returns the same question for the last moment before the new bytes get the name. */
async function expectHash(target: string, path: string, ifHash: string): Promise<() => Promise<void>> {
  const before = await version(target);
  const bytes = await readRegular(target, path, Infinity);
  if ((bytes === undefined ? '' : hashOf(bytes)) !== ifHash) throw fileChanged(path);
  return async () => {
    if ((await version(target)) !== before) throw fileChanged(path);
  };
}

/** Changes whenever somebody writes or replaces the file. */
async function version(target: string): Promise<string> {
  const found = await ifExists(stat(target, { bigint: true }));
  return found === undefined ? '' : `${found.ino}:${found.size}:${found.mtimeNs}`;
}

async function createFile(target: string, bytes: Uint8Array, temporary: string | undefined): Promise<boolean> {
  if ((await ifExists(lstat(target))) !== undefined) return false;
  try {
    await publishFile(target, bytes, { temporary, exclusive: true });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function appendLine(target: string, line: string): Promise<number> {
  await mkdir(dirname(target), { recursive: true });
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(target, flags, 0o666);
  try {
    const { size } = await handle.stat();
    const gap = size > 0 && !(await endsWithNewline(handle, size)) ? '\n' : '';
    const bytes = new TextEncoder().encode(gap + withNewline(line));
    const { bytesWritten } = await handle.write(bytes);
    if (bytesWritten < bytes.length) await handle.write(bytes, bytesWritten);
    return gap.length + (await landedAt(handle, size, bytes));
  } finally {
    await handle.close();
  }
}

async function endsWithNewline(handle: FileHandle, size: number): Promise<boolean> {
  const last = new Uint8Array(1);
  await handle.read(last, 0, 1, size - 1);
  return last[0] === newlineByte;
}

/** Where the bytes are: others may have appended between our look at the size and our write. */
async function landedAt(handle: FileHandle, size: number, bytes: Uint8Array): Promise<number> {
  const now = (await handle.stat()).size;
  if (now === size + bytes.length) return size;
  const tail = Buffer.alloc(Math.max(0, now - size));
  await handle.read(tail, 0, tail.length, size);
  return size + Math.max(0, tail.indexOf(bytes));
}

/** Whether this disk takes `A` and `a` for one name: asked of a name that exists, so that nothing is written. */
function foldsCase(root: string): boolean {
  const inside = readdirSync(root).find((name) => swapCase(name) !== name);
  const place = inside === undefined ? root : join(root, inside);
  const other = join(dirname(place), swapCase(basename(place)));
  if (other === place) return false;
  const found = statSync(place, { throwIfNoEntry: false });
  const twin = statSync(other, { throwIfNoEntry: false });
  return found !== undefined && twin !== undefined && found.ino === twin.ino && found.dev === twin.dev;
}

function swapCase(name: string): string {
  return name.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
}
