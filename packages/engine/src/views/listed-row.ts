import type { TrackState } from '@conductor/core';
import { parseTracksIndex, upsertTrackRow } from '@conductor/core/files';
import type { TrackIndexRow, TrackRow } from '@conductor/core/files';
import type { Json, RecordOp } from '@conductor/core/ports';

/** Rows of `tracks.md`, by {@link rowKey}. */
export const listedRows = '$row';
const fields = ['name', 'type', 'status', 'step', 'created', 'completed', 'summary', 'section'] as const;

export type Cells = Readonly<Partial<Record<(typeof fields)[number], string>>>;

/** What we wrote into the row of a track: the list is everybody's, so that only its own rows are a track's matter. */
export interface ListedRow {
  readonly last: Cells;
  readonly pending: Cells;
  readonly seen?: number | undefined;
  /** Cells that somebody else changed, beside what we would have written: theirs stay until ours change. */
  readonly kept: Readonly<Record<string, { readonly theirs: string; readonly ours: string | undefined }>>;
}

/** The row of a track as it is in the file, beside what is known of it. */
export interface FoundRow {
  readonly path: string;
  readonly bytes: Uint8Array | undefined;
  readonly hash: string;
  readonly text: string | undefined;
  readonly entry: TrackRow | undefined;
  readonly row: ListedRow | undefined;
  readonly revision: number;
}

/** Where a row is known: the file and the track. */
export function rowKey(path: string, trackId: string): string {
  return `${path}#${trackId}`;
}

/** The op that writes what is known of a row over what was found. */
export function listedRowOp({ path, revision }: FoundRow, trackId: string, row: ListedRow): RecordOp {
  const value = JSON.parse(JSON.stringify(row)) as Json;
  return { collection: listedRows, key: rowKey(path, trackId), expectedRevision: revision, value };
}

/** The entry of a track in the list. */
export function entryOf(text: string, trackId: string): TrackRow | undefined {
  return parseTracksIndex(text).rows.find((row) => row.trackId === trackId);
}

/** The cells of a table's row; lists and headings show only a mark of ours. */
export function cellsOf(entry: TrackRow | undefined): Cells {
  if (entry?.form !== 'table') return {};
  return Object.fromEntries(
    fields.flatMap((field) => (entry[field] === undefined ? [] : [[field, entry[field]]])),
  ) as Cells; // keys are fields
}

/** Our cells as they read in the file. */
export function oursIn(row: TrackIndexRow): Cells {
  return cellsOf(entryOf(upsertTrackRow(undefined, row), row.id));
}

/** The track as the list shows it. */
export function rowOf(state: TrackState): TrackIndexRow {
  const done = state.completedAt !== undefined;
  return {
    id: state.id,
    name: state.about.name,
    type: state.about.type,
    status: done ? 'complete' : state.lifecycle,
    step: state.loop.step,
    created: state.createdAt.slice(0, 10),
    ...(done && { completed: state.completedAt?.slice(0, 10) ?? '', summary: summaryOf(state) }),
  };
}

function summaryOf({ plan, loop }: TrackState): string {
  const total = plan?.tasks.size ?? 0;
  return `${total} ${total === 1 ? 'task' : 'tasks'}, ${loop.fixCycles} fix ${loop.fixCycles === 1 ? 'cycle' : 'cycles'}`;
}
