import { ConductorError } from '@conductor/core';
import type { TrackCommand, TrackCommands } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { editPlan, parsePlan, planModel } from '@conductor/core/plan';
import type { PlanEdit } from '@conductor/core/plan';
import { contentOf, textOf } from '../load.js';
import { loggedModel } from './plan-text.js';
import type { TrackSession } from './track-session.js';

/**
 * The command that writes sections into the text of the plan; none where there is no plan, or where its text cannot take them: what
 * they say stands in the log anyway, and a plan that somebody wrote in his own way stops no run.
 */
export async function planEdit(
  { engine, state }: TrackSession,
  edits: readonly PlanEdit[],
  cause: TrackCommands['plan.edit']['cause'],
): Promise<readonly TrackCommand[]> {
  if (!state.plan) return [];
  try {
    const { text } = editPlan(await textOf(engine, state.plan.text), edits);
    return [
      {
        name: 'plan.edit',
        data: {
          base: state.plan.revision,
          text: await contentOf(engine, text),
          textHash: sha256Hex(text),
          model: loggedModel(planModel(parsePlan(text).plan), 'ignore'),
          ops: edits.map((edit) => edit.do),
          cause,
        },
      },
    ];
  } catch (error) {
    if (!ConductorError.is(error)) throw error;
    engine.logger.warn(`The plan does not take a section (${cause}): ${error.message}`, { track: state.id });
    return [];
  }
}
