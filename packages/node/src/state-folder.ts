import { existsSync } from 'node:fs';
import { access, constants, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConductorError } from '@conductor/core';

/** The database of a project in its state folder. */
export const databaseFile = 'conductor.db';

/** Run-time state: named one by one, so that tracks kept in the same folder stay visible to version control. */
const ignored = [
  databaseFile,
  `${databaseFile}-wal`,
  `${databaseFile}-shm`,
  'owners/',
  'artifacts/',
  'files/',
  'tmp/',
  'workers/',
  'logs/',
  'server.json',
  '.gitignore',
];

/** Makes what is missing of the project's folders; never writes over anything. Throws `STORE_READ_ONLY`, `STORE_FULL`. */
export async function makeFolders(root: string, folder: string): Promise<string> {
  const state = join(root, '.conductor');
  try {
    await mkdir(join(root, folder, 'tracks'), { recursive: true });
    await mkdir(join(state, 'owners'), { recursive: true, mode: 0o700 });
    await mkdir(join(state, 'tmp'), { recursive: true, mode: 0o700 });
    if (!existsSync(join(state, '.gitignore')))
      await writeFile(join(state, '.gitignore'), `${ignored.join('\n')}\n`, { flag: 'wx' });
    await access(state, constants.W_OK);
    return state;
  } catch (cause) {
    throw folderError(root, cause);
  }
}

export interface StateFolder {
  readonly stateDir: string;
  /** This user may look at the project, and not change it. */
  readonly readOnly: boolean;
}

/**
 * The same, and a folder that cannot be written is one for readers; it may have no state yet. Throws as `makeFolders`, where there is
 * state that may not be read either.
 */
export async function openFolders(root: string, folder: string): Promise<StateFolder> {
  try {
    return { stateDir: await makeFolders(root, folder), readOnly: false };
  } catch (error) {
    if (!ConductorError.is(error, 'STORE_READ_ONLY')) throw error;
    const stateDir = join(root, '.conductor');
    await access(stateDir, constants.R_OK | constants.X_OK).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return;
      throw new ConductorError(
        'STORE_READ_ONLY',
        `${root} cannot be written, and ${stateDir} not be read by this user`,
        {
          hint: 'Run this as its owner: what lies there is kept from others, such as the token of the server.',
          details: { path: root },
          cause,
        },
      );
    });
    return { stateDir, readOnly: true };
  }
}

function folderError(root: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === 'EEXIST') return cause;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
    return new ConductorError('STORE_FULL', `No space left for ${root}`, { cause, details: { path: root } });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new ConductorError('STORE_READ_ONLY', `${root} cannot be written`, { cause, details: { path: root } });
  }
  return cause;
}

/** Where the project keeps its documents (R31): `conductor`, else a `.conductor` that holds tracks, else as configured. */
export async function documentsFolder(root: string, configured: string | undefined): Promise<string> {
  if (configured !== undefined) return configured;
  if (existsSync(join(root, 'conductor'))) return 'conductor';
  const hidden = join(root, '.conductor', 'tracks');
  const kept = existsSync(hidden) && (await readdir(hidden)).length > 0;
  return kept ? '.conductor' : 'conductor';
}
