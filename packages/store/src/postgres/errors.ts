import { ConductorError } from '@conductor/core';
import type { ErrorCode } from '@conductor/core';

/** What the server says with an error: five characters, see the appendix "PostgreSQL Error Codes" of its manual. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { readonly code?: unknown; readonly severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}

/** The server went away, or sent this connection away: what was asked last may have happened or not. */
export function isLost(error: unknown): boolean {
  if (error instanceof ConductorError) return false;
  const state = sqlState(error);
  // 22012: a division by nothing, which is how a transaction finds that it is not the one it was.
  if (state !== undefined) return /^(?:08|57P|25P03|22012)/.test(state);
  return hasCode(error);
}

/** A transaction has found that it is not the one it was, or that others have written: it ended, and wrote nothing. */
export function isElsewhere(error: unknown): boolean {
  return sqlState(error) === '22012';
}

/** Something is in the database already that must not be there twice. */
export function isThere(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/** There was no connection over which it could have been sent. */
export function isUnsent(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && unsent.has(code);
}

/** 57P03: the server is starting, or ending. */
const unsent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'CONNECT_TIMEOUT', '57P03']);

/** The connection was lost behind a COMMIT: it happened or not. */
export function isInDoubt(error: unknown): boolean {
  return isLost(error) && !isElsewhere(error) && !isUnsent(error);
}

/** The server is there, but says: not now. */
export function isBusy(error: unknown): boolean {
  const state = sqlState(error) ?? '';
  return busyStates.has(state);
}

/** One value of one caller is what the server does not take. */
export function isAboutValues(error: unknown): boolean {
  const state = sqlState(error) ?? '';
  return ConductorError.is(error, 'VALIDATION_FAILED') || /^(?:22|23|54)/.test(state);
}

/** Lock not available, deadlock, serialization, statement timeout, too many connections. */
const busyStates = new Set(['55P03', '40P01', '40001', '57014', '53300']);

/** Errors of sockets, and of postgres.js about them, carry a code that is no state of the server. */
function hasCode(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  // CONNECTION_ENDED: the client was closed, and will not connect again.
  return typeof code === 'string' && code !== 'CONNECTION_ENDED';
}

const codes: readonly (readonly [RegExp, ErrorCode, string?])[] = [
  [/^53100$|^53200$/, 'STORE_FULL', 'Make room on the disk of the database server, then try again.'],
  [/^25006$/, 'STORE_READ_ONLY', 'Connect to the primary server, not to a replica.'],
  [/^42501$/, 'STORE_FAILED', 'Give the user of the connection rights on the schema of the store.'],
  [/^28/, 'STORE_FAILED', 'Look at the user and the password of the address.'],
  [/^3D000$/, 'STORE_FAILED', 'Create the database, or name another one in the address.'],
  [/^42704$|^22023$/, 'STORE_FAILED', 'Look at what stands behind the `?` of the address.'],
  [/^XX00[12]$/, 'STORE_CORRUPT'],
];

/**
 * Any error as one of ours. A lost connection and a busy server are STORE_BUSY: the same call may succeed later. `server` is
 * what people call it, such as `db:5432`.
 */
export function postgresError(error: unknown, server?: string): ConductorError {
  if (error instanceof ConductorError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const who = nameOf(server);
  if (isLost(error) || isBusy(error))
    return new ConductorError('STORE_BUSY', `${who} does not answer: ${message}`, {
      cause: error,
      hint: 'Look whether the server runs and its address is right; then try again.',
    });
  const [, code, hint] = codes.find(([state]) => state.test(sqlState(error) ?? '')) ?? [undefined, 'STORE_FAILED'];
  return new ConductorError(code as ErrorCode, `${who} failed: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/** The server as errors name it. */
export function nameOf(server: string | undefined): string {
  return server === undefined ? 'Postgres' : `Postgres at ${server}`;
}
