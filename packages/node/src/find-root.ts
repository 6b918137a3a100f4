import { existsSync, realpathSync } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ConductorError } from '@conductor/core';
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

/** The real path of a project's folder, made when `create` is set. Throws PROJECT_NOT_FOUND. */
export async function rootOf(dir: string, create: boolean): Promise<string> {
  const folder = resolve(dir);
  if (!existsSync(folder) || !isProject(folder)) {
    if (!create)
      throw new ConductorError('PROJECT_NOT_FOUND', `There is no project in ${folder}`, { details: { path: folder } });
    await mkdir(folder, { recursive: true });
  }
  return realpath(folder);
}
