import type { Sql, SqlValue } from './database.js';

/** A question whose rows are what is wrong, in words. */
interface Check {
  readonly what: string;
  readonly sql: string;
}

/** Rows that are told of each check: the first ones say where to look. */
const most = 5;

const checks: readonly Check[] = [
  {
    what: 'the log has a gap before seq',
    sql: `SELECT seq AS place FROM (SELECT seq, lag(seq, 1, 0) OVER (ORDER BY seq) AS before FROM events)
      WHERE seq <> before + 1`,
  },
  {
    what: 'the versions have a gap in the stream',
    sql: `SELECT stream AS place FROM events GROUP BY stream HAVING count(*) <> max(version) OR min(version) <> 1`,
  },
  {
    what: 'the versions of a stream are not in the order of the log at seq',
    sql: `SELECT seq AS place FROM
      (SELECT seq, version, row_number() OVER (PARTITION BY stream ORDER BY seq) AS expected FROM events)
      WHERE version <> expected`,
  },
  {
    what: 'no commit stands for the event',
    sql: `SELECT e.seq AS place FROM events e LEFT JOIN commits c ON c."commit" = e."commit"
      WHERE c."commit" IS NULL OR e.seq NOT BETWEEN c.first_seq AND c.last_seq`,
  },
  {
    what: 'the events do not follow those of the commit before, in commit',
    sql: `SELECT "commit" AS place FROM
      (SELECT "commit", first_seq, last_seq, lag(last_seq, 1, 0) OVER (ORDER BY "commit") AS before FROM commits)
      WHERE first_seq <> before + 1 OR last_seq < before`,
  },
  {
    what: 'events are missing at the end of commit',
    sql: `SELECT "commit" AS place FROM commits WHERE last_seq > (SELECT ifnull(max(seq), 0) FROM events)`,
  },
  { what: 'the data is no JSON in event', sql: 'SELECT seq AS place FROM events WHERE NOT json_valid(data)' },
  {
    what: 'the actor or the correlation is no JSON in commit',
    sql: 'SELECT "commit" AS place FROM commits WHERE NOT json_valid(actor) OR NOT json_valid(correlation)',
  },
  {
    what: 'the digest is missing or is none in the commit with a key',
    sql: `SELECT "commit" AS place FROM commits WHERE "key" IS NOT NULL
      AND (digest IS NULL OR length(digest) <> 64 OR digest GLOB '*[^0-9a-f]*')`,
  },
  {
    what: 'the value is no JSON, or of an event that is not there, in the record',
    sql: `SELECT collection || '/' || "key" AS place FROM records
      WHERE NOT json_valid(value) OR seq > (SELECT ifnull(max(seq), 0) FROM events)`,
  },
  {
    what: 'the place in the log is behind its end in the subscription',
    // One that begins at an event yet to come stands right before that.
    sql: `SELECT name AS place FROM subscriptions WHERE "cursor" > (SELECT ifnull(max(seq), 0) FROM events)
        AND "cursor" IS NOT json_extract(spec, '$.from') - 1
      UNION SELECT name FROM deliveries WHERE seq > (SELECT ifnull(max(seq), 0) FROM events)`,
  },
  {
    what: 'a token was given out that the counter has not reached, in the set',
    sql: `SELECT "set" AS place FROM grants WHERE token > (SELECT value FROM counters WHERE name = 'token')`,
  },
];

/**
 * Everything that is wrong with the file and with what is in it, in words; nothing when it is sound. Pages and indexes are
 * looked at by SQLite's own check, the log and its rows by ours. O(log).
 */
export function problemsOf(sql: Sql): readonly string[] {
  const pages = sql
    .all<{ integrity_check: string }>(`PRAGMA integrity_check(${most})`)
    .map(({ integrity_check: said }) => said)
    .filter((said) => said !== 'ok');
  // In a damaged file the questions below may fail or mislead.
  if (pages.length > 0) return pages.map((said) => `SQLite: ${said}`);
  return checks.flatMap(({ what, sql: select }) => {
    const rows = sql.all<{ place: SqlValue }>(`${select} LIMIT ${most}`);
    return rows.length === 0 ? [] : [`${what} ${rows.map(({ place }) => String(place)).join(', ')}`];
  });
}
