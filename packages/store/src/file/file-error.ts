import { ConductorError } from '@conductor/core';
import type { ErrorCode } from '@conductor/core';

const codes: ReadonlyMap<string, readonly [code: ErrorCode, hint?: string]> = new Map([
  ['ENOSPC', ['STORE_FULL']],
  ['EDQUOT', ['STORE_FULL']],
  ['EFBIG', ['STORE_FULL']],
  ['EACCES', ['STORE_READ_ONLY', 'Check the permissions of the file and its folder.']],
  ['EPERM', ['STORE_READ_ONLY', 'Check the permissions of the file and its folder.']],
  ['EROFS', ['STORE_READ_ONLY', 'The file system is mounted read-only.']],
  ['EISDIR', ['FILE_INVALID', 'There is a folder where a file is expected.']],
  ['ENOTDIR', ['FILE_INVALID', 'There is a file where a folder is expected.']],
  ['EEXIST', ['FILE_INVALID', 'There is a file where a folder is expected.']],
  ['ENXIO', ['FILE_INVALID', 'There is a pipe or a device where a file is expected.']],
  ['ELOOP', ['PATH_UNSAFE', 'There is a link where a file is expected.']],
  ['ENAMETOOLONG', ['PATH_UNSAFE']],
]);

/** The `code` of a system error, '' for anything else. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

/** A system error as one that a person can act on; errors of Conductor and aborts pass through. */
export function fileError(error: unknown, path: string, verb: string): unknown {
  const system = systemCode(error);
  if (ConductorError.is(error) || !(error instanceof Error) || !/^E[A-Z0-9]+$/.test(system)) return error;
  const [code, hint] =
    codes.get(system) ?? (['STORE_FAILED', 'Check the disk and the limits of this process.'] as const);
  return new ConductorError(code, `Cannot ${verb} ${path}: ${system}`, {
    hint,
    details: { path, reason: system },
    cause: error,
  });
}

/** Runs work on the disk, with its errors made readable. */
export async function onDisk<T>(path: string, verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, path, verb);
  }
}

/** The value, or `undefined` when there is no such file or folder. */
export async function ifExists<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    // ENOTDIR: a parent is a file, so there is certainly nothing below it.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
