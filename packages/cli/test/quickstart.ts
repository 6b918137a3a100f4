import { spawn } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EventEnvelope } from '@conductor/core/ports';
import { openProject } from '@conductor/node';
import { full } from '../../../proof.shared.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** The quickstart through the library, and the command, both from built packages. */
export const mainScript = here('../../../examples/quickstart/main.mjs');
export const conductorBin = here('../dist/bin.js');

/** A folder for the projects of one test file, and a place of their own for what their processes leave in the system's. */
export function testFolder(name: string) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), `conductor-${name}-`)));
  const temporary = join(root, 'tmp');
  mkdirSync(temporary);
  return { root, temporary, remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }) };
}

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: readonly string[];
  readonly stderr: string;
  /** It hung, and was ended by the test. */
  readonly late: boolean;
}

/** A campaign may run beside much else: what is slow shall not look as if it hung. */
const deadlineMs = full ? 600_000 : 100_000;

/** A started Node program that is read line by line. */
export interface Running {
  readonly ended: Promise<Ran>;
  /** Ends this process, and nothing that it has started, `delayMs` after its n-th line; then does what else is to be done. */
  killAfter(lines: number, delayMs: number, afterwards?: () => void): void;
}

export function startNode(args: readonly string[], { cwd, temporary }: { cwd: string; temporary: string }): Running {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, TMPDIR: temporary, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: string[] = [];
  let stderr = '';
  let killAt:
    { readonly lines: number; readonly delayMs: number; readonly afterwards?: (() => void) | undefined } | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  createInterface({ input: child.stdout }).on('line', (line) => {
    stdout.push(line);
    if (killAt?.lines !== stdout.length) return;
    const { delayMs, afterwards } = killAt;
    setTimeout(() => {
      child.kill('SIGKILL');
      afterwards?.();
    }, delayMs);
  });
  let late = false;
  const deadline = setTimeout(() => (late = child.kill('SIGKILL')), deadlineMs);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      resolve({ code, signal, stdout, stderr, late });
    });
  });
  return { ended, killAfter: (lines, delayMs, afterwards) => void (killAt = { lines, delayMs, afterwards }) };
}

/** Every event of a project's log, oldest first; read from a copy, so that the project itself is left as it was found. */
export async function readLog(folder: string): Promise<readonly EventEnvelope[]> {
  const copy = mkdtempSync(join(tmpdir(), 'conductor-log-'));
  try {
    mkdirSync(join(copy, '.conductor'));
    for (const name of readdirSync(join(folder, '.conductor')))
      if (name.startsWith('conductor.db')) cpSync(join(folder, '.conductor', name), join(copy, '.conductor', name));
    const project = await openProject(copy, { create: true, config: false });
    try {
      return (await allEvents(project.api)).filter(({ seq }) => seq > 0);
    } finally {
      await project.close();
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

type Events = Pick<Awaited<ReturnType<typeof openProject>>['api'], 'events'>;

export async function allEvents({ events }: Events): Promise<EventEnvelope[]> {
  const all: EventEnvelope[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await events.list({ limit: 500, cursor });
    all.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === undefined) return all;
  }
}

export function git(folder: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
}

/** Commits of HEAD with their key, oldest first. */
export function keyedCommits(folder: string): { readonly sha: string; readonly key: string }[] {
  const lines = git(folder, 'log', '--reverse', '--format=%H %(trailers:key=Conductor-Key,valueonly,separator=%x2C)');
  return lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes(' '))
    .map((line) => ({ sha: line.slice(0, 40), key: line.slice(41) }));
}

/** What the workers themselves wrote down, outside of the engine's store. */
export function sideEffects(folder: string): readonly string[] {
  const path = join(folder, '.demo', 'side-effects.log');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

/** Processes whose working folder lies in this one, or whose group is one of these. */
export function processesOf(folder: string, groups: ReadonlySet<number>): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => isAt(pid, folder) || groups.has(groupOf(pid)))
    .map((pid) => `${pid} ${readProc(pid, 'cmdline').replaceAll('\0', ' ')}`);
}

/** Ends every process that works in a folder. */
export function endAllIn(folder: string): void {
  for (const line of processesOf(folder, new Set())) {
    try {
      process.kill(Number.parseInt(line, 10), 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it has ended by itself
    }
  }
}

function isAt(pid: string, folder: string): boolean {
  try {
    return `${realpathSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`) && !isZombie(pid);
  } catch {
    return false; // gone, or not ours
  }
}

function groupOf(pid: string): number {
  return isZombie(pid) ? 0 : Number(statOf(pid)[2]);
}

const isZombie = (pid: string) => ['Z', 'X', undefined].includes(statOf(pid)[0]);

/** Fields of proc(5) from the state on: the name before it may hold anything. */
function statOf(pid: string): readonly string[] {
  const stat = readProc(pid, 'stat');
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
