import type { TrackCommand, TrackCommands } from '@conductor/core';
import type { Json } from '@conductor/core/ports';
import { planEdit } from './plan-edit.js';
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
  const edits = items.map(({ description, reason, recommendation }) => ({
    do: 'discover' as const,
    description,
    reason: reason === '' ? 'Found during the work' : reason,
    recommendation,
  }));
  // Where the plan's text cannot take it, it stands in the log, in metadata.json and in the reports.
  const edit = await planEdit(session, edits, 'discovered');
  return [...items.map((data): TrackCommand => ({ name: 'work.discover', data })), ...edit];
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
