import type { ActorRef, Correlation, EventEnvelope, Filter, Json, StreamId } from '@conductor/core/ports';
import { filterParts } from '../rules/filter.js';
import type { StoreLimits } from '../rules/limits.js';
import type { LogRows } from '../rules/rows.js';
import type { Sql, SqlValue } from './database.js';
import { logTail } from './log-tail.js';

/** An event with what its commit says of it. */
export type EventColumns = {
  readonly seq: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly v: number;
  readonly commit: number;
  readonly data: string;
  readonly at: string;
  readonly actor: string;
  readonly correlation: string;
  readonly causation: string | null;
};

type Size = { readonly seq: number; readonly bytes: number };

const envelopes = `SELECT e.seq, e.stream, e.version, e.type, e.v, e."commit", e.data, c.at, c.actor, c.correlation, c.causation
  FROM events e JOIN commits c ON c."commit" = e."commit"`;

/**
 * The log in tables. A page costs two statements, of which the first finds its end by size, so that no row is read in vain;
 * the newest events cost none while no other connection writes.
 */
export function sqliteLogRows(sql: Sql, limits: StoreLimits): LogRows & { forget(): void } {
  const tail = logTail(limits);
  /** The commit whose events are being added. */
  let current: Pick<EventColumns, 'commit' | 'at' | 'actor' | 'correlation' | 'causation'> | undefined;
  const pageOf = (sizes: readonly Size[], backward = false): readonly EventEnvelope[] => {
    const seqs = fitting(sizes, limits.pageBytes);
    if (seqs.length === 0) return [];
    const order = backward ? 'DESC' : 'ASC';
    const where = `WHERE e.seq IN (SELECT value FROM json_each(?)) ORDER BY e.seq ${order}`;
    return envelopesOf(sql.all<EventColumns>(`${envelopes} ${where}`, JSON.stringify(seqs)));
  };

  return {
    head: () => sql.get<{ seq: number | null }>('SELECT max(seq) AS seq FROM events')?.seq ?? 0,
    version: (stream) =>
      sql.get<{ version: number | null }>('SELECT max(version) AS version FROM events WHERE stream = ?', stream)
        ?.version ?? 0,
    // The events themselves say it.
    setVersion: () => undefined,
    addCommit({ at, actor, correlation, causation = null, key = null, digest = null, firstSeq, lastSeq }) {
      const insert = `INSERT INTO commits
        (at, actor, org, workspace, correlation, causation, "key", digest, first_seq, last_seq)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
      const { org = null, workspace = null } = actor;
      const [actorText, correlationText] = [JSON.stringify(actor), JSON.stringify(correlation)];
      const texts = [at, actorText, org, workspace, correlationText, causation, key, digest];
      const commit = sql.run(insert, ...texts, firstSeq, lastSeq).rowid;
      current = { commit, at, actor: actorText, correlation: correlationText, causation };
      return commit;
    },
    addEvent(row) {
      const { seq, stream, version, type, v, commit, data } = row;
      const insert = `INSERT INTO events (seq, stream, version, type, v, "commit", data) VALUES (?, ?, ?, ?, ?, ?, ?)`;
      sql.run(insert, seq, stream, version, type, v, commit, data);
      if (current?.commit === commit) tail.add({ ...row, ...current });
      else tail.forget();
    },
    commitOfKey(key) {
      const select = 'SELECT digest, first_seq, last_seq FROM commits WHERE "key" = ?';
      const row = sql.get<{ digest: string | null; first_seq: number; last_seq: number }>(select, key);
      return row && { digest: row.digest ?? undefined, firstSeq: row.first_seq, lastSeq: row.last_seq };
    },
    versionsBetween(firstSeq, lastSeq) {
      const select = `SELECT stream, max(version) AS version FROM events WHERE seq BETWEEN ? AND ?
        GROUP BY stream ORDER BY min(seq)`;
      const rows = sql.all<{ stream: StreamId; version: number }>(select, firstSeq, lastSeq);
      return rows.map(({ stream, version }) => [stream, version] as const);
    },
    streams({ kind, after, limit }) {
      if (kind === undefined) return streamsBetween(sql, after, undefined, limit);
      // `0` is the character behind `/`: the range holds exactly what starts with `<kind>/`.
      const [first] = streamsBetween(sql, after, `${kind}/`, 1, kind);
      const rest = streamsBetween(sql, after, `${kind}0`, limit, `${kind}/`);
      return first?.stream === kind ? [first, ...rest].slice(0, limit) : rest;
    },
    readStream(stream, { after, limit, backward }) {
      const part = backward ? 'version < ? ORDER BY version DESC' : 'version > ? ORDER BY version';
      const select = `SELECT seq, octet_length(data) AS bytes FROM events WHERE stream = ? AND ${part} LIMIT ?`;
      return pageOf(sql.all<Size>(select, stream, after, Math.min(limit, limits.pageEvents)), backward);
    },
    readLog(filter, o) {
      const newest = tail.page(filter, o);
      if (newest !== undefined) return { events: envelopesOf(newest.rows), scanned: newest.scanned };
      const { after, upTo, limit } = o;
      const { where, values } = filterSql(filter);
      const most = Math.min(limit, limits.pageEvents);
      const select = `SELECT seq, octet_length(data) AS bytes FROM events WHERE seq > ? AND seq <= ? ${where}
        ORDER BY seq LIMIT ?`;
      const sizes = sql.all<Size>(select, after, upTo, ...values, most);
      const events = pageOf(sizes);
      const complete = sizes.length < most && events.length === sizes.length;
      return { events, scanned: complete ? Math.max(after, upTo) : (events.at(-1)?.seq ?? after) };
    },
    event: (seq) => envelopesOf(sql.all<EventColumns>(`${envelopes} WHERE e.seq = ?`, seq))[0],
    count(filter, after) {
      const { where, values } = filterSql(filter);
      return (
        sql.get<{ n: number }>(`SELECT count(*) AS n FROM events WHERE seq > ? ${where}`, after, ...values)?.n ?? 0
      );
    },
    forget: () => tail.forget(),
  };
}

/**
 * Streams behind `after` and not before `from`, up to `below`. Goes from one stream to the next in the index of events:
 * O(log n) for each.
 */
function streamsBetween(
  sql: Sql,
  after: string,
  below: string | undefined,
  limit: number,
  from = '',
): readonly { readonly stream: StreamId; readonly version: number }[] {
  const select = `WITH RECURSIVE names (stream) AS (
      SELECT min(stream) FROM events WHERE stream > ?1 AND stream >= ?2
      UNION ALL
      SELECT (SELECT min(stream) FROM events WHERE stream > names.stream) FROM names
        WHERE names.stream IS NOT NULL AND (?3 IS NULL OR names.stream < ?3)
    )
    SELECT stream, (SELECT max(version) FROM events e WHERE e.stream = names.stream) AS version FROM names
    WHERE stream IS NOT NULL AND (?3 IS NULL OR stream < ?3) LIMIT ?4`;
  const rows = sql.all<{ stream: StreamId; version: number }>(select, after, from, below ?? null, limit);
  return rows.map(({ stream, version }) => ({ stream, version }));
}

/** The first ones that fit into a page, but never none. */
function fitting(sizes: readonly Size[], pageBytes: number): readonly number[] {
  const seqs: number[] = [];
  let total = 0;
  for (const { seq, bytes } of sizes) {
    total += bytes;
    if (seqs.length > 0 && total > pageBytes) break;
    seqs.push(seq);
  }
  return seqs;
}

const kindOfStream = `CASE instr(stream, '/') WHEN 0 THEN stream ELSE substr(stream, 1, instr(stream, '/') - 1) END`;

/** A filter as SQL. Lists go in as JSON, so that there are only few different texts to prepare. */
function filterSql(filter: Filter): { readonly where: string; readonly values: readonly SqlValue[] } {
  const { kinds, types, prefixes } = filterParts(filter);
  let where = '';
  const values: SqlValue[] = [];
  if (kinds !== undefined) {
    where += ` AND ${kindOfStream} IN (SELECT value FROM json_each(?))`;
    values.push(JSON.stringify(kinds));
  }
  if (types !== undefined) {
    // Qualified: json_each has a column `type` of its own.
    const starts = 'EXISTS (SELECT 1 FROM json_each(?) WHERE substr(events.type, 1, length(value)) = value)';
    where += ` AND (events.type IN (SELECT value FROM json_each(?)) OR ${starts})`;
    values.push(JSON.stringify(types), JSON.stringify(prefixes));
  }
  return { where, values };
}

/** Rows as envelopes. What a commit holds once is parsed once. */
function envelopesOf(rows: readonly EventColumns[]): readonly EventEnvelope[] {
  let last: EventColumns | undefined;
  let common: Pick<EventEnvelope, 'at' | 'actor' | 'correlation' | 'causation'> | undefined;
  return rows.map((row) => {
    if (common === undefined || last?.commit !== row.commit) common = commonOf(row);
    last = row;
    const { seq, stream, version, type, v, commit } = row;
    // The casts trust our own rows: they were written from values of these types.
    return {
      id: `${stream}@${version}`,
      seq,
      stream,
      version,
      type,
      v,
      commit,
      ...common,
      data: JSON.parse(row.data) as Json,
    };
  });
}

function commonOf({ at, actor, correlation, causation }: EventColumns) {
  return {
    at,
    actor: JSON.parse(actor) as ActorRef,
    correlation: JSON.parse(correlation) as Correlation,
    ...(causation === null ? {} : { causation }),
  };
}
