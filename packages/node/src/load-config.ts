import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConductorError, defaultLimits, parseJson, parseLimits } from '@conductor/core';
import type { ConductorConfig } from '@conductor/core/plugin';

export const configNames = ['conductor.config.ts', 'conductor.config.mjs', 'conductor.config.json'] as const;

const keys = [
  'agents',
  'plugins',
  'disable',
  'board',
  'isolation',
  'git',
  'limits',
  'afterTask',
  'onEvent',
  'dir',
  'store',
  'storeThread',
  'bus',
  'views',
  'server',
] as const;

/**
 * Finds and loads the configuration of a folder; `{}` when there is none. Only this package executes configurations.
 * Throws `CONFIG_INVALID` for more than one file, a throw, or a key that nobody knows.
 */
export async function loadConfig(
  root: string,
  o: { readonly file?: string | undefined; readonly command: string },
): Promise<ConductorConfig> {
  const found = o.file === undefined ? configNames.filter((name) => existsSync(join(root, name))) : [o.file];
  const [file, second] = found;
  if (file === undefined) return {};
  if (second !== undefined) throw invalid(`${root} has ${found.join(' and ')}`, 'Keep one of them.');
  const path = o.file === undefined ? join(root, file) : file;
  const value = await read(path);
  const config =
    typeof value === 'function'
      ? (value as (env: object) => unknown)({ command: o.command, ci: process.env['CI'] === 'true' })
      : value;
  return checked(config, path);
}

async function read(path: string): Promise<unknown> {
  if (!existsSync(path))
    throw new ConductorError('FILE_NOT_FOUND', `There is no configuration ${path}`, { details: { path } });
  try {
    if (path.endsWith('.json')) return parseJson(await readFile(path, 'utf8'), { source: path });
    const loaded = path.endsWith('.ts')
      ? await readTypeScript(path)
      : ((await import(pathToFileURL(path).href)) as unknown);
    return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : loaded;
  } catch (cause) {
    throw new ConductorError(
      'CONFIG_INVALID',
      `${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { details: { path }, cause },
    );
  }
}

/** Only who has such a file waits for the compiler to be loaded. */
async function readTypeScript(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url).import(path);
}

function checked(config: unknown, path: string): ConductorConfig {
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw invalid(`${path} is no object`, 'Export one object.');
  for (const key of Object.keys(config)) {
    if (!keys.some((known) => known === key))
      throw invalid(`${path} has an unknown key ${JSON.stringify(key)}`, `Did you mean ${nearest(key, keys)}?`);
  }
  const { limits } = config as ConductorConfig; // the keys are checked above
  for (const key of Object.keys(limits ?? {})) {
    if (!Object.hasOwn(defaultLimits, key))
      throw invalid(
        `${path} has an unknown limit ${JSON.stringify(key)}`,
        `Did you mean ${nearest(key, Object.keys(defaultLimits))}?`,
      );
  }
  try {
    parseLimits(limits ?? {});
  } catch (cause) {
    throw new ConductorError('CONFIG_INVALID', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      details: { path },
      cause,
    });
  }
  return config as ConductorConfig; // the keys are checked above; their values where they are used
}

function invalid(message: string, hint?: string): ConductorError {
  return new ConductorError('CONFIG_INVALID', message, hint === undefined ? {} : { hint });
}

/** The name that takes the fewest edits (Levenshtein 1965). */
function nearest(word: string, names: readonly string[]): string {
  return names.reduce((best, name) => (distance(word, name) < distance(word, best) ? name : best));
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + Number(letter !== other)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
