import type { DagNode } from '../dag/dag-block.js';
import { nodeSplice } from '../write/dag-splice.js';
import type { FileStyle } from './edit-marks.js';
import { endOfTask, findPhase, refuse } from './edit-target.js';
import type { EditOf, PlannedEdit } from './edit-target.js';
import { oneLine } from '../text/one-line.js';
import { checkTask, dagTask, formatTask } from '../write/format-plan.js';
import type { NamedTask } from '../write/format-plan.js';
import { generateDag } from '../dag/generate-dag.js';
import { readHeading } from '../read/headings.js';
import { everyTask } from '../model/plan.js';
import type { Phase, Plan, PlanTask } from '../model/plan.js';
import { normalPath, unique } from '../text/references.js';
import type { Splice } from '../write/splices.js';
import { below } from './place.js';

/** A task at the end of its phase, in the form of its neighbours, and its node behind the last one of the dag. */
export function planAddTask(text: string, plan: Plan, edit: EditOf<'addTask'>, style: FileStyle): PlannedEdit {
  const phase = findPhase(plan, edit.phase);
  const task: NamedTask = { ...edit.task, id: edit.task.id ?? nextId(plan, phase) };
  checkTask(task);
  const dag = dagSplices(text, plan, phase, task);
  return {
    splices: [taskSplice(text, phase, task, style), ...dag],
    allowed: [`task + ${task.id} plan`, 'section + other', ...(dag.length === 0 ? [] : ['dag'])],
    achieved: (after) =>
      [...everyTask(after)].some((read) => saysTask(read, task)) &&
      (dag.length === 0 || isOneNodeMore(plan, after, task.id)),
    name: `addTask ${task.id}`,
  };
}

/** The dag has the node of this task behind the others, which are what they were. */
function isOneNodeMore(before: Plan, after: Plan, id: string): boolean {
  const { nodes = [], parallel_groups: groups = [] } = after.dag?.block ?? {};
  const others = { nodes: nodes.slice(0, -1), parallel_groups: groups };
  return nodes.at(-1)?.id === id && JSON.stringify(others) === JSON.stringify(before.dag?.block);
}

function saysTask(read: PlanTask, task: NamedTask): boolean {
  const same = read.id === task.id && read.text === oneLine(task.text);
  return (
    same && sameList(read.dependsOn, task.dependsOn ?? []) && sameList(read.files, (task.files ?? []).map(normalPath))
  );
}

function sameList(read: readonly string[], meant: readonly string[]): boolean {
  return unique(meant).join('\n') === read.join('\n');
}

function nextId(plan: Plan, phase: Phase): string {
  const key = phase.number ?? String(phase.ordinal);
  const taken = new Set([...everyTask(plan)].map(({ id }) => id));
  let number = 1;
  for (const { id } of phase.tasks) {
    const last = id.startsWith(`${key}.`) ? /^\d{1,9}/.exec(id.slice(key.length + 1))?.[0] : undefined;
    if (last !== undefined) number = Math.max(number, Number(last) + 1);
  }
  while (taken.has(`${key}.${number}`)) number += 1;
  return `${key}.${number}`;
}

function taskSplice(text: string, phase: Phase, task: NamedTask, style: FileStyle): Splice {
  const last = phase.tasks.findLast(({ scope }) => scope === 'plan');
  const end = style.lineEnd();
  if (last?.form === 'heading') {
    const { lineStart, lineEnd, underlineEnd } = last.position;
    // A title with a line below it has the level 1 or 2; of a task always 2.
    const level = underlineEnd === undefined ? '#'.repeat(readHeading(text.slice(lineStart, lineEnd)).level) : '##';
    const [head = '', ...labels] = formatTask(task, '', '-', '');
    const lines = [head.replace('- [ ] ', `${level} `), ...(labels.length === 0 ? [] : ['', ...labels])];
    return below(end, phase.position.end, lines, true);
  }
  if (last === undefined) return below(end, phase.position.end, formatTask(task, '', '-', style.step()), true);
  const bullet = /^[*+]$/.test(last.position.bullet) ? last.position.bullet : '-';
  return below(end, endOfTask(last), formatTask(task, last.position.indent, bullet, style.step()), false);
}

function dagSplices(text: string, plan: Plan, phase: Phase, task: NamedTask): readonly Splice[] {
  const { dag } = plan;
  if (dag === undefined) return [];
  const number = /^\d{1,9}$/.test(phase.number ?? '') ? Number(phase.number) : phase.ordinal;
  const node: DagNode | undefined = generateDag([dagTask(task, number)]).nodes[0];
  const splice = node === undefined ? undefined : nodeSplice(text.slice(dag.start, dag.end), node, plan.lineEnd);
  if (splice === undefined) {
    refuse(
      `The dag block on line ${dag.line} has no place for task ${task.id}`,
      'Hand in the whole block with `replaceDag`.',
    );
  }
  return [{ ...splice, start: splice.start + dag.start, end: splice.end + dag.start }];
}
