import { noDrafts } from './drafts.js';
import type { LabelDraft, PhaseDraft, PlanDrafts, SectionDraft, TaskDraft } from './drafts.js';
import { finishTask } from './finish-task.js';
import type { PlanTask } from '../model/plan.js';
import type { ScannedLine } from '../text/line-reader.js';
import { unreadBox } from './unread-boxes.js';

/** Remarks of one kind that are kept; more of them help nobody. */
export const maxRemarks = 1000;

/** A list item that the lines below may stand in. */
export interface ListFrame {
  readonly indent: number;
  /** The checkbox that this item is, or that it stands below. */
  readonly task: TaskDraft | undefined;
  readonly label: LabelDraft | undefined;
}

/** Where a line of text without a blank line before it goes on. */
export type Paragraph = { task: TaskDraft } | { label: LabelDraft } | { note: TaskDraft };

/** What the reader of a plan carries from line to line. */
export interface Reading {
  readonly text: string;
  readonly drafts: PlanDrafts;
  /** Outermost first. */
  readonly frames: ListFrame[];
  phase: PhaseDraft | undefined;
  /** The phase of the tasks that stand in none. */
  loose: PhaseDraft | undefined;
  section: SectionDraft | undefined;
  headingTask: TaskDraft | undefined;
  headingTaskLevel: number;
  /** A task whose heading goes on in the line below. */
  underlined: TaskDraft | undefined;
  /** The last line below a text is a rule, not part of a heading. */
  ruled: boolean;
  scope: PlanTask['scope'];
  /** Level of the heading that the scope began with. */
  scopeLevel: number;
  paragraph: Paragraph | undefined;
  openLabel: LabelDraft | undefined;
  afterBlank: boolean;
  /** The last task that stands below no other, and its phase: the only one that anything can still come to. */
  growing: { readonly task: TaskDraft; readonly phase: PhaseDraft } | undefined;
}

/** The reader before the first line. */
export function beginReading(text: string): Reading {
  return {
    text,
    drafts: noDrafts(),
    frames: [],
    phase: undefined,
    loose: undefined,
    section: undefined,
    headingTask: undefined,
    headingTaskLevel: 0,
    underlined: undefined,
    ruled: false,
    scope: 'plan',
    scopeLevel: 0,
    paragraph: undefined,
    openLabel: undefined,
    afterBlank: true,
    growing: undefined,
  };
}

/**
 * Finishes the task that was growing. What is finished at once dies young: the drafts of a long phase, kept until it ends, would be half
 * of the work of the collector.
 */
export function settle(reading: Reading): void {
  const { growing } = reading;
  if (growing === undefined) return;
  growing.phase.tasks.push(finishTask(reading.text, growing.task, reading.drafts.words));
  reading.growing = undefined;
}

/** The phase that a task which stands below no other belongs to. */
export function homePhase(reading: Reading, line: ScannedLine): PhaseDraft {
  if (reading.phase !== undefined && reading.scope === 'plan') return reading.phase;
  if (reading.loose === undefined) {
    reading.loose = newPhase('loose', line);
    reading.drafts.phases.push(reading.loose);
  }
  return reading.loose;
}

/** A phase that begins in this line. */
export function newPhase(kind: PhaseDraft['kind'], line: ScannedLine): PhaseDraft {
  return {
    kind,
    heading: undefined,
    title: '',
    tasks: [],
    begun: false,
    hints: undefined,
    line: line.number,
    lineStart: line.start,
    lineEnd: line.end,
    end: line.end,
    plainItems: 0,
  };
}

/** The line belongs to what is open. */
export function extend(reading: Reading, line: ScannedLine): void {
  if (line.kind === 'rule' || (line.kind === 'underline' && reading.ruled)) return;
  if (reading.section !== undefined) reading.section.end = line.end;
  if (reading.phase !== undefined) reading.phase.end = line.end;
}

/** The line belongs to the task, as long as no sub-task stands between. */
export function grow(task: TaskDraft, line: ScannedLine): void {
  if (task.children === undefined) task.ownEnd = line.end;
}

/** Keeps a line that looks like a checkbox and is read as something else. */
export function tellUnread({ text, drafts }: Reading, line: ScannedLine): void {
  const box = unreadBox(text, line);
  if (box !== undefined && drafts.unread.length < maxRemarks) drafts.unread.push(box);
}
