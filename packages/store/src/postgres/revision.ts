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
  /** Unless it is the server's own, said behind the lock. */
  readonly nowMs: number | undefined;
}

/** A condition on a `now`: the time by which a group was decided is near enough. */
function isNear({ nowMs }: Basis): SqlText {
  return nowMs === undefined ? sql`true` : sql`now - ${nowMs} BETWEEN 0 AND ${longestBehindMs}`;
}

/**
 * Takes the lock and moves the counters on, if nobody has written since the basis; fails with a division by nothing if
 * somebody has. That this handle was the one who wrote revision `rev + 1` is noted in the same transaction.
 */
export function moveStatement(t: Table, handle: string, basis: Basis, to: Counters): SqlText {
  const { seq, commit, token, waiter } = to;
  const rev = basis.rev + 1;
  return sql`WITH moved AS (
      UPDATE ${t('counters')} SET rev = ${rev}, seq = ${seq}, "commit" = ${commit}, token = ${token}, waiter = ${waiter}
      WHERE rev = ${basis.rev} RETURNING ${serverNow} AS now
    ), noted AS (UPDATE ${t('handles')} SET rev = ${rev}, at = now() WHERE handle = ${handle} RETURNING 1)
    SELECT 1 / (count(*) FILTER (WHERE ${isNear(basis)}))::integer, max(now) AS now FROM moved, noted`;
}

/** For a group that changes nothing: fails as `moveStatement` does. */
export function sameStatement(t: Table, basis: Basis): SqlText {
  return sql`WITH found AS MATERIALIZED (SELECT ${serverNow} AS now FROM ${t('counters')} WHERE rev = ${basis.rev})
    SELECT 1 / (count(*) FILTER (WHERE ${isNear(basis)}))::integer, max(now) AS now FROM found`;
}

/**
 * Answers, in one transaction, which revision this handle wrote last, and moves the revision on: a transaction that was lost,
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
    sql`SELECT rev FROM ${t('handles')} WHERE handle = ${handle}`,
  ];
}
