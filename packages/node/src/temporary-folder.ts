import { existsSync, readlinkSync } from 'node:fs';
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger } from '@conductor/core/ports';

/** Half-written files and the private files of workers, in a folder of this process. */
export interface TemporaryFolder {
  /** Made by whoever needs it. */
  readonly path: string;
  /** Removes it, unless the same process has the project open once more. */
  close(): Promise<void>;
}

/** `<space of process numbers>-<process>`: containers share disks, but not process numbers. */
const nameShape = /^(\d+)-(\d+)$/;
/** A process of another container cannot be looked at: its files are taken for left behind after this time. */
const maxAgeMs = 24 * 60 * 60_000;

/** Opens this process' folder below the state folder, and removes those of processes that were killed. */
export async function temporaryFolder(
  stateDir: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<TemporaryFolder> {
  const parent = join(stateDir, 'tmp');
  for (const name of existsSync(parent) ? await readdir(parent) : []) {
    try {
      if (await isLeftBehind(join(parent, name), name, clock))
        await rm(join(parent, name), { recursive: true, force: true });
    } catch (error) {
      logger.warn('Temporary files of an earlier process could not be removed', { name, error: String(error) });
    }
  }
  const path = join(parent, processName());
  return { path, close: () => removeEmpty(path) };
}

/** For a process that may write nothing: whoever tries hears that from the system. */
export function noTemporaryFolder(stateDir: string): TemporaryFolder {
  return { path: join(stateDir, 'tmp', processName()), close: async () => {} };
}

/** Whether the process that a folder is named after is gone. */
export async function isLeftBehind(path: string, name: string, clock: Clock): Promise<boolean> {
  const [, space, pid] = nameShape.exec(name) ?? [];
  if (space === numberSpace()) return !isAlive(Number(pid));
  return clock.now() - (await stat(path)).mtimeMs > maxAgeMs;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'; // EPERM: alive, and somebody else's
  }
}

/** Names what is this process' own in a folder that several share. */
export function processName(): string {
  return `${numberSpace()}-${process.pid}`;
}

/** 0 where the system has only one. */
function numberSpace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0'; // not Linux
  }
}

async function removeEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(code)) throw error;
  }
}
