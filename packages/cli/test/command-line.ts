import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../src/main.js';
import { FakeHost, memoryStream } from './memory-streams.js';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One document of a command line, or the lines of a streaming one. */
export type Document = Readonly<Record<string, unknown>>;

export interface CommandLine {
  readonly dir: string;
  /** Runs a command in the folder, in this process. */
  run(...argv: readonly string[]): Promise<Ran>;
  /** The same with `--json`: the one document, or all lines. */
  json(...argv: readonly string[]): Promise<Ran & { readonly documents: readonly Document[]; readonly last: Document }>;
  write(name: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/** A command line in a fresh temporary folder. */
export async function commandLine(environment: Readonly<Record<string, string>> = {}): Promise<CommandLine> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'conductor-cli-')));
  const run = async (...argv: readonly string[]): Promise<Ran> => {
    const stdout = memoryStream();
    const stderr = memoryStream();
    const env = { PATH: process.env['PATH'], HOME: dir, ...environment };
    const exitCode = await main({ argv, stdout, stderr, environment: env, cwd: dir, host: new FakeHost() });
    return { exitCode, stdout: stdout.text, stderr: stderr.text };
  };
  return {
    dir,
    run,
    async json(...argv) {
      const ran = await run(...argv, '--json');
      const documents = parseLines(ran.stdout);
      return { ...ran, documents, last: documents.at(-1) ?? {} };
    },
    write: (name, text) => writeFile(join(dir, name), text),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

export function parseLines(text: string): Document[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Document); // the shape is asserted by who reads it
}

/** A plan of single tasks, one file each. */
export function planOf(...files: readonly string[]): string {
  const tasks = files.map(
    (file, index) =>
      `- [ ] Task 1.${index + 1}: Write ${file}\n  - **Type**: code\n  - **Acceptance**: ${file} exists\n  - **Files**: ${file}\n`,
  );
  return `# Files\n\n## Phase 1: Work\n\n${tasks.join('')}`;
}

/** A worker that writes the files of its task. Commands only: a configuration in a temporary folder can import nothing of ours. */
export const writingWorker = `import { readFileSync, writeFileSync } from 'node:fs';
const { task } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
for (const file of task.files) writeFileSync(file, 'Hello\\n');
console.log(JSON.stringify({ status: 'done', summary: 'Wrote ' + task.files.join(', ') }));
`;

/** A configuration whose worker is a command. */
export function configOf(...command: readonly string[]): string {
  return JSON.stringify({ agents: { worker: { command } } });
}
