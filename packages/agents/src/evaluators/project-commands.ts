import { isJson, parseJson } from '@conductor/core';
import type { EvaluatorContext } from '@conductor/core/plugin';

/** What a project can be asked to do, in the order in which it is asked. */
export const checkNames = ['build', 'typecheck', 'lint', 'test'] as const;

/** Commands by the name of their check. */
export type ProjectCommands = ReadonlyMap<string, readonly string[]>;

type Files = Pick<EvaluatorContext<unknown>, 'files'>;

const lockfiles: readonly (readonly [file: string, run: readonly string[]])[] = [
  ['pnpm-lock.yaml', ['pnpm', 'run']],
  ['yarn.lock', ['yarn', 'run']],
  ['package-lock.json', ['npm', 'run', '-s']],
];

/** What `npm init` writes: a script that only says that there is no test. */
const placeholder = /no test specified/;

/**
 * The project's own commands: the scripts `build`, `typecheck`, `lint` and `test` of its package.json, run by the package
 * manager of its lock file; without a `test` script `node --test`, where there are files that it would run.
 */
export async function detectCommands(context: Files): Promise<ProjectCommands> {
  const commands = new Map<string, readonly string[]>();
  const scripts = await scriptsOf(context);
  const run = scripts.size === 0 ? [] : await scriptRunner(context);
  for (const name of checkNames) {
    const script = scripts.get(name);
    if (script !== undefined && !(name === 'test' && placeholder.test(script))) commands.set(name, [...run, name]);
  }
  if (!commands.has('test') && (await hasNodeTests(context))) commands.set('test', ['node', '--test']);
  return commands;
}

async function scriptsOf(context: Files): Promise<ReadonlyMap<string, string>> {
  for await (const file of context.files('package.json')) {
    const manifest = parseJson(await file.text(), { source: file.path, maxBytes: 1024 * 1024 });
    const scripts = typeof manifest === 'object' && manifest !== null && 'scripts' in manifest ? manifest.scripts : {};
    if (typeof scripts !== 'object' || scripts === null || !isJson(scripts)) return new Map();
    return new Map(Object.entries(scripts).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])));
  }
  return new Map();
}

async function scriptRunner(context: Files): Promise<readonly string[]> {
  for (const [lockfile, run] of lockfiles) if (await hasAny(context, lockfile)) return run;
  return ['npm', 'run', '-s'];
}

async function hasNodeTests(context: Files): Promise<boolean> {
  return (
    (await hasAny(context, '**/*{.,-,_}test.{js,mjs,cjs}')) || (await hasAny(context, '**/test/**/*.{js,mjs,cjs}'))
  );
}

async function hasAny(context: Files, glob: string): Promise<boolean> {
  for await (const _file of context.files(glob)) return true;
  return false;
}
