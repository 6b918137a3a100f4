import { ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { createGroups, wanted } from '../rules/group.js';
import type { Member } from '../rules/group.js';
import type { StoreLimits } from '../rules/limits.js';
import type { Backend } from '../rules/store.js';
import type { PgClient } from './client.js';
import { createFlights } from './flights.js';
import { handleState } from './handle-state.js';
import { lockedCommit } from './locked-commit.js';
import { pgReader } from './reader.js';
import { storeTime } from './server-time.js';
import type { Table } from './tables.js';
import type { Wakeups } from './wakeups.js';

export interface GroupCommitOptions {
  /** For reads and wake-ups. */
  readonly client: PgClient;
  /** Has one connection. */
  readonly writer: PgClient;
  readonly tables: Table;
  /** The name of this handle, which no other one has. */
  readonly handle: string;
  readonly limits: StoreLimits;
  readonly clock: Clock;
  /** Whose time leases expire by. */
  readonly time: 'server' | 'clock';
  /** How long to try again while the server is away or somebody else keeps the lock. */
  readonly storeBusyMs: number;
  readonly readOnly: boolean;
  readonly wakeups: Wakeups | undefined;
  /** Lets go of the clients. */
  readonly end: () => Promise<void>;
}

/**
 * Group commit over the network (R7, R8): everything that arrives before the end of a turn is one transaction, and its order is
 * that of the lock, which is the row of counters. Whoever has it goes on from the counters of the last who had it, and lets go
 * only when his changes are visible: `seq` is in commit order, and nobody sees a number before the one in front of it.
 *
 * While nobody else writes, the cache of this handle is true: the rules run over it first, and one message takes the lock,
 * writes, and commits, unless the revision is another one by then. It is not waited for: the next group rests on it, and fails
 * if it does. Where something has to be fetched, or others write too, it takes two messages: the first takes the lock and
 * brings the rows that the members are known to ask for; the second writes.
 */
export function pgGroupCommit(options: GroupCommitOptions): Backend {
  const { client, tables, handle, limits, clock, storeBusyMs, readOnly, wakeups } = options;
  const time = storeTime(options);
  let closing = false;
  const retries = { client, clock, storeBusyMs, isOver: () => closing };
  const read = pgReader({ ...retries, tables, limits, time });
  const state = handleState({ tables, handle, limits, time });
  const locked = lockedCommit(options, { state, time, retries });
  const flights = createFlights(options, { state, time, locked });

  /** Resolves when the next group may be made: as soon as this one is under way. */
  const commitGroup = async (group: readonly Member[]): Promise<void> => {
    let rest = wanted(group);
    while (rest.length > 0) {
      while (flights.isFull) await flights.firstLanded();
      const took = flights.takeOff(rest);
      if ('rest' in took) {
        rest = took.rest;
        continue;
      }
      await flights.allLanded();
      const left = wanted(rest);
      rest = left.length === 0 ? [] : await locked.some(left, took.wants);
    }
  };

  const groups = createGroups(clock, commitGroup);

  return {
    now: () => time.now(),
    watch: (wake) => wakeups?.watch(wake),
    write(work, { signal, touches }) {
      return readOnly && groups.failure === undefined
        ? Promise.reject(new ConductorError('STORE_READ_ONLY', 'The store is opened for reading only'))
        : groups.write(work, signal, touches);
    },
    async read(work, hint) {
      if (groups.failure !== undefined) throw groups.failure;
      return read(work, hint);
    },
    async close() {
      closing = true;
      await groups.settled();
      await flights.allLanded();
      groups.fail(new ConductorError('CLOSED', 'The store is closed'));
      await wakeups?.close();
      await options.end();
    },
  };
}
