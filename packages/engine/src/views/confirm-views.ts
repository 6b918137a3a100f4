import { ConductorError, instant } from '@conductor/core';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import type { RecordOp } from '@conductor/core/ports';
import { knownViews, rowOp, viewRecords } from './view-row.js';

/**
 * Puts on record that our newest bytes are on disk, and when they were last looked at: whoever comes next, in another process, can
 * tell a person who undid something from a crash before the write. One commit, or none; only a kill leaves that open.
 */
export async function confirmViews(engine: EngineContext, trackId: string): Promise<void> {
  const ops: RecordOp[] = [];
  for (const { row, revision } of await viewRecords(engine, `${engine.folder}/tracks/${trackId}/`)) {
    const known = knownViews(engine).get(row.path);
    if (known?.hash !== row.pending) continue;
    if (row.last === row.pending && row.seen === known.seen) continue;
    const confirmed = { ...row, last: row.pending, lastFrom: row.pendingFrom, recent: undefined, seen: known.seen };
    ops.push(rowOp({ path: row.path, revision }, confirmed));
  }
  if (ops.length === 0) return;
  const meta = { at: instant(engine.clock.now()), actor: engineActor };
  await engine.store.commit({ appends: [], meta, records: ops }).catch((error: unknown) => {
    if (!ConductorError.is(error, 'REVISION_CONFLICT')) throw error; // another engine writes them and knows more
  });
}
