import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { ConductorError } from '@conductor/core';
import { unsafePath } from '../safe-path.js';
import { ifExists, systemCode } from './file-error.js';

/**
 * The absolute path behind a safe relative one, links followed, as far as it exists. Throws PATH_UNSAFE when a link leads
 * out of the root or to nothing, FILE_NOT_FOUND when the root is gone. Between this check and the use of its answer
 * somebody who may write in the project could still plant a link; opening refuses one in the last place.
 */
export async function realPathBelow(root: string, path: string): Promise<string> {
  const base = await realRoot(root);
  const missing: string[] = [];
  for (let place = join(base, path); ; place = dirname(place)) {
    const real = await realOrAbsent(place, path);
    if (real !== undefined) {
      if (!isBelow(base, real)) throw unsafePath(path, 'a link leads out of the project');
      return join(real, ...missing);
    }
    if ((await ifExists(lstat(place)))?.isSymbolicLink()) throw unsafePath(path, 'a link leads to nothing');
    missing.unshift(basename(place));
  }
}

/** The real folder behind a root. Throws FILE_NOT_FOUND. */
export async function realRoot(root: string): Promise<string> {
  const real = await ifExists(realpath(root));
  if (real === undefined)
    throw new ConductorError('FILE_NOT_FOUND', `There is no folder ${root}`, { details: { path: root } });
  return real;
}

/** True for the root itself and everything in it. Both must be real paths. */
export function isBelow(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

async function realOrAbsent(place: string, path: string): Promise<string | undefined> {
  try {
    return await ifExists(realpath(place));
  } catch (error) {
    if (systemCode(error) === 'ELOOP') throw unsafePath(path, 'its links go in a circle');
    throw error;
  }
}
