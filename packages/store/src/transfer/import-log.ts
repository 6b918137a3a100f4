import { ConductorError } from '@conductor/core';
import { importMark } from '@conductor/core/ports';
import type { Artifacts, Commit, Json, Opt, Row, Store } from '@conductor/core/ports';
import { factsDigest } from './export-log.js';
import type { HashOption, LogSummary } from './format.js';
import { readLog } from './read-log.js';
import type { LogVisitor, ReadLog } from './read-log.js';

export interface LogTarget {
  readonly store: Pick<Store, 'commit' | 'head' | 'readAll' | 'records'>;
  readonly artifacts: Pick<Artifacts, 'put'>;
}

export type ImportOptions = Opt & HashOption;

export interface ImportResult extends LogSummary {
  /** Events that an earlier try, which was killed, had brought in already. */
  readonly resumedAfter: number;
}

/**
 * Reads an exported log to its end and writes nothing. Throws `FILE_INVALID`, `STORE_NEWER`, what the chunks throw, and the
 * reason of a signal that aborts between two lines.
 */
export async function checkLog(chunks: AsyncIterable<Uint8Array>, o: ImportOptions = {}): Promise<LogSummary> {
  return (await checked(chunks, o)).summary;
}

async function checked(chunks: AsyncIterable<Uint8Array>, o: ImportOptions): Promise<ReadLog> {
  const visitor: LogVisitor = {
    async artifact() {}, // the reader compares the bytes with the id
    async commit() {},
  };
  return readLog(chunks, visitor, o);
}

/**
 * Brings an exported log into an empty store: streams, versions, seq, times, actors and causes as they were; not the
 * idempotency keys, which no reader of a log sees, and no records: who keeps rows makes them anew from the events. `open` is
 * called twice: nothing is written before the whole text has been read and found sound. From the first commit on a mark stands in the store, so that whoever opens it refuses it
 * (`requireWholeLog`); it goes when the store gives back what it was handed. A killed import goes on where it stopped when
 * the same text is imported again. Throws `FILE_INVALID`, `STORE_NEWER`; `INVALID_STATE` for a store that is not empty;
 * `VERSION_CONFLICT` when somebody else writes meanwhile; `STORE_CORRUPT`; and what store and artifacts throw.
 */
export async function importLog(
  { store, artifacts }: LogTarget,
  open: () => AsyncIterable<Uint8Array>,
  o: ImportOptions = {},
): Promise<ImportResult> {
  const { signal } = o;
  signal?.throwIfAborted();
  const { summary, facts } = await checked(open(), o);
  const resumedAfter = await begin(store, summary, signal);
  const commits = new CommitsInFlight(store);
  const visitor: LogVisitor = {
    async artifact(id, parts) {
      await artifacts.put(parts, { expect: id, signal });
    },
    async commit(commit, about) {
      if (about.lastSeq > resumedAfter) await commits.add(commit, about);
    },
  };
  const again = await readLog(open(), visitor, o).finally(() => commits.settled());
  if (again.summary.sha256 !== summary.sha256)
    throw new ConductorError('FILE_CHANGED', 'The exported log changed while it was read');
  if ((await factsDigest(store, o)) !== facts)
    throw new ConductorError('STORE_CORRUPT', 'The store gives back another log than it was handed', {
      hint: 'Import into an empty store once more; tell who makes its driver.',
    });
  await mark(store, undefined, 'any');
  return { ...summary, resumedAfter };
}

const most = { commits: 64, bytes: 4 * 1024 * 1024 } as const;

/**
 * Commits that are handed over together, in order, for drivers that write what comes in one turn as one group. A handle keeps
 * the order of its calls; one that does not is found out by the `seq` that it answers. An abort ends the reading between them.
 */
class CommitsInFlight {
  readonly #store: LogTarget['store'];
  #flying: Promise<void>[] = [];
  #bytes = 0;

  constructor(store: LogTarget['store']) {
    this.#store = store;
  }

  async add(commit: Commit, about: { readonly lastSeq: number; readonly bytes: number }): Promise<void> {
    const { lastSeq } = about;
    const flight = this.#store.commit(commit).then((result) => {
      if (result.lastSeq !== lastSeq) throw disturbed(lastSeq, result.lastSeq);
    });
    flight.catch(() => undefined); // told below
    this.#flying.push(flight);
    this.#bytes += about.bytes;
    if (this.#flying.length >= most.commits || this.#bytes >= most.bytes) await this.settled();
  }

  /** When all have ended; rejects with the error of the first one that failed. */
  async settled(): Promise<void> {
    const flying = this.#flying;
    [this.#flying, this.#bytes] = [[], 0];
    await Promise.allSettled(flying);
    await Promise.all(flying);
  }
}

/** Sets the mark, or finds that of an earlier try; answers how many events are there already. */
async function begin(
  store: LogTarget['store'],
  { sha256, lastSeq }: LogSummary,
  signal: AbortSignal | undefined,
): Promise<number> {
  const row = await store.records.get(importMark.collection, importMark.key, { signal });
  const head = await store.head({ signal });
  if (row !== undefined && !row.deleted) {
    if (isMarkOf(row, sha256)) return head;
    throw notEmpty('it holds the beginning of another import', head);
  }
  if (head > 0) throw notEmpty(`it holds ${head} events`, head);
  await mark(store, { sha256, lastSeq }, row?.revision ?? 0);
  return 0;
}

function isMarkOf({ value }: Row, sha256: string): boolean {
  return typeof value === 'object' && value !== null && 'sha256' in value && value.sha256 === sha256;
}

async function mark(
  store: LogTarget['store'],
  value: Json | undefined,
  expectedRevision: number | 'any',
): Promise<void> {
  const { collection, key } = importMark;
  const write: Commit = {
    appends: [],
    // A commit of local rows leaves nothing in the log: nobody reads this.
    meta: { at: '1970-01-01T00:00:00.000Z', actor: { kind: 'system', id: 'import' } },
    records: [{ collection, key, expectedRevision, value }],
  };
  await store.commit(write);
}

function notEmpty(why: string, head: number): ConductorError {
  return new ConductorError('INVALID_STATE', `A log is only imported into an empty store: ${why}`, {
    hint: 'Import into an empty folder, or into another store.',
    details: { head },
  });
}

function disturbed(expected: number, actual: number): ConductorError {
  return new ConductorError(
    'VERSION_CONFLICT',
    `Somebody else wrote during the import: seq ${actual}, not ${expected}`,
    {
      hint: 'Stop whoever writes, and import into an empty store.',
      details: { expected, actual },
    },
  );
}
