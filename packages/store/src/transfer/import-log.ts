import { ConductorError } from '@conductor/core';
import { importMark } from '@conductor/core/ports';
import type { Artifacts, Commit, Json, Opt, Row, Store } from '@conductor/core/ports';
import type { LogSummary } from './format.js';
import { readLog } from './read-log.js';

export interface LogTarget {
  readonly store: Pick<Store, 'commit' | 'head' | 'records'>;
  readonly artifacts: Pick<Artifacts, 'put'>;
}

export interface ImportResult extends LogSummary {
  /** Events that an earlier try, which was killed, had brought in already. */
  readonly resumedAfter: number;
}

/** Reads an exported log to its end and writes nothing. Throws `FILE_INVALID`, `STORE_NEWER`. */
export async function checkLog(chunks: AsyncIterable<Uint8Array>, { signal }: Opt = {}): Promise<LogSummary> {
  return readLog(chunks, {
    async artifact(_id, parts) {
      for await (const part of parts) void part; // the reader compares the bytes with the id
    },
    async commit() {
      signal?.throwIfAborted();
    },
  });
}

/**
 * Brings an exported log into an empty store: streams, versions, seq, times, actors and causes as they were; not the
 * idempotency keys, which no reader of a log sees. `open` is called twice: nothing is written before the whole text has been
 * read and found sound. While commits are written a mark stands in the store, so that whoever opens it refuses it
 * (`requireWholeLog`); a killed import goes on where it stopped when the same text is imported again.
 * Throws `FILE_INVALID`, `STORE_NEWER`; `INVALID_STATE` for a store that is not empty; and what store and artifacts throw.
 */
export async function importLog(
  { store, artifacts }: LogTarget,
  open: () => AsyncIterable<Uint8Array>,
  { signal }: Opt = {},
): Promise<ImportResult> {
  signal?.throwIfAborted();
  const summary = await checkLog(open(), { signal });
  const resumedAfter = await begin(store, summary, signal);
  const again = await readLog(open(), {
    async artifact(id, parts) {
      signal?.throwIfAborted();
      await artifacts.put(parts, { expect: id, signal });
    },
    async commit(commit, lastSeq) {
      signal?.throwIfAborted();
      if (lastSeq <= resumedAfter) return;
      const result = await store.commit(commit, { signal });
      if (result.lastSeq !== lastSeq) throw disturbed(lastSeq, result.lastSeq);
    },
  });
  if (again.sha256 !== summary.sha256)
    throw new ConductorError('FILE_CHANGED', 'The exported log changed while it was read');
  await mark(store, undefined, 'any');
  return { ...summary, resumedAfter };
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
