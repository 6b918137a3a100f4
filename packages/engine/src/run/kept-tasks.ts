import { ConductorError } from '@conductor/core';
import type { TaskState, TrackState } from '@conductor/core';
import type { PlanModel } from '@conductor/core/plan';

/** Tasks that are done, in the order of the plan. */
export function doneTasks({ plan }: Pick<TrackState, 'plan'>): readonly TaskState[] {
  return [...(plan?.tasks.values() ?? [])].filter(({ status }) => status === 'done');
}

/**
 * A planner revises what is left to do: done tasks stay in its plan as they are, and so count as done. Throws `ANSWER_INVALID` for a
 * plan that drops one, or makes another task of it.
 */
export function requireDoneKept(state: Pick<TrackState, 'plan'>, model: PlanModel): void {
  const titles = new Map(model.tasks.map(({ id, title }) => [id, words(title)]));
  const dropped = doneTasks(state).filter(({ task }) => titles.get(task.id) !== words(task.title));
  if (dropped.length === 0) return;
  const ids = dropped.map(({ task }) => task.id);
  throw new ConductorError('ANSWER_INVALID', `The plan drops what is done: ${ids.join(', ')}`, {
    hint: 'Keep the done tasks with their ids and titles, and plan around them.',
    details: { tasks: ids },
    retryable: true,
  });
}

function words(title: string): string {
  return title.replaceAll(/\s+/gu, ' ').trim().toLowerCase();
}
