import type { TrackState } from '@conductor/core';
import type { EngineContext } from '../engine-context.js';
import { textBefore } from '../views/text-view.js';
import type { TextView } from '../views/text-view.js';
import type { Found } from '../views/view-row.js';
import { textIn } from './note-edit.js';
import { firstDifference } from './plan-edit.js';
import { leaveAlone, noteDeleted, takeUp } from './take-up.js';
import { fileActor, isClaim } from './whose-edit.js';

/** Words in a report ask for nothing: they stay there, whoever wrote them, and later text of ours is merged around them. */
export async function takeUpReport(
  engine: EngineContext,
  state: TrackState,
  view: Pick<TextView, 'render'>,
  found: Found,
  ours: string,
): Promise<void> {
  const theirs = found.bytes && textIn(found.bytes);
  if (found.bytes && theirs === undefined) return leaveAlone(engine, state.id, found);
  if (theirs === undefined || theirs.trim() === '') return noteDeleted(engine, state.id, found);
  const before = await textBefore(engine, state.id, view, found, theirs);
  const claim = before === undefined || (await isClaim(engine, state, found));
  const { path, hash, row } = found;
  await takeUp(engine, state.id, found, {
    disposition: claim ? 'claim' : 'applied',
    ...(!claim && { actor: fileActor }),
    findings: [
      {
        severity: 'info',
        code: 'EDIT_NOTED',
        path,
        line: firstDifference(before ?? ours, theirs),
        message: `${path} was changed by somebody else`,
        hint: 'A report changes nothing. The words stay in it.',
      },
    ],
    row: {
      last: hash,
      pending: hash,
      seen: row?.seen,
      pendingFrom: { text: theirs },
      kept: { base: row?.kept?.base ?? before ?? ours, marks: {}, told: true },
    },
  });
}
