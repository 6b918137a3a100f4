import { instant } from '@conductor/core';
import type { Finding, TrackCommand, TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { mergePlan } from '@conductor/core/plan';
import type { MergedPlan } from '@conductor/core/plan';
import type { EngineContext } from '../engine-context.js';
import { contentOf } from '../load.js';
import type { TextView } from '../views/text-view.js';
import type { Found } from '../views/view-row.js';
import { decideEach } from './decide-each.js';
import { allowedCommands } from './allowed-commands.js';
import { firstDifference } from './plan-edit.js';
import { takeUp } from './take-up.js';
import { whatStands } from './what-stands.js';
import { fileActor } from './whose-edit.js';

/** spec.md is input: a person's edit is `track.specify`; what a worker wrote into its own order is only a claim. */
export async function takeUpSpec(
  engine: EngineContext,
  state: TrackState,
  view: Pick<TextView, 'render'>,
  found: Found,
  ours: string,
): Promise<void> {
  const standing = await whatStands(engine, state, view, found);
  if (!standing) return;
  const { theirs, known } = standing;
  const before = standing.before ?? ours;
  const { row, path } = found;
  const kept = { base: row?.kept?.base ?? before, marks: {}, told: true };
  const at: Telling = (code, message, hint) => {
    return { severity: 'warning', code, path, line: firstDifference(before, theirs), message, hint };
  };
  if (standing.claim) {
    return takeUp(engine, state.id, found, {
      disposition: 'claim',
      findings: [claimed(path, at)],
      row: { ...known, kept },
    });
  }
  const merged = mergePlan(before, ours, theirs);
  const decides = row?.kept?.base === ours; // as in plan.md: where the file had other words already, an edit of them decides
  const context = { at: instant(engine.clock.now()), actor: fileActor };
  const specify = await specification(engine, decides ? merged.theirs : merged.ours);
  const decided = await allowedCommands(engine, state.id, 'track.configure', decideEach(state, [specify], context));
  const refused = decided.refused.map(({ error }) =>
    at(error.code, error.message, 'The text stays in the file and changes nothing.'),
  );
  const findings = [...(decides ? [] : conflictsOf(merged, at)), ...refused];
  await takeUp(engine, state.id, found, {
    disposition: refused.length > 0 ? 'refused' : 'applied',
    findings,
    commands: decided.accepted,
    actor: fileActor,
    row: { ...known, ...((findings.length > 0 || row?.kept) && { kept }) },
  });
}

/** A finding where the first of the changed words is. */
type Telling = (code: string, message: string, hint: string) => Finding;

function claimed(path: string, at: Telling): Finding {
  const message = `${path} was changed while a worker was at work`;
  return at('EDIT_NOTED', message, 'The words stay, and ask for nothing until you edit them again when nothing runs.');
}

function conflictsOf({ conflicts }: MergedPlan, at: Telling): readonly Finding[] {
  const message = 'This line was changed here and in the log since';
  const hint = 'The file keeps this text; the next edit of the line decides.';
  return conflicts.map(({ line }) => ({ ...at('EDIT_CONFLICT', message, hint), line }));
}

async function specification(engine: EngineContext, text: string): Promise<TrackCommand> {
  return { name: 'track.specify', data: { spec: await contentOf(engine, text), specHash: sha256Hex(text) } };
}
