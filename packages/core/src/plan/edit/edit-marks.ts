import { commitStyleOf, indentStepIn, refuse, taskFinder } from './edit-target.js';
import type { PlannedEdit } from './edit-target.js';
import { readLabel } from '../read/annotations.js';
import { oneLine } from '../text/one-line.js';
import { everyTask } from '../model/plan.js';
import type { CommitPosition, CommitStyle, Plan, PlanEdit, PlanTask } from '../model/plan.js';
import { firstLineEnd } from '../parse/parse-plan.js';
import type { Splice } from '../write/splices.js';
import { markerOf } from '../read/checkbox.js';
import { commitAtEnd, defaultCommitStyle, isSha } from '../read/commits.js';

/** The edit `mark`. */
export type MarkEdit = Extract<PlanEdit, { do: 'mark' }>;

/** How a file writes what a mark adds; each asked for only when needed, since it looks through the text. */
export interface FileStyle {
  commit(): CommitStyle;
  step(): string;
  lineEnd(): string;
}

/** The style of a text. */
export function fileStyleOf(text: string): FileStyle {
  let commit: CommitStyle | undefined;
  let step: string | undefined;
  return {
    commit: () => (commit ??= commitStyleOf(text)),
    step: () => (step ??= indentStepIn(text)),
    lineEnd: () => firstLineEnd(text),
  };
}

/** Works out any number of marks on one reading of the plan; two marks of one task count in order. */
export function planMarks(text: string, plan: Plan, edits: readonly MarkEdit[], style: FileStyle): PlannedEdit {
  const find = taskFinder(plan);
  const marks = new Map<PlanTask, MarkEdit>();
  for (const edit of edits) {
    const task = find(edit.task);
    marks.set(task, joined(marks.get(task), edit));
  }
  const planned = [...marks].map(([task, edit]) => planMark(text, task, edit, style));
  return {
    splices: planned.flatMap(({ splices }) => splices),
    allowed: planned.flatMap(({ allowed }) => allowed),
    achieved: (after) => {
      const byId = new Map([...everyTask(after)].map((task) => [task.id, task]));
      return planned.every(({ id, holds }) => {
        const task = byId.get(id);
        return task !== undefined && holds(task);
      });
    },
    name: edits.length === 1 ? `mark ${edits[0]?.task ?? ''}` : `${edits.length} marks`,
  };
}

function joined(first: MarkEdit | undefined, then: MarkEdit): MarkEdit {
  if (first === undefined) return then;
  const notes = [first.note, then.note].filter((note) => note !== undefined && note !== '');
  return { ...then, commit: then.commit ?? first.commit, ...(notes.length === 0 ? {} : { note: notes.join('\n') }) };
}

interface PlannedMark {
  readonly id: string;
  readonly splices: readonly Splice[];
  readonly allowed: readonly string[];
  readonly holds: (after: PlanTask) => boolean;
}

function planMark(text: string, task: PlanTask, edit: MarkEdit, style: FileStyle): PlannedMark {
  const marker = markerSplice(task, edit);
  const commit = commitSplice(text, task, edit, style);
  const notes = [...labelLine(task, edit, style), ...noteLines(task, edit)];
  const note = noteSplice(text, task, notes, style);
  const below = note.length > 0 || task.position.marker > task.position.lineEnd || isBelow(task, edit, style);
  return {
    id: task.id,
    splices: [...marker, ...commit, ...note],
    allowed: [
      ...(marker.length === 0 ? [] : [`task ${task.id} marker`]),
      ...(edit.commit === undefined && commit.length === 0 ? [] : [`task ${task.id} commit`]),
      ...(below ? [`task ${task.id} notes`, `task ${task.id} labels`] : []),
    ],
    holds: (after) =>
      after.state === edit.state &&
      after.commit === (edit.commit ?? task.commit) &&
      after.notes.length + after.labels.length === task.notes.length + task.labels.length + notes.length,
  };
}

function markerSplice(task: PlanTask, edit: MarkEdit): readonly Splice[] {
  const marker = markerOf[edit.state];
  if (marker === undefined)
    refuse(`Task ${task.id} cannot be marked unknown`, 'Use pending, inProgress, done, blocked or skipped.');
  const { marker: start, markerLength } = task.position;
  if (task.state === edit.state && (markerLength > 0 || task.form === 'heading')) return [];
  if (markerLength < 0) return [{ start, end: start, insert: `[${marker}] ` }];
  return [{ start, end: start + markerLength, insert: marker }];
}

function commitSplice(text: string, task: PlanTask, edit: MarkEdit, style: FileStyle): readonly Splice[] {
  const sha = edit.commit ?? task.commit;
  const old = task.position.commit;
  if (sha === undefined) return denialSplice(text, task, edit);
  if (edit.commit !== undefined && !isSha(edit.commit)) {
    refuse(`${JSON.stringify(sha)} is no commit of task ${task.id}`, 'Give 7 to 12 or all 40 hexadecimal characters.');
  }
  if (old !== undefined && edit.state !== 'done' && !isReadAlways(old.style)) return asComment(text, task, sha, old);
  if (sha === task.commit) return [];
  if (old !== undefined) return [{ start: old.start, end: old.end, insert: sha }];
  const form = formOf(edit, style);
  if (form.below === true) return [];
  const end = trimmedEnd(text, task);
  return [{ start: end, end, insert: ` ${written(sha, form)}` }];
}

/** A bare sha is the commit of a done task only: on any other it would turn into text, so it becomes a comment. */
function asComment(text: string, task: PlanTask, sha: string, old: CommitPosition): readonly Splice[] {
  const shas = [...(task.commits ?? []).slice(0, -1), sha].join(', ');
  const { lineStart } = task.position;
  const comment = { ...old.span, insert: written(shas, defaultCommitStyle) };
  if (old.stop === undefined) return [comment];
  // A full stop goes back to the words that it ends.
  const words = lineStart + text.slice(lineStart, old.span.start).trimEnd().length;
  return [{ start: words, end: words, insert: old.stop }, comment];
}

function formOf(edit: MarkEdit, style: FileStyle): CommitStyle {
  return edit.state !== 'done' && !isReadAlways(style.commit()) ? defaultCommitStyle : style.commit();
}

/** True when the commit of this mark stands, or will stand, in a label below the task. */
function isBelow(task: PlanTask, edit: MarkEdit, style: FileStyle): boolean {
  if (edit.commit === undefined) return false;
  return (task.position.commit?.style ?? formOf(edit, style)).below === true;
}

/** The label **Commit**, where the file writes commits so. */
function labelLine(task: PlanTask, edit: MarkEdit, style: FileStyle): readonly string[] {
  if (edit.commit === undefined || task.position.commit !== undefined || !isBelow(task, edit, style)) return [];
  return [written(edit.commit, style.commit())];
}

/** Done without a commit, but with a text that ends in a sha: without a word to the contrary that would be its commit. */
function denialSplice(text: string, task: PlanTask, edit: MarkEdit): readonly Splice[] {
  if (edit.state !== 'done' || task.state === 'done' || commitAtEnd(task.text, true) === undefined) return [];
  const end = trimmedEnd(text, task);
  return [{ start: end, end, insert: ' <!-- commit: none -->' }];
}

function written(sha: string, style: CommitStyle): string {
  return `${style.before}${sha}${style.after}`;
}

function isReadAlways({ before, below }: CommitStyle): boolean {
  return below === true || before.startsWith('<!--') || /(?:commits?|checkpoint|sha)[: ] *`?$/i.test(before);
}

function trimmedEnd(text: string, task: PlanTask): number {
  const { lineStart, textEnd } = task.position;
  return lineStart + text.slice(lineStart, textEnd).trimEnd().length;
}

/** The summary as lines of its own; what stands below the task already is not written twice. */
function noteLines(task: PlanTask, edit: MarkEdit): readonly string[] {
  const lines = (edit.note ?? '')
    .split(/\r\n|\n|\r/)
    .map(safeNote)
    .filter((line) => line !== '');
  const reason = task.labels.find(({ name }) => name === 'reason')?.value;
  if (edit.state !== 'blocked') return lines.filter((line) => !task.notes.some((note) => note.text === line));
  if (lines.length === 0 && reason === undefined && task.notes.length === 0) {
    refuse(`Task ${task.id} cannot be blocked without a reason`, 'Give the reason as the note of the mark.');
  }
  const whole = lines.join(' ');
  return whole === '' || whole === reason ? [] : [`**Reason**: ${whole}`];
}

/** A note must stay a note: no checkbox, no label that says something about the task, no fence, no comment. */
export function safeNote(line: string): string {
  const words = oneLine(line).replace(/^(?:(?:[-*+]|\d{1,9}[.)])[ ]+)+/, '');
  if (words.startsWith('[')) return `\\${words}`;
  return /^(?:`{3}|~{3})/.test(words) || readLabel(words, 0) !== undefined ? `Note – ${words}` : words;
}

function noteSplice(text: string, task: PlanTask, notes: readonly string[], style: FileStyle): readonly Splice[] {
  if (notes.length === 0) return [];
  const { indent, noteIndent, bullet, ownEnd, textEnd, lineEnd, underlineEnd = lineEnd } = task.position;
  const below = noteIndent ?? (task.form === 'heading' ? '' : indent + style.step());
  const mark = /^[*+]$/.test(bullet) ? bullet : '-';
  const lines = notes.map((note) => `${below}${mark} ${note}`);
  // Bullets behind a paragraph `**Files:**` would be read as its files, so the note goes before it.
  const early = task.form === 'heading' || hasOpenList(text, task);
  const at = early ? Math.max(underlineEnd, endOfLine(text, textEnd)) : ownEnd;
  const gap = task.form === 'heading' ? style.lineEnd() : '';
  return [{ start: at, end: at, insert: `${style.lineEnd()}${gap}${lines.join(style.lineEnd())}` }];
}

function hasOpenList(text: string, task: PlanTask): boolean {
  const own = text.slice(task.position.textEnd, task.position.ownEnd);
  return /(?:^|[\r\n])[ \t]*(?:\*\*|__)/.test(own);
}

function endOfLine(text: string, from: number): number {
  const rest = /[\r\n]/.exec(text.slice(from, from + 10_000));
  return rest === null ? Math.min(text.length, from + 10_000) : from + rest.index;
}
