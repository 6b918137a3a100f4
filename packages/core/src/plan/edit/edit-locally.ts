import { ConductorError } from '../../kernel/error.js';
import { fileStyleOf } from './edit-marks.js';
import { editRegion, moved, readRegion } from './edit-region.js';
import type { Region } from './edit-region.js';
import { planAddPhase, planAppendReport, planCheckpoint, planDiscover } from './edit-sections.js';
import { planAddTask } from './add-task.js';
import { findPhase } from './edit-target.js';
import type { EditOf, PlannedEdit } from './edit-target.js';
import { markLocally } from './mark-locally.js';
import type { Phase, Plan, PlanEdit } from '../model/plan.js';
import { readSkeleton } from '../parse/read-skeleton.js';
import type { PlanSkeleton } from '../parse/read-skeleton.js';
import type { SplicedText } from '../write/splices.js';
import { phaseKeys } from '../parse/task-ids.js';
import { isFreeId } from './written-ids.js';

/**
 * Makes one edit by reading the headings of the plan and one phase of it; `undefined` where that is not provably the same as reading all,
 * for the caller to read all.
 *
 * Why it is the same: the heading of a phase makes the reader forget what came before, but for the ids that are taken, the phase of the
 * tasks that stand in none, and the item of Discovered Work that was read last. So what stands from one such heading to the next is read
 * alone as it is read in the whole, and what follows is read the same after the edit, where all fences and comments are closed. Each edit
 * below says how it keeps to itself those three. A law of the tests compares both ways.
 */
export function editLocally(edited: SplicedText, edit: PlanEdit): SplicedText | undefined {
  try {
    if (edit.do === 'mark') return markLocally(edited, edit);
    // A new dag may give tasks anywhere their ids.
    if (edit.do === 'replaceDag') return undefined;
    const skeleton = readSkeleton(edited.text);
    return skeleton.closed ? editPhase(edited, skeleton, edit) : undefined;
  } catch (error) {
    // Reading all comes to the same error and tells it in the words of the whole plan.
    if (ConductorError.is(error, 'EDIT_REFUSED', 'TASK_NOT_FOUND', 'VALIDATION_FAILED')) return undefined;
    throw error;
  }
}

function editPhase(
  edited: SplicedText,
  skeleton: PlanSkeleton,
  edit: Exclude<PlanEdit, { do: 'mark' | 'replaceDag' }>,
): SplicedText | undefined {
  switch (edit.do) {
    case 'addTask':
      return addTask(edited, skeleton, edit);
    case 'addPhase':
      return addPhase(edited, skeleton, edit);
    case 'setCheckpoint':
      return setCheckpoint(edited, skeleton, edit);
    case 'discover':
      return discover(edited, skeleton, edit);
    case 'appendReport':
      return appendReport(edited, skeleton, edit);
  }
}

/** From the heading of a phase to that of the next one. */
function phaseRegion(text: string, { phases }: Plan, phase: Phase | undefined): Region | undefined {
  if (phase === undefined || phase.kind === 'loose') return undefined;
  const start = phase.position.lineStart;
  const next = phases.find(({ kind, position }) => kind !== 'loose' && position.lineStart > start);
  const end = next?.position.lineStart ?? text.length;
  // A title with a line below it is a heading only where no text stands above, which the edit may bring there.
  if (next !== undefined && !/^ {0,3}#/.test(text.slice(end, end + 4))) return undefined;
  return readRegion(text, start, end);
}

/** The phase that was begun last. */
function lastPhase({ phases }: Plan): Phase | undefined {
  return phases.findLast(({ kind }) => kind !== 'loose');
}

/** The id is `<phase>.<n>`, which no other task has or would be given. */
function addTask(
  edited: SplicedText,
  { plan, hasDag }: PlanSkeleton,
  edit: EditOf<'addTask'>,
): SplicedText | undefined {
  const phase = findPhase(plan, edit.phase);
  const key = phase.number ?? '';
  if (hasDag || !/^\d{1,9}$/.test(key) || phaseKeys(plan.phases)[plan.phases.indexOf(phase)] !== key) return undefined;
  const region = phaseRegion(edited.text, plan, phase);
  if (region === undefined) return undefined;
  const planned = planAddTask(region.text, region.read.plan, { ...edit, phase: 'line:1' }, fileStyleOf(edited.text));
  const id = planned.name.replace(/^addTask /, '');
  const isOwn = id.startsWith(`${key}.`) && /^\d{1,9}$/.test(id.slice(key.length + 1));
  return isOwn && isFreeId(edited.text, id) ? editRegion(edited, region, planned) : undefined;
}

/** The number of the new phase is the key of no other one. */
function addPhase(edited: SplicedText, { plan }: PlanSkeleton, edit: EditOf<'addPhase'>): SplicedText | undefined {
  const last = lastPhase(plan);
  const region = phaseRegion(edited.text, plan, last);
  if (last === undefined || region === undefined) return undefined;
  const planned = inRegion(planAddPhase(edited.text, plan, edit), region);
  const at = plan.phases.indexOf(last) + 1;
  return editRegion(edited, region, planned, (after) => {
    const added = lastPhase(after.plan);
    const keys = added === undefined ? [] : phaseKeys(plan.phases.toSpliced(at, 0, added));
    return keys.toSpliced(at, 1).join('\n') === phaseKeys(plan.phases).join('\n');
  });
}

/** The heading of the phase says all that it said, and its checkpoint. */
function setCheckpoint(
  edited: SplicedText,
  { plan }: PlanSkeleton,
  edit: EditOf<'setCheckpoint'>,
): SplicedText | undefined {
  const { lineStart, lineEnd } = findPhase(plan, edit.phase).position;
  const region = readRegion(edited.text, lineStart, lineEnd);
  if (region === undefined) return undefined;
  return editRegion(edited, region, planCheckpoint(region.text, region.read.plan, { ...edit, phase: 'line:1' }));
}

/** No item of Discovered Work stands outside of the phase. */
function discover(edited: SplicedText, { plan }: PlanSkeleton, edit: EditOf<'discover'>): SplicedText | undefined {
  const sections = plan.sections.filter(({ kind }) => kind === 'discovered');
  const phase = plan.phases.findLast(({ kind, position }) =>
    sections[0] === undefined ? kind === 'phase' : kind !== 'loose' && position.lineStart < sections[0].start,
  );
  const region = phaseRegion(edited.text, plan, phase);
  if (region === undefined || sections.some(({ start }) => start >= region.end)) return undefined;
  const whole = { ...plan, discovered: region.read.plan.discovered };
  return editRegion(edited, region, inRegion(planDiscover(edited.text, whole, edit, fileStyleOf(edited.text)), region));
}

/** The report brings sections and neither tasks nor items. */
function appendReport(
  edited: SplicedText,
  { plan }: PlanSkeleton,
  edit: EditOf<'appendReport'>,
): SplicedText | undefined {
  const region = phaseRegion(edited.text, plan, lastPhase(plan));
  if (region === undefined) return undefined;
  const planned = inRegion(planAppendReport(edited.text, plan, edit), region);
  const allowed = planned.allowed.filter((word) => word.startsWith('section + ') && !word.endsWith(' discovered'));
  return editRegion(edited, region, { ...planned, allowed });
}

/** An edit planned on the whole text, in offsets of a region. */
function inRegion(planned: PlannedEdit, { start }: Region): PlannedEdit {
  return { ...planned, splices: moved(planned.splices, -start) };
}
