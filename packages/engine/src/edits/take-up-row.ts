import { canonicalJson, instant } from '@conductor/core';
import type { Finding, TrackCommand, TrackState } from '@conductor/core';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import { cellsOf, listedRowOp, oursIn, rowKey, rowOf } from '../views/listed-row.js';
import type { Cells, FoundRow, ListedRow } from '../views/listed-row.js';
import { knownViews } from '../views/view-row.js';
import { allowedCommands } from './allowed-commands.js';
import { decideEach } from './decide-each.js';
import { noteCommand } from './note-edit.js';
import { commitEdit } from './take-up.js';
import { fileActor, isClaim } from './whose-edit.js';

/** What somebody changed in the row of a track in `tracks.md`. False: nothing. A name and a type become commands, all else is ours to say. */
export async function takeUpRow(engine: EngineContext, state: TrackState, found: FoundRow): Promise<boolean> {
  const { row, entry, path } = found;
  if (!row) return false;
  if (!entry) return rowRemoved(engine, state, found, row);
  const cells = cellsOf(entry);
  const changed = changedCells(cells, isWritten(engine, path, state.id, row) ? { ...row, last: row.pending } : row);
  if (changed.length === 0) return false;
  const claim = await isClaim(engine, state, { path: rowKey(path, state.id), row });
  const decided = claim ? { accepted: [], refused: [] } : await configured(engine, state, cells, changed);
  const taken = new Set(
    decided.accepted.flatMap(({ name, data }) => (name === 'track.configure' ? Object.keys(data) : [])),
  );
  const left = changed.filter((field) => !taken.has(field));
  const ours = oursIn(rowOf(state));
  // A row in the other table is moved back: a place in the file cannot be kept.
  const kept = left
    .filter((field) => field !== 'section')
    .map((field) => [field, { theirs: cells[field], ours: ours[field] }]);
  const note = await noteCommand(engine, {
    path,
    bytes: found.bytes,
    disposition: claim ? 'claim' : decided.accepted.length > 0 ? 'applied' : 'refused',
    findings: left.map((field) => cellFinding(path, entry.line, field, cells[field] ?? '', claim)),
  });
  const next: ListedRow = {
    last: cells,
    pending: cells,
    seen: row.seen,
    kept: { ...row.kept, ...(Object.fromEntries(kept) as ListedRow['kept']) },
  };
  const op = listedRowOp(found, state.id, next);
  await commitEdit(engine, state.id, [note, ...decided.accepted], claim ? engineActor : fileActor, op);
  return true;
}

/** Our last row is known to have reached the file: what was there before is there only if somebody undid it. */
function isWritten(engine: EngineContext, path: string, trackId: string, { pending }: ListedRow): boolean {
  return knownViews(engine).get(rowKey(path, trackId))?.hash === canonicalJson(pending);
}

type Field = keyof Cells;

/** Fields of columns that the file has, and whose text is neither what we wrote last nor what we were about to write. */
function changedCells(cells: Cells, { last, pending }: ListedRow): readonly Field[] {
  return (Object.keys(cells) as Field[]).filter(
    (field) => pending[field] !== undefined && cells[field] !== pending[field] && cells[field] !== last[field],
  );
}

async function configured(engine: EngineContext, state: TrackState, cells: Cells, changed: readonly Field[]) {
  const name = changed.includes('name') && cells.name?.trim() ? { name: cells.name } : {};
  const type = changed.includes('type') && cells.type?.trim() ? { type: cells.type } : {};
  const commands: readonly TrackCommand[] =
    Object.keys({ ...name, ...type }).length > 0 ? [{ name: 'track.configure', data: { ...name, ...type } }] : [];
  const context = { at: instant(engine.clock.now()), actor: fileActor };
  return allowedCommands(engine, state.id, 'track.configure', decideEach(state, commands, context));
}

function cellFinding(path: string, line: number, field: string, text: string, claim: boolean): Finding {
  return {
    severity: 'warning',
    code: claim ? 'EDIT_NOTED' : 'EDIT_REFUSED',
    path,
    line,
    item: field,
    message: `The ${field} of the row was set to ${JSON.stringify(text)}`,
    hint: 'It changes nothing, and stays until ours changes. Commands change a track: conductor --help',
  };
}

async function rowRemoved(engine: EngineContext, state: TrackState, found: FoundRow, row: ListedRow): Promise<boolean> {
  await told(engine, state, found, row, `The row of ${state.id} was removed and is written again`);
  return false;
}

/** The list is gone: whichever track is written first says so, and writes all rows again. */
export async function takeUpListDeleted(engine: EngineContext, state: TrackState, found: FoundRow): Promise<void> {
  if (found.row) await told(engine, state, found, found.row, `${found.path} was deleted and is written again`);
}

async function told(engine: EngineContext, state: TrackState, found: FoundRow, row: ListedRow, message: string) {
  const { path, bytes } = found;
  // Torn before it was first written: nobody removed it.
  if (Object.keys(row.last).length === 0 && !isWritten(engine, path, state.id, row)) return;
  const findings: readonly Finding[] = [
    { severity: 'warning', code: 'VIEW_DELETED', path, message, hint: 'To end the track: conductor cancel <track>' },
  ];
  const note = await noteCommand(engine, { path, bytes, disposition: 'refused', findings });
  const op = listedRowOp(found, state.id, { ...row, last: {}, pending: {} });
  await commitEdit(engine, state.id, [note], engineActor, op);
}
