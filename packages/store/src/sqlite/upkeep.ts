import { ConductorError } from '@conductor/core';
import type { ArtifactId, Clock, Opt } from '@conductor/core/ports';
import type { Backend } from '../rules/store.js';
import { noteArtifacts, tidyLimits } from '../rules/upkeep.js';
import type { TidyOptions, Upkeep } from '../rules/upkeep.js';
import type { Sql, SqlDatabase } from './database.js';
import { sqliteError } from './errors.js';
import { retryBusy } from './group-commit.js';
import { problemsOf } from './verify.js';

/** What only a SQLite store can do, beside the upkeep that every store on a disk has. */
export interface SqliteUpkeep extends Upkeep {
  /**
   * Writes a copy of the database as of this moment, which holds a beginning of the log, whole commits only, and no free
   * pages. Other connections go on writing; this thread does nothing else. `path` must not be there: SQLite fills an empty
   * file. Throws STORE_FULL, STORE_BUSY, STORE_FAILED; the store stays open.
   */
  copyTo(path: string, o?: Opt): Promise<void>;
}

interface Parts {
  readonly database: SqlDatabase;
  readonly sql: Sql;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly storeBusyMs: number;
  readonly readOnly: boolean;
  /** What the connection remembers of its rows is no longer true. */
  forget(): void;
}

/** A file with more free pages than this share is worth being written anew. */
const freeShare = 0.25;

/** Looks after a database through the connection of its store. */
export function sqliteUpkeep({ database, sql, backend, clock, storeBusyMs, readOnly, forget }: Parts): SqliteUpkeep {
  /** Between the transactions of the store: each begins and ends in one go. */
  const alone = async (work: () => void): Promise<void> => {
    await backend.read(() => undefined, {}); // throws what the store is closed with
    await retryBusy({ clock, storeBusyMs }, work);
  };

  const copy = (path: string): void => {
    // A copy writes nothing here, and SQLite takes it for a write all the same.
    if (readOnly) database.exec('PRAGMA query_only = OFF');
    try {
      database.prepare('VACUUM INTO ?').run(path);
    } finally {
      if (readOnly) database.exec('PRAGMA query_only = ON');
    }
  };

  return {
    verify: (o = {}) => backend.read(() => problemsOf(sql), o),
    async copyTo(path, { signal } = {}) {
      signal?.throwIfAborted();
      try {
        await alone(() => copy(path));
      } catch (error) {
        throw copyError(path, error);
      }
    },
    async tidy(o = {}) {
      const { signal } = o;
      const before = await backend.read(() => roomOf(sql), { signal });
      const removed = await backend.write(
        () => {
          const counts = removePast(sql, clock.now(), o);
          forget();
          return counts;
        },
        { signal },
      );
      const after = await backend.read(() => roomOf(sql), { signal });
      if (after.freeBytes > after.bytes * freeShare) await alone(() => database.exec('VACUUM'));
      const { bytes } = await backend.read(() => roomOf(sql), { signal });
      return { ...removed, bytesBefore: before.bytes, bytes };
    },
    async references(o = {}) {
      const found = new Set<ArtifactId>();
      let after: number | undefined = 0;
      while (after !== undefined) {
        const from: number = after;
        after = await backend.read(() => noteEvents(sql, from, found), o);
      }
      await backend.read(() => noteRows(sql, found), o);
      return found;
    },
  };
}

/** What a copy fails with is mostly not the fault of the store: its file is there already, or cannot be made. */
function copyError(path: string, thrown: unknown): ConductorError {
  const error = sqliteError(thrown);
  if (ConductorError.is(error, 'STORE_BUSY', 'STORE_FULL', 'CLOSED')) return error;
  return new ConductorError('STORE_FAILED', `No copy could be written to ${path}: ${error.message}`, { cause: error });
}

/** Inside a transaction. */
function removePast(
  sql: Sql,
  nowMs: number,
  o: TidyOptions,
): { readonly deadLetters: number; readonly leases: number } {
  const { deadBeforeMs, leasesBeforeMs } = tidyLimits(nowMs, o);
  // Before there was a time of death: those count from now on.
  sql.run('UPDATE deliveries SET due = ? WHERE dead = 1 AND due = 0', nowMs);
  const letters = sql.run('DELETE FROM deliveries WHERE dead = 1 AND due < ?', deadBeforeMs);
  const sets = sql.run('DELETE FROM grants WHERE lost = 1 AND expires_at < ?', leasesBeforeMs);
  const requests = sql.run('DELETE FROM waiters WHERE until < ?', leasesBeforeMs);
  return { deadLetters: letters.changes, leases: sets.changes + requests.changes };
}

/** Looks at a page of events that may name an artifact; answers where the next page begins. */
function noteEvents(sql: Sql, after: number, into: Set<ArtifactId>): number | undefined {
  const select = `SELECT seq, data FROM events WHERE seq > ? AND instr(data, 'sha256:') > 0 ORDER BY seq LIMIT 200`;
  const rows = sql.all<{ seq: number; data: string }>(select, after);
  for (const { data } of rows) noteArtifacts(data, into);
  return rows.at(-1)?.seq;
}

function noteRows(sql: Sql, into: Set<ArtifactId>): void {
  const select = `SELECT value FROM records WHERE instr(value, 'sha256:') > 0`;
  for (const { value } of sql.all<{ value: string }>(select)) noteArtifacts(value, into);
}

/** Bytes of the file, and those of them that are free. */
function roomOf(sql: Sql): { readonly bytes: number; readonly freeBytes: number } {
  const pragma = (name: string) => sql.get<Record<string, number>>(`PRAGMA ${name}`)?.[name] ?? 0;
  const page = pragma('page_size');
  return { bytes: pragma('page_count') * page, freeBytes: pragma('freelist_count') * page };
}
