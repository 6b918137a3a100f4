import { ConductorError } from '@conductor/core';
import type { TrackCommand, TrackCommands } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { editPlan, parsePlan, planModel } from '@conductor/core/plan';
import type { Json } from '@conductor/core/ports';
import { contentOf, textOf } from '../load.js';
import { loggedModel } from './plan-text.js';
import type { TrackSession } from './track-session.js';

type Discovered = TrackCommands['work.discover'];

const maxItems = 100;

/**
 * Work that a worker found and did not do, `answer.discovered`: a list of texts or {description, reason, recommendation}. It is put
 * on record and into `## Discovered Work` of the plan, and no task is made of it.
 */
export async function discoveredWork(
  session: TrackSession,
  taskId: string,
  answer: Json | undefined,
): Promise<readonly TrackCommand[]> {
  const items = itemsOf(answer, taskId);
  if (items.length === 0) return [];
  const edit = await planEdit(session, items);
  return [...items.map((data): TrackCommand => ({ name: 'work.discover', data })), ...(edit ? [edit] : [])];
}

function itemsOf(answer: Json | undefined, taskId: string): readonly Discovered[] {
  const list =
    typeof answer === 'object' && answer !== null && 'discovered' in answer
      ? (answer as { discovered: Json }).discovered
      : [];
  if (!Array.isArray(list)) return [];
  return list.slice(0, maxItems).map((item: Json) => {
    const record = (typeof item === 'object' && item !== null ? item : { description: String(item) }) as Record<
      string,
      unknown
    >; // whatever it is, only texts are taken
    const text = (key: string, other: string) => (typeof record[key] === 'string' ? record[key] : other);
    return {
      description: text('description', 'Unnamed work'),
      reason: text('reason', ''),
      recommendation: text('recommendation', 'create new track'),
      taskId,
    };
  });
}

/** `undefined` where the plan's text cannot take it: then it stands in the log, in metadata.json and in the reports. */
async function planEdit(
  { engine, state }: TrackSession,
  items: readonly Discovered[],
): Promise<TrackCommand | undefined> {
  if (!state.plan) return undefined;
  try {
    const edits = items.map(({ description, reason, recommendation }) => ({
      do: 'discover' as const,
      description,
      reason: reason === '' ? 'Found during the work' : reason,
      recommendation,
    }));
    const { text } = editPlan(await textOf(engine, state.plan.text), edits);
    return {
      name: 'plan.edit',
      data: {
        base: state.plan.revision,
        text: await contentOf(engine, text),
        textHash: sha256Hex(text),
        model: loggedModel(planModel(parsePlan(text).plan), 'ignore'),
        ops: items.map(() => 'discover'),
        cause: 'discovered',
      },
    };
  } catch (error) {
    if (!ConductorError.is(error)) throw error;
    engine.logger.warn(`Discovered work is not written into the plan: ${error.message}`, { track: state.id });
    return undefined;
  }
}
