import { randomIds } from '@conductor/core';
import type { Clock, Ids, Store } from '@conductor/core/ports';
import type { OwnerLocks } from '../../rules/lease-port.js';
import { defaultLimits } from '../../rules/limits.js';
import type { StoreLimits } from '../../rules/limits.js';
import { createStore } from '../../rules/store.js';
import { fileBackend, underLock } from './file-backend.js';
import type { LogFiles } from './log-files.js';
import { openLog } from './open-log.js';
import { createSegments } from './segments.js';
import { fileUpkeep } from './upkeep.js';
import type { FileUpkeep } from './upkeep.js';

/** A lock between processes that the operating system drops with its holder, whatever killed it. */
export interface ProcessLock {
  /** Takes it and answers how to let go; `undefined` while another process has it. */
  tryLock(): (() => void) | undefined;
  close(): void;
}

export interface FileStoreOptions {
  /** The folder of the log and nothing else, see `nodeLogFiles`. The store closes it, also when it cannot be opened. */
  readonly files: LogFiles;
  /** One for the folder, see `databaseLock`. The store closes it. */
  readonly lock: ProcessLock;
  readonly clock: Clock;
  readonly ids?: Ids | undefined;
  /** Proves the death of owners (R25), see `databaseOwners`; without it a dead owner's leases only expire. */
  readonly owners?: OwnerLocks | undefined;
  /** Writes nothing, and answers STORE_READ_ONLY to every write; a half line at the end stays where it is. */
  readonly readOnly?: boolean | undefined;
  /** `fsync` (default) survives power loss; `os` survives a kill and spares the fsync. */
  readonly durability?: 'fsync' | 'os' | undefined;
  /** How often to look for what other processes wrote, in milliseconds; default 200. */
  readonly followPollMs?: number | undefined;
  /** How long to wait for the lock of another process before STORE_BUSY, in milliseconds; default 30,000. */
  readonly storeBusyMs?: number | undefined;
  /** A log file of at least so many bytes is followed by the next one; default 64 MiB. */
  readonly segmentBytes?: number | undefined;
  /**
   * The log is written anew when more than half of it, and at least so many bytes, are lines of leases, local rows and deliveries
   * that say nothing any more; default 16 MiB. Events are never dropped.
   */
  readonly compactBytes?: number | undefined;
  /** Other bounds than those of the port. */
  readonly limits?: Partial<StoreLimits> | undefined;
}

/** A store in plain text files, and what only such a store can do. */
export interface FileStore extends Store, FileUpkeep {}

/**
 * A store in plain text files: each line of `log-000001.jsonl` and on is one transaction with its checksum, and the whole of
 * it is read into memory at the start. For any number of processes of one machine, and for logs that fit into memory.
 *
 * A line that a dead writer left half is cut off. Throws STORE_CORRUPT, STORE_NEWER, STORE_BUSY, STORE_FULL,
 * STORE_READ_ONLY, STORE_FAILED; a write also COMMIT_UNKNOWN.
 */
export async function fileStore(options: FileStoreOptions): Promise<FileStore> {
  const { files, lock, clock, ids = randomIds(), owners, readOnly = false, durability = 'fsync' } = options;
  const {
    followPollMs = 200,
    storeBusyMs = 30_000,
    segmentBytes = 64 * 1024 * 1024,
    compactBytes = 16 * 1024 * 1024,
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  try {
    const log = openLog(createSegments({ files, segmentBytes, durability, readOnly }), limits);
    const id = await underLock({ lock, clock, storeBusyMs }, () => {
      log.catchUp();
      return log.id(ids);
    });
    const { backend, alone, aloneToWrite } = fileBackend({
      log,
      files,
      lock,
      clock,
      storeBusyMs,
      compactBytes,
      readOnly,
    });
    const store = createStore({
      backend,
      driver: {
        port: 'store',
        name: 'file',
        version: '1',
        api: 1,
        capabilities: { durability, reach: 'machine', ownerProof: owners !== undefined, backup: false },
      },
      id,
      clock,
      limits,
      pollMs: followPollMs,
      ownerLocks: owners,
    });
    return Object.freeze({ ...store, ...fileUpkeep({ log, backend, clock, alone, aloneToWrite }) });
  } catch (error) {
    files.close();
    lock.close();
    throw error;
  }
}
