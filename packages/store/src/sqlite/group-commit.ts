import { ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { createGroups, wanted } from '../rules/group.js';
import type { Member } from '../rules/group.js';
import type { Backend } from '../rules/store.js';
import type { CachedRows } from './cached-rows.js';
import { checkpointPace } from './checkpoints.js';
import type { Sql, SqlDatabase } from './database.js';
import { commitError, endsTransaction, isBusy, isHarmless, resultCode, sqliteError } from './errors.js';
import { rollback } from './migrations.js';

export interface GroupCommitOptions {
  readonly database: SqlDatabase;
  /** The connection's statements, as `cached` uses them. */
  readonly sql: Sql;
  readonly cached: CachedRows;
  readonly clock: Clock;
  /** How long to try again through the clock when another process has the lock. */
  readonly storeBusyMs: number;
  readonly readOnly: boolean;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

const firstPauseMs = 5;
const longestPauseMs = 250;

/** A member of a group failed when it had already changed something, and there was no savepoint to go back to. */
const halfDone = new Error('half done');

/**
 * Group commit (R7): everything that arrives before the end of a turn shares one transaction and one fsync, and a conflict
 * rejects one caller. Nearly every conflict is found before its member has changed anything; when one was not, the whole
 * group is done again, each member behind a savepoint of its own. Callers are answered after COMMIT. When it fails all
 * of them are rejected, and the connection is closed unless it is certain that its cache is still true.
 */
export function groupCommit(options: GroupCommitOptions): Backend {
  const { database, sql, cached, clock, storeBusyMs, readOnly } = options;
  const begin = database.prepare('BEGIN IMMEDIATE');
  const beginRead = database.prepare('BEGIN');
  const commit = database.prepare('COMMIT');
  const savepoint = database.prepare('SAVEPOINT member');
  const release = database.prepare('RELEASE member');
  const undo = database.prepare('ROLLBACK TO member');

  const paceFor = checkpointPace(database);
  const dataVersion = database.prepare('PRAGMA data_version');
  let lastVersion: unknown;

  // SQLite counts what other connections have committed; asked inside the transaction, it cannot change any more.
  const forgetIfOthersWrote = (): void => {
    const { data_version: version } = dataVersion.get() as { readonly data_version: unknown };
    if (version !== lastVersion) cached.forget();
    lastVersion = version;
  };

  const fail = (error: ConductorError): void => {
    groups.fail(error);
    database.close();
  };

  const attempt = ({ work }: Member): { readonly outcome: Outcome; readonly changed: boolean } => {
    const before = sql.changes;
    try {
      return { outcome: { value: work(cached.rows) }, changed: false };
    } catch (error) {
      if (endsTransaction(error)) throw error;
      const outcome = { error: resultCode(error) === undefined ? error : sqliteError(error) };
      return { outcome, changed: sql.changes !== before };
    }
  };

  const runMember = (member: Member): Outcome => {
    const { outcome, changed } = attempt(member);
    if (changed) throw halfDone;
    return outcome;
  };

  const runBehindSavepoint = (member: Member): Outcome => {
    savepoint.run();
    const { outcome, changed } = attempt(member);
    if (changed) {
      undo.run();
      cached.forget();
    }
    release.run();
    return outcome;
  };

  const transaction = (group: readonly Member[], run: (member: Member) => Outcome): readonly Outcome[] => {
    paceFor(group.length);
    begin.run();
    try {
      forgetIfOthersWrote();
      const outcomes = group.map(run);
      try {
        commit.run();
      } catch (error) {
        throw commitError(error);
      }
      return outcomes;
    } catch (error) {
      rollback(database);
      cached.forget();
      throw error;
    }
  };

  const runGroup = (group: readonly Member[]): readonly Outcome[] => {
    try {
      return transaction(group, runMember);
    } catch (error) {
      if (error !== halfDone) throw error;
      return transaction(group, runBehindSavepoint);
    }
  };

  const commitGroup = async (group: readonly Member[]): Promise<void> => {
    try {
      const { members, outcomes } = await retryBusy({ clock, storeBusyMs }, () => {
        const members = wanted(group);
        return { members, outcomes: members.length === 0 ? [] : runGroup(members) };
      });
      for (const [index, outcome] of outcomes.entries()) settle(members[index], outcome);
    } catch (thrown) {
      const error = sqliteError(thrown);
      if (!isHarmless(error)) fail(afterwards(error));
      for (const { reject } of group) reject(error);
    }
  };

  const groups = createGroups(clock, commitGroup);

  return {
    write(work, { signal }) {
      return readOnly && groups.failure === undefined ? Promise.reject(readOnlyError()) : groups.write(work, signal);
    },
    async read(work, { signal }) {
      // One transaction, so that the statements of one read see one state.
      const once = () => {
        if (groups.failure !== undefined) throw groups.failure;
        signal?.throwIfAborted();
        beginRead.run();
        try {
          forgetIfOthersWrote();
          const value = work(cached.rows);
          commit.run();
          return value;
        } catch (error) {
          rollback(database);
          throw error;
        }
      };
      try {
        return await retryBusy({ clock, storeBusyMs }, once);
      } catch (error) {
        throw resultCode(error) === undefined ? error : sqliteError(error);
      }
    },
    async close() {
      await groups.settled();
      if (groups.failure === undefined) {
        emptyLog(database, readOnly);
        database.close();
      }
      groups.fail(new ConductorError('CLOSED', 'The store is closed'));
    },
  };
}

/** What later calls are told: of them it is known that they wrote nothing. */
function afterwards(error: ConductorError): ConductorError {
  if (!ConductorError.is(error, 'COMMIT_UNKNOWN')) return error;
  return new ConductorError('STORE_FAILED', 'The store closed itself when a commit could not be finished', {
    cause: error,
  });
}

function settle(member: Member | undefined, outcome: Outcome): void {
  if ('error' in outcome) member?.reject(outcome.error);
  else member?.resolve(outcome.value);
}

function readOnlyError(): ConductorError {
  return new ConductorError('STORE_READ_ONLY', 'The store is opened for reading only');
}

/** Tries again, with growing pauses through the clock, while another process has the lock. Throws what is not BUSY. */
export async function retryBusy<T>(
  { clock, storeBusyMs }: Pick<GroupCommitOptions, 'clock' | 'storeBusyMs'>,
  once: () => T,
): Promise<T> {
  const startMs = clock.monotonic();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      return once();
    } catch (error) {
      if (!isBusy(error) || clock.monotonic() - startMs >= storeBusyMs) throw error;
    }
    await clock.sleep(pauseMs);
  }
}

/**
 * Moves the write-ahead log into the database, so that the file alone is the store once nobody has it open. Some drivers
 * keep the connection alive behind cached statements, and then SQLite's own clean-up at the last close does not happen.
 * Another process may be reading: then the log simply stays.
 */
function emptyLog(database: SqlDatabase, readOnly: boolean): void {
  if (readOnly) return;
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (!isBusy(error) && resultCode(error) === undefined) throw error; // a full or broken disk is found by the next open
  }
}
