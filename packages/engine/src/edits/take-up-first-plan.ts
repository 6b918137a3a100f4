import { instant } from '@conductor/core';
import type { Finding, TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { parsePlan, planModel } from '@conductor/core/plan';
import type { EngineContext } from '../engine-context.js';
import { contentOf } from '../load.js';
import { loggedModel } from '../run/plan-text.js';
import type { Found } from '../views/view-row.js';
import { allowedCommands } from './allowed-commands.js';
import { decideEach } from './decide-each.js';
import { textIn } from './note-edit.js';
import { leaveAlone, takeUp } from './take-up.js';
import { fileActor, isClaim } from './whose-edit.js';

/** A plan.md where the track has no plan yet: written by a person it is the plan, its ticks included; left by a planner it is none. */
export async function takeUpFirstPlan(engine: EngineContext, state: TrackState, found: Found): Promise<void> {
  const theirs = textIn(found.bytes ?? new Uint8Array());
  if (theirs === undefined) return leaveAlone(engine, state.id, found);
  const { hash, path, row } = found;
  const known = { last: hash, pending: hash, seen: row?.seen, pendingFrom: { text: theirs } };
  const finding = (code: string, message: string, hint: string): Finding => {
    return { severity: 'warning', code, path, line: 1, message, hint };
  };
  if (await isClaim(engine, state, found)) {
    const left = finding(
      'EDIT_NOTED',
      `${path} was left by a worker`,
      'It is no plan until a planner or a person hands it in.',
    );
    return takeUp(engine, state.id, found, { disposition: 'claim', findings: [left], row: known });
  }
  const { plan, findings } = parsePlan(theirs);
  const model = planModel(plan);
  const wrong: Finding[] = findings.filter(({ severity }) => severity === 'error').map((error) => ({ path, ...error }));
  if (model.tasks.length === 0)
    wrong.push(finding('PLAN_INVALID', 'The plan has no tasks', 'The words stay above the plan.'));
  const text = await contentOf(engine, theirs);
  const data = { text, textHash: sha256Hex(theirs), model: loggedModel(model, 'count') };
  const context = { at: instant(engine.clock.now()), actor: fileActor };
  const commands = wrong.length > 0 ? [] : [{ name: 'plan.submit', data } as const];
  const decided = await allowedCommands(engine, state.id, 'plan.submit', decideEach(state, commands, context));
  const refused = decided.refused.map(({ error }) => finding(error.code, error.message, 'The text stays in the file.'));
  const applied = decided.accepted.length > 0;
  return takeUp(engine, state.id, found, {
    disposition: applied ? 'applied' : 'refused',
    findings: [...wrong, ...refused],
    commands: decided.accepted,
    actor: fileActor,
    row: { ...known, ...(!applied && { kept: { base: '', marks: {}, told: true } }) },
  });
}
