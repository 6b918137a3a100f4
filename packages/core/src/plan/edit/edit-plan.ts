import { comparePlans } from './compare-plans.js';
import { fileStyleOf, planMarks } from './edit-marks.js';
import type { MarkEdit } from './edit-marks.js';
import { fixIds, planFixTasks } from './fix-tasks.js';
import { planAddPhase, planAppendReport, planCheckpoint, planDiscover, planReplaceDag } from './edit-sections.js';
import { planAddTask } from './add-task.js';
import type { FixTask } from './fix-tasks.js';
import { editLocally } from './edit-locally.js';
import { refuse, verifyEdit } from './edit-target.js';
import type { PlannedEdit } from './edit-target.js';
import { parsePlan, readPlan } from '../parse/parse-plan.js';
import type { ParsedPlan } from '../parse/parse-plan.js';
import type { PlanEdit } from '../model/plan.js';
import { applySplices } from '../write/splices.js';
import type { SplicedText } from '../write/splices.js';

/** A plan after edits, with the 1-based numbers of the lines that are new or different. */
export type EditedPlan = SplicedText;

/** The edits of the API, and the fix tasks that only the engine adds. */
type Step =
  | PlanEdit
  | { readonly do: 'fix'; readonly cycle: number; readonly tasks: readonly (FixTask & { readonly id: string })[] };

/**
 * Makes the smallest edits in the text of a plan, all or none. Lines that no edit names keep every byte: line ends, byte order mark,
 * indentation, bullets. After each edit the text is read again and compared; what would change anything else is refused.
 *
 * Marks that follow each other are made on one reading, so marking all tasks is linear. An edit by itself reads one task or one phase
 * where that is provably the same as reading all: some 3 ms in a plan of 5,000 tasks. `editPlan(text, [])` is `text`.
 * Throws `TASK_NOT_FOUND` for a task or phase that is not there, `EDIT_REFUSED` for an edit that cannot be made safely,
 * `VALIDATION_FAILED` for a new task whose ids or files no line can carry.
 */
export function editPlan(text: string, edits: readonly PlanEdit[]): EditedPlan {
  return runSteps(text, edits, editLocally);
}

/** As {@link editPlan}, by reading the whole text before and after each edit: what the shorter way must agree with. */
export function editWhole(text: string, edits: readonly PlanEdit[]): EditedPlan {
  return runSteps(text, edits, () => undefined);
}

/**
 * Adds `## Fix Phase (Cycle n)` with its tasks at the end, or tasks to that phase when it is there. The dag block stays as it is: a fix
 * task depends on the fix task before it, on nothing else (see `planDependencies`). Throws like {@link editPlan}.
 */
export function addFixTasks(
  text: string,
  cycle: number,
  tasks: readonly FixTask[],
): EditedPlan & { readonly ids: readonly string[] } {
  if (tasks.length === 0) return { text, changedLines: [], ids: [] };
  const ids = fixIds(parsePlan(text).plan, tasks);
  const named = tasks.map((task, index) => ({ ...task, id: ids[index] ?? '' }));
  return { ...runSteps(text, [{ do: 'fix', cycle, tasks: named }], () => undefined), ids };
}

/** `shorter` makes a step without reading the whole text, or says that it cannot. */
function runSteps(
  text: string,
  steps: readonly Step[],
  shorter: (edited: EditedPlan, edit: PlanEdit) => EditedPlan | undefined,
): EditedPlan {
  let edited: EditedPlan = { text, changedLines: [] };
  let parsed: ParsedPlan | undefined;
  for (const batch of batches(steps)) {
    const [step] = batch;
    const short = batch.length === 1 && step !== undefined && step.do !== 'fix' ? shorter(edited, step) : undefined;
    if (short !== undefined) {
      edited = short;
      parsed = undefined;
      continue;
    }
    parsed ??= readPlan(edited.text);
    const planned = planBatch(edited.text, parsed, batch);
    if (planned.splices.length === 0) continue;
    const next = applySplices(edited.text, planned.splices, edited.changedLines);
    if (next === undefined) refuse(`The edits of ${planned.name} overlap`, 'Make them one after the other.');
    const read = readPlan(next.text);
    verifyEdit(parsed, read, planned, comparePlans(parsed.plan, read.plan));
    edited = next;
    parsed = read;
  }
  return edited;
}

/** Marks in a row are one batch; every other edit is its own, because it moves lines and ids. */
function batches(steps: readonly Step[]): readonly (readonly Step[])[] {
  const found: Step[][] = [];
  for (const step of steps) {
    const last = found.at(-1);
    if (step.do === 'mark' && last?.[0]?.do === 'mark') last.push(step);
    else found.push([step]);
  }
  return found;
}

function planBatch(text: string, { plan }: ParsedPlan, batch: readonly Step[]): PlannedEdit {
  const [step] = batch;
  switch (step?.do) {
    case 'addTask':
      return planAddTask(text, plan, step, fileStyleOf(text));
    case 'addPhase':
      return planAddPhase(text, plan, step);
    case 'setCheckpoint':
      return planCheckpoint(text, plan, step);
    case 'discover':
      return planDiscover(text, plan, step, fileStyleOf(text));
    case 'replaceDag':
      return planReplaceDag(text, plan, step);
    case 'appendReport':
      return planAppendReport(text, plan, step);
    case 'fix':
      return planFixTasks(text, plan, step.cycle, step.tasks, fileStyleOf(text));
    default:
      return planMarks(
        text,
        plan,
        batch.filter((entry): entry is MarkEdit => entry.do === 'mark'),
        fileStyleOf(text),
      );
  }
}
