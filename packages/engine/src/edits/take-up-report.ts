import type { TrackState } from '@conductor/core';
import type { EngineContext } from '../engine-context.js';
import type { TextView } from '../views/text-view.js';
import type { Found } from '../views/view-row.js';
import { firstDifference } from './plan-edit.js';
import { takeUp } from './take-up.js';
import { whatStands } from './what-stands.js';
import { fileActor } from './whose-edit.js';

/** A report that somebody else may have written. */
interface Report extends Pick<TextView, 'render'> {
  /** What a text that we have never written began as; default: as ours, which is then not in it. */
  readonly before?: string;
}

/** Words in a report ask for nothing: they stay there, whoever wrote them, and later text of ours is merged around them. */
export async function takeUpReport(
  engine: EngineContext,
  state: TrackState,
  view: Report,
  found: Found,
  ours: string,
): Promise<void> {
  const standing = await whatStands(engine, state, view, found);
  if (!standing) return;
  const { theirs, before, known } = standing;
  const claim = before === undefined || standing.claim;
  const { path, row } = found;
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
      ...known,
      kept: { base: row?.kept?.base ?? before ?? view.before ?? ours, marks: {}, told: true },
    },
  });
}
