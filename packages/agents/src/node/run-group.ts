import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { ConductorError, raceAbort } from '@conductor/core';
import type { Clock, ProcessRecord } from '@conductor/core/ports';
import { findProgram } from './find-program.js';
import { endMembers, groupVariable, isAlive, processRecord } from './process-group.js';

/** One command in a process group of its own. */
export interface GroupRun {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** From the go line; absent: no limit. */
  readonly deadlineMs?: number | undefined;
  /** Without any output; absent: no limit. */
  readonly idleMs?: number | undefined;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Awaited before the command may begin; a rejection ends the launcher and is thrown. */
  readonly spawned?: ((record: ProcessRecord) => Promise<void>) | undefined;
  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void;
}

/** How it ended: by itself, or by whom. `exitCode` is `null` after a signal. */
export interface GroupEnd {
  readonly by: 'itself' | 'abort' | 'idle' | 'deadline';
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Waits for a line before it becomes the command: no line, because the engine died or refused, and it ends without having
 * run anything. The command gets an empty stdin. Its id, and that of its group, is the launcher's.
 */
const launcher = `read -r _ && ${groupVariable}=$$ && export ${groupVariable} && exec "$@" </dev/null`;

/** How long output may still come from a process that has left the group and kept the pipe. */
const closeWaitMs = 1000;

/**
 * Runs a command to its end, and ends it on abort, silence and deadline. When this resolves, no process of its group is
 * left, not even one that the command left behind. Throws COMMAND_MISSING, WORKSPACE_GONE (no folder), EXECUTOR_ERROR (the
 * system starts no process).
 */
export async function runGroup(run: GroupRun): Promise<GroupEnd> {
  const [name = '', ...args] = run.command;
  const program = findProgram(name, run.cwd, run.env['PATH']);
  const child = await start(program, args, run);
  const groupId = child.pid ?? 0;
  const ended = new AbortController();
  let lastMs = run.clock.monotonic();
  const exited = exitOf(child);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk: Buffer) => {
      lastMs = run.clock.monotonic();
      run.onOutput(stream, chunk);
    });
  try {
    const by = await released(child, run, async () => {
      lastMs = run.clock.monotonic();
      const itself = exited.then(() => 'itself' as const);
      return Promise.race([itself, abortOf(run.signal, ended.signal), limitOf(run, () => lastMs, ended.signal)]);
    });
    if (by !== 'itself') await endMembers(groupId, { clock: run.clock, graceMs: run.graceMs });
    const { exitCode, signal } = await exited;
    return { by, exitCode, signal };
  } finally {
    ended.abort();
    await endAll(child, groupId, run, closed);
  }
}

async function start(program: string, args: readonly string[], run: GroupRun): Promise<Child> {
  const child = spawn('/bin/sh', ['-c', launcher, 'conductor', program, ...args], {
    cwd: run.cwd,
    env: run.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A launcher that is gone has closed the pipe; its exit tells the rest.
  child.stdin.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(startFailure(error, run.cwd)));
  });
  return child;
}

/** Lets the command begin once its record is kept, then waits for `work`. */
async function released<T>(child: Child, run: GroupRun, work: () => Promise<T>): Promise<T | 'abort'> {
  try {
    await raceAbort(run.spawned?.(processRecord(child.pid ?? 0, run)) ?? Promise.resolve(), run.signal);
  } catch (error) {
    child.stdin.end();
    if (run.signal?.aborted) return 'abort';
    throw error;
  }
  child.stdin.end('go\n');
  return work();
}

async function endAll(child: Child, groupId: number, run: GroupRun, closed: Promise<void>): Promise<void> {
  child.stdin.end();
  if (isAlive(groupId)) await endMembers(groupId, { clock: run.clock, graceMs: run.graceMs });
  const timer = new AbortController();
  const late = run.clock.sleep(closeWaitMs, { signal: timer.signal }).catch(() => {}); // called off below
  await Promise.race([closed, late]);
  timer.abort();
  child.stdout.destroy();
  child.stderr.destroy();
}

function exitOf(child: Child): Promise<Pick<GroupEnd, 'exitCode' | 'signal'>> {
  return new Promise((resolve) => child.once('exit', (exitCode, signal) => resolve({ exitCode, signal })));
}

function abortOf(signal: AbortSignal | undefined, ended: AbortSignal): Promise<'abort'> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve('abort');
    signal?.addEventListener('abort', () => resolve('abort'), { once: true, signal: ended });
  });
}

async function limitOf(run: GroupRun, lastMs: () => number, ended: AbortSignal): Promise<'idle' | 'deadline'> {
  const { clock, idleMs = Infinity, deadlineMs = Infinity } = run;
  const endMs = clock.monotonic() + deadlineMs;
  for (;;) {
    const now = clock.monotonic();
    const idleEndMs = lastMs() + idleMs;
    if (now >= endMs) return 'deadline';
    if (now >= idleEndMs) return 'idle';
    const waitMs = Math.min(endMs, idleEndMs) - now;
    if (waitMs === Infinity) return never();
    try {
      await clock.sleep(waitMs, { signal: ended });
    } catch {
      return never(); // over: nobody waits for the limit any more
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function startFailure(error: Error, cwd: string): ConductorError {
  if ('code' in error && error.code === 'ENOENT')
    return new ConductorError('WORKSPACE_GONE', `There is no folder ${cwd}`, {
      details: { folder: cwd },
      cause: error,
    });
  return new ConductorError('EXECUTOR_ERROR', `No process could be started: ${error.message}`, { cause: error });
}
