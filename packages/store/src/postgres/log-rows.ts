import type { Filter } from '@conductor/core/ports';
import type { Journal } from '../memory/journaled-map.js';
import { utf8Bytes } from '../rules/limits.js';
import type { StoreLimits } from '../rules/limits.js';
import type { CommitRow, EventRow, LogRows } from '../rules/rows.js';
import { Known, Missing, pushTo, scanOf } from './cache.js';
import type { Loader, Scan, Wants } from './cache.js';
import type { PgRow } from './client.js';
import { filterSql, pageStatement, pendingEnvelope, pendingPage, readPage, streamsStatement } from './log-pages.js';
import type { Page } from './log-pages.js';
import { isStorable, sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import type { Table } from './tables.js';

/** The numbers that every write goes on from. */
export interface Counters {
  rev: number;
  seq: number;
  commit: number;
  token: number;
  waiter: number;
}

type KeyedCommit = Pick<CommitRow, 'digest' | 'firstSeq' | 'lastSeq'>;

/** The log as far as it is known, and what the group has added to it. */
export interface LogCache {
  readonly rows: LogRows;
  readonly streams: Known<string, number>;
  readonly keys: Known<string, KeyedCommit>;
  readonly commits: (CommitRow & { readonly commit: number })[];
  readonly events: EventRow[];
  /** How much text the group has added, in bytes. */
  readonly pendingBytes: number;
  /** Known inside a transaction that has the lock; for reads only `seq` once it was fetched. */
  counters: Counters | undefined;
  readonly head: Loader<unknown>;
  /** The head and the first page after a `seq`, of one moment. */
  tail(filter: Filter, after: number): readonly Loader<unknown>[];
  /**
   * Runs `work` as if streams and keys that nobody has looked for were not there: those that turn out to be there the
   * database refuses when they are written, and those that `work` does not write go to `wants`.
   */
  supposing<T>(wants: Wants, work: () => T): T;
  written(): void;
  clear(): void;
}

export function pgLogCache(journal: Journal, t: Table, limits: StoreLimits): LogCache {
  const streams = new Known<string, number>(journal, {
    // The last entry of the stream in the index: a table of versions would be one more row to write for each commit.
    statement: (keys) => sql`SELECT stream, version FROM unnest(${keys}::text[]) AS wanted (stream) CROSS JOIN LATERAL
      (SELECT version FROM ${t('events')} e WHERE e.stream = wanted.stream ORDER BY version DESC LIMIT 1) last`,
    learn(keys, rows) {
      for (const { stream, version } of rows) streams.learn(String(stream), Number(version));
      for (const key of keys) streams.learn(key, undefined);
    },
  });
  const keys = new Known<string, KeyedCommit>(journal, {
    statement: (wanted) =>
      sql`SELECT "key", digest, first_seq, last_seq FROM ${t('commits')} WHERE "key" = ANY(${wanted}::text[])`,
    learn(wanted, rows) {
      for (const row of rows) {
        const digest = row.digest === null ? undefined : String(row.digest);
        keys.learn(String(row.key), { digest, firstSeq: Number(row.first_seq), lastSeq: Number(row.last_seq) });
      }
      for (const key of wanted) keys.learn(key, undefined);
    },
  });
  const commits: LogCache['commits'] = [];
  const events: EventRow[] = [];
  const scans = new Map<string, Scan<unknown>>();
  let pendingBytes = 0;
  let counters: Counters | undefined;
  let headSeq: number | undefined;

  const head: Loader<unknown> = {
    statement: () => sql`SELECT seq FROM ${t('counters')}`,
    learn: (_, rows) => void (headSeq = Number(rows[0]?.seq)),
  };
  const known = (): Counters => {
    if (counters === undefined) throw new Error('Only a transaction that has the lock may write');
    return counters;
  };
  const step = (name: 'seq' | 'commit', value: number): number => {
    const current = known();
    const before = current[name];
    current[name] = value;
    journal.record(() => (current[name] = before));
    return value;
  };
  /** The result of one statement, fetched once. It does not show what the group has added. */
  const scan = <T>(
    statement: SqlText,
    read: (rows: readonly PgRow[]) => T,
    following?: (value: T) => SqlText | undefined,
  ): Scan<T> => {
    const found = scans.get(statement.text) as Scan<T> | undefined; // the same statement is read the same way
    if (found !== undefined) return found;
    const made = scanOf(statement, read, following);
    scans.set(statement.text, made);
    return made;
  };
  const pageOf = (where: SqlText, order: SqlText, limit: number) => {
    const most = Math.min(limit, limits.pageEvents);
    return scan(pageStatement(t, where, order, most, limits.pageBytes), (found): Page => readPage(found, most));
  };
  const logStatement = (filter: Filter, after: number, most: number) =>
    pageStatement(t, sql`seq > ${after}${filterSql(filter)}`, sql`seq`, most, limits.pageBytes);
  const logPage = (filter: Filter, after: number, limit: number) => {
    const most = Math.min(limit, limits.pageEvents);
    return scan(
      logStatement(filter, after, most),
      (found): Page => readPage(found, most),
      ({ events: [...page], complete }) =>
        complete || limit < limits.pageEvents ? undefined : logStatement(filter, page.at(-1)?.seq ?? after, most),
    );
  };

  const readWritten: LogRows['readLog'] = (filter, { after, upTo, limit }) => {
    const page = logPage(filter, after, limit).get();
    const found = page.events.filter(({ seq }) => seq <= upTo);
    // An event behind `upTo` proves that everything before it was seen.
    const complete = page.complete || found.length < page.events.length;
    return { events: found, scanned: complete ? Math.max(after, upTo) : (found.at(-1)?.seq ?? after) };
  };

  const rows: LogRows = {
    head() {
      if (counters !== undefined) return counters.seq;
      if (headSeq === undefined) throw new Missing(head, undefined);
      return headSeq;
    },
    version: (stream) => streams.get(stream) ?? 0,
    setVersion: (stream, version) => streams.set(stream, version),
    addCommit(row) {
      const commit = step('commit', known().commit + 1);
      pushTo(journal, commits, { ...row, commit });
      if (row.key !== undefined) keys.set(row.key, row);
      return commit;
    },
    addEvent(row) {
      const bytes = utf8Bytes(row.data);
      pushTo(journal, events, row);
      step('seq', row.seq);
      pendingBytes += bytes;
      journal.record(() => (pendingBytes -= bytes));
    },
    commitOfKey: (key) => keys.get(key),
    versionsBetween(firstSeq, lastSeq) {
      if (firstSeq > lastSeq) return [];
      const first = events[0]?.seq ?? Infinity;
      if (firstSeq >= first) {
        const range = events.slice(firstSeq - first, lastSeq - first + 1);
        return [...new Map(range.map(({ stream, version }) => [stream, version]))];
      }
      const statement = sql`SELECT stream, max(version) AS version FROM ${t('events')}
        WHERE seq BETWEEN ${firstSeq} AND ${lastSeq} GROUP BY stream ORDER BY min(seq)`;
      return scan(statement, (found) =>
        found.map(({ stream, version }) => [String(stream), Number(version)] as const),
      ).get();
    },
    streams({ kind, after, limit }) {
      if (kind !== undefined && !isStorable(kind)) return [];
      const statement = streamsStatement(t, kind, after, limit);
      return scan(statement, (found) =>
        found.map(({ stream, version }) => ({ stream: String(stream), version: Number(version) })),
      ).get();
    },
    readStream(stream, { after, limit, backward }) {
      const where = backward ? sql`version < ${after}` : sql`version > ${after}`;
      const order = backward ? sql`version DESC` : sql`version`;
      return pageOf(sql`stream = ${stream} AND ${where}`, order, limit).get().events;
    },
    readLog(filter, o) {
      const written = Math.min(o.upTo, (events[0]?.seq ?? Infinity) - 1);
      const page = o.after < written || events.length === 0 ? readWritten(filter, { ...o, upTo: written }) : undefined;
      if (page !== undefined && (page.events.length > 0 || page.scanned >= o.upTo)) return page;
      return pendingPage({ commits, events }, filter, { ...o, after: Math.max(o.after, written) }, limits);
    },
    event(seq) {
      const added = events[seq - (events[0]?.seq ?? Infinity)];
      if (added !== undefined) return pendingEnvelope(commits, added);
      return pageOf(sql`seq = ${seq}`, sql`seq`, 1).get().events[0];
    },
    count(filter, after) {
      const statement = sql`SELECT count(*) AS n FROM ${t('events')} WHERE seq > ${after}${filterSql(filter)}`;
      return scan(statement, (found) => Number(found[0]?.n)).get();
    },
  };

  return {
    rows,
    streams,
    keys,
    commits,
    events,
    head,
    get pendingBytes() {
      return pendingBytes;
    },
    get counters() {
      return counters;
    },
    set counters(value) {
      counters = value;
    },
    // In one statement after the other of one snapshot.
    tail: (filter, after) => [head, logPage(filter, after, limits.pageEvents).loader],
    supposing: (wants, work) => streams.supposing(wants, () => keys.supposing(wants, work)),
    written() {
      commits.length = 0;
      events.length = 0;
      streams.written();
      keys.written();
      pendingBytes = 0;
      scans.clear();
    },
    clear() {
      streams.clear();
      keys.clear();
      headSeq = undefined;
    },
  };
}
