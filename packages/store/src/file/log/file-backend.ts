import { ConductorError } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { createGroups, wanted } from '../../rules/group.js';
import type { Member } from '../../rules/group.js';
import type { Backend } from '../../rules/store.js';
import type { ProcessLock } from './file-store.js';
import { logError } from './log-error.js';
import type { LogFiles } from './log-files.js';
import type { OpenLog } from './open-log.js';
import type { Redo } from './redo.js';

export interface FileBackendOptions {
  readonly log: OpenLog;
  readonly files: LogFiles;
  readonly lock: ProcessLock;
  readonly clock: Clock;
  readonly storeBusyMs: number;
  readonly compactBytes: number;
  readonly readOnly: boolean;
}

/** Answers a member once its changes last. */
type Settle = () => void;

const firstPauseMs = 1;
const longestPauseMs = 100;

/**
 * Group commit (R7): everything that arrives before the end of a turn becomes one line and one fsync; a member that throws
 * changes nothing and is alone in it. Between the lock and the fsync nothing waits, so nobody sees what may still be undone.
 */
export function fileBackend(options: FileBackendOptions): {
  readonly backend: Backend;
  /** Runs work that reads under the lock of the folder, when everything that others wrote is there. */
  readonly alone: <T>(work: () => T) => Promise<T>;
  /** The same for work that writes. Throws STORE_READ_ONLY. */
  readonly aloneToWrite: <T>(work: () => T) => Promise<T>;
} {
  const { log, files, lock, clock, storeBusyMs, compactBytes, readOnly } = options;
  /** After a full disk, only twice as much is worth the next try. */
  let worthBytes = compactBytes;

  const runGroup = (group: readonly Member[]): readonly Settle[] =>
    log.transaction(() => {
      const kept: Redo[] = [];
      const settled: Settle[] = [];
      for (const { work, resolve, reject } of group) {
        log.changes.length = 0;
        try {
          const value = log.transaction(() => work(log.rows));
          kept.push(...log.changes);
          settled.push(() => resolve(value));
        } catch (error) {
          settled.push(() => reject(error));
        }
      }
      if (kept.length > 0) log.append(kept);
      return settled;
    });

  const compactIfWorth = (): void => {
    const { bytes, spentBytes } = log.sizes();
    if (spentBytes < worthBytes || spentBytes * 2 < bytes) return;
    try {
      log.compact();
      worthBytes = compactBytes;
    } catch (error) {
      if (!isHarmless(logError(error))) throw error;
      worthBytes = spentBytes * 2; // the commit before which this came may still find room
    }
  };

  const alone = async <T>(work: () => T): Promise<T> => {
    await groups.settled();
    if (groups.failure !== undefined) throw groups.failure;
    try {
      return await underLock({ lock, clock, storeBusyMs }, () => {
        log.catchUp();
        return work();
      });
    } catch (thrown) {
      const error = logError(thrown);
      if (!isHarmless(error)) groups.fail(error);
      throw error;
    }
  };

  const aloneToWrite = async <T>(work: () => T): Promise<T> => {
    if (readOnly && groups.failure === undefined) throw readOnlyError();
    return alone(work);
  };

  const commitGroup = async (group: readonly Member[]): Promise<void> => {
    try {
      const settled = await underLock({ lock, clock, storeBusyMs }, () => {
        log.catchUp();
        compactIfWorth();
        return runGroup(wanted(group));
      });
      for (const settle of settled) settle();
    } catch (thrown) {
      const error = logError(thrown);
      // The log is as before only where the system said so: else nobody may believe what is in memory.
      if (!isHarmless(error)) groups.fail(error);
      for (const { reject } of group) reject(error);
    }
  };

  const groups = createGroups(clock, commitGroup);

  /** What other processes added. While one of them writes, what was there before it is all there is to see. */
  const refresh = (): void => {
    if (!log.grown()) return;
    const release = lock.tryLock();
    if (release === undefined) return;
    try {
      log.catchUp();
    } finally {
      release();
    }
  };

  const backend: Backend = {
    write(work, { signal }) {
      return readOnly && groups.failure === undefined ? Promise.reject(readOnlyError()) : groups.write(work, signal);
    },
    async read(work, { signal }) {
      if (groups.failure !== undefined) throw groups.failure;
      signal?.throwIfAborted();
      try {
        refresh();
      } catch (error) {
        throw logError(error);
      }
      return work(log.rows);
    },
    async close() {
      await groups.settled();
      groups.fail(new ConductorError('CLOSED', 'The store is closed'));
      files.close();
      lock.close();
    },
  };
  return { backend, alone, aloneToWrite };
}

function readOnlyError(): ConductorError {
  return new ConductorError('STORE_READ_ONLY', 'The store is opened for reading only');
}

/** Nothing was written, and what is in memory is still true. */
function isHarmless(error: ConductorError): boolean {
  return ConductorError.is(error, 'STORE_BUSY', 'STORE_FULL', 'STORE_READ_ONLY');
}

/** Runs `work` while this process has the lock; tries again with growing pauses. Throws STORE_BUSY after `storeBusyMs`. */
export async function underLock<T>(
  { lock, clock, storeBusyMs }: Pick<FileBackendOptions, 'lock' | 'clock' | 'storeBusyMs'>,
  work: () => T,
): Promise<T> {
  const startMs = clock.monotonic();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    const release = lock.tryLock();
    if (release !== undefined) {
      try {
        return work();
      } catch (error) {
        throw logError(error);
      } finally {
        release();
      }
    }
    if (clock.monotonic() - startMs >= storeBusyMs)
      throw new ConductorError('STORE_BUSY', `Another process has held the log for ${storeBusyMs} ms`);
    await clock.sleep(pauseMs);
  }
}
