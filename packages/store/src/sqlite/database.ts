/** What a statement of SQLite takes and gives. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** The part of a prepared statement that is used. */
export interface SqlStatement {
  run(...values: SqlValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

/**
 * The part of a SQLite connection that is used, as `DatabaseSync` of node:sqlite has it; any library of that shape fits.
 * SQLite 3.44 or newer. Errors carry the result code of SQLite in `errcode`.
 */
export interface SqlDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

type SqlRow = Readonly<Record<string, SqlValue>>;

/** A connection with its statements prepared once. */
export interface Sql {
  run(sql: string, ...values: SqlValue[]): { readonly changes: number; readonly rowid: number };
  get<T extends SqlRow>(sql: string, ...values: SqlValue[]): T | undefined;
  /** A change that answers a row. */
  write<T extends SqlRow>(sql: string, ...values: SqlValue[]): T | undefined;
  all<T extends SqlRow>(sql: string, ...values: SqlValue[]): readonly T[];
  /** How many changes were made so far. */
  readonly changes: number;
}

/** Texts come from this package only, never from outside, so the cache cannot grow without end. */
export function preparedSql(database: SqlDatabase): Sql {
  const statements = new Map<string, SqlStatement>();
  const prepared = (sql: string) => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  let made = 0;
  const get = <T extends SqlRow>(sql: string, values: SqlValue[]) => prepared(sql).get(...values) as T | undefined;
  return {
    get changes() {
      return made;
    },
    run(sql, ...values) {
      made += 1;
      const { changes, lastInsertRowid } = prepared(sql).run(...values);
      return { changes: Number(changes), rowid: Number(lastInsertRowid) };
    },
    // The casts trust our own schema: each caller names the columns that its statement selects.
    get: (sql, ...values) => get(sql, values),
    write(sql, ...values) {
      made += 1;
      return get(sql, values);
    },
    all: <T extends SqlRow>(sql: string, ...values: SqlValue[]) => prepared(sql).all(...values) as T[],
  };
}
