import type {
  DiscoveredDraft,
  LabelDraft,
  PhaseDraft,
  PlanDrafts,
  TaskDraft,
  TextLine,
  UnnamedTask,
} from './drafts.js';
import type { DiscoveredItem, Phase, PhasePosition, PlanLabel, PlanTask, PlanTaskState, TaskPosition } from './plan.js';
import { readFiles, readIds, unique } from './references.js';
import { assignIds } from './task-ids.js';
import type { AssignedIds } from './task-ids.js';
import {
  commitAtEnd,
  commitInComments,
  deniesCommit,
  inlineComments,
  readName,
  stateOf,
  withoutComments,
} from './task-line.js';
import type { FoundCommit, InlineComment } from './task-line.js';

/** Makes phases of what was read. `nodes` are the ids of the dag, which may name tasks by words. */
export function finishPhases(
  drafts: PlanDrafts,
  nodes: ReadonlySet<string>,
): { readonly phases: readonly Phase[]; readonly repeats: AssignedIds['repeats'] } {
  const { repeats } = assignIds(drafts.phases, nodes, drafts.words);
  let ordinal = 0;
  const phases = drafts.phases.map((phase) => {
    if (phase.kind !== 'loose') ordinal += 1;
    return finishPhase(phase, phase.kind === 'loose' ? 0 : ordinal);
  });
  return { phases, repeats };
}

/** Makes tasks of the drafts of a phase to which nothing comes any more. */
export function finishTasks(text: string, phase: PhaseDraft, words: Map<UnnamedTask, string>): void {
  if (phase.tasks.length === 0) return;
  for (const task of phase.tasks) readTexts(text, task);
  phase.finished = phase.tasks.map((task) => finishTask(task, words));
  phase.tasks = [];
}

/** A sha counts on the last line of the text or on the first: wrapped lines between hold prose. */
function readTexts(text: string, task: TaskDraft): void {
  const done = task.markerLength > 0 && stateOf(task.marker) === 'done';
  const { textStart: start, commented, moreLines } = task;
  const words = text.slice(start, task.firstEnd);
  if (moreLines === undefined && !commented) readOneLine(task, words, done);
  else readLines(task, [{ text: words, start, commented }, ...(moreLines ?? none)].map(shownLine), done);
  if (task.commit === undefined && task.labels !== undefined) readCommitLabel(task, task.labels);
  if (task.children !== undefined) for (const child of task.children) readTexts(text, child);
}

/** Most tasks are one line without a comment. */
function readOneLine(task: TaskDraft, text: string, done: boolean): void {
  const found = commitAtEnd(text, done);
  if (found === undefined) task.name = readName(text);
  else {
    task.commit = moved(found, task.textStart);
    task.name = readName(text.slice(0, found.cut).trimEnd() + (found.stop ?? ''));
  }
}

function readLines(task: TaskDraft, lines: readonly ShownLine[], done: boolean): void {
  const last = lines.at(-1);
  const [first] = lines;
  const commit =
    (last === undefined ? undefined : commitIn(last, done)) ??
    (first === undefined || first === last ? undefined : commitIn(first, done));
  if (commit !== undefined) task.commit = commit;
  const words = lines.map((line) => (commit === undefined ? line.shown : withoutCommit(line, commit)).trim());
  const alone = commit?.stop !== undefined && words.at(-1) === commit.stop;
  const joined = (alone ? words.slice(0, -1) : words).filter((word) => word !== '').join(' ');
  task.name = readName(alone ? joined + (commit.stop ?? '') : joined);
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
  return found === undefined ? undefined : moved(found, start);
}

function moved(found: FoundCommit, by: number): FoundCommit {
  return {
    sha: found.sha,
    start: found.start + by,
    end: found.end + by,
    style: found.style,
    all: found.all,
    span: { start: found.span.start + by, end: found.span.end + by },
    cut: found.cut === undefined ? undefined : found.cut + by,
    stop: found.stop,
  };
}

/** The visible words of a line without the commit at its end; the full stop behind it belongs to the words. */
function withoutCommit({ shown, start }: ShownLine, { cut, stop = '' }: FoundCommit): string {
  if (cut === undefined || cut < start || cut > start + shown.length) return shown;
  return shown.slice(0, cut - start).trimEnd() + stop;
}

/** `**Commit**: abc1234` below a task. */
function readCommitLabel(task: TaskDraft, labels: readonly LabelDraft[]): void {
  for (const { name, value, more, items, start } of labels) {
    if (name !== 'commit' || more !== undefined || items !== undefined) continue;
    const found = commitAtEnd(value, true);
    if (found === undefined) continue;
    task.commit = { ...moved(found, start), style: { ...found.style, below: true } };
    return;
  }
}

function finishPhase(draft: PhaseDraft, ordinal: number): Phase {
  const { heading, hints } = draft;
  const checkpoint = heading?.checkpoint?.value ?? '';
  const phase: Mutable<Phase> = {
    kind: draft.kind,
    title: draft.title,
    ordinal,
    dependsOn: unique(hints.dependsOn),
    dependenciesKnown: hints.dependenciesKnown,
    tasks: draft.finished,
    line: draft.line,
    position: phasePosition(draft),
  };
  if (heading?.number !== undefined) phase.number = heading.number;
  if (heading?.cycle !== undefined) phase.cycle = heading.cycle;
  if (checkpoint !== '') phase.checkpoint = checkpoint;
  if (hints.execution !== undefined) phase.execution = hints.execution;
  return phase;
}

function phasePosition({ heading, lineStart, lineEnd, end }: PhaseDraft): PhasePosition {
  const position: Mutable<PhasePosition> = { lineStart, lineEnd, end, level: heading?.level ?? 0 };
  const range = heading?.checkpoint;
  if (range !== undefined) position.checkpoint = { start: lineStart + range.start, end: lineStart + range.end };
  return position;
}

// Plain literals and assignments here: spreading objects together costs three quarters of the whole parse.
function finishTask(draft: TaskDraft, words: Map<UnnamedTask, string>): UnnamedTask {
  const { hints, name } = draft;
  const children = draft.children?.map((child) => finishTask(child, words)) ?? none;
  const task: Mutable<UnnamedTask> = {
    id: name.id ?? '',
    idWritten: name.id !== undefined,
    form: draft.form,
    scope: draft.scope,
    state: stateOfTask(draft, children),
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
    position: taskPosition(draft),
  };
  if (name.word !== undefined) words.set(task, name.word);
  if (draft.labels !== undefined) addLabels(task, draft.labels);
  if (hints?.group !== undefined) task.group = hints.group;
  if (draft.commit !== undefined) {
    task.commit = draft.commit.sha;
    if (draft.commit.all.length > 1) task.commits = draft.commit.all;
  }
  return task;
}

const none: readonly never[] = Object.freeze([]);

/** What the labels below a task say about it. */
function addLabels(task: Mutable<UnnamedTask>, drafts: readonly LabelDraft[]): void {
  const labels = drafts.map(finishLabel);
  const files: string[] = [];
  task.labels = labels;
  for (const [index, { name, value }] of labels.entries()) {
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
  }
  if (files.length > 0) task.files = unique([...files, ...task.files]);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function valueOf(label: LabelDraft): string {
  const { value, more, items } = label;
  const written = more === undefined ? value : [value, ...more].filter((part) => part !== '').join(' ');
  if (items === undefined) return written;
  return [...(written === '' ? [] : [written]), ...items].join('; ');
}

/** An item of Discovered Work with what its labels say. */
export function finishDiscovered({ text, line, labels }: DiscoveredDraft): DiscoveredItem {
  const finished = labels.map(finishLabel);
  const reason = finished.find(({ name }) => name === 'reason')?.value;
  const recommendation = finished.find(({ name }) => name === 'recommendation')?.value;
  return {
    text,
    ...(reason === undefined ? {} : { reason }),
    ...(recommendation === undefined ? {} : { recommendation }),
    line,
  };
}

/** A label with its value in one line. */
export function finishLabel(label: LabelDraft): PlanLabel {
  return { name: label.name, value: valueOf(label), line: label.line };
}

function filesOf({ value, more, items }: LabelDraft): readonly string[] {
  const inline = more === undefined ? value : [value, ...more].join(' ');
  return items === undefined ? readFiles(inline) : [inline, ...items].flatMap(readFiles);
}

function taskPosition(draft: TaskDraft): TaskPosition {
  const {
    commit,
    lineStart,
    lineEnd,
    markerStart: marker,
    markerLength,
    textEnd,
    ownEnd,
    indent,
    bullet,
    noteIndent,
  } = draft;
  // Two shapes rather than one that grows: a grown object takes twice the room.
  const position: Mutable<TaskPosition> =
    noteIndent === undefined
      ? { lineStart, lineEnd, marker, markerLength, textEnd, ownEnd, indent, bullet }
      : { lineStart, lineEnd, marker, markerLength, textEnd, ownEnd, indent, bullet, noteIndent };
  if (draft.underlineEnd !== undefined) position.underlineEnd = draft.underlineEnd;
  if (commit !== undefined) {
    const { start, end, style, span, stop } = commit;
    position.commit = { start, end, style, span, ...(stop === undefined ? {} : { stop }) };
  }
  return position;
}

function stateOfTask(draft: TaskDraft, children: readonly PlanTask[]): PlanTaskState {
  if (draft.markerLength >= 0) return stateOf(draft.marker);
  return stateOfChildren(children.map(({ state }) => state));
}

/** What the checkboxes below a heading say together. */
function stateOfChildren(states: readonly PlanTaskState[]): PlanTaskState {
  if (states.length === 0) return 'pending';
  if (states.every((state) => state === 'skipped')) return 'skipped';
  if (states.every((state) => state === 'done' || state === 'skipped')) return 'done';
  if (states.includes('blocked')) return 'blocked';
  return states.includes('inProgress') || states.includes('done') ? 'inProgress' : 'pending';
}
