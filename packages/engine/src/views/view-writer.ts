import { ConductorError } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { EngineContext } from '../engine-context.js';
import { findView, knownViews, saveRow, stillPending } from './view-row.js';

export interface RenderInput {
  /** What is on disk now. */
  readonly text: string | undefined;
  /** Somebody else wrote it. */
  readonly foreign: boolean;
}

type Render = (input: RenderInput) => string | Promise<string>;
type OnForeign = (bytes: Uint8Array, base: string | undefined) => Promise<void>;

/**
 * Writes a view whose rendering reads what is there: read, compare with the hashes of our own last bytes, note the pending hash,
 * replace. A crash anywhere leaves last or pending on disk, hence no false edit. `onForeign` sees bytes that are not ours before they
 * are merged.
 */
export async function writeView(
  engine: EngineContext,
  path: string,
  render: Render,
  onForeign: OnForeign,
): Promise<void> {
  for (let tries = 1; !(await writeOnce(engine, path, render, onForeign)); tries += 1) {
    if (tries < maxTries) continue;
    engine.logger.info(`${path} changes faster than it can be written; the next change of the track writes it`);
    return;
  }
}

const maxTries = 5;

/** False: somebody wrote the file meanwhile, so it has to be looked at again. */
async function writeOnce(engine: EngineContext, path: string, render: Render, onForeign: OnForeign): Promise<boolean> {
  const found = await findView(engine, path);
  const { bytes, hash, row } = found;
  const text = bytes && new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const ours = new TextEncoder().encode(await render({ text, foreign: false }));
  if (sha256Hex(ours) === hash) {
    const known = row?.last === hash || row?.pending === hash;
    if (!known && !(await saveRow(engine, found, { last: hash, pending: hash }))) return false;
    knownViews(engine).set(path, { hash, seen: undefined });
    return true;
  }
  const foreign = found.state === 'foreign';
  const next = foreign ? new TextEncoder().encode(await render({ text, foreign: true })) : ours;
  if (foreign && row) await onForeign(bytes ?? new Uint8Array(), row.last);
  const pending = sha256Hex(next);
  if (!(await saveRow(engine, found, { last: hash, pending, recent: stillPending(found) }))) return false;
  try {
    if (pending !== hash) await engine.workspace.replace(path, next, { ifHash: hash });
  } catch (error) {
    if (!ConductorError.is(error, 'FILE_CHANGED')) throw error;
    return false;
  }
  knownViews(engine).set(path, { hash: pending, seen: undefined });
  return true;
}
