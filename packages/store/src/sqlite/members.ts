import type { Member } from '../rules/group.js';
import type { CachedRows } from './cached-rows.js';
import { LateFailure } from './database.js';
import type { Sql, SqlDatabase } from './database.js';
import { endsTransaction, resultCode, sqliteError } from './errors.js';

export type Outcome = { readonly value: unknown } | { readonly error: unknown };

type Group = readonly Pick<Member, 'work'>[];

/** Something had been changed when a member failed, and there was no savepoint to go back to: run the group behind savepoints. */
export const halfDone = new Error('half done');

/** Two ways to run the members of a group in an open transaction, in order; one that fails has changed nothing. */
export interface Members {
  /** The quick one. Throws `halfDone`, and errors that end the transaction. */
  together(group: Group): readonly Outcome[];
  /** Each behind a savepoint, and nothing taken on trust. Throws errors that end the transaction. */
  apart(group: Group): readonly Outcome[];
}

interface Attempt {
  readonly outcome: Outcome;
  readonly changed: boolean;
}

export function groupMembers(database: SqlDatabase, sql: Sql, { rows, trust, forget }: CachedRows): Members {
  const savepoint = database.prepare('SAVEPOINT member');
  const release = database.prepare('RELEASE member');
  const undo = database.prepare('ROLLBACK TO member');

  const attempt = (work: () => unknown): Attempt => {
    const before = sql.changes;
    try {
      return { outcome: { value: work() }, changed: false };
    } catch (error) {
      if (error instanceof LateFailure || endsTransaction(error)) throw error;
      const outcome = { error: resultCode(error) === undefined ? error : sqliteError(error) };
      return { outcome, changed: sql.changes !== before };
    }
  };

  const whole = (attempted: Attempt): Outcome => {
    if (attempted.changed) throw halfDone;
    return attempted.outcome;
  };

  const runTrusting = ({ work }: Group[number]): Outcome => {
    trust.used = false;
    const outcome = whole(attempt(() => work(rows)));
    // It may have failed because of what it was trusted with.
    return 'error' in outcome && trust.used ? whole(trust.without(() => attempt(() => work(rows)))) : outcome;
  };

  const runApart = ({ work }: Group[number]): Outcome => {
    savepoint.run();
    const { outcome, changed } = attempt(() =>
      ownFailures(() => {
        const value = work(rows);
        sql.flush();
        return value;
      }),
    );
    if (changed) {
      undo.run();
      forget();
    }
    release.run();
    return outcome;
  };

  return {
    together(group) {
      try {
        const outcomes = trust.with(() => group.map(runTrusting));
        sql.flush();
        return outcomes;
      } catch (error) {
        if (!(error instanceof LateFailure)) throw error;
        throw endsTransaction(error.cause) ? error.cause : halfDone;
      }
    },
    apart: (group) => group.map(runApart),
  };
}

/** Behind a savepoint a member waits for its own changes only. */
function ownFailures<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof LateFailure ? error.cause : error;
  }
}
