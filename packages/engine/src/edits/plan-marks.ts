import type { Finding, TaskState, TrackCommand, TrackState } from '@conductor/core';
import { parsePlan, planModel, workTasks } from '@conductor/core/plan';
import type { PlanModelTask, PlanTask } from '@conductor/core/plan';
import { planMark } from '../views/plan-view.js';

/** A mark that was changed in the file. */
export interface ChangedMark {
  readonly id: string;
  readonly from: PlanModelTask['mark'];
  readonly to: PlanModelTask['mark'];
  readonly task: PlanTask;
}

/** Marks of tasks that stand in both texts and differ, in file order. */
export function changedMarks(before: string, after: string): readonly ChangedMark[] {
  const from = new Map(planModel(parsePlan(before).plan).tasks.map(({ id, mark }) => [id, mark]));
  const { plan } = parsePlan(after);
  const to = new Map(planModel(plan).tasks.map(({ id, mark }) => [id, mark]));
  return workTasks(plan).flatMap(({ task }): readonly ChangedMark[] => {
    const [was, is] = [from.get(task.id), to.get(task.id)];
    return was === undefined || is === undefined || was === is ? [] : [{ id: task.id, from: was, to: is, task }];
  });
}

const markable = ['pending', 'done', 'blocked', 'skipped'] as const;

export interface MarkEdits {
  readonly commands: readonly TrackCommand[];
  /** Of marks that cannot become commands. */
  readonly findings: readonly Finding[];
  /** Their tasks. */
  readonly left: readonly string[];
}

/** What a person's marks ask for. Where ours has changed as well, it stays in the log and theirs in the file. */
export function markEdits(
  { plan }: Pick<TrackState, 'plan'>,
  marks: readonly ChangedMark[],
  path: string,
  earlier: Readonly<Record<string, string>>,
): MarkEdits {
  const commands: TrackCommand[] = [];
  const findings: Finding[] = [];
  const left: string[] = [];
  for (const mark of marks) {
    const known = plan?.tasks.get(mark.id);
    if (!known) continue;
    const ours = planMark(known);
    if (ours === mark.to) continue;
    const finding = problemOf(mark, ours, earlier[mark.id] === known.status);
    if (finding) findings.push({ ...finding, path, line: mark.task.line, item: mark.id });
    if (finding) left.push(mark.id);
    else commands.push(markCommand(mark, known));
  }
  return { commands, findings, left };
}

function problemOf({ id, from, to }: ChangedMark, ours: string, known: boolean): Finding | undefined {
  if (ours !== from && !known) {
    return {
      severity: 'warning',
      code: 'EDIT_CONFLICT',
      message: `Task ${id} was marked ${to} in the file while it became ${ours}`,
      hint: `The file keeps the mark, the log says ${ours}: conductor plan mark <file> ${id} ${to}`,
    };
  }
  if (markable.some((state) => state === to)) return undefined;
  return {
    severity: 'warning',
    code: 'EDIT_REFUSED',
    message: `Nobody can mark task ${id} as ${to} by hand`,
    hint: `One of: ${markable.join(', ')}`,
  };
}

function markCommand({ id, to, task }: ChangedMark, known: TaskState): TrackCommand {
  const state = markable.find((one) => one === to) ?? 'pending';
  const note =
    state === 'blocked'
      ? (task.labels.find(({ name }) => name === 'reason')?.value ?? task.notes.at(-1)?.text)
      : undefined;
  return {
    name: 'task.mark',
    data: {
      taskId: id,
      state,
      source: 'person',
      line: task.line,
      ...(task.commit !== undefined && task.commit !== known.commit?.slice(0, 12) && { commit: task.commit }),
      ...(note !== undefined && { note }),
    },
  };
}
