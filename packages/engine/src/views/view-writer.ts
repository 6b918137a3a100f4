import { ConductorError, instant } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Json, RecordOp } from '@conductor/core/ports';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';

const collection = '$view';

/** What we wrote last, and what we are about to write: our own bytes are never taken for somebody's edit. */
export interface ViewRow {
  readonly path: string;
  readonly last: string;
  readonly pending: string;
  /** Somebody else's words are in it, and stay as long as the view is of this revision. */
  readonly kept?: number;
}

export interface RenderInput {
  /** What is on disk now. */
  readonly text: string | undefined;
  /** Somebody else wrote it, or wrote into it earlier and we kept that. */
  readonly foreign: boolean;
}

type Render = (input: RenderInput) => string | Promise<string>;
type OnForeign = (bytes: Uint8Array, base: string | undefined) => Promise<void>;

/**
 * Writes one view: read, compare with the hashes of our own last bytes, note the pending hash, replace. A crash anywhere
 * leaves last or pending on disk, hence no false edit. `onForeign` sees bytes that are not ours before they are merged;
 * `revision` says how long what they have written is to be kept.
 */
export async function writeView(
  engine: EngineContext,
  path: string,
  render: Render,
  onForeign: OnForeign,
  revision?: number,
): Promise<void> {
  for (let tries = 1; !(await writeOnce(engine, path, render, onForeign, revision)); tries += 1) {
    if (tries < maxTries) continue;
    engine.logger.info(`${path} changes faster than it can be written; the next change of the track writes it`);
    return;
  }
}

const maxTries = 5;

/** False: somebody wrote the file meanwhile, so it has to be looked at again. */
async function writeOnce(
  engine: EngineContext,
  path: string,
  render: Render,
  onForeign: OnForeign,
  revision: number | undefined,
): Promise<boolean> {
  const bytes = await engine.workspace.read(path, { maxBytes: engine.limits.viewBytes });
  const hash = bytes ? sha256Hex(bytes) : '';
  const text = bytes && new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const row = await viewRow(engine, path);
  const ours = new TextEncoder().encode(await render({ text, foreign: false }));
  if (sha256Hex(ours) === hash) {
    if (row?.last !== hash) await saveRow(engine, { path, last: hash, pending: hash });
    return true;
  }
  const foreign = bytes !== undefined && (row === undefined || (hash !== row.last && hash !== row.pending));
  const kept = bytes !== undefined && row?.kept !== undefined && row.kept === revision;
  const theirs = foreign || kept;
  const next = theirs ? new TextEncoder().encode(await render({ text, foreign: true })) : ours;
  if (foreign && row) await onForeign(bytes, row.last);
  const pending = sha256Hex(next);
  await saveRow(engine, { path, last: hash, pending, ...(theirs && revision !== undefined && { kept: revision }) });
  if (pending === hash) return true;
  try {
    await engine.workspace.replace(path, next, { ifHash: hash });
    return true;
  } catch (error) {
    if (!ConductorError.is(error, 'FILE_CHANGED')) throw error;
    return false;
  }
}

export async function viewRow({ store }: EngineContext, path: string): Promise<ViewRow | undefined> {
  const row = await store.records.get(collection, path);
  return row && !row.deleted ? (row.value as unknown as ViewRow) : undefined; // written below
}

/** Rows of all views below a folder. */
export async function viewRows({ store }: EngineContext, prefix: string): Promise<readonly ViewRow[]> {
  const { rows } = await store.records.list(collection, { prefix, limit: 1000 });
  return rows.map(({ value }) => value as unknown as ViewRow); // written below
}

async function saveRow(engine: EngineContext, row: ViewRow): Promise<void> {
  await saveRecord(engine, { collection, key: row.path, expectedRevision: 'any', value: { ...row } as Json });
}

/** A local row: it describes the outside, so it needs no event. */
export async function saveRecord(engine: EngineContext, record: RecordOp): Promise<void> {
  await engine.store.commit({
    appends: [],
    meta: { at: instant(engine.clock.now()), actor: engineActor },
    records: [record],
  });
}
