import type { DiscoveredDraft, LabelDraft, PhaseDraft, PlanDrafts, TaskDraft, TextLine } from './drafts.js';
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

/** Makes phases and tasks of what was read. `nodes` are the ids of the dag, which may name tasks by words. */
export function finishPhases(
  drafts: PlanDrafts,
  nodes: ReadonlySet<string>,
): { readonly phases: readonly Phase[]; readonly repeats: AssignedIds['repeats'] } {
  for (const phase of drafts.phases) for (const task of phase.tasks) readTexts(task);
  const { idOf, repeats } = assignIds(drafts.phases, nodes);
  let ordinal = 0;
  const phases = drafts.phases.map((phase) => {
    if (phase.kind !== 'loose') ordinal += 1;
    return finishPhase(phase, phase.kind === 'loose' ? 0 : ordinal, idOf);
  });
  return { phases, repeats };
}

/** A sha counts on the last line of the text or on the first: wrapped lines between hold prose. */
function readTexts(task: TaskDraft): void {
  const done = task.markerLength > 0 && stateOf(task.marker) === 'done';
  const { lines } = task;
  const [first] = lines;
  if (lines.length === 1 && first !== undefined) readOneLine(task, first, done);
  else readLines(task, lines.map(shownLine), done);
  if (task.commit === undefined && task.labels.length > 0) readCommitLabel(task);
  for (const child of task.children) readTexts(child);
}

function readOneLine(task: TaskDraft, line: TextLine, done: boolean): void {
  const shown = line.commented ? shownLine(line) : { ...line, shown: line.text };
  const commit = commitIn(shown, done);
  if (commit !== undefined) task.commit = commit;
  task.name = readName(commit === undefined ? shown.shown : withoutCommit(shown, commit));
}

function readLines(task: TaskDraft, lines: readonly ShownLine[], done: boolean): void {
  const last = lines.at(-1);
  const [first] = lines;
  const commit =
    (last === undefined ? undefined : commitIn(last, done)) ??
    (first === undefined ? undefined : commitIn(first, done));
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
  readonly comments?: readonly InlineComment[];
}

function shownLine({ text, start, commented }: TextLine): ShownLine {
  const comments = commented ? inlineComments(text) : [];
  return comments.length === 0
    ? { text, start, shown: text }
    : { text, start, comments, shown: withoutComments(text, comments) };
}

/** The commit of one line, in offsets of the file. */
function commitIn({ text, start, shown, comments }: ShownLine, done: boolean): FoundCommit | undefined {
  const inComment = comments === undefined ? undefined : commitInComments(text, comments);
  const denied = comments !== undefined && deniesCommit(comments);
  const found = inComment ?? (denied ? undefined : commitAtEnd(shown, done));
  return found === undefined ? undefined : moved(found, start);
}

function moved(found: FoundCommit, by: number): FoundCommit {
  const span = { start: found.span.start + by, end: found.span.end + by };
  const cut = found.cut === undefined ? {} : { cut: found.cut + by };
  return { ...found, ...cut, start: found.start + by, end: found.end + by, span };
}

/** The visible words of a line without the commit at its end; the full stop behind it belongs to the words. */
function withoutCommit({ shown, start }: ShownLine, { cut, stop = '' }: FoundCommit): string {
  if (cut === undefined || cut < start || cut > start + shown.length) return shown;
  return shown.slice(0, cut - start).trimEnd() + stop;
}

/** `**Commit**: abc1234` below a task. */
function readCommitLabel(task: TaskDraft): void {
  for (const { name, parts, items, start } of task.labels) {
    const [value = ''] = parts;
    if (name !== 'commit' || parts.length > 1 || items.length > 0) continue;
    const found = commitAtEnd(value, true);
    if (found === undefined) continue;
    task.commit = { ...moved(found, start), style: { ...found.style, below: true } };
    return;
  }
}

function finishPhase(draft: PhaseDraft, ordinal: number, idOf: AssignedIds['idOf']): Phase {
  const { heading, hints } = draft;
  const checkpoint = heading?.checkpoint?.value ?? '';
  return {
    kind: draft.kind,
    title: draft.title,
    ...(heading?.number === undefined ? {} : { number: heading.number }),
    ...(heading?.cycle === undefined ? {} : { cycle: heading.cycle }),
    ordinal,
    ...(checkpoint === '' ? {} : { checkpoint }),
    ...(hints.execution === undefined ? {} : { execution: hints.execution }),
    dependsOn: unique(hints.dependsOn),
    dependenciesKnown: hints.dependenciesKnown,
    tasks: draft.tasks.map((task) => finishTask(task, idOf)),
    line: draft.line,
    position: phasePosition(draft),
  };
}

function phasePosition(draft: PhaseDraft): PhasePosition {
  const { heading, lineStart, lineEnd, end } = draft;
  const range = heading?.checkpoint;
  return {
    ...{ lineStart, lineEnd, end, level: heading?.level ?? 0 },
    ...(range === undefined ? {} : { checkpoint: { start: lineStart + range.start, end: lineStart + range.end } }),
  };
}

// Plain literals and assignments here: spreading objects together costs three quarters of the whole parse.
function finishTask(draft: TaskDraft, idOf: AssignedIds['idOf']): PlanTask {
  const { id, written } = idOf(draft);
  const { hints } = draft;
  const children = draft.children.length === 0 ? none : draft.children.map((child) => finishTask(child, idOf));
  const task: Mutable<PlanTask> = {
    id,
    idWritten: written,
    form: draft.form,
    scope: draft.scope,
    state: stateOfTask(draft, children),
    marker: draft.marker,
    text: draft.name.text,
    dependsOn: hints === undefined ? none : unique(hints.dependsOn),
    dependenciesKnown: hints?.dependenciesKnown ?? false,
    files: hints === undefined ? none : unique(hints.files),
    uses: none,
    labels: none,
    notes: draft.notes,
    children,
    line: draft.line,
    position: taskPosition(draft),
  };
  if (draft.labels.length > 0) addLabels(task, draft.labels);
  if (hints?.group !== undefined) task.group = hints.group;
  if (draft.commit !== undefined) {
    task.commit = draft.commit.sha;
    if (draft.commit.all.length > 1) task.commits = draft.commit.all;
  }
  return task;
}

const none: readonly never[] = Object.freeze([]);

/** What the labels below a task say about it. */
function addLabels(task: Mutable<PlanTask>, drafts: readonly LabelDraft[]): void {
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
  if (label.parts.length === 1 && label.items.length === 0) return label.parts[0] ?? '';
  const written = label.parts.filter((part) => part !== '').join(' ');
  if (label.items.length === 0) return written;
  return [...(written === '' ? [] : [written]), ...label.items].join('; ');
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

function filesOf({ parts, items }: LabelDraft): readonly string[] {
  const inline = parts.length === 1 ? (parts[0] ?? '') : parts.join(' ');
  return items.length === 0 ? readFiles(inline) : [inline, ...items].flatMap(readFiles);
}

function taskPosition(draft: TaskDraft): TaskPosition {
  const { commit } = draft;
  const position: Mutable<TaskPosition> = {
    lineStart: draft.lineStart,
    lineEnd: draft.lineEnd,
    marker: draft.markerStart,
    markerLength: draft.markerLength,
    textEnd: draft.textEnd,
    ownEnd: draft.ownEnd,
    indent: draft.indent,
    bullet: draft.bullet,
  };
  if (draft.noteIndent !== undefined) position.noteIndent = draft.noteIndent;
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
