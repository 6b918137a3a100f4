import type { Counters } from './log-rows.js';
import { serverNow } from './server-time.js';
import { sql } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import type { Table } from './tables.js';

/** A row of `handles` that nobody has written to for so long belongs to a handle that is gone. */
const forgottenAfter = sql`interval '30 days'`;
/** A group is decided by a time that is never ahead of the server's, and not further behind it than this. */
const longestBehindMs = 1_000;

/**
 * The counters as the last writer left them, and the time of the server once it has the lock. Also makes sure that the handle
 * has its row, and takes those away that nobody needs.
 */
export function lockStatement(t: Table, handle: string): SqlText {
  return sql`WITH locked AS MATERIALIZED (SELECT * FROM ${t('counters')} FOR UPDATE), own AS (
      INSERT INTO ${t('handles')} VALUES (${handle}, 0, now()) ON CONFLICT DO NOTHING
    ), others AS (DELETE FROM ${t('handles')} WHERE at < now() - ${forgottenAfter} AND handle <> ${handle})
    SELECT rev, seq, "commit", token, waiter, ${serverNow} AS now FROM locked`;
}

/** What a group was decided by. */
export interface Basis {
  readonly rev: number;
  /** Unless the lock is held already. */
  readonly ahead?: {
    /** The message of this handle before this one. */
    readonly mark: number;
    /** Unless it is not the server's time that counts. */
    readonly nowMs: number | undefined;
  };
}

/** A condition on a `now`: the time by which a group was decided is near enough. */
function isNear({ ahead }: Basis): SqlText {
  if (ahead?.nowMs === undefined) return sql`true`;
  return sql`now - ${ahead.nowMs} BETWEEN 0 AND ${longestBehindMs}`;
}

/** A condition on the handle: its message before this one took effect. */
function follows(handle: string, { ahead }: Basis): SqlText {
  return ahead === undefined ? sql`handle = ${handle}` : sql`handle = ${handle} AND mark = ${ahead.mark}`;
}

/**
 * Takes the lock and moves the counters on, if nobody has written since the basis; fails with a division by nothing if
 * somebody has, or if a message before it failed. That this message took effect is noted in the same transaction.
 */
export function moveStatement(t: Table, handle: string, basis: Basis, mark: number, to: Counters): SqlText {
  const { seq, commit, token, waiter } = to;
  return sql`WITH moved AS (
      UPDATE ${t('counters')} SET rev = ${basis.rev + 1}, seq = ${seq}, "commit" = ${commit}, token = ${token}, waiter = ${waiter}
      WHERE rev = ${basis.rev} RETURNING ${serverNow} AS now
    ), noted AS (
      UPDATE ${t('handles')} SET mark = ${mark}, at = now() WHERE ${follows(handle, basis)} RETURNING 1
    )
    SELECT 1 / (count(*) FILTER (WHERE ${isNear(basis)}))::integer, max(now) AS now FROM moved, noted`;
}

/** For a group that changes nothing: fails as `moveStatement` does. */
export function sameStatement(t: Table, handle: string, basis: Basis): SqlText {
  return sql`WITH found AS MATERIALIZED (SELECT ${serverNow} AS now FROM ${t('counters')}, ${t('handles')} h
      WHERE ${t('counters')}.rev = ${basis.rev} AND ${follows(handle, basis)})
    SELECT 1 / (count(*) FILTER (WHERE ${isNear(basis)}))::integer, max(now) AS now FROM found`;
}

/**
 * Answers, in one transaction, which message of this handle took effect last, and moves the revision on: a transaction that was lost,
 * and may still be under way, fails from now on. `backend` may keep the lock for nobody, and is ended if it does.
 */
export function fateStatements(t: Table, handle: string, backend: number | undefined): readonly SqlText[] {
  const ended = sql`SELECT count(pg_terminate_backend(pid)) FROM pg_locks
    WHERE pid = ${backend ?? 0} AND relation = ${t('counters').text}::regclass`;
  return [
    // Each statement sees what was committed while the one before it waited.
    sql`SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE`,
    ...(backend === undefined ? [] : [ended]),
    sql`UPDATE ${t('counters')} SET rev = rev + 1`,
    sql`SELECT mark FROM ${t('handles')} WHERE handle = ${handle}`,
  ];
}
