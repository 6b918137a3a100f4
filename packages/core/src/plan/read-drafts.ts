import { readHints, readLabel } from './annotations.js';
import { dagFences } from './dag-fences.js';
import { noHints } from './drafts.js';
import { finishTasks } from './finish-plan.js';
import type { Hints, LabelDraft, PhaseDraft, PlanDrafts, SectionDraft, TaskDraft } from './drafts.js';
import { readHeading } from './headings.js';
import type { Heading } from './headings.js';
import type { PlanTask } from './plan.js';
import { scanLines } from './scan-lines.js';
import type { ScannedLine, ScanSlip } from './scan-lines.js';
import {
  behindBullet,
  commitInComments,
  inlineComments,
  readCheckbox,
  stateMarker,
  withoutComments,
} from './task-line.js';
import { unreadBox } from './unread-boxes.js';

/** Items deeper than this become siblings at this depth: nobody plans so deep, and recursion over the tree stays safe. */
export const maxDepth = 64;

/** Remarks of one kind that are kept; more of them help nobody. */
const maxUnread = 1000;

const unread = { text: '', prefixed: false };

interface ListFrame {
  readonly indent: number;
  /** The checkbox that this item is, or that it stands below. */
  readonly task: TaskDraft | undefined;
  readonly label: LabelDraft | undefined;
}

/** Where a line of text without a blank line before it goes on. */
type Paragraph = { task: TaskDraft } | { label: LabelDraft } | { note: TaskDraft };

/** Reads headings, tasks, labels and notes in one pass over the lines; ids and states come later, in `finishPlan`. */
export function readDrafts(text: string): { drafts: PlanDrafts; slips: readonly ScanSlip[] } {
  const drafts: PlanDrafts = {
    context: [],
    phases: [],
    sections: [],
    dags: [],
    discovered: [],
    tooDeep: [],
    unread: [],
    words: new Map(),
  };
  const frames: ListFrame[] = [];
  const fences = dagFences(text, drafts.dags);
  let phase: PhaseDraft | undefined;
  /** The phase that was begun last, also behind its end. */
  let last: PhaseDraft | undefined;
  let loose: PhaseDraft | undefined;
  let section: SectionDraft | undefined;
  let headingTask: TaskDraft | undefined;
  let headingTaskLevel = 0;
  /** A task whose heading goes on in the line below. */
  let underlined: TaskDraft | undefined;
  /** The last line below a text is a rule, not part of a heading. */
  let ruled = false;
  let scope: PlanTask['scope'] = 'plan';
  let scopeLevel = 0;
  let paragraph: Paragraph | undefined;
  let openLabel: LabelDraft | undefined;
  let afterBlank = true;

  const slips = scanLines(text, (line) => {
    if (line.kind === 'blank' || line.kind === 'frontMatter') {
      afterBlank = true;
      paragraph = undefined;
      return;
    }
    read(line);
    afterBlank = false;
    if (line.kind === 'rule' || (line.kind === 'underline' && ruled)) return;
    if (section !== undefined) section.end = line.end;
    if (phase !== undefined) phase.end = line.end;
  });
  for (const open of [loose, last]) if (open !== undefined) finishTasks(text, open, drafts.words);
  return { drafts, slips };

  function read(line: ScannedLine): void {
    if (line.kind === 'heading') readHeadingLine(line);
    else if (line.kind === 'item') readItem(line);
    else if (line.kind === 'comment') readCommentLine(line);
    else if (line.kind === 'text') readText(line);
    else if (line.kind === 'underline') readUnderline(line);
    else {
      paragraph = undefined;
      if (line.kind === 'quote' || line.kind === 'table') tellUnread(line);
      else readFence(line);
    }
  }

  function tellUnread(line: ScannedLine): void {
    const box = unreadBox(text, line);
    if (box !== undefined && drafts.unread.length < maxUnread) drafts.unread.push(box);
  }

  // --- headings

  function readHeadingLine(line: ScannedLine): void {
    const heading = readHeading(text.slice(line.start, line.visibleEnd), line.underline);
    // Three hyphens right below a text are mostly meant as a rule: only a title that says something makes a heading of them.
    ruled = line.underline === -3 && heading.kind === 'other';
    if (ruled) {
      readText(line);
      return;
    }
    frames.length = 0;
    paragraph = undefined;
    openLabel = undefined;
    const kind = sectionKind(heading);
    closeSections(heading, kind);
    section = { kind, title: heading.title, level: heading.level, line: line.number, start: line.start, end: line.end };
    drafts.sections.push(section);
    if (kind === 'title') drafts.title = heading.title;
    if (heading.kind === 'phase' || heading.kind === 'fix') openPhase(heading, heading.kind, line);
    else if (heading.kind === 'task') openHeadingTask(heading, line);
    else if (kind === 'discovered' || kind === 'report') {
      scope = kind;
      scopeLevel = heading.level;
    }
  }

  function readUnderline(line: ScannedLine): void {
    paragraph = undefined;
    if (underlined === undefined) return;
    underlined.underlineEnd = line.end;
    underlined.ownEnd = line.end;
    underlined = undefined;
  }

  function sectionKind(heading: Heading): SectionDraft['kind'] {
    if (heading.kind === 'task') return 'other';
    const first = heading.level === 1 && heading.kind !== 'phase' && drafts.title === undefined;
    return first && drafts.phases.length === 0 ? 'title' : heading.kind;
  }

  function closeSections(heading: Heading, kind: SectionDraft['kind']): void {
    const level = heading.level;
    const isPhase = kind === 'phase' || kind === 'fix';
    if (scope !== 'plan' && (level <= scopeLevel || isPhase)) scope = 'plan';
    if (headingTask !== undefined && (level <= headingTaskLevel || isPhase)) headingTask = undefined;
    // Task headings and `Tasks` belong to the phase they follow, whatever their level.
    const stays = heading.kind === 'task' || /^tasks$/i.test(heading.title);
    if (phase !== undefined && !stays && level <= (phase.heading?.level ?? 0)) phase = undefined;
  }

  function openPhase(heading: Heading, kind: 'phase' | 'fix', line: ScannedLine): void {
    // What is finished here dies young; kept to the end, the drafts of a long plan would be half of the work of the collector.
    if (last !== undefined) finishTasks(text, last, drafts.words);
    phase = newPhase(kind, line);
    last = phase;
    phase.heading = heading;
    phase.title = heading.title;
    for (const comment of heading.comments) readHints(comment.body, phase.hints);
    drafts.phases.push(phase);
  }

  function newPhase(kind: PhaseDraft['kind'], line: ScannedLine): PhaseDraft {
    const at = { line: line.number, lineStart: line.start, lineEnd: line.end, end: line.end };
    return { kind, title: '', tasks: [], finished: [], hints: noHints(), plainItems: 0, ...at };
  }

  function openHeadingTask(heading: Heading, line: ScannedLine): void {
    const marker = heading.marker?.text ?? '';
    const markerStart = line.start + (heading.marker?.start ?? heading.textStart);
    headingTask = newTask(line, line.start + heading.textStart, 'heading');
    headingTaskLevel = heading.level;
    Object.assign(headingTask, {
      marker,
      markerStart,
      markerLength: heading.marker === undefined ? -1 : marker.length,
    });
    for (const comment of heading.comments) readHints(comment.body, hintsOf(headingTask));
    if (line.underline !== 0) underlined = headingTask;
    place(headingTask, undefined, line);
  }

  // --- items

  function readItem(line: ScannedLine): void {
    while ((frames.at(-1)?.indent ?? -Infinity) + 2 > line.indent) frames.pop();
    const box = readCheckbox(text, line.content, line.visibleEnd);
    if (box === undefined) {
      readBullet(line);
      return;
    }
    openLabel = undefined;
    const task = newTask(line, box.textStart, 'item');
    task.marker = box.marker;
    task.markerStart = box.markerStart;
    task.markerLength = box.marker.length;
    if (line.commented) readTaskHints(task, text.slice(line.start, line.visibleEnd));
    place(task, frames.at(-1)?.task, line);
    frames.push({ indent: line.indent, task, label: undefined });
    paragraph = { task };
  }

  function readTaskHints(task: TaskDraft, words: string): void {
    for (const comment of inlineComments(words)) readHints(comment.body, hintsOf(task));
  }

  function newTask(line: ScannedLine, textStart: number, form: PlanTask['form']): TaskDraft {
    const { visibleEnd, commented } = line;
    return {
      form,
      scope,
      marker: '',
      markerStart: 0,
      markerLength: 0,
      name: unread,
      labels: undefined,
      notes: undefined,
      children: undefined,
      parent: undefined,
      depth: 1,
      line: line.number,
      lineStart: line.start,
      lineEnd: line.end,
      textEnd: visibleEnd,
      ownEnd: line.end,
      indent: text.slice(line.start, line.content),
      bullet: form === 'heading' ? '' : bulletOf(line.content),
      noteIndent: undefined,
      textStart,
      firstEnd: visibleEnd,
      commented,
    };
  }

  function bulletOf(start: number): string {
    const first = text[start] ?? '-';
    return first < '0' ? first : (/^\d+[.)]/.exec(text.slice(start, start + 12))?.[0] ?? '-');
  }

  function place(task: TaskDraft, above: TaskDraft | undefined, line: ScannedLine): void {
    let parent = above ?? (task.form === 'item' ? headingTask : undefined);
    if (parent !== undefined && parent.depth >= maxDepth) {
      if (drafts.tooDeep.length <= maxUnread) drafts.tooDeep.push(line.number);
      parent = parent.parent;
    }
    task.depth = (parent?.depth ?? 0) + 1;
    if (parent !== undefined) task.parent = parent;
    if (parent === undefined) home(line).tasks.push(task);
    else (parent.children ??= []).push(task);
  }

  function home(line: ScannedLine): PhaseDraft {
    if (phase !== undefined && scope === 'plan') return phase;
    if (loose === undefined) {
      loose = newPhase('loose', line);
      drafts.phases.push(loose);
    }
    return loose;
  }

  // --- labels and notes

  function readBullet(line: ScannedLine): void {
    const start = behindBullet(text, line.content, line.visibleEnd);
    const words = start === -1 ? '' : visibleWords(start, line);
    const body = words.trim();
    const above = frames.at(-1);
    const task = above?.task ?? headingTask;
    const label = readLabel(body, line.number, start + words.length - words.trimStart().length);
    const list = above?.label ?? (label === undefined ? openLabel : undefined);
    if (body.startsWith('[')) tellUnread(line);
    if (list !== undefined && label === undefined) {
      (list.items ??= []).push(body);
      if (task !== undefined) grow(task, line);
      frames.push({ indent: line.indent, task, label: list });
      paragraph = undefined;
      return;
    }
    openLabel = undefined;
    if (above === undefined && phase?.tasks.length === 0) phase.plainItems += 1;
    if (task === undefined && scope === 'discovered') addDiscovered(above === undefined, body, label, line);
    else if (label === undefined) addNote(task, body, line);
    else addLabel(task, label, line);
    frames.push({ indent: line.indent, task, label });
  }

  /** The line from `start` on, its comments blanked out. */
  function visibleWords(start: number, line: ScannedLine): string {
    const words = text.slice(start, line.visibleEnd);
    return line.commented ? withoutComments(words, inlineComments(words)) : words;
  }

  function addDiscovered(top: boolean, body: string, label: LabelDraft | undefined, line: ScannedLine): void {
    if (top) drafts.discovered.push({ text: body, line: line.number, labels: [] });
    else if (label !== undefined) drafts.discovered.at(-1)?.labels.push(label);
    paragraph = label === undefined ? undefined : { label };
  }

  function addLabel(task: TaskDraft | undefined, label: LabelDraft, line: ScannedLine): void {
    paragraph = { label };
    if (task !== undefined) {
      (task.labels ??= []).push(label);
      if (label.name === 'status') readStatus(task, label);
      grow(task, line);
      if (line.kind === 'item') task.noteIndent ??= text.slice(line.start, line.content);
    } else if (section?.kind === 'context' || (drafts.phases.length === 0 && section?.kind !== 'other')) {
      drafts.context.push(label);
    }
  }

  /** `**Status:** [x]` below a heading: the marker that the heading itself does not have. */
  function readStatus(task: TaskDraft, label: LabelDraft): void {
    const marker = task.form === 'heading' && task.markerLength < 0 ? stateMarker(label.value) : undefined;
    if (marker === undefined) return;
    task.marker = marker;
    task.markerStart = label.start + 1;
    task.markerLength = marker.length;
  }

  function addNote(task: TaskDraft | undefined, body: string, line: ScannedLine): void {
    paragraph = undefined;
    if (task === undefined) return;
    (task.notes ??= []).push({ text: body, line: line.number });
    task.noteIndent ??= text.slice(line.start, line.content);
    grow(task, line);
    paragraph = { note: task };
  }

  function grow(task: TaskDraft, line: ScannedLine): void {
    if (task.children === undefined) task.ownEnd = line.end;
  }

  function readText(line: ScannedLine): void {
    if (afterBlank) while ((frames.at(-1)?.indent ?? -1) >= line.indent) frames.pop();
    const words = text.slice(line.content, line.visibleEnd);
    const task = frames.at(-1)?.task ?? headingTask;
    const label = readLabel(words, line.number, line.content);
    if (label === undefined) tellUnread(line);
    if (label !== undefined) {
      openLabel = label.value === '' ? label : undefined;
      addLabel(task, label, line);
    } else if (paragraph !== undefined) continueParagraph(paragraph, words, line);
    else if (task !== undefined && frames.length > 0) grow(task, line);
    if (label === undefined && paragraph === undefined) openLabel = undefined;
  }

  function continueParagraph(open: Paragraph, words: string, line: ScannedLine): void {
    if ('task' in open) {
      if (line.commented) readTaskHints(open.task, words);
      (open.task.moreLines ??= []).push({ text: words, start: line.content, commented: line.commented });
      open.task.textEnd = line.visibleEnd;
      grow(open.task, line);
      return;
    }
    if ('label' in open) (open.label.more ??= []).push(words.trim());
    const task = 'note' in open ? open.note : (frames.at(-1)?.task ?? headingTask);
    if (task !== undefined) grow(task, line);
  }

  function readCommentLine(line: ScannedLine): void {
    const comments = inlineComments(text.slice(line.start, line.visibleEnd));
    const task = line.indent > 0 || !afterBlank ? frames.at(-1)?.task : undefined;
    const owner = task ?? headingTask;
    const hints = owner === undefined ? (phase?.tasks.length === 0 ? phase.hints : undefined) : hintsOf(owner);
    if (hints !== undefined) for (const comment of comments) readHints(comment.body, hints);
    if (task !== undefined) {
      const words = text.slice(line.start, line.visibleEnd);
      if (commitInComments(words, comments) !== undefined)
        (task.moreLines ??= []).push({ text: words, start: line.start, commented: true });
      grow(task, line);
    }
    paragraph = undefined;
  }

  // --- fences

  function readFence(line: ScannedLine): void {
    const indent = fences(line);
    const task = indent === undefined ? undefined : frameLeftOf(indent)?.task;
    if (task !== undefined) grow(task, line);
  }

  /** The innermost list item that begins left of a column. Halving, because a text may hold many fences below many items. */
  function frameLeftOf(indent: number): ListFrame | undefined {
    let low = 0;
    let high = frames.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((frames[middle]?.indent ?? 0) < indent) low = middle + 1;
      else high = middle;
    }
    return frames[low - 1];
  }
}

function hintsOf(task: TaskDraft): Hints {
  task.hints ??= noHints();
  return task.hints;
}
