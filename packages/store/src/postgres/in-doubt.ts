import { ConductorError } from '@conductor/core';
import { run } from './client.js';
import type { PgClient } from './client.js';
import type { Retry } from './retry.js';
import type { SqlText } from './sql-text.js';

/**
 * Asks, until the server answers, which message of this handle took effect last, when one was lost with its connection. Answers
 * the error COMMIT_UNKNOWN when time is up before.
 */
export async function whichWasLast({
  client,
  statements,
  cause,
  retry,
}: {
  readonly client: PgClient;
  readonly statements: readonly SqlText[];
  readonly cause: unknown;
  readonly retry: Retry;
}): Promise<number | ConductorError> {
  let last = cause;
  try {
    for (;;) {
      await retry(last);
      try {
        const [[row] = []] = await run(client, statements, 1);
        return Number(row?.mark);
      } catch (error) {
        last = error;
      }
    }
  } catch {
    // Told below: the server does not answer.
  }
  const message = 'The connection was lost in COMMIT, and the server does not tell its end';
  const hint = 'Repeat the same call: versions and idempotency keys let it happen once.';
  return new ConductorError('COMMIT_UNKNOWN', message, { hint, cause });
}
