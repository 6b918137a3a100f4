import type { StreamId } from '@conductor/core/ports';
import type { LogRows, Rows } from '../rules/rows.js';
import type { Sql } from './database.js';
import type { StoreLimits } from '../rules/limits.js';
import { sqliteLeaseRows } from './lease-rows.js';
import { sqliteLogRows } from './log-rows.js';
import { sqliteRecordRows } from './record-rows.js';
import { sqliteSubscriptionRows } from './subscription-rows.js';
import { createTrust } from './trust.js';
import type { Trust } from './trust.js';

/** Rows of one connection, which remembers what it wrote itself. */
export interface CachedRows {
  readonly rows: Rows;
  /** Of a write, in what it says of its key and its streams. */
  readonly trust: Trust;
  /** Called when another connection has written, and when a transaction was rolled back. */
  forget(): void;
}

/** All rows of a store; heads of streams, leases and subscriptions are read from memory, and true until `forget`. */
export function cachedRows(sql: Sql, limits: StoreLimits): CachedRows {
  const trust = createTrust();
  const log = cachedLog(sqliteLogRows(sql, limits), trust);
  const leases = sqliteLeaseRows(sql);
  const subscriptions = sqliteSubscriptionRows(sql);
  return {
    rows: { log: log.rows, leases, records: sqliteRecordRows(sql), subscriptions },
    trust,
    forget() {
      sql.drop();
      log.forget();
      leases.forget();
      subscriptions.forget();
    },
  };
}

const maxStreams = 10_000;

function cachedLog(rows: ReturnType<typeof sqliteLogRows>, trust: Trust): { readonly rows: LogRows; forget(): void } {
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
      version(stream, expected) {
        const known = versions.get(stream);
        if (known !== undefined) return known;
        return expected === 0 && trust.take() ? 0 : note(stream, rows.version(stream));
      },
      commitOfKey: (key) => (trust.take() ? undefined : rows.commitOfKey(key)),
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
