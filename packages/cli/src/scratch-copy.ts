import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, mkdtemp, readdir, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { ConductorError } from '@conductor/core';

/** A copy of a project's files for somebody who may look and not write. */
export interface ScratchCopy {
  readonly folder: string;
  /** Paths in the copy that differ from what was put there, sorted. */
  changed(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

const maxFiles = 50_000;
const maxBytes = 1024 * 1024 * 1024;
/** Never copied: history, our own state, and what a package manager can make again. */
const left: ReadonlySet<string> = new Set(['.git', '.conductor', 'node_modules']);

/**
 * Copies the files that version control knows or would take, and the documents; outside version control all files. Throws
 * `TOO_LARGE`, and the reason of `signal`.
 */
export async function scratchCopy(
  root: string,
  documents: string,
  { signal, temporary = tmpdir() }: { readonly signal: AbortSignal; readonly temporary?: string },
): Promise<ScratchCopy> {
  const known = await knownFiles(root, signal);
  const paths = known ? new Set([...known, ...(await walk(root, documents, signal))]) : await walk(root, '', signal);
  const folder = await realpath(await mkdtemp(join(temporary, 'conductor-look-')));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    let bytes = 0;
    for (const path of paths) {
      signal.throwIfAborted();
      bytes += await copied(root, folder, path);
      if (bytes > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`);
    }
    const before = await stamps(folder, signal);
    return { folder, changed: async () => differing(before, await stamps(folder, signal)), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** `undefined` outside version control, or without git. */
async function knownFiles(root: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
      cwd: root,
      signal,
      maxBuffer: 64 * 1024 * 1024,
    });
    const paths = stdout.split('\0').filter((path) => path !== '' && !path.split('/').some((part) => left.has(part)));
    if (paths.length > maxFiles) throw tooLarge(`${paths.length} files`);
    return paths;
  } catch (error) {
    signal.throwIfAborted();
    if (ConductorError.is(error)) throw error;
    return undefined;
  }
}

async function walk(root: string, from: string, signal: AbortSignal): Promise<Set<string>> {
  const found = new Set<string>();
  const folders = [from];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted();
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []); // not there, or not ours to read
    for (const entry of entries) {
      if (left.has(entry.name)) continue;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else found.add(path);
      if (found.size > maxFiles) throw tooLarge(`more than ${maxFiles} files`);
    }
  }
  return found;
}

/** Copies a file, or a link that stays inside; resolves with its bytes. What has gone meanwhile is left out. */
async function copied(root: string, folder: string, path: string): Promise<number> {
  const from = join(root, path);
  const to = join(folder, path);
  try {
    const found = await lstat(from);
    if (found.isSymbolicLink()) {
      const target = await readlink(from);
      const inside = relative(root, resolve(dirname(from), target));
      if (isAbsolute(target) || inside === '..' || inside.startsWith(`..${sep}`)) return 0;
      await mkdir(dirname(to), { recursive: true });
      await symlink(target, to);
      return 0;
    }
    if (!found.isFile()) return 0;
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    return found.size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // what the file system rejects with
    if (code === 'ENOENT' || code === 'EACCES') return 0;
    throw error;
  }
}

type Stamps = ReadonlyMap<string, string>;

/** The change time cannot be set back, so that no write stays unseen. */
async function stamps(folder: string, signal: AbortSignal): Promise<Stamps> {
  const found = new Map<string, string>();
  for (const path of await walk(folder, '', signal)) {
    const { size, mtimeNs, ctimeNs, ino } = await lstat(join(folder, path), { bigint: true });
    found.set(path, `${size} ${mtimeNs} ${ctimeNs} ${ino}`);
  }
  return found;
}

function differing(before: Stamps, after: Stamps): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).toSorted();
}

function tooLarge(what: string): ConductorError {
  return new ConductorError('TOO_LARGE', `The project has ${what}: too much to make a copy for an advisor`, {
    hint: 'Put what is made by programs into .gitignore, or give -C a smaller folder.',
    details: { maxFiles, maxBytes },
  });
}
