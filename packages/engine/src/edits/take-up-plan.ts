import type { Finding, TrackState } from '@conductor/core';
import type { PlanConflict } from '@conductor/core/plan';
import type { EngineContext } from '../engine-context.js';
import { commandTrack } from '../units.js';
import { engineActor } from '../engine-context.js';
import type { TextView } from '../views/text-view.js';
import { planMark } from '../views/plan-view.js';
import type { Found } from '../views/view-row.js';
import { noteCommand } from './note-edit.js';
import { conflictFinding, firstDifference, planFileCommands } from './plan-edit.js';
import { changedMarks } from './plan-marks.js';
import { takeUp } from './take-up.js';
import { whatStands } from './what-stands.js';
import { fileActor } from './whose-edit.js';

/** What somebody did to plan.md: a person's edit becomes commands, any other one is a claim that stays in the file. */
export async function takeUpPlan(
  engine: EngineContext,
  state: TrackState,
  view: Pick<TextView, 'render'>,
  found: Found,
  ours: string,
): Promise<void> {
  const standing = await whatStands(engine, state, view, found);
  if (!standing) return;
  const { theirs, before } = standing;
  const claim = before === undefined || standing.claim;
  const { row, path } = found;
  const known = { ...standing.known, lastFrom: { text: theirs } };
  const base = row?.kept?.base ?? before ?? ours;
  if (claim) {
    return takeUp(engine, state.id, found, {
      disposition: 'claim',
      findings: claimFindings(state, path, before ?? ours, theirs),
      row: { ...known, kept: { base, marks: {}, told: true } },
    });
  }
  const earlier = row?.kept?.marks ?? {};
  const edit = { path, before, theirs, earlier, keptBeside: row?.kept?.base };
  const { commands, findings, marks, kept } = await planFileCommands(engine, state, edit);
  const stays = kept || row?.kept !== undefined;
  return takeUp(engine, state.id, found, {
    disposition: commands.length === 0 && findings.length > 0 ? 'refused' : 'applied',
    findings,
    commands,
    actor: fileActor,
    row: { ...known, ...(stays && { kept: { base, marks: { ...earlier, ...marks }, told: true } }) },
  });
}

/** Each tick that does not count, or where the first of the changed words is. */
function claimFindings(state: TrackState, path: string, before: string, theirs: string): readonly Finding[] {
  const hint = 'A worker was at work. The words stay, and count once you edit them again; a mark: conductor plan mark';
  const marks = changedMarks(before, theirs).flatMap(({ id, to, task }): readonly Finding[] => {
    const known = state.plan?.tasks.get(id);
    const ours = known && planMark(known);
    if (ours === undefined || ours === to) return [];
    const message = `Task ${id} was marked ${to} in the file; the log says ${ours}`;
    return [{ severity: 'warning', code: 'EDIT_NOTED', path, line: task.line, item: id, message, hint }];
  });
  if (marks.length > 0) return marks;
  const line = firstDifference(before, theirs);
  return [
    { severity: 'warning', code: 'EDIT_NOTED', path, line, message: `${path} was changed by somebody else`, hint },
  ];
}

/** We changed what somebody else had changed before: theirs stays in the file. */
export async function tellConflicts(
  engine: EngineContext,
  state: TrackState,
  { path, bytes, row }: Found,
  conflicts: readonly PlanConflict[],
): Promise<void> {
  const findings = conflicts.map(({ line }) => conflictFinding(path, line, state.plan?.revision ?? 0));
  const note = await noteCommand(engine, { path, bytes, base: row?.last, disposition: 'claim', findings });
  await commandTrack(engine, state.id, [note], { actor: engineActor });
}
