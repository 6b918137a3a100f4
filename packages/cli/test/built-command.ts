import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { EventEnvelope } from '@conductor/core/ports';
import { openProject } from '@conductor/node';
import type { Project } from '@conductor/node';
import { configOf, parseLines, planOf } from './command-line.js';

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
/** Its way to SQLite is the one that the preload below has to take. */
const nodePackage = fileURLToPath(new URL('../../node/package.json', import.meta.url));

/** Writes its file; the second task waits until it may. What it did stands in a log of its own, outside the store. */
const worker = `import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
const { task } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
appendFileSync('effects.log', task.id + '\\n');
const may = () => task.id === '1.1' || existsSync('go');
while (!may()) await new Promise((wake) => setTimeout(wake, 20));
for (const file of task.files) writeFileSync(file, 'Hello\\n');
console.log(JSON.stringify({ status: 'done', summary: 'Wrote ' + task.files.join(', ') }));
`;

/** Lets SQLite's own limit stand in for a full disk. Loaded before the command. */
const fewPages = `import { createRequire } from 'node:module';
const limited = ({ DatabaseSync, ...rest }) => ({
  ...rest,
  DatabaseSync: class extends DatabaseSync {
    constructor(path, ...more) {
      super(path, ...more);
      if (!String(path).endsWith('conductor.db')) return;
      // A new store has pages left over from the steps of its schema: they are filled first.
      this.exec('CREATE TABLE IF NOT EXISTS filling (bytes)');
      const { freelist_count: free } = this.prepare('PRAGMA freelist_count').get();
      if (free > 0) this.exec('INSERT INTO filling VALUES (zeroblob(' + (free * 4096 - 100) + '))');
      this.exec('PRAGMA max_page_count = ' + process.env.MAX_PAGES);
    }
  },
});
const builtIn = process.getBuiltinModule?.bind(process);
const own = builtIn?.('node:sqlite');
if (own) process.getBuiltinModule = (id) => (id === 'node:sqlite' ? limited(own) : builtIn(id));
else {
  const require = createRequire(${JSON.stringify(nodePackage)});
  const module = require('@photostructure/sqlite');
  require.cache[require.resolve('@photostructure/sqlite')].exports = limited(module);
}
`;

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** Resolves at the first line of stdout that fits; rejects when the process ends without one. */
  line(pattern: RegExp): Promise<string>;
}

export interface StartOptions {
  /** Instead of node itself: a program and arguments that take the command line behind them. */
  readonly via?: readonly string[];
  readonly preload?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: number;
}

/** A project with one track of two tasks: the second one waits for the file `go`. */
export interface Place {
  readonly dir: string;
  start(argv: readonly string[], o?: StartOptions): Started;
  run(...argv: readonly string[]): Promise<Ended>;
  /** Looks at the project in this process, without its configuration: also when that is what is wrong. */
  inspect<T>(look: (project: Project) => Promise<T>): Promise<T>;
  log(): Promise<readonly EventEnvelope[]>;
  /** Tasks whose worker was started, one entry each time. */
  effects(): readonly string[];
  write(name: string, text: string): void;
  path(name: string): string;
  /** Processes that are at work in its folder; without /proc always none. */
  processes(): readonly string[];
  /** Pages of the database file now. */
  pages(): number;
  remove(): void;
}

export async function builtCommand(): Promise<Place> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'conductor-bad-')));
  chmodSync(dir, 0o755); // somebody else may look, as in any project
  const path = (name: string) => join(dir, name);
  const write = (name: string, text: string) => writeFileSync(path(name), text);
  write('worker.mjs', worker);
  write('few-pages.mjs', fewPages);
  write('conductor.config.json', configOf('node', 'worker.mjs'));

  const start: Place['start'] = (argv, { via = [], preload = false, env = {}, user } = {}) => {
    const [program = '', ...args] = [
      ...via,
      process.execPath,
      ...(preload ? ['--import', path('few-pages.mjs')] : []),
      bin,
      ...argv,
    ];
    const child = spawn(program, args, {
      cwd: dir,
      env: { PATH: process.env['PATH'], HOME: dir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(user !== undefined && { uid: user, gid: user }),
    });
    return started(child);
  };
  const run: Place['run'] = (...argv) => start(argv).ended;
  const place: Place = {
    dir,
    start,
    run,
    write,
    path,
    inspect: (look) => inspect(dir, look),
    log: () => inspect(dir, async ({ api }) => (await api.events.list({ limit: 500 })).items),
    effects: () => {
      try {
        return readFileSync(path('effects.log'), 'utf8').trim().split('\n');
      } catch {
        return []; // no worker was started yet
      }
    },
    processes: () => processesIn(dir),
    pages: () => Math.ceil(statSync(path('.conductor/conductor.db')).size / 4096),
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
  await inspect(dir, ({ api }) => api.tracks.create({ name: 'Files', plan: planOf('a.txt', 'b.txt') }));
  return place;
}

async function inspect<T>(dir: string, look: (project: Project) => Promise<T>): Promise<T> {
  const project = await openProject(dir, { create: true, config: false });
  try {
    return await look(project);
  } finally {
    await project.close();
  }
}

function processesIn(dir: string): string[] {
  const pids = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/u.test(name)) : [];
  return pids.filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === dir;
    } catch {
      return false; // ended meanwhile, or somebody else's
    }
  });
}

function started(child: Started['child']): Started {
  let stdout = '';
  let stderr = '';
  const lines = createInterface({ input: child.stdout });
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
  return {
    child,
    ended,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const before = stdout.split('\n').find((seen) => pattern.test(seen));
        if (before !== undefined) resolve(before);
        lines.on('line', (seen) => {
          if (pattern.test(seen)) resolve(seen);
        });
        ended.then(({ stderr: why }) => reject(new Error(`It ended without ${String(pattern)}: ${why}`)), reject);
      }),
  };
}

/** Events among the whole lines of a streaming command; the last one may have been cut. */
export function eventsOf(stdout: string): readonly EventEnvelope[] {
  if (!stdout.startsWith('{')) return [];
  const whole = stdout.slice(0, stdout.lastIndexOf('\n') + 1);
  return parseLines(whole).flatMap(({ kind, event }) => (kind === 'event' ? [event as EventEnvelope] : [])); // written by the engine
}
