import type { TrackCommands } from '@conductor/core';
import type { PlanModel } from '@conductor/core/plan';

type LoggedModel = TrackCommands['plan.submit']['model'];
type LoggedTask = LoggedModel['tasks'][number];

/** Marks that a person may bring along; a task in progress or with an unknown mark has to be done. */
const kept = ['done', 'skipped', 'blocked'] as const;

/**
 * A parsed plan as the log keeps it. The generation of a task is given by `evolve`: the revision that introduces its id.
 * `marks`: whose ticks they are. A person's count; an agent's plan starts with nothing done, whatever it has ticked.
 */
export function loggedModel(model: PlanModel, marks: 'count' | 'ignore'): LoggedModel {
  return { title: model.title, tasks: model.tasks.map((task) => loggedTask(task, marks)) };
}

function loggedTask({ mark, commit, ...task }: PlanModel['tasks'][number], marks: 'count' | 'ignore'): LoggedTask {
  const state = marks === 'count' ? kept.find((known) => known === mark) : undefined;
  return {
    ...task,
    gen: 0,
    dependsOn: [...task.dependsOn],
    files: [...task.files],
    ...(state && { state }),
    ...(state && commit !== undefined && { commit }),
  };
}
