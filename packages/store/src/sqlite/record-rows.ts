import type { Json, Row } from '@conductor/core/ports';
import type { RecordRows } from '../rules/rows.js';
import type { Sql } from './database.js';

type RecordColumns = {
  readonly key: string;
  readonly revision: number;
  readonly seq: number;
  readonly deleted: number;
  readonly value: string;
};

const columns = '"key", revision, seq, deleted, value';

/** Records in one table, ordered by collection and key. */
export function sqliteRecordRows(sql: Sql): RecordRows {
  return {
    collection(name) {
      const select = 'SELECT version, indexes, uniques FROM collections WHERE name = ?';
      const row = sql.get<{ version: number; indexes: string; uniques: string }>(select, name);
      // The casts trust our own rows: they were written from values of these types.
      return (
        row && {
          version: row.version,
          indexes: JSON.parse(row.indexes) as string[][],
          unique: JSON.parse(row.uniques) as string[][],
        }
      );
    },
    putCollection(name, { version, indexes, unique }) {
      const replace = 'INSERT OR REPLACE INTO collections (name, version, indexes, uniques) VALUES (?, ?, ?, ?)';
      sql.run(replace, name, version, JSON.stringify(indexes), JSON.stringify(unique));
    },
    record(collection, key) {
      const row = sql.get<RecordColumns>(
        `SELECT ${columns} FROM records WHERE collection = ? AND "key" = ?`,
        collection,
        key,
      );
      return row && rowOf(row);
    },
    putRecord(collection, { key, revision, seq, deleted, value }) {
      const upsert = `INSERT INTO records (collection, ${columns}) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (collection, "key") DO UPDATE
        SET revision = excluded.revision, seq = excluded.seq, deleted = excluded.deleted, value = excluded.value`;
      sql.run(upsert, collection, key, revision, seq, Number(deleted), JSON.stringify(value));
    },
    records(collection, { prefix, after, limit, deleted }) {
      const end = behind(prefix);
      const bound = end === undefined ? '' : 'AND "key" < ?';
      const select = `SELECT ${columns} FROM records
        WHERE collection = ? AND "key" > ? AND "key" >= ? ${bound} AND deleted <= ? ORDER BY "key" LIMIT ?`;
      const values = [collection, after, prefix, ...(end === undefined ? [] : [end]), Number(deleted), limit];
      return sql.all<RecordColumns>(select, ...values).map(rowOf);
    },
    uniqueOwner(collection, index, value) {
      const select = 'SELECT "key" FROM record_uniques WHERE collection = ? AND rule = ? AND value = ?';
      return sql.get<{ key: string }>(select, collection, index, value)?.key;
    },
    putUnique(collection, index, value, key) {
      sql.run(
        'INSERT OR REPLACE INTO record_uniques (collection, rule, value, "key") VALUES (?, ?, ?, ?)',
        collection,
        index,
        value,
        key,
      );
    },
    removeUnique(collection, index, value) {
      sql.run('DELETE FROM record_uniques WHERE collection = ? AND rule = ? AND value = ?', collection, index, value);
    },
    clearUnique: (collection) => void sql.run('DELETE FROM record_uniques WHERE collection = ?', collection),
  };
}

function rowOf({ key, revision, seq, deleted, value }: RecordColumns): Row {
  // The cast trusts our own rows: the text was made from a Json value.
  return { key, revision, value: JSON.parse(value) as Json, deleted: deleted === 1, seq };
}

/** The first text behind all texts that start with `prefix`; `undefined` when there is none. */
function behind(prefix: string): string | undefined {
  const points = Array.from(prefix, (char) => char.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    // Surrogates are no characters of their own.
    const following = last === 0xd7ff ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, following);
  }
  return undefined;
}
