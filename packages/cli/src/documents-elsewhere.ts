import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConductorError } from '@conductor/core';
import { isProject } from '@conductor/node';

/** Where others keep what we look for in `conductor/`. */
const places = ['Conductor', 'docs/conductor'] as const;

/**
 * The documents of a project that lie under another name in this very folder, where it is no project of ours yet: a folder with
 * `tracks/` or `tracks.md`. A disk that does not tell `Conductor` from `conductor` has them at the usual place.
 */
export function documentsElsewhere(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const real = realpathSync(folder);
  if (isProject(real)) return undefined;
  return places.find((place) => isFolder(join(real, place, 'tracks')) || existsSync(join(real, place, 'tracks.md')));
}

/** What keeps a command from finding its project may be that the documents lie elsewhere: then the error says how to take them. */
export function hintElsewhere(error: unknown, from: string): unknown {
  if (!ConductorError.is(error, 'PROJECT_NOT_FOUND')) return error;
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const dir = documentsElsewhere(folder);
    if (dir !== undefined)
      return new ConductorError(error.code, `${error.message}, but documents in ${join(folder, dir)}`, {
        hint: `To take them as they are: conductor init ${folder}`,
        details: { ...error.details, documents: join(folder, dir) },
        cause: error,
      });
    if (dirname(folder) === folder || existsSync(join(folder, '.git'))) return error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
