import type { TrackCommands } from '@conductor/core';
import type { PlanModel } from '@conductor/core/plan';

/** A parsed plan as the log keeps it. The generation of a task is given by `evolve`: the revision that introduces its id. */
export function withGenerations(model: PlanModel): TrackCommands['plan.submit']['model'] {
  return {
    title: model.title,
    tasks: model.tasks.map((task) => ({ ...task, gen: 0, dependsOn: [...task.dependsOn], files: [...task.files] })),
  };
}
