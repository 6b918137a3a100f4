import { ConductorError } from '@conductor/core';
import { identifier, joined, jsonList, sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';

/** The full name of a table of the store. */
export type Table = (name: string) => SqlText;

export function tablesOf(schema: string): Table {
  return (name) => sql`${identifier(schema)}.${identifier(name)}`;
}

const schemaShape = /^[a-z_][a-z0-9_]{0,39}$/;

/** Refuses what could be more than a name. Throws VALIDATION_FAILED. */
export function checkSchema(schema: string): void {
  if (!schemaShape.test(schema))
    throw new ConductorError('VALIDATION_FAILED', `${JSON.stringify(schema)} cannot be the schema of a store`, {
      hint: 'Use 1 to 40 lower-case letters, digits and underscores, not beginning with a digit.',
    });
}

export interface Column {
  readonly name: string;
  /** `json` is text that JSON.stringify made. */
  readonly type: 'text' | 'json' | 'bigint' | 'float8' | 'boolean';
  readonly values: readonly (string | number | boolean | null)[];
}

/** Rows given by columns, in one statement; with `key`, those that exist are replaced. Needs one row at least. */
export function insert(table: SqlText, columns: readonly Column[], key: readonly string[] = []): SqlText {
  const names = columns.map(({ name }) => identifier(name));
  const rest = columns.filter(({ name }) => !key.includes(name)).map(({ name }) => identifier(name));
  const update = joined(
    rest.map((name) => sql`${name} = excluded.${name}`),
    ', ',
  );
  const conflict =
    key.length === 0
      ? sql``
      : sql` ON CONFLICT (${joined(key.map(identifier), ', ')}) DO ${rest.length === 0 ? sql`NOTHING` : sql`UPDATE SET ${update}`}`;
  // What is the same in all rows stands there once. The first column tells how many rows there are.
  const lists = columns.filter((column, index) => index === 0 || !isSame(column));
  const values = columns.map((column) => {
    if (lists.includes(column)) return sql`l.${identifier(column.name)}`;
    return sql`${column.values[0] ?? null}::${typeOf(column)}`;
  });
  const listed = joined(
    lists.map(({ name }) => identifier(name)),
    ', ',
  );
  return sql`INSERT INTO ${table} (${joined(names, ', ')}) SELECT ${joined(values, ', ')} FROM ${unnest(lists)} l (${listed})${conflict}`;
}

function isSame({ values }: Column): boolean {
  const [first] = values;
  return values.every((value) => value === first);
}

function typeOf({ type }: Column): SqlText {
  return { text: type === 'json' ? 'text' : type };
}

/** Removes the rows that have these values in these columns. */
export function remove(table: SqlText, columns: readonly Column[]): SqlText {
  const names = joined(
    columns.map(({ name }) => identifier(name)),
    ', ',
  );
  return sql`DELETE FROM ${table} WHERE (${names}) IN (SELECT * FROM ${unnest(columns)})`;
}

function unnest(columns: readonly Column[]): SqlText {
  const lists = columns.map(({ type, values }) =>
    type === 'json' ? sql`${jsonList(values)}::text[]` : sql`${values}::${{ text: type }}[]`,
  );
  return sql`unnest(${joined(lists, ', ')})`;
}
