import type { Clock } from '@conductor/core/ports';
import { run } from './client.js';
import type { PgClient } from './client.js';
import { isBusy, isLost } from './errors.js';
import { sql } from './sql-text.js';

export interface RetryOptions {
  readonly client: PgClient;
  readonly clock: Clock;
  readonly storeBusyMs: number;
  /** Whether the store is being closed. */
  readonly isOver: () => boolean;
}

const firstPauseMs = 5;
const longestPauseMs = 500;

/** Resolves when it is worth to try again after an error, and throws the error when it is not, or time is up. */
export type Retry = (error: unknown) => Promise<void>;

export function createRetry({ client, clock, storeBusyMs, isOver }: RetryOptions): Retry {
  const startMs = clock.monotonic();
  let pauseMs = firstPauseMs;
  return async (error) => {
    for (let last = error; ;) {
      // The other connections of a server that went away close in this turn: postgres.js loses what is sent over them now.
      await clock.turn();
      if (!(isLost(last) || isBusy(last)) || isOver() || clock.monotonic() - startMs >= storeBusyMs) throw last;
      await clock.sleep(pauseMs);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
      try {
        await run(client, [sql`SELECT 1`], 1);
        return;
      } catch (again) {
        last = again;
      }
    }
  };
}
