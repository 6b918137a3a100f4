import { ConductorError } from '@conductor/core';
import type { Member } from '../rules/group.js';
import type { StoreLimits } from '../rules/limits.js';
import type { Wants } from './cache.js';
import { changeStatements } from './changes.js';
import type { PgRow } from './client.js';
import { moveStatement, sameStatement } from './revision.js';
import type { Basis } from './revision.js';
import type { StoreTime } from './server-time.js';
import type { SqlText } from './sql-text.js';
import { storeCache } from './store-cache.js';
import type { StoreCache } from './store-cache.js';
import type { Table } from './tables.js';
import type { Area } from './wakeups.js';

/** Rows that are kept in memory from one group to the next. */
const mostKnownRows = 50_000;
/** So many groups in a row without others promise more of them: then it is worth to know all leases. */
const longAlone = 4;

/** The mark of what writes none: when it is lost, it has to be asked again. */
const neverWritten = Infinity;

/** What a group has changed, ready to be sent. */
export interface Changes {
  readonly statements: readonly SqlText[];
  readonly areas: ReadonlySet<Area>;
  /** The number of its message among those of this handle. */
  readonly mark: number;
}

/** What one handle knows of the store from one group to the next, and may take for granted. */
export interface HandleState {
  readonly cache: StoreCache;
  /** The revision that the cache is true for, once what is under way took effect; `undefined` when it is for none. */
  readonly rev: number | undefined;
  /** Groups in a row before which nobody else wrote; when there are some, nobody will have before the next one. */
  readonly alone: number;
  /** The last message of this handle that took effect, if all under way do. */
  readonly lastMark: number;
  /** Whether nobody else wrote before a group. */
  wasAlone(isSo: boolean): void;
  forget(): void;
  /** Goes on from the counters, as whoever has the lock finds them. Throws STORE_CORRUPT. */
  takeLock(row: PgRow | undefined): void;
  /** The statements that write what the group has changed; from now on it is taken for written. */
  takeChanges(basis: Basis): Changes;
  /** What the members will look at: what is not known, and when others write too, all of it. */
  wantsOf(members: readonly Member[], isAlone: boolean): Wants;
}

export function handleState({
  tables: t,
  handle,
  limits,
  time,
}: {
  readonly tables: Table;
  readonly handle: string;
  readonly limits: StoreLimits;
  readonly time: StoreTime;
}): HandleState {
  const cache = storeCache(t, limits);
  let knownRev: number | undefined;
  let alone = 0;
  let marks = 0;
  let lastMark = 0;

  return {
    cache,
    get rev() {
      return knownRev;
    },
    get alone() {
      return alone;
    },
    get lastMark() {
      return lastMark;
    },
    wasAlone(isSo) {
      alone = isSo ? alone + 1 : 0;
    },
    forget() {
      cache.written();
      cache.clear();
      knownRev = undefined;
    },
    takeLock(row) {
      if (row === undefined) throw new ConductorError('STORE_CORRUPT', 'The row of counters is gone');
      const rev = Number(row.rev);
      alone = rev === knownRev ? alone + 1 : 0;
      if (alone === 0) cache.clear();
      knownRev = undefined;
      const [seq, last, token, waiter] = [row.seq, row.commit, row.token, row.waiter].map(Number);
      cache.log.counters = { rev, seq: seq ?? 0, commit: last ?? 0, token: token ?? 0, waiter: waiter ?? 0 };
      time.is(Number(row.now));
    },
    takeChanges(basis) {
      const changes = changeStatements(cache, t);
      const areas = areasOf(cache);
      const { counters } = cache.log;
      cache.written();
      cache.shrink(mostKnownRows);
      knownRev = basis.rev;
      if (changes.length === 0 || counters === undefined)
        return { statements: [sameStatement(t, handle, basis)], areas, mark: neverWritten };
      marks += 1;
      lastMark = marks;
      const statements = [moveStatement(t, handle, basis, marks, counters), ...changes];
      knownRev += 1;
      counters.rev = knownRev;
      return { statements, areas, mark: marks };
    },
    wantsOf(members, isAlone) {
      const wants: Wants = new Map();
      const o = { again: !isAlone, everything: isAlone && alone >= longAlone };
      for (const { touches } of members) if (touches) cache.want(wants, touches, o);
      return wants;
    },
  };
}

function areasOf({ log, leases, subscriptions }: StoreCache): ReadonlySet<Area> {
  const areas = new Set<Area>();
  if (log.events.length > 0) areas.add('e');
  if (leases.grants.hasChanges || leases.waiters.hasChanges) areas.add('l');
  if (subscriptions.subscriptions.hasChanges || subscriptions.deliveries.hasChanges) areas.add('s');
  return areas;
}
