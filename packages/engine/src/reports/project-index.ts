import { canonicalJson, ConductorError } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import { updateProjectIndex } from '@conductor/core/files';
import type { ProjectIndex } from '@conductor/core/files';
import { sha256Hex } from '@conductor/core/hash';
import type { Json, RecordOp } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { loadProject, loadTrack } from '../load.js';
import { saveRecord } from '../views/view-row.js';

/** What the status page shows of each track, so that one track's change costs no folding of the others. */
const collection = '$index';
const pageRows = 1000;
const maxTries = 5;

interface IndexedTrack {
  readonly id: string;
  readonly name: string;
  readonly state: 'active' | 'over' | 'other';
  readonly step: string;
  readonly blocked: boolean;
  readonly questions: number;
  readonly completedAt?: string;
}

type Row = IndexedTrack & { readonly at: string };

/** As each engine wrote them last: most changes of a track leave the page alone. */
const written = new WeakMap<EngineContext, Map<string, string>>();

/**
 * Keeps `index.md` of the project up to date: focus, completions and health. Only its three sections and the line of the last
 * update are written; what people wrote around them stays. Costs nothing while what it shows of the track is the same.
 */
export async function syncProjectIndex(engine: EngineContext, state: TrackState): Promise<void> {
  const known = written.get(engine) ?? new Map<string, string>();
  written.set(engine, known);
  const track = indexed(state);
  const now = canonicalJson(track as unknown as Json);
  if (known.get(state.id) === now) return;
  await saveRow(engine, { ...track, at: state.completedAt ?? state.updatedAt });
  await writeIndex(engine, await rowsOf(engine));
  known.set(state.id, now);
}

function indexed({ id, about, lifecycle, loop, decisions, completedAt }: TrackState): IndexedTrack {
  const over = completedAt !== undefined || lifecycle === 'cancelled' || lifecycle === 'archived';
  const pending = [...decisions.values()].filter((decision) => decision.state === 'pending').length;
  return {
    id,
    name: about.name,
    state: over ? 'over' : lifecycle === 'active' ? 'active' : 'other',
    step: over ? 'COMPLETE' : loop.step,
    blocked: !over && loop.status === 'BLOCKED',
    questions: over ? 0 : pending,
    ...(completedAt !== undefined && { completedAt }),
  };
}

/** The row of a track that is new to the project, for the commit that brings it. */
export function indexRow(state: TrackState): RecordOp {
  const row: Row = { ...indexed(state), at: state.completedAt ?? state.updatedAt };
  return { collection, key: state.id, expectedRevision: 0, value: { ...row } };
}

/** `at` stays the moment of the last change that the page shows. */
async function saveRow(engine: EngineContext, row: Row): Promise<void> {
  const before = await engine.store.records.get(collection, row.id);
  const old = before && !before.deleted ? (before.value as unknown as Row) : undefined; // written below
  const same =
    old &&
    canonicalJson({ ...old, at: '' } as unknown as Json) === canonicalJson({ ...row, at: '' } as unknown as Json);
  if (!same) await saveRecord(engine, { collection, key: row.id, expectedRevision: 'any', value: { ...row } });
}

/** Rows of all tracks; those that have none yet are folded once. */
async function rowsOf(engine: EngineContext): Promise<readonly Row[]> {
  const rows = new Map<string, Row>();
  for (let after: string | undefined; ;) {
    const page = await engine.store.records.list(collection, {
      limit: pageRows,
      ...(after !== undefined && { after }),
    });
    for (const { value } of page.rows) {
      const row = value as unknown as Row; // written above
      rows.set(row.id, row);
    }
    after = page.rows.at(-1)?.key;
    if (page.rows.length < pageRows) break;
  }
  const { tracks } = await loadProject(engine.store);
  for (const id of tracks.keys()) {
    if (rows.has(id)) continue;
    const state = await loadTrack(engine.store, id);
    const row = { ...indexed(state), at: state.completedAt ?? state.updatedAt };
    await saveRow(engine, row);
    rows.set(id, row);
  }
  return [...rows.values()];
}

function indexOf(name: string, rows: readonly Row[]): ProjectIndex {
  const active = rows.filter(({ state }) => state === 'active');
  const completed = rows.flatMap(({ id, name: title, completedAt }) =>
    completedAt === undefined ? [] : [{ id, name: title, completedAt }],
  );
  return {
    updatedAt: rows.map(({ at }) => at).reduce((last, at) => (at > last ? at : last), ''),
    project: name,
    focus: active.map(({ id, name: title, step }) => ({ id, name: title, step })),
    completed: completed.toSorted((a, b) => (a.completedAt < b.completedAt ? 1 : -1)),
    health: {
      active: active.length,
      blocked: rows.filter(({ blocked }) => blocked).length,
      completed: completed.length,
      openQuestions: rows.reduce((sum, { questions }) => sum + questions, 0),
    },
  };
}

async function writeIndex(engine: EngineContext, rows: readonly Row[]): Promise<void> {
  const path = `${engine.folder}/index.md`;
  const { name } = await loadProject(engine.store);
  for (let tries = 1; tries <= maxTries; tries += 1) {
    const bytes = await engine.workspace.read(path, { maxBytes: engine.limits.viewBytes });
    const text = bytes && textOf(bytes);
    if (bytes && text === undefined) return engine.logger.warn(`${path} is no UTF-8 text and is left alone`);
    const next = updateProjectIndex(text, indexOf(name, rows));
    if (next === text) return;
    try {
      const ifHash = bytes ? sha256Hex(bytes) : '';
      await engine.workspace.replace(path, new TextEncoder().encode(next), { ifHash });
      return;
    } catch (error) {
      if (!ConductorError.is(error, 'FILE_CHANGED')) throw error;
    }
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // somebody else's bytes
  }
}
