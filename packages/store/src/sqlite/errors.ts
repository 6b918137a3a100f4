import { ConductorError } from '@conductor/core';
import type { ErrorCode } from '@conductor/core';

/** Result codes of SQLite (sqlite.org/rescode.html); the low byte of an extended code is its primary code. */
const codes = {
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
  /** A write came back short for a reason that is not ENOSPC, such as a limit on the size of files. */
  ioErrorWrite: 10 + 3 * 256,
  ioErrorTruncate: 10 + 6 * 256,
  ioErrorShmSize: 10 + 19 * 256,
} as const;

/** The extended result code of an error of SQLite; `undefined` for other errors. */
export function resultCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { errcode } = error as { readonly errcode?: unknown };
  return typeof errcode === 'number' ? errcode : undefined;
}

/** Another process has the lock: the same call may succeed later. */
export function isBusy(error: unknown): boolean {
  const primary = (resultCode(error) ?? 0) & 0xff;
  return primary === codes.busy || primary === codes.locked;
}

/** Errors that undo the whole transaction or make it worthless, unlike those of one statement. */
export function endsTransaction(error: unknown): boolean {
  const primary = (resultCode(error) ?? 0) & 0xff;
  const fatal: readonly number[] = [
    codes.busy,
    codes.locked,
    codes.noMemory,
    codes.readOnly,
    codes.ioError,
    codes.corrupt,
    codes.full,
    codes.cannotOpen,
    codes.notADatabase,
  ];
  return fatal.includes(primary);
}

/**
 * An error of SQLite as ours: STORE_BUSY, STORE_FULL, STORE_READ_ONLY, STORE_CORRUPT, else STORE_FAILED. Errors that are
 * ours already stay as they are. For hosts too, which open the file themselves.
 */
export function sqliteError(error: unknown): ConductorError {
  if (ConductorError.is(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ConductorError(codeFor(resultCode(error)), `SQLite: ${text}`, { cause: error });
}

/**
 * What a COMMIT failed with. When the disk could not be synced or written to the end, the log of SQLite may hold the whole
 * transaction all the same, and whoever opens it after a crash may find it there: COMMIT_UNKNOWN.
 */
export function commitError(error: unknown): unknown {
  const extended = resultCode(error);
  if (extended === undefined || (extended & 0xff) !== codes.ioError || codeFor(extended) === 'STORE_FULL') return error;
  return new ConductorError('COMMIT_UNKNOWN', `SQLite could not finish a commit: ${String(error)}`, {
    hint: 'Open the store again and look, or repeat the commit with its key.',
    cause: error,
  });
}

function codeFor(extended: number | undefined): ErrorCode {
  const noRoom: readonly (number | undefined)[] = [codes.ioErrorWrite, codes.ioErrorTruncate, codes.ioErrorShmSize];
  if (noRoom.includes(extended)) return 'STORE_FULL';
  switch ((extended ?? 0) & 0xff) {
    case codes.busy:
    case codes.locked:
      return 'STORE_BUSY';
    case codes.full:
      return 'STORE_FULL';
    case codes.readOnly:
      return 'STORE_READ_ONLY';
    case codes.corrupt:
    case codes.notADatabase:
      return 'STORE_CORRUPT';
    default:
      return 'STORE_FAILED';
  }
}

/** After these the connection goes on: nothing was written, and what it has in memory is still true. */
export function isHarmless(error: ConductorError): boolean {
  return ConductorError.is(error, 'STORE_BUSY', 'STORE_FULL', 'STORE_READ_ONLY');
}
