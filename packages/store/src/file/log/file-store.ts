import { ConductorError, randomIds } from '@conductor/core';
import type { Clock, Ids, Store } from '@conductor/core/ports';
import { createJournal } from '../../memory/journaled-map.js';
import { memoryLeaseRows } from '../../memory/lease-rows.js';
import { memoryLogRows } from '../../memory/log-rows.js';
import { memoryRecordRows } from '../../memory/record-rows.js';
import { memorySubscriptionRows } from '../../memory/subscription-rows.js';
import type { OwnerLocks } from '../../rules/lease-port.js';
import { defaultLimits } from '../../rules/limits.js';
import type { StoreLimits } from '../../rules/limits.js';
import type { Rows } from '../../rules/rows.js';
import { createStore } from '../../rules/store.js';
import { fileBackend, underLock } from './file-backend.js';
import type { LogFiles } from './log-files.js';
import { applyRedo, recordedRows } from './redo.js';
import type { Redo } from './redo.js';
import { createSegments } from './segments.js';
import type { Segments } from './segments.js';

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
  readonly readOnly?: boolean | undefined;
  /** `fsync` (default) survives power loss; `os` survives a kill and spares the fsync. */
  readonly durability?: 'fsync' | 'os' | undefined;
  /** How often to look for what other processes wrote; default 200. */
  readonly followPollMs?: number | undefined;
  /** How long to wait for the lock of another process before STORE_BUSY; default 30,000. */
  readonly storeBusyMs?: number | undefined;
  /** A log file that is at least this long is followed by the next one; default 64 MiB. */
  readonly segmentBytes?: number | undefined;
  readonly limits?: Partial<StoreLimits> | undefined;
}

const format = 1;

interface Header {
  readonly format: number;
  readonly id: string;
}

/** Everything of one open store that lies in memory. */
export interface OpenLog {
  readonly segments: Segments;
  /** Runs `work` in memory; the changes it made, or, when it throws, nothing has changed. */
  transaction<T>(work: () => T): T;
  /** The rows, with every change told to `changes`. */
  readonly rows: Rows;
  readonly changes: Redo[];
  catchUp(): void;
  header(): Header | undefined;
}

/**
 * A store in plain text files: each line of `log-000001.jsonl` and on is one transaction with its checksum, and the whole of
 * it is read into memory at the start. For any number of processes of one machine, and for logs that fit into memory.
 *
 * A line that a dead writer left half is cut off. Throws STORE_CORRUPT, STORE_NEWER, STORE_BUSY, STORE_FULL,
 * STORE_READ_ONLY, STORE_FAILED; a write also COMMIT_UNKNOWN.
 */
export async function fileStore(options: FileStoreOptions): Promise<Store> {
  const { files, lock, clock, ids = randomIds(), owners, readOnly = false, durability = 'fsync' } = options;
  const { followPollMs = 200, storeBusyMs = 30_000, segmentBytes = 64 * 1024 * 1024 } = options;
  const limits = { ...defaultLimits, ...options.limits };
  try {
    const log = openLog(createSegments({ files, segmentBytes, durability, readOnly }), limits);
    const { id } = await underLock({ lock, clock, storeBusyMs }, () => headerOf(log, ids));
    return createStore({
      backend: fileBackend({ log, files, lock, clock, storeBusyMs, readOnly }),
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
  } catch (error) {
    files.close();
    lock.close();
    throw error;
  }
}

function openLog(segments: Segments, limits: StoreLimits): OpenLog {
  const journal = createJournal();
  const memory: Rows = {
    log: memoryLogRows(journal, limits),
    leases: memoryLeaseRows(journal),
    records: memoryRecordRows(journal),
    subscriptions: memorySubscriptionRows(journal),
  };
  const changes: Redo[] = [];
  let header: Header | undefined;
  return {
    segments,
    changes,
    rows: recordedRows(memory, (redo) => changes.push(redo)),
    transaction: (work) => journal.transaction(work),
    header: () => header,
    catchUp() {
      segments.catchUp(({ number, body }) => {
        if (number === 1) header = checkedHeader(body);
        // Written by `append` below, and whole: the line has its checksum.
        else journal.transaction(() => applyRedo(memory, body as readonly Redo[]));
      });
    },
  };
}

/** The first line names the store. Whoever opens the folder first writes it. */
function headerOf(log: OpenLog, ids: Ids): Header {
  log.catchUp();
  const known = log.header();
  if (known !== undefined) return known;
  const made: Header = { format, id: ids.id('store') };
  log.segments.append(made);
  return made;
}

function checkedHeader(body: unknown): Header {
  const { format: found, id } = (body ?? {}) as Partial<Header>;
  if (typeof found !== 'number' || typeof id !== 'string')
    throw new ConductorError('STORE_CORRUPT', 'The first line of the log names no store');
  if (found > format)
    throw new ConductorError('STORE_NEWER', `The log has format ${found}; this version reads up to ${format}`);
  return { format: found, id };
}
