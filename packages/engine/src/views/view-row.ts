import { ConductorError, instant } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Json, RecordOp } from '@conductor/core/ports';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';

const collection = '$view';

/** Where the text of a view can be had again: rendered from the track as it was, or kept because the log has not all of it. */
export type Source = { readonly version: number } | { readonly text: string };

/** Words of somebody else that the log has not: they stay in the file while ours change around them. */
export interface Kept {
  /** Our own text beside which theirs was kept: what both are compared with. */
  readonly base: string;
  /** Marks that did not count, by task, with the status that the task had then: left as they are until that changes. */
  readonly marks: Readonly<Record<string, string>>;
  /** The conflicts with our text are on record. */
  readonly told: boolean;
}

/** What we wrote last, and what we are about to write: our own bytes are never taken for somebody's edit. */
export interface ViewRow {
  readonly path: string;
  /** SHA-256 of what was there before the newest write, `''` for nothing. */
  readonly last: string;
  readonly pending: string;
  readonly lastFrom?: Source | undefined;
  readonly pendingFrom?: Source | undefined;
  /** What another engine was about to write over the same bytes, and still may. */
  readonly recent?: readonly string[] | undefined;
  /** Version of the track at which our own bytes were there while no worker was at work. */
  readonly seen?: number | undefined;
  readonly kept?: Kept | undefined;
  /** Bytes that nothing can be merged into (not UTF-8): left alone until somebody changes them. */
  readonly leftAlone?: boolean | undefined;
  /** The whole folder was gone with it, which is on record. */
  readonly gone?: boolean | undefined;
}

/** A file as it is, beside what is known of it. */
export interface Found {
  readonly path: string;
  readonly bytes: Uint8Array | undefined;
  /** `''` for no file, as in `replace`. */
  readonly hash: string;
  readonly row: ViewRow | undefined;
  /** Revision of the row's record: who writes it meanwhile makes us look again. */
  readonly revision: number;
  /** `absent`: never written, or torn before the first write. */
  readonly state: 'ours' | 'foreign' | 'deleted' | 'absent';
}

/** What this process knows beyond the rows: which of `last` and `pending` is on disk, and when it was looked at. */
interface Known {
  /** Hash that our own write, or a look at the file, has confirmed. */
  readonly hash: string;
  readonly seen: number | undefined;
}

const known = new WeakMap<EngineContext, Map<string, Known>>();

/** What this engine last saw in each of its views. */
export function knownViews(engine: EngineContext): Map<string, Known> {
  const views = known.get(engine) ?? new Map<string, Known>();
  known.set(engine, views);
  return views;
}

/** Reads a view and tells whose bytes they are; `rendered` is the hash of what we would write. */
export async function findView(engine: EngineContext, path: string, rendered?: string): Promise<Found> {
  const bytes = await engine.workspace.read(path, { maxBytes: engine.limits.viewBytes });
  const hash = bytes ? sha256Hex(bytes) : '';
  const record = await engine.store.records.get(collection, path); // after the bytes: who wrote them has noted them by now
  const row = record && !record.deleted ? rowIn(record.value) : undefined;
  const about = { path, bytes, hash, row, revision: record?.revision ?? 0 };
  const ours = isOurs(engine, hash, row) || hash === rendered;
  if (bytes) return { ...about, state: ours ? 'ours' : 'foreign' };
  return { ...about, state: row === undefined || ours ? 'absent' : 'deleted' };
}

/** Rows are local and written below; those of an earlier version kept nothing but a number. */
function rowIn(value: Json): ViewRow {
  const row = value as unknown as ViewRow;
  return typeof row.kept === 'object' ? row : { ...row, kept: undefined };
}

function isOurs(engine: EngineContext, hash: string, row: ViewRow | undefined): boolean {
  if (!row) return false;
  if (hash === row.pending || row.recent?.includes(hash) === true) return true;
  // Back to what was there before a write of ours that is known to have happened: somebody undid it.
  const undone = knownViews(engine).get(row.path)?.hash === row.pending;
  return hash === row.last && !undone;
}

/** Rows of all views below a folder. */
export async function viewRows(engine: EngineContext, prefix: string): Promise<readonly ViewRow[]> {
  return (await viewRecords(engine, prefix)).map(({ row }) => row);
}

/** The same with the revisions of their records. */
export async function viewRecords(
  { store }: EngineContext,
  prefix: string,
): Promise<readonly { readonly row: ViewRow; readonly revision: number }[]> {
  const { rows } = await store.records.list(collection, { prefix, limit: 1000 });
  return rows.map(({ value, revision }) => ({ row: rowIn(value), revision }));
}

/** The op that writes a row over the one that was found. */
export function rowOp({ path, revision }: Pick<Found, 'path' | 'revision'>, row: Omit<ViewRow, 'path'>): RecordOp {
  // Through JSON, so that absent keys are absent.
  const value = JSON.parse(JSON.stringify({ ...row, path })) as Json;
  return { collection, key: path, expectedRevision: revision, value };
}

/** False: somebody else wrote the row since it was read, so the file has to be looked at again. */
export async function saveRow(
  engine: EngineContext,
  found: Pick<Found, 'path' | 'revision'>,
  row: Omit<ViewRow, 'path'>,
): Promise<boolean> {
  try {
    await saveRecord(engine, rowOp(found, row));
    return true;
  } catch (error) {
    if (!ConductorError.is(error, 'REVISION_CONFLICT')) throw error;
    return false;
  }
}

/** What others were about to write over the bytes that are still there. */
export function stillPending({ hash, row }: Found): readonly string[] | undefined {
  if (!row || hash !== row.last || hash === row.pending) return undefined;
  return [...(row.recent ?? []), row.pending].slice(-maxRecent);
}

const maxRecent = 8;

/** A local row: it describes the outside, so it needs no event. */
export async function saveRecord(engine: EngineContext, record: RecordOp): Promise<void> {
  await engine.store.commit({
    appends: [],
    meta: { at: instant(engine.clock.now()), actor: engineActor },
    records: [record],
  });
}
