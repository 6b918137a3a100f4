import { ConductorError } from '@conductor/core';
import type { OwnerId } from '@conductor/core/ports';
import type { OwnerLocks } from '../rules/lease-port.js';
import type { SqlDatabase } from './database.js';
import { isBusy, sqliteError } from './errors.js';
import { syncLock } from './synchronous.js';

/** The folder of the lock files, as a host hands it in; file names have no folder in them. */
export interface DatabaseOwnersOptions {
  /** Opens a file of the folder as a SQLite database, and makes it when it is not there. */
  open(file: string): SqlDatabase;
  /** The names of the files in the folder; none when there is no folder. */
  files(): Promise<readonly string[]>;
  /** Removes a file of the folder; no error when it is gone. */
  remove(file: string): Promise<void>;
}

const ownerShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/;
const suffix = '.db';
const busyWaitMs = 50;
const maxTries = 3;

/**
 * Owner locks as open exclusive transactions, each in an empty SQLite file of its own (R25): the operating system drops
 * them with the process, at once, whatever killed it. No other code of the process may open these files: closing any
 * handle of a file drops its POSIX locks.
 */
export function databaseOwners({ open, files, remove }: DatabaseOwnersOptions): OwnerLocks {
  /** The locked database, or nothing when a living process has it. */
  const tryLock = (owner: OwnerId): SqlDatabase | undefined => {
    const database = open(fileOf(owner));
    try {
      database.exec(`PRAGMA busy_timeout = ${busyWaitMs}`);
      syncLock(database);
      database.exec('PRAGMA journal_mode = MEMORY'); // nothing is written: no second file beside the lock
      database.exec('BEGIN EXCLUSIVE');
      return database;
    } catch (error) {
      database.close();
      if (isBusy(error)) return undefined;
      throw sqliteError(error);
    }
  };

  const exists = async (owner: OwnerId) => (await files()).includes(fileOf(owner));

  return Object.freeze({
    async lock(owner) {
      for (let tries = 0; tries < maxTries; tries += 1) {
        const database = tryLock(owner);
        if (database === undefined) break;
        // A lock of a file that a rescuer has just removed proves nothing: nobody else would find it.
        if (await exists(owner)) return lockOf(database, () => remove(fileOf(owner)));
        database.close();
      }
      throw new ConductorError('LEASE_HELD', `The owner ${owner} is open in another process`);
    },
    async isFree(owner) {
      // Opening would make the file.
      if (!(await exists(owner))) return true;
      const database = tryLock(owner);
      database?.close();
      return database !== undefined;
    },
    async list() {
      const names = (await files())
        .filter((file) => file.endsWith(suffix))
        .map((file) => file.slice(0, -suffix.length));
      return names.filter((name) => ownerShape.test(name));
    },
    async forget(owner) {
      if (!(await exists(owner))) return;
      const database = tryLock(owner);
      if (database !== undefined) await lockOf(database, () => remove(fileOf(owner))).release();
    },
  } satisfies OwnerLocks);
}

/** The file goes while its lock is held: in between, nobody could lock what is about to be removed. */
function lockOf(database: SqlDatabase, remove: () => Promise<void>): { release(): Promise<void> } {
  return {
    async release() {
      try {
        await remove();
      } finally {
        database.close();
      }
    },
  };
}

function fileOf(owner: OwnerId): string {
  if (ownerShape.test(owner) && !owner.includes('..')) return owner + suffix;
  throw new ConductorError('ID_INVALID', `${JSON.stringify(owner.slice(0, 64))} cannot be the name of an owner's file`);
}
