import { parsePlan } from '../plan/parse/parse-plan.js';
import { everyTask } from '../plan/model/plan.js';
import type { PlanTask } from '../plan/model/plan.js';

/** Every task of a text. */
export function tasksOf(text: string): readonly PlanTask[] {
  return [...everyTask(parsePlan(text).plan)];
}

/** The first one; throws when there is none. */
export function taskOf(line: string): PlanTask {
  const [task] = tasksOf(line);
  if (task === undefined) throw new Error(`no task in ${line}`);
  return task;
}

/** Codes of the findings about a text. */
export function codesOf(text: string): readonly (string | undefined)[] {
  return parsePlan(text).findings.map(({ code }) => code);
}
