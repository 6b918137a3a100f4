import type { TrackCommand, TrackState } from '@conductor/core';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import { rowOp } from '../views/view-row.js';
import type { Found } from '../views/view-row.js';
import { noteCommand } from './note-edit.js';
import { commitEdit } from './take-up.js';

/**
 * True when no file of the track is left: a person who deletes a folder means the track, so it is paused, and nothing is written there
 * until the folder is back. Said once, and again after each resume. O(files of the folder): asked only when spec.md is missing.
 */
export async function takeUpGone(engine: EngineContext, state: TrackState, spec: Found): Promise<boolean> {
  if (await holdsFiles(engine, state.id)) return false;
  const active = state.lifecycle === 'active';
  if (spec.row?.gone === true && !active) return true;
  const path = `${engine.folder}/tracks/${state.id}`;
  const reason = `WORKSPACE_GONE: ${path} was deleted`;
  const pause: readonly TrackCommand[] = active ? [{ name: 'track.pause', data: { reason, mode: 'now' } }] : [];
  const note = await noteCommand(engine, {
    path,
    bytes: undefined,
    disposition: 'refused',
    findings: [
      {
        severity: 'error',
        code: 'WORKSPACE_GONE',
        path,
        message: `The folder ${path} is gone`,
        hint: 'Restore the folder of the track, or cancel the track.',
      },
    ],
  });
  const { last = '', pending = '', ...row } = spec.row ?? {};
  const op = rowOp(spec, { ...row, last, pending, gone: true });
  await commitEdit(engine, state.id, [note, ...pause], engineActor, op);
  return true;
}

async function holdsFiles({ workspace, folder }: EngineContext, trackId: string): Promise<boolean> {
  for await (const _ of workspace.list(`${folder}/tracks/${trackId}/**`)) return true;
  return false;
}
