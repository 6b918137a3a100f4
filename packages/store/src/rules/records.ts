import { ConductorError, canonicalJson } from '@conductor/core';
import type { Json, Predicate, RecordOp, Row } from '@conductor/core/ports';
import { checkCount, checkName } from './checks.js';
import { fieldOf, satisfies } from './predicate.js';
import type { CollectionRow, RecordRows } from './rows.js';

/** Local rows describe the outside; they need no event and are not exported. */
export function isLocal(collection: string): boolean {
  return collection.startsWith('$');
}

/**
 * Writes one record. The revision counts every write of the key, deletions included; 0 expects that it does not exist.
 * Throws REVISION_CONFLICT, UNIQUE_VIOLATION.
 */
export function applyRecord(rows: RecordRows, op: RecordOp, seq: number): void {
  const before = rows.record(op.collection, op.key);
  checkRevision(op, before);
  const after: Row = {
    key: op.key,
    revision: (before?.revision ?? 0) + 1,
    value: op.value === undefined ? null : op.value,
    deleted: op.value === undefined,
    seq,
  };
  const rules = rows.collection(op.collection)?.unique ?? [];
  for (const [index, fields] of rules.entries()) {
    const old = before && uniqueValue(before, fields);
    if (old !== undefined) rows.removeUnique(op.collection, index, old);
    addUnique(rows, op.collection, index, fields, after);
  }
  rows.putRecord(op.collection, after);
}

function checkRevision({ collection, key, expectedRevision }: RecordOp, before: Row | undefined): void {
  const actual = before?.revision ?? 0;
  if (expectedRevision === 'any' || expectedRevision === actual) return;
  if (expectedRevision === 0 && before?.deleted === true) return;
  throw new ConductorError(
    'REVISION_CONFLICT',
    `The record ${key} of ${collection} is at revision ${actual}, not ${expectedRevision}`,
    { details: { collection, key, expected: expectedRevision, actual } },
  );
}

function addUnique(rows: RecordRows, collection: string, index: number, fields: readonly string[], row: Row): void {
  const value = uniqueValue(row, fields);
  if (value === undefined) return;
  const owner = rows.uniqueOwner(collection, index, value);
  if (owner !== undefined && owner !== row.key) {
    throw new ConductorError(
      'UNIQUE_VIOLATION',
      `${fields.join(', ')} of ${row.key} is taken by ${owner} in ${collection}`,
      {
        details: { collection, fields, key: owner },
      },
    );
  }
  rows.putUnique(collection, index, value, row.key);
}

/** The values of a unique rule as text; a row that lacks one of the fields is not bound by it, as NULL is in SQL. */
function uniqueValue({ value, deleted }: Row, fields: readonly string[]): string | undefined {
  if (deleted) return undefined;
  const values = fields.map((field) => fieldOf(value, field));
  return values.some((part) => part === undefined || part === null) ? undefined : canonicalJson(values);
}

const pageRows = 500;

/**
 * Declares a collection. The same version again must say the same; a higher one checks all rows anew. Throws
 * UNIQUE_VIOLATION, STORE_NEWER, VALIDATION_FAILED.
 */
export function defineCollection(rows: RecordRows, collection: string, wanted: CollectionRow): void {
  checkName('the name of a collection', collection);
  checkCount('The version of a collection', wanted.version, 1);
  const stored = rows.collection(collection);
  if (stored !== undefined && stored.version > wanted.version) {
    throw new ConductorError(
      'STORE_NEWER',
      `The collection ${collection} has version ${stored.version}, not ${wanted.version}`,
    );
  }
  if (stored?.version === wanted.version) {
    if (shapeOf(stored) === shapeOf(wanted)) return;
    throw new ConductorError(
      'VALIDATION_FAILED',
      `The collection ${collection} has another shape in version ${wanted.version}`,
      {
        hint: 'Raise the version when indexes or unique rules change.',
      },
    );
  }
  rows.putCollection(collection, wanted);
  rows.clearUnique(collection);
  for (const row of allRows(rows, collection)) {
    for (const [index, fields] of wanted.unique.entries()) addUnique(rows, collection, index, fields, row);
  }
}

function shapeOf({ indexes, unique }: CollectionRow): string {
  return canonicalJson({ indexes: [...indexes], unique: [...unique] });
}

function* allRows(rows: RecordRows, collection: string): Generator<Row> {
  let after = '';
  for (;;) {
    const page = rows.records(collection, { prefix: '', after, limit: pageRows, deleted: false });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) return;
    after = last.key;
  }
}

/** One page of records in key order; `where` is asked before the page is filled. `next` is the key to go on after. */
export function listRecords(
  rows: RecordRows,
  collection: string,
  o: {
    readonly prefix: string;
    readonly where: Predicate | undefined;
    readonly after: string;
    readonly limit: number;
    readonly deleted: boolean;
  },
): { readonly rows: readonly Row[]; readonly next?: string } {
  const found: Row[] = [];
  let after = o.after;
  for (;;) {
    const page = rows.records(collection, { ...o, after, limit: pageRows });
    for (const row of page) {
      after = row.key;
      if (!matches(row, o.where)) continue;
      // One row more than asked for tells that there is a next page.
      if (found.length === o.limit) return { rows: found, ...nextAfter(found) };
      found.push(row);
    }
    if (page.length < pageRows) return { rows: found };
  }
}

function nextAfter(found: readonly Row[]): { readonly next?: string } {
  const last = found.at(-1);
  return last === undefined ? {} : { next: last.key };
}

function matches(
  { value, deleted }: { readonly value: Json; readonly deleted: boolean },
  where: Predicate | undefined,
): boolean {
  return where === undefined || (!deleted && satisfies(value, where));
}
