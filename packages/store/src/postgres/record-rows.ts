import { sha256Hex } from '@conductor/core/hash';
import type { Json, Row } from '@conductor/core/ports';
import type { Journal } from '../memory/journaled-map.js';
import type { CollectionRow, RecordRows } from '../rules/rows.js';
import { Known, Missing, NotNow, pushTo } from './cache.js';
import type { Loader } from './cache.js';
import type { PgRow } from './client.js';
import { isStorable, sql } from './sql-text.js';
import type { Table } from './tables.js';

/** Records as far as they are known. Keys of several parts are JSON text, which keeps them apart whatever they hold. */
export interface RecordCache {
  readonly rows: RecordRows;
  readonly collections: Known<string, CollectionRow>;
  readonly records: Known<string, Row>;
  readonly uniques: Known<string, string>;
  /** Collections whose unique values all go before the new ones are written. */
  readonly cleared: string[];
  readonly size: number;
  written(): void;
  clear(): void;
}

interface RecordScan {
  readonly rows: readonly Row[];
  readonly ended: boolean;
}

/** Each time that a scan is not long enough it gets this many times as long: rows are fetched about one and a half times. */
const scanGrowth = 4;

export const recordKey = (collection: string, key: string): string => JSON.stringify([collection, key]);
// The casts: keys are made here and nowhere else.
export const recordParts = (key: string) => JSON.parse(key) as readonly [string, string];
export const uniqueParts = (key: string) => JSON.parse(key) as readonly [string, number, string];

export function pgRecordCache(journal: Journal, t: Table): RecordCache {
  const collections = new Known<string, CollectionRow>(journal, {
    statement: (names) =>
      sql`SELECT name, version, indexes, uniques FROM ${t('collections')} WHERE name = ANY(${names}::text[])`,
    learn(names, rows) {
      for (const row of rows) {
        // The casts trust our own rows: they were written from values of these types.
        const indexes = JSON.parse(String(row.indexes)) as string[][];
        const unique = JSON.parse(String(row.uniques)) as string[][];
        collections.learn(String(row.name), { version: Number(row.version), indexes, unique });
      }
      for (const name of names) collections.learn(name, undefined);
    },
  });
  const records = new Known<string, Row>(journal, {
    statement(keys) {
      const parts = keys.map(recordParts);
      return sql`SELECT collection, "key", revision, seq, deleted, value FROM ${t('records')}
        WHERE (collection, "key") IN (SELECT * FROM unnest(
          ${parts.map(([collection]) => collection)}::text[], ${parts.map(([, key]) => key)}::text[]))`;
    },
    learn(keys, rows) {
      for (const row of rows) records.learn(recordKey(String(row.collection), String(row.key)), rowOf(row));
      for (const key of keys) records.learn(key, undefined);
    },
  });
  const uniques = new Known<string, string>(journal, {
    statement(keys) {
      const parts = keys.map(uniqueParts);
      return sql`SELECT collection, rule, hash, "key" FROM ${t('record_uniques')}
        WHERE (collection, rule, hash) IN (SELECT * FROM unnest(${parts.map(([name]) => name)}::text[],
          ${parts.map(([, rule]) => rule)}::integer[], ${parts.map(([, , hash]) => hash)}::text[]))`;
    },
    learn(keys, rows) {
      for (const { collection, rule, hash, key } of rows)
        uniques.learn(JSON.stringify([collection, Number(rule), hash]), String(key));
      for (const key of keys) uniques.learn(key, undefined);
    },
  });
  const cleared: string[] = [];
  const scans = new Map<string, { get(after: string, limit: number): readonly Row[] }>();
  // Values can be long, and an index takes no long ones.
  const uniqueKey = (collection: string, index: number, value: string) =>
    JSON.stringify([collection, index, sha256Hex(value)]);

  const rows: RecordRows = {
    collection: (name) => (isStorable(name) ? collections.get(name) : undefined),
    putCollection: (name, row) => collections.set(name, row),
    record: (collection, key) =>
      isStorable(collection) && isStorable(key) ? records.get(recordKey(collection, key)) : undefined,
    // A copy, because the caller keeps his value.
    putRecord: (collection, row) => records.set(recordKey(collection, row.key), structuredClone(row)),
    records(collection, { prefix, after, limit, deleted }) {
      if (records.hasChanges) throw new NotNow();
      if (!isStorable(collection) || !isStorable(prefix)) return [];
      const name = JSON.stringify([collection, prefix, deleted]);
      const scan = scans.get(name) ?? recordScan(t, { collection, prefix, deleted, after, limit });
      scans.set(name, scan);
      return scan.get(after, limit);
    },
    uniqueOwner(collection, index, value) {
      const key = uniqueKey(collection, index, value);
      return cleared.includes(collection) ? uniques.peek(key) : uniques.get(key);
    },
    putUnique: (collection, index, value, key) => uniques.set(uniqueKey(collection, index, value), key),
    removeUnique: (collection, index, value) => uniques.delete(uniqueKey(collection, index, value)),
    clearUnique(collection) {
      pushTo(journal, cleared, collection);
      for (const key of uniques.known()) if (uniqueParts(key)[0] === collection) uniques.delete(key);
    },
  };

  return {
    rows,
    collections,
    records,
    uniques,
    cleared,
    get size() {
      return collections.size + records.size + uniques.size;
    },
    written() {
      for (const table of [collections, records, uniques]) table.written();
      cleared.length = 0;
      scans.clear();
    },
    clear() {
      for (const table of [collections, records, uniques]) table.clear();
    },
  };
}

/** A part of a collection in key order, from one key on: fetched again and longer whenever it does not reach far enough. */
function recordScan(
  t: Table,
  o: {
    readonly collection: string;
    readonly prefix: string;
    readonly deleted: boolean;
    readonly after: string;
    readonly limit: number;
  },
): { get(after: string, limit: number): readonly Row[] } {
  let found: RecordScan | undefined;
  let length = o.limit;
  // What stands behind NUL cannot be in the table, and whatever starts with what stands before it comes after it.
  const from = o.after.split('\0', 1)[0] ?? '';
  const loader: Loader<unknown> = {
    isScan: true,
    statement: () => sql`SELECT "key", revision, seq, deleted, value FROM ${t('records')}
      WHERE collection = ${o.collection} AND "key" > ${from} AND "key" >= ${o.prefix}
        AND starts_with("key", ${o.prefix}) AND deleted <= ${o.deleted} ORDER BY "key" LIMIT ${length}`,
    learn(_, rows) {
      found = { rows: rows.map(rowOf), ended: rows.length < length };
    },
  };
  return {
    get(after, limit) {
      if (found === undefined) throw new Missing(loader, undefined);
      // Pages are asked for one behind the other.
      const start = after === o.after ? 0 : found.rows.findIndex(({ key }) => key === after) + 1;
      const page = found.rows.slice(start, start + limit);
      if (page.length === limit || found.ended) return page;
      length *= scanGrowth;
      throw new Missing(loader, undefined);
    },
  };
}

function rowOf({ key, revision, seq, deleted, value }: PgRow): Row {
  // The cast trusts our own rows: the text was made from a Json value.
  return {
    key: String(key),
    revision: Number(revision),
    value: JSON.parse(String(value)) as Json,
    deleted: deleted === true,
    seq: Number(seq),
  };
}
