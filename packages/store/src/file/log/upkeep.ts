import { ConductorError } from '@conductor/core';
import type { ArtifactId, Clock } from '@conductor/core/ports';
import type { Rows } from '../../rules/rows.js';
import type { Backend } from '../../rules/store.js';
import { noteArtifacts, tidyLimits } from '../../rules/upkeep.js';
import type { TidyOptions, Upkeep } from '../../rules/upkeep.js';
import type { OpenLog } from './open-log.js';

/** What only a file store can do, beside the upkeep that every store on a disk has. */
export interface FileUpkeep extends Upkeep {
  /**
   * Writes the log anew without the lines that say nothing any more; other processes go on behind it. A crash leaves it done
   * or not begun. Sizes are in bytes. Throws as a commit does, so STORE_READ_ONLY of a store that was opened for reading; after
   * STORE_FULL the log is as before. O(log), in which this process does nothing else.
   */
  compact(): Promise<{ readonly bytesBefore: number; readonly bytes: number }>;
}

interface Parts {
  readonly log: OpenLog;
  readonly backend: Backend;
  readonly clock: Clock;
  /** Runs work under the lock of the folder, when everything that others wrote is there. */
  alone<T>(work: () => T): Promise<T>;
  /** The same for work that writes. Throws STORE_READ_ONLY. */
  aloneToWrite<T>(work: () => T): Promise<T>;
}

/** Looks after the files of a log. */
export function fileUpkeep({ log, backend, clock, alone, aloneToWrite }: Parts): FileUpkeep {
  const compact: FileUpkeep['compact'] = () =>
    aloneToWrite(() => {
      const { bytes: bytesBefore } = log.sizes();
      log.compact();
      return { bytesBefore, bytes: log.sizes().bytes };
    });
  return {
    compact,
    async verify({ signal } = {}) {
      signal?.throwIfAborted();
      try {
        return await alone(() => log.problems());
      } catch (error) {
        if (!ConductorError.is(error, 'STORE_CORRUPT')) throw error;
        return [error.message];
      }
    },
    async tidy(o = {}) {
      const { signal } = o;
      const removed = await backend.write((rows) => removePast(rows, log, clock.now(), o), { signal });
      return { ...removed, ...(await compact()) };
    },
    async references({ signal } = {}) {
      signal?.throwIfAborted();
      const found = new Set<ArtifactId>();
      await alone(() => {
        // What a row said before counts too: a sweep rather leaves something.
        for (const { body } of log.lines()) noteArtifacts(JSON.stringify(body), found);
      });
      return found;
    },
  };
}

/** Inside a transaction. */
function removePast(rows: Rows, log: OpenLog, nowMs: number, o: TidyOptions) {
  const { deadBeforeMs, leasesBeforeMs } = tidyLimits(nowMs, o);
  let deadLetters = 0;
  let leases = 0;
  const { subscriptions, leases: held } = log.state();
  for (const [name, row] of subscriptions.deliveries) {
    if (!row.dead) continue;
    // Before there was a time of death: those count from now on.
    if (row.dueMs === 0) rows.subscriptions.putDelivery(name, { ...row, dueMs: nowMs });
    else if (row.dueMs < deadBeforeMs) {
      rows.subscriptions.removeDelivery(name, row.seq);
      deadLetters += 1;
    }
  }
  for (const { token, lost, expiresAtMs } of held.grants) {
    if (!lost || expiresAtMs >= leasesBeforeMs) continue;
    rows.leases.removeGrant(token);
    leases += 1;
  }
  for (const { id, untilMs } of held.waiters) {
    if (untilMs >= leasesBeforeMs) continue;
    rows.leases.removeWaiter(id);
    leases += 1;
  }
  return { deadLetters, leases };
}
