import type { DiscoveredDraft, LabelDraft, PhaseDraft, PlanDrafts, TaskDraft } from './drafts.js';
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

interface TextLine {
  readonly text: string;
  readonly start: number;
  readonly comments: readonly InlineComment[];
  readonly shown: string;
}

/** A sha counts on the last line of the text or on the first: wrapped lines between hold prose. */
function readTexts(task: TaskDraft): void {
  const done = task.markerLength > 0 && stateOf(task.marker) === 'done';
  const lines = task.lines.map(readTextLine);
  const first = lines[0];
  const last = lines.at(-1);
  let cut = -1;
  for (const line of first === last ? [first] : [last, first]) {
    if (line === undefined) continue;
    const atEnd = deniesCommit(line.comments) ? undefined : commitAtEnd(line.shown, done);
    const found = commitInComments(line.text, line.comments) ?? atEnd;
    if (found === undefined) continue;
    task.commit = moved(found, line.start);
    cut = found.cut === undefined ? -1 : line.start + found.cut;
    break;
  }
  const words = lines.map(({ shown, start }) =>
    (cut >= start && cut <= start + shown.length ? shown.slice(0, cut - start) : shown).trim(),
  );
  task.name = readName(words.length === 1 ? (words[0] ?? '') : words.filter((word) => word !== '').join(' '));
  for (const child of task.children) readTexts(child);
}

function readTextLine({ text, start }: { readonly text: string; readonly start: number }): TextLine {
  const comments = inlineComments(text);
  return { text, start, comments, shown: comments.length === 0 ? text : withoutComments(text, comments) };
}

function moved(found: FoundCommit, by: number): FoundCommit {
  return { ...found, start: found.start + by, end: found.end + by };
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
  const children = draft.children.map((child) => finishTask(child, idOf));
  const labels = draft.labels.map(finishLabel);
  const dependencies = labels.filter(({ name }) => name === 'depends on');
  const task: Mutable<PlanTask> = {
    id,
    idWritten: written,
    form: draft.form,
    scope: draft.scope,
    state: stateOfTask(draft, children),
    marker: draft.marker,
    text: draft.name.text,
    dependsOn: unique([...hints.dependsOn, ...dependencies.flatMap(({ value }) => readIds(value))]),
    dependenciesKnown: hints.dependenciesKnown || dependencies.length > 0,
    files: unique([...filesOf(draft.labels, 'files'), ...hints.files]),
    uses: filesOf(draft.labels, 'uses'),
    labels,
    notes: draft.notes,
    children,
    line: draft.line,
    position: taskPosition(draft),
  };
  const acceptance = labels.find(({ name }) => name === 'acceptance')?.value ?? '';
  const type =
    labels
      .find(({ name }) => name === 'type')
      ?.value.replaceAll(/[`*]/g, '')
      .trim()
      .toLowerCase() ?? '';
  if (acceptance !== '') task.acceptance = acceptance;
  if (type !== '') task.type = type;
  if (hints.group !== undefined) task.group = hints.group;
  if (draft.commit !== undefined) task.commit = draft.commit.sha;
  return task;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function valueOf(label: LabelDraft): string {
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

const nothing: readonly string[] = [];

function filesOf(labels: readonly LabelDraft[], name: string): readonly string[] {
  const found = labels.filter((label) => label.name === name);
  if (found.length === 0) return nothing;
  return unique(found.flatMap(({ parts, items }) => [parts.join(' '), ...items].flatMap(readFiles)));
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
  if (commit !== undefined) position.commit = { start: commit.start, end: commit.end, style: commit.style };
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
