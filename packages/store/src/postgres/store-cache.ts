import { createJournal } from '../memory/journaled-map.js';
import type { Journal } from '../memory/journaled-map.js';
import type { StoreLimits } from '../rules/limits.js';
import type { Rows } from '../rules/rows.js';
import type { Touches } from '../rules/touches.js';
import { want } from './cache.js';
import type { Loader, Wants } from './cache.js';
import { pgLeaseCache } from './lease-rows.js';
import type { LeaseCache } from './lease-rows.js';
import { pgLogCache } from './log-rows.js';
import type { LogCache } from './log-rows.js';
import { pgRecordCache, recordKey } from './record-rows.js';
import type { RecordCache } from './record-rows.js';
import { pgSubscriptionCache } from './subscription-rows.js';
import type { SubscriptionCache } from './subscription-rows.js';
import type { Table } from './tables.js';

/** The tables of a store as far as they are known, and what a group has changed in them. */
export interface StoreCache {
  readonly rows: Rows;
  readonly journal: Journal;
  readonly log: LogCache;
  readonly leases: LeaseCache;
  readonly records: RecordCache;
  readonly subscriptions: SubscriptionCache;
  /** Asks for what a write will look at; `again` also for what is known, `everything` for all leases at once. */
  want(wants: Wants, touches: Touches, o: { readonly again: boolean; readonly everything: boolean }): void;
  /** Forgets what can be asked for again when more rows are known than that. */
  shrink(most: number): void;
  /** The changes are written, or there are none. */
  written(): void;
  /** Nothing is known any more. */
  clear(): void;
}

export function storeCache(t: Table, limits: StoreLimits): StoreCache {
  const journal = createJournal();
  const log = pgLogCache(journal, t, limits);
  const leases = pgLeaseCache(journal, t, (name) => {
    const { counters } = log;
    if (counters === undefined) throw new Error('Only a transaction that has the lock may write');
    counters[name] += 1;
    journal.record(() => (counters[name] -= 1));
    return counters[name];
  });
  const records = pgRecordCache(journal, t);
  const subscriptions = pgSubscriptionCache(journal, t);
  const parts = [log, leases, records, subscriptions] as const;

  return {
    rows: { log: log.rows, leases: leases.rows, records: records.rows, subscriptions: subscriptions.rows },
    journal,
    log,
    leases,
    records,
    subscriptions,
    want(wants, touches, { again, everything }) {
      const ask = <K>(of: { readonly loader: Loader<K>; has(key: K): boolean }, key: K) => {
        if (again || !of.has(key)) want(wants, of.loader, key);
      };
      for (const stream of touches.streams ?? []) ask(log.streams, stream);
      if (touches.idempotencyKey !== undefined) ask(log.keys, touches.idempotencyKey);
      const { tokens = [], sets = [], keys = [], owners = [] } = touches;
      leases.want(wants, { tokens, sets, keys, owners, again, everything });
      for (const { collection, key } of touches.records ?? []) {
        ask(records.collections, collection);
        ask(records.records, recordKey(collection, key));
      }
    },
    shrink(most) {
      if (log.streams.size + log.keys.size > most) log.clear();
      for (const part of [leases, records, subscriptions]) if (part.size > most) part.clear();
    },
    written() {
      for (const part of parts) part.written();
    },
    clear() {
      for (const part of parts) part.clear();
    },
  };
}
