import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import { afterAll } from 'vitest';
import type { ChildTask } from './child.js';

/** A process of its own that works on a store. */
export interface Child {
  /** Everything that it has printed. */
  readonly lines: readonly string[];
  /** Resolves when it has opened its store. */
  readonly opened: Promise<void>;
  /** Lets a child begin that waits to. */
  begin(): void;
  /** SIGKILL: no handler, no clean-up. */
  kill(): void;
  /** Resolves when it has ended and everything that it printed has arrived. */
  readonly ended: Promise<{ readonly code: number | null; readonly errors: string }>;
}

/** Beside the package, so that the library of SQLite is found; one for each test file, of which two may run at once. */
const folder = fileURLToPath(new URL(`../../.cache/prove-${process.pid}`, import.meta.url));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let built: Promise<string> | undefined;

/** Bundles `child.ts` with our sources, once: a file without imports starts in half of the time. */
function childScript(): Promise<string> {
  built ??= build({
    config: false,
    entry: { child: fileURLToPath(new URL('child.ts', import.meta.url)) },
    outDir: folder,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    noExternal: [/^(?!@photostructure)/],
    external: ['@photostructure/sqlite'],
    silent: true,
    clean: false,
    esbuildOptions(options) {
      options.conditions = ['@conductor/source'];
    },
  }).then(() => `${folder}/child.js`);
  return built;
}

/** Starts processes that each open the store, and lets them begin when the last one has. */
export async function startTogether(
  tasks: readonly ChildTask[],
  onLine?: (line: string) => void,
): Promise<readonly Child[]> {
  const started = await Promise.all(tasks.map((task) => startChild(task, onLine)));
  await Promise.all(started.map(({ opened, ended }) => Promise.race([opened, ended])));
  for (const { begin } of started) begin();
  return started;
}

/** Starts a process for a task; `onLine` hears each line that it prints. */
export async function startChild(task: ChildTask, onLine: (line: string) => void = () => undefined): Promise<Child> {
  const args = ['--no-warnings', await childScript(), JSON.stringify(task)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let rest = '';
  let errors = '';
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      if (line === 'open') open();
      onLine(line);
    }
  });
  const ended = new Promise<{ readonly code: number | null; readonly errors: string }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, errors }));
  });
  return { lines, opened, begin: () => void child.stdin.end('\n'), kill: () => void child.kill('SIGKILL'), ended };
}
