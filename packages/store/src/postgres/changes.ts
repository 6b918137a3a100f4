import type { LeaseKey } from '@conductor/core/ports';
import type { Change } from './cache.js';
import { metaOf } from './log-pages.js';
import type { LogCache } from './log-rows.js';
import { keyId } from './lease-rows.js';
import type { LeaseCache } from './lease-rows.js';
import { recordParts, uniqueParts } from './record-rows.js';
import type { RecordCache } from './record-rows.js';
import { isStorable } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import type { StoreCache } from './store-cache.js';
import { deliveryParts } from './subscription-rows.js';
import type { SubscriptionCache } from './subscription-rows.js';
import { insert, remove } from './tables.js';
import type { Column, Table } from './tables.js';

/** A column of a list of rows. */
const column = <R>(
  name: string,
  type: Column['type'],
  rows: readonly R[],
  value: (row: R) => Column['values'][number],
): Column => ({ name, type, values: rows.map(value) });

/** Statements that write what a group has changed, a few for each table whatever their number; none when nothing changed. */
export function changeStatements(cache: StoreCache, t: Table): readonly SqlText[] {
  return [
    ...logChanges(cache.log, t),
    ...leaseChanges(cache.leases, t),
    ...recordChanges(cache.records, t),
    ...subscriptionChanges(cache.subscriptions, t),
  ];
}

function* logChanges({ commits, events }: LogCache, t: Table): Generator<SqlText> {
  if (commits.length > 0) {
    yield insert(t('commits'), [
      column('commit', 'bigint', commits, ({ commit }) => commit),
      column('first_seq', 'bigint', commits, ({ firstSeq }) => firstSeq),
      column('last_seq', 'bigint', commits, ({ lastSeq }) => lastSeq),
      column('at', 'text', commits, ({ at }) => at),
      column('org', 'text', commits, ({ actor }) => scopeOf(actor.org)),
      column('workspace', 'text', commits, ({ actor }) => scopeOf(actor.workspace)),
      column('key', 'text', commits, ({ key }) => key ?? null),
      column('digest', 'text', commits, ({ digest }) => digest ?? null),
      column('meta', 'json', commits, metaOf),
    ]);
  }
  if (events.length > 0) {
    yield insert(t('events'), [
      column('seq', 'bigint', events, ({ seq }) => seq),
      column('stream', 'text', events, ({ stream }) => stream),
      column('version', 'bigint', events, ({ version }) => version),
      column('type', 'text', events, ({ type }) => type),
      column('v', 'bigint', events, ({ v }) => v),
      column('commit', 'bigint', events, ({ commit }) => commit),
      column('data', 'json', events, ({ data }) => data),
    ]);
  }
}

/** The full values are in `meta`; these columns are for queries, and cannot hold NUL. */
function scopeOf(scope: string | undefined): string | null {
  return scope !== undefined && isStorable(scope) ? scope : null;
}

function* leaseChanges({ grants, waiters, owners }: LeaseCache, t: Table): Generator<SqlText> {
  yield* replaced(t, 'owners', owners.changes(), ['owner'], (rows) => [
    column('owner', 'text', rows, ({ owner }) => owner),
    column('host', 'text', rows, ({ host }) => host),
    column('boot_id', 'text', rows, ({ bootId }) => bootId),
  ]);
  const sets = grants.changes();
  yield* numbered(t, 'grants', 'token', sets, (rows) => [
    column('token', 'bigint', rows, ({ token }) => token),
    column('set', 'text', rows, ({ set }) => set),
    column('owner', 'text', rows, ({ owner }) => owner),
    column('expires_at', 'float8', rows, ({ expiresAtMs }) => expiresAtMs),
    column('lost', 'boolean', rows, ({ lost }) => lost),
    column('keys', 'json', rows, ({ keys }) => keysText(keys)),
  ]);
  yield* keyed(t, 'grant_keys', 'token', sets);
  const line = waiters.changes();
  yield* numbered(t, 'waiters', 'id', line, (rows) => [
    column('id', 'bigint', rows, ({ id }) => id),
    column('kind', 'text', rows, ({ kind }) => kind),
    column('set', 'text', rows, ({ set }) => set),
    column('owner', 'text', rows, ({ owner }) => owner),
    column('token', 'bigint', rows, ({ token }) => token),
    column('ttl', 'float8', rows, ({ ttlMs }) => ttlMs),
    column('until', 'float8', rows, ({ untilMs }) => untilMs),
    column('granted', 'bigint', rows, ({ granted }) => granted),
    column('keys', 'json', rows, ({ keys }) => keysText(keys)),
  ]);
  yield* keyed(t, 'waiter_keys', 'waiter', line);
}

const keysText = (keys: readonly LeaseKey[]) => JSON.stringify(keys);

/**
 * Rows with a number that was never given before: what nobody has seen in the database is not there. They come last, since a
 * new set may have the name of one that is marked lost in the same group.
 */
function* numbered<R>(
  t: Table,
  table: string,
  key: string,
  changes: readonly Change<number, R>[],
  columnsOf: (rows: readonly R[]) => readonly Column[],
): Generator<SqlText> {
  const gone = changes.filter(({ before, row }) => before !== undefined && row === undefined);
  if (gone.length > 0) yield remove(t(table), [column(key, 'bigint', gone, (change) => change.key)]);
  const [fresh, kept]: [R[], R[]] = [[], []];
  for (const { before, row } of changes) if (row !== undefined) (before === undefined ? fresh : kept).push(row);
  if (kept.length > 0) yield insert(t(table), columnsOf(kept), [key]);
  if (fresh.length > 0) yield insert(t(table), columnsOf(fresh));
}

/** The keys that sets hold, or requests want: what is no longer so, and what is new. */
function* keyed(
  t: Table,
  table: string,
  number: string,
  changes: readonly Change<number, { readonly keys: readonly LeaseKey[] }>[],
): Generator<SqlText> {
  const gone: Keyed[] = [];
  const fresh: Keyed[] = [];
  for (const { key: id, before, row } of changes) {
    if (before?.keys === row?.keys) continue;
    const had = new Set(before?.keys.map(({ key }) => key));
    for (const { key } of row?.keys ?? []) if (!had.delete(key)) fresh.push({ key, id });
    for (const key of had) gone.push({ key, id });
  }
  const columns = (list: readonly Keyed[]) => [
    column('key', 'text', list, ({ key }) => keyId(key)),
    column(number, 'bigint', list, ({ id }) => id),
  ];
  if (gone.length > 0) yield remove(t(table), columns(gone));
  if (fresh.length > 0) yield insert(t(table), columns(fresh));
}

interface Keyed {
  readonly key: string;
  readonly id: number;
}

function* recordChanges({ collections, records, uniques, cleared }: RecordCache, t: Table): Generator<SqlText> {
  yield* replaced(
    t,
    'collections',
    collections.changes().map(({ key: name, row }) => ({ row: row && { name, ...row }, key: name, before: undefined })),
    ['name'],
    (rows) => [
      column('name', 'text', rows, ({ name }) => name),
      column('version', 'bigint', rows, ({ version }) => version),
      column('indexes', 'json', rows, ({ indexes }) => JSON.stringify(indexes)),
      column('uniques', 'json', rows, ({ unique }) => JSON.stringify(unique)),
    ],
  );
  const written = records
    .changes()
    .flatMap(({ key, row }) => (row ? [{ ...row, collection: recordParts(key)[0] }] : []));
  if (written.length > 0) {
    const columns = [
      column('collection', 'text', written, ({ collection }) => collection),
      column('key', 'text', written, ({ key }) => key),
      column('revision', 'bigint', written, ({ revision }) => revision),
      column('seq', 'bigint', written, ({ seq }) => seq),
      column('deleted', 'boolean', written, ({ deleted }) => deleted),
      column('value', 'json', written, ({ value }) => JSON.stringify(value)),
    ];
    yield insert(t('records'), columns, ['collection', 'key']);
  }
  if (cleared.length > 0) yield remove(t('record_uniques'), [column('collection', 'text', cleared, (name) => name)]);
  const values = uniques.changes().map(({ key, row: owner }) => {
    const [collection, rule, hash] = uniqueParts(key);
    return { collection, rule, hash, owner };
  });
  const named = (rows: typeof values) => [
    column('collection', 'text', rows, ({ collection }) => collection),
    column('rule', 'bigint', rows, ({ rule }) => rule),
    column('hash', 'text', rows, ({ hash }) => hash),
  ];
  const free = values.filter(({ owner }) => owner === undefined);
  if (free.length > 0) yield remove(t('record_uniques'), named(free));
  const taken = values.filter(({ owner }) => owner !== undefined);
  if (taken.length > 0) {
    const columns = [...named(taken), column('key', 'text', taken, ({ owner }) => owner ?? null)];
    yield insert(t('record_uniques'), columns, ['collection', 'rule', 'hash']);
  }
}

function* subscriptionChanges({ subscriptions, deliveries }: SubscriptionCache, t: Table): Generator<SqlText> {
  yield* replaced(
    t,
    'subscriptions',
    subscriptions
      .changes()
      .map(({ key: name, row }) => ({ row: row && { name, ...row }, key: name, before: undefined })),
    ['name'],
    (rows) => [
      column('name', 'text', rows, ({ name }) => name),
      column('spec', 'json', rows, ({ spec }) => JSON.stringify(spec)),
      column('cursor', 'bigint', rows, ({ cursor }) => cursor),
      column('token', 'bigint', rows, ({ token }) => token),
      column('owner', 'text', rows, ({ owner }) => owner),
      column('claimed_until', 'float8', rows, ({ claimedUntilMs }) => claimedUntilMs),
    ],
  );
  const parts = deliveries
    .changes()
    .map(({ key, row }) => ({ name: deliveryParts(key)[0], seq: deliveryParts(key)[1], row }));
  const gone = parts.filter(({ row }) => row === undefined);
  if (gone.length > 0) {
    yield remove(t('deliveries'), [
      column('name', 'text', gone, ({ name }) => name),
      column('seq', 'bigint', gone, ({ seq }) => seq),
    ]);
  }
  const kept = parts.flatMap(({ name, row }) => (row ? [{ ...row, name }] : []));
  if (kept.length > 0) {
    const columns = [
      column('name', 'text', kept, ({ name }) => name),
      column('seq', 'bigint', kept, ({ seq }) => seq),
      column('stream', 'text', kept, ({ stream }) => stream),
      column('attempts', 'bigint', kept, ({ attempts }) => attempts),
      column('due', 'float8', kept, ({ dueMs }) => dueMs),
      column('claim', 'bigint', kept, ({ claim }) => claim),
      column('dead', 'boolean', kept, ({ dead }) => dead),
      column('error', 'json', kept, ({ error }) => JSON.stringify(error)),
    ];
    yield insert(t('deliveries'), columns, ['name', 'seq']);
  }
}

/** Removes the rows that are gone, by the one column of their key, and writes the others. */
function* replaced<R>(
  t: Table,
  table: string,
  changes: readonly Change<string, R>[],
  [key]: readonly [string],
  columnsOf: (rows: readonly R[]) => readonly Column[],
): Generator<SqlText> {
  const kept = changes.flatMap(({ row }) => (row === undefined ? [] : [row]));
  const gone = changes.flatMap((change) => (change.row === undefined ? [change.key] : []));
  if (gone.length > 0) yield remove(t(table), [column(key, 'text', gone, (id) => id)]);
  if (kept.length > 0) yield insert(t(table), columnsOf(kept), [key]);
}
