import { constants } from 'node:fs';
import { open, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ConductorError } from '@conductor/core';
import { appendSuperpowerError, parseMetadata } from '@conductor/core/files';
import type { SuperpowerError } from '@conductor/core/files';
import type { Step } from '@conductor/core';

/** Larger ones are no `metadata.json` of ours; the limit of the files' reader. */
const metadataBytes = 16 * 1024 * 1024;

/** Throws `FILE_NOT_FOUND` when there is no such file below the root, `PATH_UNSAFE` when a link leads out of it. */
export async function requireFile(root: string, path: string): Promise<void> {
  const real = await realPath(root, path);
  if (real !== undefined && (await stat(real)).isFile()) return;
  throw new ConductorError('FILE_NOT_FOUND', `There is no file ${path}`, {
    hint: 'The agent reads it: it must exist before the call.',
    details: { path },
  });
}

/** The checkpoint of a step as `metadata.json` reads now; `undefined` when there is none. */
export async function readCheckpoint(root: string, trackFolder: string, step: Step): Promise<Checkpoint | undefined> {
  const real = await realPath(root, `${trackFolder}/metadata.json`);
  if (real === undefined || (await stat(real)).size > metadataBytes) return undefined;
  const { metadata } = parseMetadata(await readFile(real));
  const status = metadata?.loopState?.checkpoints?.[step]?.status;
  return status === undefined ? undefined : { status };
}

export interface Checkpoint {
  readonly status: string;
}

/** Appends one line to `superpower-errors.log` of the track. Never through a link. */
export async function logSuperpowerError(root: string, trackFolder: string, error: SuperpowerError): Promise<void> {
  const folder = await realPath(root, trackFolder);
  if (folder === undefined) return; // a track without a folder has nowhere to keep it; the log of events has it
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = await open(join(folder, 'superpower-errors.log'), flags, 0o644);
  try {
    await file.write(appendSuperpowerError(undefined, error)); // one write, so that two agents do not share a line
  } finally {
    await file.close();
  }
}

/** Where a path really lies; `undefined`: nowhere. */
async function realPath(root: string, path: string): Promise<string | undefined> {
  const base = await realpath(root);
  let real: string;
  try {
    real = await realpath(join(base, path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
  if (real.startsWith(`${base}${sep}`)) return real;
  throw new ConductorError('PATH_UNSAFE', `${path} leads out of the project`, { details: { path } });
}
