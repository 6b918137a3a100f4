import { ConductorError } from '@conductor/core';
import type { TrackCommand } from '@conductor/core';
import type { ActorRef, RecordOp } from '@conductor/core/ports';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import { commandTrack } from '../units.js';
import { rowOp } from '../views/view-row.js';
import type { Found, ViewRow } from '../views/view-row.js';
import { noteCommand } from './note-edit.js';
import type { Edit } from './note-edit.js';

/** The track or the row changed between the look at the file and the commit: both are looked at again. */
const overtaken = [
  'REVISION_CONFLICT',
  'VERSION_CONFLICT',
  'CONTENTION',
  'INVALID_STATE',
  'TASK_NOT_FOUND',
  'TRACK_ENDED',
] as const;

export interface TakenUp extends Pick<Edit, 'disposition' | 'findings'> {
  readonly commands?: readonly TrackCommand[] | undefined;
  readonly actor?: ActorRef | undefined;
  readonly row: Omit<ViewRow, 'path'>;
}

/**
 * One commit: the edit is noted, its commands are decided, and the row knows the bytes from now on. So an edit is taken up once, by
 * whichever engine comes first; the others find it known.
 */
export async function takeUp(
  engine: EngineContext,
  trackId: string,
  found: Found,
  { disposition, findings, commands = [], actor = engineActor, row }: TakenUp,
): Promise<void> {
  const edit = { path: found.path, bytes: found.bytes, base: found.row?.pending, disposition, findings };
  await commitEdit(engine, trackId, [await noteCommand(engine, edit), ...commands], actor, rowOp(found, row));
}

/** Commits, or does nothing when somebody was quicker: the caller looks again. */
export async function commitEdit(
  engine: EngineContext,
  trackId: string,
  commands: readonly TrackCommand[],
  actor: ActorRef,
  row: RecordOp,
): Promise<void> {
  try {
    await commandTrack(engine, trackId, commands, { actor, records: [row] });
  } catch (error) {
    if (!isOvertaken(error)) throw error;
  }
}

/** Somebody was quicker, so that what was decided no longer holds. */
export function isOvertaken(error: unknown): boolean {
  return ConductorError.is(error, ...overtaken);
}

/** Nothing can be merged into bytes that are no text: they stay as they are until somebody changes them. */
export async function leaveAlone(engine: EngineContext, trackId: string, found: Found): Promise<void> {
  const { path, hash, row } = found;
  await takeUp(engine, trackId, found, {
    disposition: 'refused',
    findings: [
      {
        severity: 'warning',
        code: 'EDIT_REFUSED',
        path,
        line: 1,
        message: `${path} is no UTF-8 text`,
        hint: 'Save it as UTF-8, or delete it: then it is written again.',
      },
    ],
    row: { last: hash, pending: hash, seen: row?.seen, kept: row?.kept, lastFrom: row?.lastFrom, leftAlone: true },
  });
}

/** A view that is gone is written again; that somebody removed it is on record. */
export async function noteDeleted(engine: EngineContext, trackId: string, found: Found): Promise<void> {
  const { path, hash, row } = found;
  await takeUp(engine, trackId, found, {
    disposition: 'refused',
    findings: [
      {
        severity: 'warning',
        code: 'VIEW_DELETED',
        path,
        message: `${path} was deleted and is written again`,
        hint: 'What it said is in the log. To end the track: conductor cancel <track>',
      },
    ],
    row: { last: hash, pending: hash, seen: row?.seen },
  });
}
