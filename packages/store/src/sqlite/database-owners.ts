import { ConductorError } from '@conductor/core';
import type { OwnerId } from '@conductor/core/ports';
import type { OwnerLocks } from '../rules/lease-port.js';
import type { SqlDatabase } from './database.js';
import { isBusy, sqliteError } from './errors.js';

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
      database.exec('PRAGMA journal_mode = MEMORY'); // nothing is written: no second file beside the lock
      database.exec('BEGIN EXCLUSIVE');
      return database;
    } catch (error) {
      database.close();
      if (isBusy(error)) return undefined;
      throw sqliteError(error);
    }
  };

  return Object.freeze({
    async lock(owner) {
      const database = tryLock(owner);
      if (database === undefined)
        throw new ConductorError('LEASE_HELD', `The owner ${owner} is open in another process`);
      return {
        async release() {
          database.close();
          await remove(fileOf(owner));
        },
      };
    },
    async isFree(owner) {
      // Opening would make the file.
      if (!(await files()).includes(fileOf(owner))) return true;
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
    forget: (owner) => remove(fileOf(owner)),
  } satisfies OwnerLocks);
}

function fileOf(owner: OwnerId): string {
  if (ownerShape.test(owner) && !owner.includes('..')) return owner + suffix;
  throw new ConductorError('ID_INVALID', `${JSON.stringify(owner.slice(0, 64))} cannot be the name of an owner's file`);
}
