import { instant } from '@conductor/core';
import type { Finding, TrackCommand, TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { mergePlan } from '@conductor/core/plan';
import type { EngineContext } from '../engine-context.js';
import { contentOf } from '../load.js';
import { textBefore } from '../views/text-view.js';
import type { TextView } from '../views/text-view.js';
import type { Found } from '../views/view-row.js';
import { decideEach } from './decide-each.js';
import { allowedCommands } from './allowed-commands.js';
import { textIn } from './note-edit.js';
import { firstDifference } from './plan-edit.js';
import { leaveAlone, noteDeleted, takeUp } from './take-up.js';
import { fileActor, isClaim } from './whose-edit.js';

/** spec.md is input: a person's edit is `track.specify`; what a worker wrote into its own order is only a claim. */
export async function takeUpSpec(
  engine: EngineContext,
  state: TrackState,
  view: Pick<TextView, 'render'>,
  found: Found,
  ours: string,
): Promise<void> {
  const theirs = found.bytes && textIn(found.bytes);
  if (found.bytes && theirs === undefined) return leaveAlone(engine, state.id, found);
  if (theirs === undefined || theirs.trim() === '') return noteDeleted(engine, state.id, found);
  const before = (await textBefore(engine, state.id, view, found, theirs)) ?? ours;
  const { hash, row, path } = found;
  const known = { last: hash, pending: hash, seen: row?.seen, pendingFrom: { text: theirs } };
  const kept = { base: row?.kept?.base ?? before, marks: {}, told: true };
  const at = (code: string, message: string, hint: string): Finding => {
    return { severity: 'warning', code, path, line: firstDifference(before, theirs), message, hint };
  };
  if (await isClaim(engine, state, found)) {
    const message = `${path} was changed while a worker was at work`;
    const hint = 'The words stay, and ask for nothing until you edit them again when nothing runs.';
    return takeUp(engine, state.id, found, {
      disposition: 'claim',
      findings: [at('EDIT_NOTED', message, hint)],
      row: { ...known, kept },
    });
  }
  const merged = mergePlan(before, ours, theirs);
  const decides = row?.kept?.base === ours; // as in plan.md: where the file had other words already, an edit of them decides
  const conflicts = (decides ? [] : merged.conflicts).map(({ line }): Finding => {
    const message = 'This line was changed here and in the log since';
    return { ...at('EDIT_CONFLICT', message, 'The file keeps this text; the next edit of the line decides.'), line };
  });
  const context = { at: instant(engine.clock.now()), actor: fileActor };
  const specify = await specification(engine, decides ? merged.theirs : merged.ours);
  const decided = await allowedCommands(engine, state.id, 'track.configure', decideEach(state, [specify], context));
  const refused = decided.refused.map(({ error }) =>
    at(error.code, error.message, 'The text stays in the file and changes nothing.'),
  );
  const findings = [...conflicts, ...refused];
  await takeUp(engine, state.id, found, {
    disposition: refused.length > 0 ? 'refused' : 'applied',
    findings,
    commands: decided.accepted,
    actor: fileActor,
    row: { ...known, ...((findings.length > 0 || row?.kept) && { kept }) },
  });
}

async function specification(engine: EngineContext, text: string): Promise<TrackCommand> {
  return { name: 'track.specify', data: { spec: await contentOf(engine, text), specHash: sha256Hex(text) } };
}
