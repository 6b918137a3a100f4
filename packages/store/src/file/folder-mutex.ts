import { mkdir, readFile, readlink, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { instant } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { lockPollMs, lockTimeout } from '../workspace-rules.js';
import { ifExists, systemCode } from './file-error.js';

export interface FolderMutexOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly waitMs?: number | undefined;
  readonly staleMs?: number | undefined;
}

const ownerFile = 'owner.json';
/** Where a thief puts the lock that it takes away, in its guard. */
const loot = 'lock';
/** Sticky: a folder of ours, made in one step with this mark; the name of its owner follows at once. */
const ownMode = 0o1777;
const stickyBit = 0o1000;
/** A folder of ours that has no owner for so long has lost it in between. */
const ownerlessMs = 3000;

/**
 * Holds a lock that is a folder: whoever makes it has it, as every program and language can. A lock older than `staleMs`
 * is taken over, and at once one of ours whose process is gone. Throws LOCK_TIMEOUT after `waitMs`. For short critical
 * sections: nothing renews it.
 */
export async function folderMutex(folder: string, options: FolderMutexOptions): Promise<{ release(): Promise<void> }> {
  const { clock, signal, waitMs = 5000, staleMs = 30_000 } = options;
  const endMs = clock.monotonic() + waitMs;
  await mkdir(dirname(folder), { recursive: true });
  for (;;) {
    signal?.throwIfAborted();
    const token = await take(folder, clock);
    if (token !== undefined) return { release: once(() => letGo(folder, token)) };
    if (await steal(folder, clock, staleMs)) continue;
    const leftMs = endMs - clock.monotonic();
    if (leftMs <= 0) throw lockTimeout(folder, waitMs, await ownerOf(folder));
    await clock.sleep(Math.min(lockPollMs, leftMs), { signal });
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

async function take(folder: string, clock: Clock): Promise<string | undefined> {
  if (!(await made(folder, ownMode))) return undefined;
  const seconds = clock.now() / 1000;
  const owner = {
    pid: process.pid,
    host: hostname(),
    pids: await pidSpace(),
    at: instant(clock.now()),
    turn: clock.monotonic(),
  };
  const token = JSON.stringify(owner);
  if (!(await named(folder, token))) return undefined;
  // Age is judged by this clock, which in tests is not the clock of the disk.
  await utimes(folder, seconds, seconds);
  return token;
}

/** False when the folder was taken for ownerless, because this process stood still: then whoever writes its name first has it. */
async function named(folder: string, token: string): Promise<boolean> {
  try {
    await writeFile(join(folder, ownerFile), token, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST' || systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function made(folder: string, mode?: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** True when the lock was too old, or left behind, and is gone now. */
async function steal(folder: string, clock: Clock, staleMs: number): Promise<boolean> {
  if (!(await isOver(folder, clock, staleMs))) return false;
  // One thief at a time: else the second would carry off the lock that the first has just made anew.
  const guard = `${folder}.steal`;
  if (!(await made(guard))) {
    if (await isStale(guard, clock, staleMs)) await clearGuard(guard);
    return false;
  }
  try {
    const seconds = clock.now() / 1000;
    await utimes(guard, seconds, seconds);
    if (!(await isOver(folder, clock, staleMs))) return false;
    await ifExists(rename(folder, join(guard, loot))); // its late holder may have let go this moment
    return true;
  } finally {
    await clearGuard(guard);
  }
}

/** With what a thief that died over it had carried off. */
async function clearGuard(guard: string): Promise<void> {
  await rm(join(guard, loot), { recursive: true, force: true });
  await ifExists(rmdir(guard));
}

async function isOver(folder: string, clock: Clock, staleMs: number): Promise<boolean> {
  return (
    (await isStale(folder, clock, staleMs)) ||
    (await isLeftBehind(folder)) ||
    (await isOwnerless(folder, clock, staleMs))
  );
}

/** Killed before it could write its name: other programs' folders have neither the mark nor, mostly, an owner. */
async function isOwnerless(folder: string, clock: Clock, staleMs: number): Promise<boolean> {
  const found = await ifExists(stat(folder));
  if (found === undefined || (found.mode & stickyBit) === 0) return false;
  if (clock.now() - found.mtimeMs <= Math.min(ownerlessMs, staleMs)) return false;
  return (await ownerOf(folder)) === undefined;
}

/** Killed in its critical section: only a process of this host, and of these process numbers, can be proved gone. */
async function isLeftBehind(folder: string): Promise<boolean> {
  const owner = ownerShape(await ownerOf(folder));
  if (owner === undefined || owner.host !== hostname() || owner.pids !== (await pidSpace())) return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return systemCode(error) === 'ESRCH';
  }
}

/** What `take` wrote; foreign programs write what they like, or nothing. */
function ownerShape(text = ''): { readonly pid: number; readonly host: unknown; readonly pids: unknown } | undefined {
  try {
    const { pid, host, pids } = JSON.parse(text) as Record<string, unknown>;
    return Number.isSafeInteger(pid) && (pid as number) > 1 ? { pid: pid as number, host, pids } : undefined;
  } catch {
    return undefined; // torn, or not ours
  }
}

/** Names the space that a process number is unique in: containers may share a host's name and its disk. '' where there is one. */
async function pidSpace(): Promise<string> {
  return (await ifExists(readlink('/proc/self/ns/pid'))) ?? '';
}

async function isStale(folder: string, clock: Clock, staleMs: number): Promise<boolean> {
  const found = await ifExists(stat(folder));
  return found !== undefined && clock.now() - found.mtimeMs > staleMs;
}

/** Removes the lock if it is still this one: a late holder must not take it from whoever stole it. */
async function letGo(folder: string, token: string): Promise<void> {
  if ((await ownerOf(folder)) !== token) return;
  await rm(join(folder, ownerFile), { force: true });
  await ifExists(rmdir(folder));
}

function ownerOf(folder: string): Promise<string | undefined> {
  return ifExists(readFile(join(folder, ownerFile), 'utf8'));
}
