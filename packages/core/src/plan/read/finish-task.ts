import { stateOf } from './checkbox.js';
import { commitAtEnd, commitInComments, deniesCommit, movedCommit } from './commits.js';
import type { FoundCommit } from './commits.js';
import type { LabelDraft, TaskDraft, TextLine, UnnamedTask } from './drafts.js';
import { filesOf, finishLabel } from './finish-labels.js';
import { inlineComments, withoutComments } from '../text/inline-comments.js';
import type { InlineComment } from '../text/inline-comments.js';
import type { PlanTaskState, TaskPosition } from '../model/plan.js';
import { readIds, unique } from '../text/references.js';
import { readName } from './task-names.js';
import type { TaskName } from './task-names.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const none: readonly never[] = Object.freeze([]);

/** Makes a task of a draft to which nothing comes any more; a word in the place of its id is kept in `words`. */
// Plain literals and assignments here: spreading objects together costs three quarters of the whole parse.
export function finishTask(text: string, draft: TaskDraft, words: Map<UnnamedTask, string>): UnnamedTask {
  const { hints, labels } = draft;
  const name = readWords(text, draft);
  if (draft.commit === undefined && labels !== undefined) draft.commit = commitInLabels(labels);
  const { commit } = draft;
  const children = finishChildren(text, draft, words);
  const task: Mutable<UnnamedTask> = {
    id: name.id ?? '',
    idWritten: name.id !== undefined,
    form: draft.form,
    scope: draft.scope,
    state: draft.markerLength < 0 ? stateOfChildren(children) : stateOf(draft.marker),
    marker: draft.marker,
    text: name.text,
    dependsOn: hints === undefined ? none : unique(hints.dependsOn),
    dependenciesKnown: hints?.dependenciesKnown ?? false,
    files: hints === undefined ? none : unique(hints.files),
    uses: none,
    labels: none,
    notes: draft.notes ?? none,
    children,
    line: draft.line,
    position: positionOf(draft, commit),
  };
  if (name.word !== undefined) words.set(task, name.word);
  if (labels !== undefined) addLabels(task, labels);
  if (hints?.group !== undefined) task.group = hints.group;
  if (commit !== undefined) {
    task.commit = commit.sha;
    if (commit.all.length > 1) task.commits = commit.all;
  }
  return task;
}

// Recursion is safe: the reader nests no deeper than its own limit.
function finishChildren(text: string, draft: TaskDraft, words: Map<UnnamedTask, string>): readonly UnnamedTask[] {
  return draft.children === undefined ? none : draft.children.map((child) => finishTask(text, child, words));
}

/** Reads name and commit. A sha counts on the last line of the text or on the first: wrapped lines between hold prose. */
function readWords(text: string, draft: TaskDraft): TaskName {
  const { textStart: start, commented, moreLines } = draft;
  const first = text.slice(start, draft.firstEnd);
  if (moreLines === undefined && !commented) return readOneLine(first, draft);
  return readLines([{ text: first, start, commented }, ...(moreLines ?? none)].map(shownLine), draft);
}

function isDone({ marker }: TaskDraft): boolean {
  return stateOf(marker) === 'done';
}

/** Most tasks are one line without a comment. */
function readOneLine(text: string, draft: TaskDraft): TaskName {
  const found = commitAtEnd(text, isDone(draft));
  if (found === undefined) return readName(text);
  draft.commit = movedCommit(found, draft.textStart);
  return readName(text.slice(0, found.cut).trimEnd() + (found.stop ?? ''));
}

function readLines(lines: readonly ShownLine[], draft: TaskDraft): TaskName {
  const done = isDone(draft);
  const last = lines.at(-1);
  const [first] = lines;
  const commit =
    (last === undefined ? undefined : commitIn(last, done)) ??
    (first === undefined || first === last ? undefined : commitIn(first, done));
  const words = lines.map((line) => (commit === undefined ? line.shown : withoutCommit(line, commit)).trim());
  const alone = commit?.stop !== undefined && words.at(-1) === commit.stop;
  const joined = (alone ? words.slice(0, -1) : words).filter((word) => word !== '').join(' ');
  draft.commit = commit;
  return readName(alone ? joined + (commit.stop ?? '') : joined);
}

interface ShownLine {
  readonly text: string;
  readonly start: number;
  /** With comments blanked out. */
  readonly shown: string;
  readonly comments: readonly InlineComment[];
}

function shownLine({ text, start, commented }: TextLine): ShownLine {
  const comments = commented ? inlineComments(text) : none;
  return { text, start, comments, shown: comments.length === 0 ? text : withoutComments(text, comments) };
}

/** The commit of one line, in offsets of the file. */
function commitIn({ text, start, shown, comments }: ShownLine, done: boolean): FoundCommit | undefined {
  const found = commitInComments(text, comments) ?? (deniesCommit(comments) ? undefined : commitAtEnd(shown, done));
  return found === undefined ? undefined : movedCommit(found, start);
}

/** The visible words of a line without the commit at its end; the full stop behind it belongs to the words. */
function withoutCommit({ shown, start }: ShownLine, { cut, stop = '' }: FoundCommit): string {
  if (cut === undefined || cut < start || cut > start + shown.length) return shown;
  return shown.slice(0, cut - start).trimEnd() + stop;
}

/** `**Commit**: abc1234` below a task. */
function commitInLabels(labels: readonly LabelDraft[]): FoundCommit | undefined {
  for (const { name, value, more, items, start } of labels) {
    if (name !== 'commit' || more !== undefined || items !== undefined) continue;
    const found = commitAtEnd(value, true);
    if (found !== undefined) return { ...movedCommit(found, start), style: { ...found.style, below: true } };
  }
  return undefined;
}

/** What the labels below a task say about it. */
function addLabels(task: Mutable<UnnamedTask>, drafts: readonly LabelDraft[]): void {
  const labels = drafts.map(finishLabel);
  const files: string[] = [];
  task.labels = labels;
  labels.forEach(({ name, value }, index) => {
    const draft = drafts[index];
    if (name === 'depends on') {
      task.dependsOn = unique([...task.dependsOn, ...readIds(value)]);
      task.dependenciesKnown = true;
    } else if (name === 'acceptance') {
      if (task.acceptance === undefined && value !== '') task.acceptance = value;
    } else if (name === 'type') {
      const type = value.replaceAll(/[`*]/g, '').trim().toLowerCase();
      if (task.type === undefined && type !== '') task.type = type;
    } else if (name === 'files' && draft !== undefined) for (const file of filesOf(draft)) files.push(file);
    else if (name === 'uses' && draft !== undefined) task.uses = unique([...task.uses, ...filesOf(draft)]);
  });
  if (files.length > 0) task.files = unique(task.files.length === 0 ? files : [...files, ...task.files]);
}

function positionOf(draft: TaskDraft, commit: FoundCommit | undefined): TaskPosition {
  const { lineStart, lineEnd, markerStart: marker, markerLength } = draft;
  const { textEnd, ownEnd, indent, bullet, noteIndent } = draft;
  // Two shapes rather than one that grows: a grown object takes twice the room.
  const position: Mutable<TaskPosition> =
    noteIndent === undefined
      ? { lineStart, lineEnd, marker, markerLength, textEnd, ownEnd, indent, bullet }
      : { lineStart, lineEnd, marker, markerLength, textEnd, ownEnd, indent, bullet, noteIndent };
  if (draft.underlineEnd !== undefined) position.underlineEnd = draft.underlineEnd;
  if (commit !== undefined) {
    const { start, end, style, span, stop } = commit;
    position.commit = stop === undefined ? { start, end, style, span } : { start, end, style, span, stop };
  }
  return position;
}

/** What the checkboxes below a heading say together. */
function stateOfChildren(children: readonly UnnamedTask[]): PlanTaskState {
  const states = children.map(({ state }) => state);
  if (states.length === 0) return 'pending';
  if (states.every((state) => state === 'skipped')) return 'skipped';
  if (states.every((state) => state === 'done' || state === 'skipped')) return 'done';
  if (states.includes('blocked')) return 'blocked';
  return states.includes('inProgress') || states.includes('done') ? 'inProgress' : 'pending';
}
