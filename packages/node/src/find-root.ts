import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { configNames } from './load-config.js';

/** What makes a folder the root of a project: a configuration, its documents, or its store. */
export function isProject(folder: string): boolean {
  return (
    configNames.some((name) => existsSync(join(folder, name))) ||
    existsSync(join(folder, 'conductor')) ||
    existsSync(join(folder, '.conductor', 'conductor.db'))
  );
}

/**
 * The project that a folder belongs to: `CONDUCTOR_ROOT` (set for workers), else the nearest folder upward, never above
 * the git top level or the home folder. `undefined` when there is none.
 */
export function findRoot(
  from: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const told = environment['CONDUCTOR_ROOT'];
  if (told !== undefined && told !== '') return resolve(told);
  const home = homedir();
  let folder = existsSync(from) ? realpathSync(from) : resolve(from);
  for (;;) {
    if (isProject(folder)) return folder;
    const above = dirname(folder);
    if (folder === home || above === folder || existsSync(join(folder, '.git'))) return undefined;
    folder = above;
  }
}
