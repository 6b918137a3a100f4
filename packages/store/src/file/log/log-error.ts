import { ConductorError } from '@conductor/core';
import type { ErrorCode } from '@conductor/core';

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'STORE_FULL',
  EDQUOT: 'STORE_FULL',
  EFBIG: 'STORE_FULL',
  EROFS: 'STORE_READ_ONLY',
  EACCES: 'STORE_READ_ONLY',
  EPERM: 'STORE_READ_ONLY',
  EMFILE: 'STORE_BUSY',
  ENFILE: 'STORE_BUSY',
};

/** An error of the file system as ours: STORE_FULL, STORE_READ_ONLY, STORE_BUSY (no free descriptor), else STORE_FAILED. */
export function logError(error: unknown): ConductorError {
  if (ConductorError.is(error)) return error;
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const known = typeof code === 'string' ? codes[code] : undefined;
  return new ConductorError(known ?? 'STORE_FAILED', `The log could not be written: ${String(message ?? error)}`, {
    cause: error,
  });
}

/** What is in the files is not what was written there. */
export function corrupt(name: string, position: number, what: string): ConductorError {
  return new ConductorError('STORE_CORRUPT', `${name} is damaged at byte ${position}: ${what}`, {
    details: { file: name, position },
  });
}
