import type { FileStyle } from './edit-marks.js';
import { endOfTask } from './edit-target.js';
import type { PlannedEdit } from './edit-target.js';
import { oneLine } from '../text/one-line.js';
import { checkTask, formatTask } from '../write/format-plan.js';
import { everyTask } from '../model/plan.js';
import type { Plan, TaskOutline } from '../model/plan.js';
import { atEnd, below } from './place.js';

/** A task of the fix phase: what to do, and the finding that it answers. */
export interface FixTask {
  /** Default: the next free `Fix n`. */
  readonly id?: string | undefined;
  readonly text: string;
  readonly issue?: string | undefined;
  readonly files?: readonly string[] | undefined;
  readonly acceptance?: string | undefined;
}

/** Ids for fix tasks: those given, else numbers that go on over all cycles, since an id stands once in a plan. */
export function fixIds(plan: Plan, tasks: readonly FixTask[]): readonly string[] {
  const taken = new Set([...everyTask(plan)].map(({ id }) => id));
  for (const { id } of tasks) if (id !== undefined) taken.add(id);
  let next = 1;
  return tasks.map(({ id }) => {
    if (id !== undefined) return id;
    while (taken.has(`Fix ${next}`)) next += 1;
    taken.add(`Fix ${next}`);
    return `Fix ${next}`;
  });
}

/** Fix tasks in the section of their cycle, which is begun at the end of the file where it is not there yet. */
export function planFixTasks(
  text: string,
  plan: Plan,
  cycle: number,
  tasks: readonly (FixTask & { readonly id: string })[],
  style: FileStyle,
): PlannedEdit {
  tasks.forEach((task) => {
    checkTask(fixOutline(task));
  });
  const phase = plan.phases.find((entry) => entry.kind === 'fix' && entry.cycle === cycle);
  const lines = tasks.flatMap((task) => fixLines(task, style.step()));
  const last = phase?.tasks.at(-1);
  const splice =
    phase === undefined
      ? atEnd(text, plan, [`## Fix Phase (Cycle ${cycle})`, '', ...lines].join(plan.lineEnd))
      : below(plan.lineEnd, last === undefined ? phase.position.end : endOfTask(last), lines, last === undefined);
  return {
    splices: [splice],
    allowed: [
      ...tasks.map(({ id }) => `task + ${id} plan`),
      ...(phase === undefined ? ['phase + fix', 'section + fix'] : []),
    ],
    achieved: (after) => {
      const ids = new Set(
        after.phases.filter((entry) => entry.cycle === cycle).flatMap((entry) => entry.tasks.map(({ id }) => id)),
      );
      return tasks.every(({ id }) => ids.has(id));
    },
    name: `addFixTasks of cycle ${cycle}`,
  };
}

function fixOutline(task: FixTask & { readonly id: string }): TaskOutline & { readonly id: string } {
  return { id: task.id, text: task.text, files: task.files, acceptance: task.acceptance };
}

function fixLines(task: FixTask & { readonly id: string }, step: string): readonly string[] {
  const [head = '', ...labels] = formatTask(fixOutline(task), '', '-', step);
  const issue = oneLine(task.issue ?? '');
  return [head, ...(issue === '' ? [] : [`${step}- **Issue**: ${issue}`]), ...labels];
}
