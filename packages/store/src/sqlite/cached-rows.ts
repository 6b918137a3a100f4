import type { StreamId } from '@conductor/core/ports';
import type { LogRows, Rows } from '../rules/rows.js';
import type { Sql } from './database.js';
import type { StoreLimits } from '../rules/limits.js';
import { sqliteLeaseRows } from './lease-rows.js';
import { sqliteLogRows } from './log-rows.js';
import { sqliteRecordRows } from './record-rows.js';
import { sqliteSubscriptionRows } from './subscription-rows.js';

/** Rows of one connection, which remembers what it wrote itself. */
export interface CachedRows {
  readonly rows: Rows;
  /** Called when another connection has written, and when a transaction was rolled back. */
  forget(): void;
}

/** All rows of a store; heads of streams, leases and subscriptions are read from memory, and true until `forget`. */
export function cachedRows(sql: Sql, limits: StoreLimits): CachedRows {
  const log = cachedLog(sqliteLogRows(sql, limits));
  const leases = sqliteLeaseRows(sql);
  const subscriptions = sqliteSubscriptionRows(sql);
  return {
    rows: { log: log.rows, leases, records: sqliteRecordRows(sql), subscriptions },
    forget() {
      log.forget();
      leases.forget();
      subscriptions.forget();
    },
  };
}

const maxStreams = 10_000;

function cachedLog(rows: ReturnType<typeof sqliteLogRows>): { readonly rows: LogRows; forget(): void } {
  let head: number | undefined;
  const versions = new Map<StreamId, number>();
  const note = (stream: StreamId, version: number) => {
    if (versions.size >= maxStreams) versions.clear();
    versions.set(stream, version);
    return version;
  };
  return {
    rows: {
      ...rows,
      head: () => (head ??= rows.head()),
      version: (stream) => versions.get(stream) ?? note(stream, rows.version(stream)),
      setVersion(stream, version) {
        rows.setVersion(stream, version);
        note(stream, version);
      },
      addEvent(row) {
        rows.addEvent(row);
        head = row.seq;
      },
    },
    forget() {
      head = undefined;
      versions.clear();
      rows.forget();
    },
  };
}
