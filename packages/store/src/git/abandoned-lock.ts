import { readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { ifExists, systemCode } from '../file/file-error.js';
import type { Place } from './status.js';

/** Whose git changes the repository now. It stays behind when that process is killed, and so may the locks of its git. */
interface Marker {
  readonly pid: number;
  readonly host: string;
  readonly boot: string;
  /** Process numbers are unique in here only. */
  readonly pids: string;
}

const markerFile = 'conductor-commit.json';
const ownMarker = async (): Promise<Marker> => ({ pid: process.pid, host: hostname(), ...(await kernelFacts()) });

/** Runs work that takes locks of the repository, so that these can be told from other people's after a crash. */
export async function marked<T>({ gitFolder }: Pick<Place, 'gitFolder'>, work: () => Promise<T>): Promise<T> {
  const path = join(gitFolder, markerFile);
  await writeFile(path, JSON.stringify(await ownMarker()));
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * Removes a lock that a git of a dead engine left, and tells whether it did. Sure of four things before: the last engine that
 * committed here was killed over it, the lock came after its marker, its machine has been started anew or no git runs in
 * this work tree, and no process is left that made the marker. The caller has seen the lock unchanged for a while: programs
 * that are no git hold it for milliseconds.
 */
export async function clearAbandoned(place: Place, lock: string): Promise<boolean> {
  const path = join(place.gitFolder, markerFile);
  const [text, made, held] = await Promise.all([
    ifExists(readFile(path, 'utf8')),
    ifExists(stat(path)),
    ifExists(stat(lock)),
  ]);
  const marker = markerOf(text);
  if (!marker || !made || !held || held.mtimeMs < made.mtimeMs) return false;
  const own = await ownMarker();
  if (marker.host !== own.host || own.boot === '') return false;
  if (marker.boot === own.boot && (marker.pids !== own.pids || isAlive(marker.pid) || (await gitRuns(place))))
    return false;
  await rm(lock, { force: true });
  return true;
}

function markerOf(text = ''): Marker | undefined {
  try {
    const { pid, host, boot, pids } = JSON.parse(text) as Record<string, unknown>;
    const isOurs = Number.isSafeInteger(pid) && [host, boot, pids].every((part) => typeof part === 'string');
    return isOurs ? ({ pid, host, boot, pids } as Marker) : undefined; // checked above
  } catch {
    return undefined; // torn
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

/** Empty where the system does not tell: then nothing is proved, and nothing removed. */
async function kernelFacts(): Promise<Pick<Marker, 'boot' | 'pids'>> {
  const boot = (await ifExists(readFile('/proc/sys/kernel/random/boot_id', 'utf8'))) ?? '';
  return { boot: boot.trim(), pids: (await ifExists(readlink('/proc/self/ns/pid'))) ?? '' };
}

/** Whether a git works in this tree, or one whose place cannot be seen. */
async function gitRuns({ top, gitFolder }: Place): Promise<boolean> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const program = (await readOf(pid, (path) => readFile(path, 'utf8'), 'cmdline'))?.split('\0', 1)[0] ?? '';
    if (!basename(program).startsWith('git')) continue;
    const cwd = await readOf(pid, readlink, 'cwd');
    if (cwd === undefined || [top, gitFolder].some((folder) => `${cwd}/`.startsWith(`${folder}/`))) return true;
  }
  return false;
}

async function readOf(pid: string, read: (path: string) => Promise<string>, file: string): Promise<string | undefined> {
  try {
    return await read(`/proc/${pid}/${file}`);
  } catch {
    return undefined; // gone meanwhile, or not ours to look at
  }
}
