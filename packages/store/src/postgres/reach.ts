import { ConductorError, withTimeout } from '@conductor/core';
import type { Clock, Opt } from '@conductor/core/ports';
import { isBusy, isLost, nameOf, sqlState } from './errors.js';

export interface ReachOptions {
  readonly clock: Clock;
  /** How long to wait for the server, in milliseconds. */
  readonly openTimeoutMs: number;
  /** How long to try again, if that is shorter. */
  readonly storeBusyMs: number;
  /** What people call the server: `db:5432`. */
  readonly server: string | undefined;
  /** Ends the wait at once, with its reason. */
  readonly signal: AbortSignal | undefined;
}

const firstPauseMs = 20;
const longestPauseMs = 500;
/** Nobody listens: while a server restarts that is so for a moment, at a wrong address for ever. */
const refusedShare = 1 / 5;

/**
 * Asks a server until it answers. It is asked again, ever more slowly, while it starts, is full, or cannot be connected to:
 * `openTimeoutMs` long, a fifth of that where nobody listens. Then it throws STORE_BUSY, which says where and why.
 */
export async function reach<T>(ask: (o: Opt) => Promise<T>, o: ReachOptions): Promise<T> {
  const { clock, openTimeoutMs, storeBusyMs } = o;
  const startMs = clock.monotonic();
  let last: unknown;
  const asking = async (signal: AbortSignal): Promise<T> => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      try {
        return await ask({ signal });
      } catch (error) {
        if (signal.aborted || !(isLost(error) || isBusy(error))) throw error;
        last = error;
      }
      const mostMs = Math.min(storeBusyMs, isRefused(last) ? openTimeoutMs * refusedShare : openTimeoutMs);
      if (clock.monotonic() - startMs + pauseMs > mostMs) throw unreachable(o, last);
      await clock.sleep(pauseMs, { signal });
    }
  };
  return withTimeout(asking, {
    timeoutMs: openTimeoutMs,
    clock,
    signal: o.signal,
    error: () => unreachable(o, last),
  });
}

function isRefused(error: unknown): boolean {
  return ['ECONNREFUSED', 'ENOTFOUND'].includes(codeOf(error));
}

function unreachable({ server, openTimeoutMs }: ReachOptions, error: unknown): ConductorError {
  // A server that says something is there, and an address that it said it from is right.
  const speaks = sqlState(error) !== undefined;
  return new ConductorError(
    'STORE_BUSY',
    `${nameOf(server)} ${speaks ? 'is not ready' : 'cannot be reached'}: ${why(error, openTimeoutMs)}`,
    {
      hint: speaks
        ? 'Wait until the server takes connections, then try again.'
        : 'Look whether the server runs, and at host and port of its address; then try again.',
      cause: error,
      ...(server === undefined ? {} : { details: { server } }),
    },
  );
}

function why(error: unknown, openTimeoutMs: number): string {
  const code = codeOf(error);
  if (error === undefined || code === 'CONNECT_TIMEOUT') return `no answer within ${openTimeoutMs / 1_000} s`;
  if (code === 'ECONNREFUSED') return 'nobody listens there (ECONNREFUSED)';
  if (code === 'ENOTFOUND') return 'there is no such host (ENOTFOUND)';
  // Several addresses of one name fail with one error, which has no message of its own.
  return error instanceof Error && error.message !== '' ? error.message : code;
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
