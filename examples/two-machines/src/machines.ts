import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../../packages/cli/dist/bin.js', import.meta.url));
const example = fileURLToPath(new URL('../main.mjs', import.meta.url));

/** Says that it was called, waits until its task may end, and writes the one file of it. */
const agent = (
  folder: string,
) => `echo "$CONDUCTOR_TASK $CONDUCTOR_ATTEMPT $CONDUCTOR_IDEMPOTENCY_KEY $$" >> '${folder}/calls'
while [ ! -e '${folder}'/go-"$CONDUCTOR_TASK" ]; do sleep 0.2; done
echo Hello > "$CONDUCTOR_TASK.txt"
printf '{"status":"done","summary":"Wrote %s"}\\n' "$CONDUCTOR_TASK"
`;

const plan = `# Files

## Phase 1: Side by side

${['1.1', '1.2', '1.3'].map((id) => task(id)).join('')}
## Phase 2: After them

${task('2.1', '1.1, 1.2, 1.3')}`;

function task(id: string, after = 'none'): string {
  const lines = [
    '**Type**: code',
    `**Acceptance**: ${id}.txt exists`,
    `**Files**: ${id}.txt`,
    `**Depends On**: ${after}`,
  ];
  return `- [ ] Task ${id}: Write ${id}.txt\n${lines.map((line) => `  - ${line}\n`).join('')}`;
}

/** A line that the command printed. */
export type Document = Readonly<Record<string, unknown>>;

/** How often an agent was asked, and as what. */
export interface Call {
  readonly task: string;
  readonly attempt: string;
  readonly key: string;
  readonly pid: number;
}

/** A command in a clone of its own, as it would run on a machine of its own. */
export interface Machine {
  readonly child: ChildProcess;
  readonly lines: readonly Document[];
  /** The first line, also one from before, that holds these fields. */
  line(fields: Document): Promise<Document>;
  readonly ended: Promise<number | null>;
}

/** The example's repository with its clones, and a plan whose tasks end when they are told to. */
export interface Machines {
  start(name: string, ...argv: readonly string[]): Machine;
  engine(): Machine;
  /** After an engine was killed: resolves when this one has ended. */
  nextEngine(): Promise<Machine>;
  worker(name: string): Machine;
  letEnd(...tasks: readonly string[]): void;
  calls(): readonly Call[];
  /** When agents were called so often. */
  called(times: number): Promise<void>;
  git(...args: readonly string[]): string;
  /** The example itself once more, over these clones: what it prints, and its exit code. */
  again(): { readonly text: string; readonly exitCode: number | null };
  /** Ends what still runs, and removes everything. */
  remove(): void;
}

export function twoMachines(environment: Readonly<Record<string, string>>): Machines {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'conductor-machines-')));
  const at = (...path: readonly string[]) => join(folder, ...path);
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_CACHE_HOME: at('caches'), ...environment };
  execFileSync(process.execPath, [example, folder, '--only-make'], { env });
  writeFileSync(at('agent.sh'), agent(folder));
  writeFileSync(at('worker.json'), JSON.stringify({ agents: { worker: { command: ['sh', at('agent.sh')] } } }));
  writeFileSync(at('plan.md'), plan);
  writeFileSync(at('calls'), '');
  const machines: Machine[] = [];
  const start: Machines['start'] = (name, ...argv) => {
    const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
    const machine = watched(spawn(process.execPath, [bin, ...argv, '--json'], { cwd: at(name), env, stdio }));
    machines.push(machine);
    return machine;
  };
  const calls = () =>
    readFileSync(at('calls'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line): Call => {
        const [of = '', attempt = '', key = '', pid] = line.split(' ');
        return { task: of, attempt, key, pid: Number(pid) };
      });
  return {
    start,
    engine: () => start('engine', 'run'),
    async nextEngine() {
      let next = start('engine', 'run');
      // Nothing but its lease tells that the one before is dead: until it has expired, the track is held (exit 5).
      for (; (await next.ended) === 5; next = start('engine', 'run')) await moment(1000);
      return next;
    },
    worker: (name) => start(name, 'worker', '--config', at('worker.json')),
    letEnd: (...tasks) => tasks.forEach((id) => writeFileSync(at(`go-${id}`), '')),
    calls,
    async called(times) {
      while (calls().length < times) await moment(50); // other processes write that file: nothing here tells when
    },
    git: (...args) => execFileSync('git', args, { cwd: at('engine'), encoding: 'utf8' }).trim(),
    again() {
      const { stdout, status } = spawnSync(process.execPath, [example, folder], { env, encoding: 'utf8' });
      return { text: stdout, exitCode: status };
    },
    remove() {
      for (const { child } of machines) child.kill('SIGKILL');
      for (const { pid } of existsSync(at('calls')) ? calls() : []) endGroup(pid);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const moment = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

/** An agent that outlived its worker, because a test failed before it was ended. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

/** Whether a process still runs: one that was ended, and that nobody has asked for its exit code, does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync('/proc/self'); // no such process, or no /proc
  }
}

function watched(child: ChildProcess): Machine {
  const lines: Document[] = [];
  const waits = new Set<() => void>();
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      if (text !== '') lines.push(JSON.parse(text) as Document); // NDJSON, as docs/cli.md says
      for (const look of waits) look();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    child,
    lines,
    ended,
    line: (fields) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => holds(line, fields));
          if (found) resolve(found);
        };
        waits.add(look);
        look();
        void ended.then((code) => reject(new Error(`It ended with ${code} and never said ${JSON.stringify(fields)}`)));
      }),
  };
}

function holds(value: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return value === wanted;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(wanted).every(([key, part]) => holds((value as Document)[key], part)); // an object
}
