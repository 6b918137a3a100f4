import type { ActorRef, Correlation, EventEnvelope, Filter, Json } from '@conductor/core/ports';
import { filterParts, matcher } from '../rules/filter.js';
import { utf8Bytes } from '../rules/limits.js';
import type { StoreLimits } from '../rules/limits.js';
import type { CommitRow, EventRow } from '../rules/rows.js';
import type { PgRow } from './client.js';
import { isStorable, joined, sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import type { Table } from './tables.js';

/** A part of the log. `complete`: there is nothing behind it. */
export interface Page {
  readonly events: readonly EventEnvelope[];
  readonly complete: boolean;
}

/** Streams and their versions, from one entry of the index to the next: O(streams), whatever their lengths. */
export function streamsStatement(t: Table, kind: string | undefined, after: string, limit: number): SqlText {
  // `0` is the character behind `/`: the range holds exactly what starts with `<kind>/`.
  const ofKind =
    kind === undefined ? sql`` : sql`AND (stream = ${kind} OR (stream > ${`${kind}/`} AND stream < ${`${kind}0`}))`;
  // What stands behind NUL cannot be in the table, and whatever starts with what stands before it comes after it.
  const from = sql`${after.split('\0', 1)[0] ?? ''}::text COLLATE "C"`;
  const next = (behind: SqlText) =>
    sql`SELECT stream FROM ${t('events')} WHERE stream > ${behind} ${ofKind} ORDER BY stream LIMIT 1`;
  return sql`WITH RECURSIVE found AS (
      (${next(from)}) UNION ALL SELECT (${next(sql`found.stream`)}) FROM found WHERE found.stream IS NOT NULL
    )
    SELECT stream, (SELECT max(version) FROM ${t('events')} e WHERE e.stream = found.stream) AS version
    FROM found WHERE stream IS NOT NULL LIMIT ${limit}`;
}

/** One page: as many as asked for, cut where it gets too long, but never to nothing. Lengths are known without the texts. */
export function pageStatement(t: Table, where: SqlText, order: SqlText, most: number, maxBytes: number): SqlText {
  return sql`SELECT e.seq, e.stream, e.version, e.type, e.v, e."commit", e.data, c.at, c.meta, e.cut FROM (
    SELECT *, lead(total) OVER (ORDER BY ${order}) > ${maxBytes} AS cut FROM (
      SELECT *, sum(octet_length(data)) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) AS total, row_number() OVER (ORDER BY ${order}) AS n
      FROM (SELECT * FROM ${t('events')} WHERE ${where} ORDER BY ${order} LIMIT ${most}) page
    ) counted
  ) e JOIN ${t('commits')} c ON c."commit" = e."commit" WHERE e.n = 1 OR e.total <= ${maxBytes} ORDER BY ${order}`;
}

export function readPage(rows: readonly PgRow[], most: number): Page {
  return { events: envelopesOf(rows), complete: rows.length < most && rows.at(-1)?.cut !== true };
}

const kindOfStream = sql`split_part(stream, '/', 1)`;

export function filterSql(filter: Filter): SqlText {
  const { kinds, types, prefixes } = filterParts(filter);
  const parts: SqlText[] = [];
  if (kinds !== undefined) parts.push(sql` AND ${kindOfStream} = ANY(${kinds.filter(isStorable)}::text[])`);
  if (types !== undefined) {
    const starts = sql`EXISTS (SELECT FROM unnest(${prefixes.filter(isStorable)}::text[]) p WHERE starts_with(type, p))`;
    parts.push(sql` AND (type = ANY(${types.filter(isStorable)}::text[]) OR ${starts})`);
  }
  return joined(parts, '');
}

/** What the events of a commit have in common, as its row keeps it. */
export function metaOf({ actor, correlation, causation }: CommitRow): string {
  return JSON.stringify({ actor, correlation, causation });
}

interface Meta {
  readonly actor: ActorRef;
  readonly correlation: Correlation;
  readonly causation?: string;
}

/** Rows as envelopes. Who wrote, and why, is mostly the same from row to row, and parsed once then. */
function envelopesOf(rows: readonly PgRow[]): readonly EventEnvelope[] {
  let last: unknown;
  let meta: Meta | undefined;
  return rows.map((row) => {
    // The casts trust our own rows: they were written from values of these types.
    if (meta === undefined || last !== row.meta) meta = JSON.parse(row.meta as string) as Meta;
    last = row.meta;
    const { stream, type, at, data } = row as Record<'stream' | 'type' | 'at' | 'data', string>;
    const { actor, correlation, causation } = meta;
    const version = Number(row.version);
    return {
      id: `${stream}@${version}`,
      seq: Number(row.seq),
      stream,
      version,
      type,
      v: Number(row.v),
      commit: Number(row.commit),
      at,
      actor,
      correlation,
      ...(causation === undefined ? none : { causation }),
      data: JSON.parse(data) as Json,
    };
  });
}

const none = {};

export interface Pending {
  readonly commits: readonly (CommitRow & { readonly commit: number })[];
  readonly events: readonly EventRow[];
}

/** A page of what the group has added and nobody has written yet. */
export function pendingPage(
  { commits, events }: Pending,
  filter: Filter,
  o: { readonly after: number; readonly upTo: number; readonly limit: number },
  { pageEvents, pageBytes }: StoreLimits,
): { readonly events: readonly EventEnvelope[]; readonly scanned: number } {
  const matches = matcher(filter);
  const first = events[0]?.seq ?? 0;
  const found: EventEnvelope[] = [];
  let bytes = 0;
  for (const event of events.slice(Math.max(0, o.after - first + 1))) {
    if (event.seq > o.upTo) break;
    if (!matches(event.stream, event.type)) continue;
    bytes += utf8Bytes(event.data);
    if (found.length === Math.min(o.limit, pageEvents) || (found.length > 0 && bytes > pageBytes))
      return { events: found, scanned: found.at(-1)?.seq ?? o.after };
    found.push(pendingEnvelope(commits, event));
  }
  return { events: found, scanned: Math.max(o.after, o.upTo) };
}

export function pendingEnvelope(commits: Pending['commits'], event: EventRow): EventEnvelope {
  const { seq, stream, version, type, v, commit } = event;
  const row = commits[commit - (commits[0]?.commit ?? 0)];
  if (row === undefined) throw new Error(`Commit ${commit} was not written before its events`);
  // The casts: both are texts made by JSON.stringify, read as a reader of the database reads them.
  const meta = JSON.parse(metaOf(row)) as Meta;
  const data = JSON.parse(event.data) as Json;
  return { id: `${stream}@${version}`, seq, stream, version, type, v, commit, at: row.at, ...meta, data };
}
