import { deepFreeze } from '@conductor/core';
import type { Row } from '@conductor/core/ports';
import type { CollectionRow, RecordRows } from '../rules/rows.js';
import { JournaledMap } from './journaled-map.js';
import type { Journal } from './journaled-map.js';
import { SortedKeys } from './sorted-keys.js';

/** Everything there is of records. */
export interface RecordState {
  readonly collections: readonly (readonly [name: string, row: CollectionRow])[];
  readonly records: readonly (readonly [collection: string, row: Row])[];
  readonly unique: readonly (readonly [collection: string, index: number, value: string, key: string])[];
}

export interface MemoryRecordRows extends RecordRows {
  state(): RecordState;
}

/** Records as one map per collection, and what is unique as a map of its own. */
export function memoryRecordRows(journal: Journal): MemoryRecordRows {
  const collections = new JournaledMap<string, CollectionRow>(journal);
  const tables = new Map<string, { readonly rows: JournaledMap<string, Row>; readonly keys: SortedKeys }>();
  const unique = new JournaledMap<string, string>(journal);

  const tableOf = (collection: string) => {
    const known = tables.get(collection);
    if (known !== undefined) return known;
    const table = { rows: new JournaledMap<string, Row>(journal), keys: new SortedKeys() };
    tables.set(collection, table);
    return table;
  };
  // JSON text keeps the three parts apart, whatever they hold.
  const uniqueKey = (collection: string, index: number, value: string) => JSON.stringify([collection, index, value]);

  return {
    state: () => ({
      collections: [...collections.entries()],
      records: [...tables].flatMap(([collection, { rows }]) =>
        Array.from(rows.values(), (row) => [collection, row] as const),
      ),
      // The cast: the text was made from these three parts.
      unique: Array.from(
        unique.entries(),
        ([text, key]) => [...(JSON.parse(text) as [string, number, string]), key] as const,
      ),
    }),
    collection: (name) => collections.get(name),
    putCollection: (name, row) => collections.set(name, row),
    record: (collection, key) => tables.get(collection)?.rows.get(key),
    putRecord(collection, row) {
      const { rows, keys } = tableOf(collection);
      if (!rows.has(row.key)) {
        keys.add(row.key);
        journal.record(() => keys.remove(row.key));
      }
      // A copy, because the caller keeps his value and every reader is handed this one.
      rows.set(row.key, deepFreeze(structuredClone(row)));
    },
    records(collection, { prefix, after, limit, deleted }) {
      const { rows, keys } = tableOf(collection);
      const found: Row[] = [];
      for (const key of keys.after(after)) {
        if (found.length === limit) break;
        const row = rows.get(key);
        if (row === undefined || !key.startsWith(prefix) || (row.deleted && !deleted)) continue;
        found.push(row);
      }
      return found;
    },
    uniqueOwner: (collection, index, value) => unique.get(uniqueKey(collection, index, value)),
    putUnique: (collection, index, value, key) => unique.set(uniqueKey(collection, index, value), key),
    removeUnique: (collection, index, value) => unique.delete(uniqueKey(collection, index, value)),
    clearUnique(collection) {
      const prefix = `${JSON.stringify([collection]).slice(0, -1)},`;
      for (const key of unique.keys()) if (key.startsWith(prefix)) unique.delete(key);
    },
  };
}
