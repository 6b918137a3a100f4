import type { Clock } from '@conductor/core/ports';
import type { Loader } from './cache.js';
import { sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';

/** How long the time of the server is reckoned on from its last answer. */
const longestReckoningMs = 10_000;

/** The clock here may go faster than the server's, but hardly by more than this. */
const slowness = 0.999;

/** Milliseconds since the epoch by the clock of the server, at the moment in which this is evaluated. */
export const serverNow: SqlText = sql`floor(extract(epoch FROM clock_timestamp()) * 1000)`;

/**
 * The time that leases expire by. On more than one machine it is the server's: a transaction asks for it once, behind the
 * lock, and that decides. Reads only look ahead, and reckon on from the last answer.
 */
export interface StoreTime {
  now(): number;
  /** What the server just said. */
  is(serverMs: number): void;
  /** Runs `work` in one moment: a time that is never ahead of the server's. */
  standingStill<T>(work: () => T): T;
  /** Asks the server, when its last answer is too old. */
  readonly stale: Loader<unknown> | undefined;
}

export function storeTime({ clock, time }: { readonly clock: Clock; readonly time: 'server' | 'clock' }): StoreTime {
  let said: { readonly serverMs: number; readonly atMs: number } | undefined;
  let still: number | undefined;
  const is = (serverMs: number) => {
    if (time === 'server') said = { serverMs, atMs: clock.monotonic() };
  };
  const loader: Loader<unknown> = {
    statement: () => sql`SELECT ${serverNow} AS now`,
    learn: (_, rows) => is(Number(rows[0]?.now)),
  };
  const now = () => {
    if (still !== undefined) return still;
    if (said === undefined) return clock.now();
    return said.serverMs + Math.floor(Math.max(0, clock.monotonic() - said.atMs) * slowness);
  };
  return {
    is,
    now,
    standingStill(work) {
      still = now();
      try {
        return work();
      } finally {
        still = undefined;
      }
    },
    get stale() {
      if (time === 'clock') return undefined;
      return said === undefined || clock.monotonic() - said.atMs > longestReckoningMs ? loader : undefined;
    },
  };
}
