import { canonicalJson, ConductorError } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { upsertTrackRow } from '@conductor/core/files';
import type { TrackIndexRow } from '@conductor/core/files';
import { textIn } from '../edits/note-edit.js';
import { takeUpListDeleted, takeUpRow } from '../edits/take-up-row.js';
import { isQuiet } from '../edits/whose-edit.js';
import type { EngineContext } from '../engine-context.js';
import { loadProject, loadTrack } from '../load.js';
import { cellsOf, entryOf, listedRowOp, listedRows, oursIn, rowKey, rowOf } from './listed-row.js';
import type { Cells, FoundRow, ListedRow } from './listed-row.js';
import type { Synced } from './text-view.js';
import { knownViews, saveRecord } from './view-row.js';

/** Brings the row of a track in `tracks.md` and the log together; everything else in the file stays as it is. */
export async function syncRow(engine: EngineContext, state: TrackState): Promise<Synced> {
  const found = await findRow(engine, state.id);
  const { path, bytes, text, hash, row, entry } = found;
  if (bytes && text === undefined) {
    engine.logger.warn(`${path} is no UTF-8 text and is left alone`);
    return 'written';
  }
  if (!bytes && row) await takeUpListDeleted(engine, state, found);
  else if (row && (await takeUpRow(engine, state, found))) return 'again';
  const ours = rowOf(state);
  const next = upsertTrackRow(text ?? (await otherRows(engine, state.id)), withKept(ours, row));
  const pending = cellsOf(next === text ? entry : entryOf(next, state.id));
  const seen = isQuiet(state) ? state.version : row?.seen;
  const about = { last: entry ? cellsOf(entry) : {}, pending, seen, kept: stillKept(ours, row) };
  const changed = next !== text;
  if ((changed || !row || !sameCells(row.pending, pending)) && !(await saved(engine, found, state.id, about)))
    return 'again';
  if (changed && !(await replaced(engine, path, next, hash))) return 'again';
  knownViews(engine).set(rowKey(path, state.id), { hash: canonicalJson(pending), seen });
  return 'written';
}

async function findRow(engine: EngineContext, trackId: string): Promise<FoundRow> {
  const path = `${engine.folder}/tracks.md`;
  const bytes = await engine.workspace.read(path, { maxBytes: engine.limits.viewBytes });
  const text = bytes && textIn(bytes);
  const record = await engine.store.records.get(listedRows, rowKey(path, trackId));
  const row = record && !record.deleted ? (record.value as unknown as ListedRow) : undefined; // written by listedRowOp
  const entry = text === undefined ? undefined : entryOf(text, trackId);
  return { path, bytes, text, hash: bytes ? sha256Hex(bytes) : '', entry, row, revision: record?.revision ?? 0 };
}

function sameCells(a: Cells, b: Cells): boolean {
  return [...Object.keys(a), ...Object.keys(b)].every((field) => a[field as keyof Cells] === b[field as keyof Cells]);
}

async function saved(engine: EngineContext, found: FoundRow, id: string, row: ListedRow): Promise<boolean> {
  return saveRecord(engine, listedRowOp(found, id, row)).then(
    () => true,
    (error: unknown) => {
      if (ConductorError.is(error, 'REVISION_CONFLICT')) return false;
      throw error;
    },
  );
}

async function replaced(engine: EngineContext, path: string, text: string, hash: string): Promise<boolean> {
  return engine.workspace.replace(path, new TextEncoder().encode(text), { ifHash: hash }).then(
    () => true,
    (error: unknown) => {
      if (ConductorError.is(error, 'FILE_CHANGED')) return false;
      throw error;
    },
  );
}

/** A list that is gone is written again whole. */
async function otherRows({ store }: EngineContext, trackId: string): Promise<string | undefined> {
  const { tracks } = await loadProject(store);
  let text: string | undefined;
  for (const id of tracks.keys()) {
    const state = id === trackId ? undefined : await loadTrack(store, id);
    if (state && state.version > 0) text = upsertTrackRow(text, rowOf(state));
  }
  return text;
}

function stillKept(ours: TrackIndexRow, row: ListedRow | undefined): ListedRow['kept'] {
  if (!row || Object.keys(row.kept).length === 0) return {};
  const now: Readonly<Record<string, string | undefined>> = oursIn(ours);
  return Object.fromEntries(Object.entries(row.kept).filter(([field, kept]) => now[field] === kept.ours));
}

function withKept(ours: TrackIndexRow, row: ListedRow | undefined): TrackIndexRow {
  const theirs = Object.entries(stillKept(ours, row)).map(([field, kept]) => [field, kept.theirs]);
  return { ...ours, ...(Object.fromEntries(theirs) as Partial<TrackIndexRow>) }; // fields of a row but its section, see take-up-row
}
