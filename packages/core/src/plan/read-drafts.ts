import { readHints, readLabel } from './annotations.js';
import { noHints } from './drafts.js';
import type { LabelDraft, PhaseDraft, PlanDrafts, SectionDraft, TaskDraft } from './drafts.js';
import { readHeading } from './headings.js';
import type { Heading } from './headings.js';
import type { PlanTask } from './plan.js';
import { scanLines } from './scan-lines.js';
import type { ScannedLine, ScanSlip } from './scan-lines.js';
import { inlineComments, readCheckbox, withoutComments } from './task-line.js';

/** Items deeper than this become siblings at this depth: nobody plans so deep, and recursion over the tree stays safe. */
export const maxDepth = 64;

const unread = { text: '', prefixed: false };

interface ListFrame {
  readonly indent: number;
  /** The checkbox that this item is, or that it stands below. */
  readonly task?: TaskDraft;
  readonly label?: LabelDraft;
}

/** Where a line of text without a blank line before it goes on. */
type Paragraph = { task: TaskDraft } | { label: LabelDraft } | { note: TaskDraft };

/** Reads headings, tasks, labels and notes in one pass over the lines; ids and states come later, in `finishPlan`. */
export function readDrafts(text: string): { drafts: PlanDrafts; slips: readonly ScanSlip[] } {
  const drafts: PlanDrafts = { context: [], phases: [], sections: [], dags: [], discovered: [], tooDeep: [] };
  const frames: ListFrame[] = [];
  let phase: PhaseDraft | undefined;
  let loose: PhaseDraft | undefined;
  let section: SectionDraft | undefined;
  let headingTask: TaskDraft | undefined;
  let headingTaskLevel = 0;
  let scope: PlanTask['scope'] = 'plan';
  let scopeLevel = 0;
  let paragraph: Paragraph | undefined;
  let openLabel: LabelDraft | undefined;
  let afterBlank = true;
  let fence: { start: number; line: number; indent: number; yaml: boolean } | undefined;

  const slips = scanLines(text, (line) => {
    if (line.kind === 'blank' || line.kind === 'frontMatter') {
      afterBlank = true;
      paragraph = undefined;
      return;
    }
    read(line);
    afterBlank = false;
    if (line.kind === 'rule') return;
    if (section !== undefined) section.end = line.end;
    if (phase !== undefined) phase.end = line.end;
  });
  return { drafts, slips };

  function read(line: ScannedLine): void {
    if (line.kind === 'heading') readHeadingLine(line);
    else if (line.kind === 'item') readItem(line);
    else if (line.kind === 'comment') readCommentLine(line);
    else if (line.kind === 'text') readText(line);
    else {
      paragraph = undefined;
      readFence(line);
    }
  }

  // --- headings

  function readHeadingLine(line: ScannedLine): void {
    const heading = readHeading(text.slice(line.start, line.visibleEnd));
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
    phase = newPhase(kind, line);
    phase.heading = heading;
    phase.title = heading.title;
    for (const comment of heading.comments) readHints(comment.body, phase.hints);
    drafts.phases.push(phase);
  }

  function newPhase(kind: PhaseDraft['kind'], line: ScannedLine): PhaseDraft {
    const at = { line: line.number, lineStart: line.start, lineEnd: line.end, end: line.end };
    return { kind, title: '', tasks: [], hints: noHints(), ...at };
  }

  function openHeadingTask(heading: Heading, line: ScannedLine): void {
    const marker = heading.marker?.text ?? '';
    const markerStart = line.start + (heading.marker?.start ?? heading.textStart);
    headingTask = newTask(line, heading.textStart, 'heading');
    headingTaskLevel = heading.level;
    Object.assign(headingTask, {
      marker,
      markerStart,
      markerLength: heading.marker === undefined ? -1 : marker.length,
    });
    for (const comment of heading.comments) readHints(comment.body, headingTask.hints);
    place(headingTask, undefined, line);
  }

  // --- items

  function readItem(line: ScannedLine): void {
    while ((frames.at(-1)?.indent ?? -Infinity) + 2 > line.indent) frames.pop();
    const words = text.slice(line.start, line.visibleEnd);
    const box = readCheckbox(words, line.content - line.start);
    if (box === undefined) {
      readBullet(line, words);
      return;
    }
    openLabel = undefined;
    const comments = inlineComments(words);
    const task = newTask(line, box.textStart, 'item');
    task.marker = box.marker;
    task.markerStart = line.start + box.markerStart;
    task.markerLength = box.marker.length;
    for (const comment of comments) readHints(comment.body, task.hints);
    place(task, frames.at(-1)?.task, line);
    frames.push({ indent: line.indent, task });
    paragraph = { task };
  }

  function newTask(line: ScannedLine, textStart: number, form: PlanTask['form']): TaskDraft {
    return {
      form,
      scope,
      marker: '',
      markerStart: 0,
      markerLength: 0,
      name: unread,
      hints: noHints(),
      labels: [],
      notes: [],
      children: [],
      depth: 1,
      line: line.number,
      lineStart: line.start,
      lineEnd: line.end,
      textEnd: line.visibleEnd,
      ownEnd: line.end,
      indent: text.slice(line.start, line.content),
      bullet: form === 'heading' ? '' : bulletOf(line.content),
      lines: [{ text: text.slice(line.start + textStart, line.visibleEnd), start: line.start + textStart }],
    };
  }

  function bulletOf(start: number): string {
    const first = text[start] ?? '-';
    return first < '0' ? first : (/^\d+[.)]/.exec(text.slice(start, start + 12))?.[0] ?? '-');
  }

  function place(task: TaskDraft, above: TaskDraft | undefined, line: ScannedLine): void {
    let parent = above ?? (task.form === 'item' ? headingTask : undefined);
    if (parent !== undefined && parent.depth >= maxDepth) {
      drafts.tooDeep.push(line.number);
      parent = parent.parent;
    }
    task.depth = (parent?.depth ?? 0) + 1;
    if (parent !== undefined) task.parent = parent;
    (parent?.children ?? home(line).tasks).push(task);
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

  function readBullet(line: ScannedLine, words: string): void {
    const body = bulletText(words.slice(line.content - line.start));
    const above = frames.at(-1);
    const task = above?.task ?? headingTask;
    const label = readLabel(body, line.number);
    const list = above?.label ?? (label === undefined ? openLabel : undefined);
    if (list !== undefined && label === undefined) {
      list.items.push(body);
      if (task !== undefined) grow(task, line);
      frames.push({ indent: line.indent, ...(task === undefined ? {} : { task }), label: list });
      paragraph = undefined;
      return;
    }
    openLabel = undefined;
    if (task === undefined && scope === 'discovered') addDiscovered(above === undefined, body, label, line);
    else if (label === undefined) addNote(task, body, line);
    else addLabel(task, label, line);
    frames.push({
      indent: line.indent,
      ...(task === undefined ? {} : { task }),
      ...(label === undefined ? {} : { label }),
    });
  }

  function addDiscovered(top: boolean, body: string, label: LabelDraft | undefined, line: ScannedLine): void {
    if (top) drafts.discovered.push({ text: body, line: line.number, labels: [] });
    else if (label !== undefined) drafts.discovered.at(-1)?.labels.push(label);
    paragraph = label === undefined ? undefined : { label };
  }

  function addLabel(task: TaskDraft | undefined, label: LabelDraft, line: ScannedLine): void {
    paragraph = { label };
    if (task !== undefined) {
      task.labels.push(label);
      grow(task, line);
      if (line.kind === 'item') task.noteIndent ??= text.slice(line.start, line.content);
    } else if (section?.kind === 'context' || (drafts.phases.length === 0 && section?.kind !== 'other')) {
      drafts.context.push(label);
    }
  }

  function addNote(task: TaskDraft | undefined, body: string, line: ScannedLine): void {
    paragraph = undefined;
    if (task === undefined) return;
    task.notes.push({ text: body, line: line.number });
    task.noteIndent ??= text.slice(line.start, line.content);
    grow(task, line);
    paragraph = { note: task };
  }

  function grow(task: TaskDraft, line: ScannedLine): void {
    if (task.children.length === 0) task.ownEnd = line.end;
  }

  function readText(line: ScannedLine): void {
    if (afterBlank) while ((frames.at(-1)?.indent ?? -1) >= line.indent) frames.pop();
    const words = text.slice(line.content, line.visibleEnd);
    const task = frames.at(-1)?.task ?? headingTask;
    const label = readLabel(words, line.number);
    if (label !== undefined) {
      openLabel = label.parts[0] === '' ? label : undefined;
      addLabel(task, label, line);
    } else if (paragraph !== undefined) continueParagraph(paragraph, words, line);
    else if (task !== undefined && frames.length > 0) grow(task, line);
    if (label === undefined && paragraph === undefined) openLabel = undefined;
  }

  function continueParagraph(open: Paragraph, words: string, line: ScannedLine): void {
    if ('task' in open) {
      const comments = inlineComments(words);
      for (const comment of comments) readHints(comment.body, open.task.hints);
      open.task.lines.push({ text: words, start: line.content });
      open.task.textEnd = line.visibleEnd;
      grow(open.task, line);
      return;
    }
    if ('label' in open) open.label.parts.push(words.trim());
    const task = 'note' in open ? open.note : (frames.at(-1)?.task ?? headingTask);
    if (task !== undefined) grow(task, line);
  }

  function readCommentLine(line: ScannedLine): void {
    const comments = inlineComments(text.slice(line.start, line.visibleEnd));
    const task = line.indent > 0 || !afterBlank ? frames.at(-1)?.task : undefined;
    const hints = task?.hints ?? headingTask?.hints ?? (phase?.tasks.length === 0 ? phase.hints : undefined);
    if (hints !== undefined) for (const comment of comments) readHints(comment.body, hints);
    if (task !== undefined) grow(task, line);
    paragraph = undefined;
  }

  // --- fences

  function readFence(line: ScannedLine): void {
    if (line.kind === 'fenceOpen') {
      const info = text
        .slice(line.content, line.end)
        .replace(/^[`~]+/, '')
        .trim();
      fence = {
        start: nextLineStart(line.end),
        line: line.number + 1,
        indent: line.indent,
        yaml: /^(?:ya?ml)?$/i.test(info),
      };
      return;
    }
    if (fence === undefined || line.kind !== 'fenceClose') return;
    if (fence.yaml && isDag(fence.start, line.start))
      drafts.dags.push({ line: fence.line, start: fence.start, end: line.start });
    const task = frames.findLast((frame) => frame.indent < (fence?.indent ?? 0))?.task;
    if (task !== undefined) grow(task, line);
    fence = undefined;
  }

  function nextLineStart(end: number): number {
    return end + (text.startsWith('\r\n', end) ? 2 : 1);
  }

  function isDag(start: number, end: number): boolean {
    return /^(?:[ \t]*(?:#.*)?(?:\r?\n|\r(?!\n)))*[ \t]*["']?dag["']?[ \t]*:/.test(
      text.slice(start, Math.min(end, start + 4096)),
    );
  }
}

function bulletText(words: string): string {
  const gap = /^(?:[-*+]|\d{1,9}[.)])[ \t]*/.exec(words)?.[0].length ?? 0;
  const comments = inlineComments(words);
  return withoutComments(words, comments).slice(gap).trim();
}
