import { readHints, readLabel } from './annotations.js';
import { behindBullet, stateMarker } from './checkbox.js';
import { commitInComments } from './commits.js';
import type { LabelDraft, TaskDraft } from './drafts.js';
import { inlineComments, withoutComments } from '../text/inline-comments.js';
import { grow, tellUnread } from './reading.js';
import type { Paragraph, Reading } from './reading.js';
import type { ScannedLine } from '../text/line-reader.js';

/** Reads a list item without a checkbox: an entry of the list above it, an item of Discovered Work, a label or a note. */
export function readBullet(reading: Reading, line: ScannedLine): void {
  const { frames, phase } = reading;
  const start = behindBullet(reading.text, line.content, line.visibleEnd);
  const words = start === -1 ? '' : visibleWords(reading, start, line);
  const body = words.trim();
  const above = frames.at(-1);
  const task = above?.task ?? reading.headingTask;
  const label = readLabel(body, line.number, start + words.length - words.trimStart().length);
  const list = above?.label ?? (label === undefined ? reading.openLabel : undefined);
  if (body.startsWith('[')) tellUnread(reading, line);
  if (list !== undefined && label === undefined) {
    (list.items ??= []).push(body);
    if (task !== undefined) grow(task, line);
    frames.push({ indent: line.indent, task, label: list });
    reading.paragraph = undefined;
    return;
  }
  reading.openLabel = undefined;
  if (above === undefined && phase?.begun === false) phase.plainItems += 1;
  if (task === undefined && reading.scope === 'discovered')
    addDiscovered(reading, above === undefined, body, label, line);
  else if (label === undefined) addNote(reading, task, body, line);
  else addLabel(reading, task, label, line);
  frames.push({ indent: line.indent, task, label });
}

/** The line from `start` on, its comments blanked out. */
function visibleWords({ text }: Reading, start: number, line: ScannedLine): string {
  const words = text.slice(start, line.visibleEnd);
  return line.commented ? withoutComments(words, inlineComments(words)) : words;
}

function addDiscovered(
  reading: Reading,
  top: boolean,
  body: string,
  label: LabelDraft | undefined,
  line: ScannedLine,
): void {
  const { discovered } = reading.drafts;
  if (top) discovered.push({ text: body, line: line.number, labels: [] });
  else if (label !== undefined) discovered.at(-1)?.labels.push(label);
  reading.paragraph = label === undefined ? undefined : { label };
}

function addLabel(reading: Reading, task: TaskDraft | undefined, label: LabelDraft, line: ScannedLine): void {
  const { drafts, section } = reading;
  reading.paragraph = { label };
  if (task !== undefined) {
    (task.labels ??= []).push(label);
    if (label.name === 'status') readStatus(task, label);
    grow(task, line);
    if (line.kind === 'item') task.noteIndent ??= indentOf(reading, line);
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

function addNote(reading: Reading, task: TaskDraft | undefined, body: string, line: ScannedLine): void {
  reading.paragraph = undefined;
  if (task === undefined) return;
  (task.notes ??= []).push({ text: body, line: line.number });
  task.noteIndent ??= indentOf(reading, line);
  grow(task, line);
  reading.paragraph = { note: task };
}

function indentOf({ text }: Reading, line: ScannedLine): string {
  return text.slice(line.start, line.content);
}

/** Reads a line of text: a label, or where the paragraph above goes on. */
export function readText(reading: Reading, line: ScannedLine): void {
  const { frames, paragraph } = reading;
  if (reading.afterBlank) while ((frames.at(-1)?.indent ?? -1) >= line.indent) frames.pop();
  const words = reading.text.slice(line.content, line.visibleEnd);
  const task = frames.at(-1)?.task ?? reading.headingTask;
  const label = readLabel(words, line.number, line.content);
  if (label !== undefined) {
    reading.openLabel = label.value === '' ? label : undefined;
    addLabel(reading, task, label, line);
    return;
  }
  tellUnread(reading, line);
  if (paragraph !== undefined) continueParagraph(reading, paragraph, words, line);
  else {
    if (task !== undefined && frames.length > 0) grow(task, line);
    reading.openLabel = undefined;
  }
}

function continueParagraph(reading: Reading, open: Paragraph, words: string, line: ScannedLine): void {
  if ('task' in open) {
    if (line.commented) readHints(inlineComments(words), open.task);
    (open.task.moreLines ??= []).push({ text: words, start: line.content, commented: line.commented });
    open.task.textEnd = line.visibleEnd;
    grow(open.task, line);
    return;
  }
  if ('label' in open) (open.label.more ??= []).push(words.trim());
  const task = 'note' in open ? open.note : (reading.frames.at(-1)?.task ?? reading.headingTask);
  if (task !== undefined) grow(task, line);
}

/** Reads a line that is a comment: it may say something about the task above it, or about the phase before its first task. */
export function readCommentLine(reading: Reading, line: ScannedLine): void {
  const words = reading.text.slice(line.start, line.visibleEnd);
  const comments = inlineComments(words);
  const task = line.indent > 0 || !reading.afterBlank ? reading.frames.at(-1)?.task : undefined;
  const phase = reading.phase?.begun === false ? reading.phase : undefined;
  const owner = task ?? reading.headingTask ?? phase;
  if (owner !== undefined) readHints(comments, owner);
  if (task !== undefined) {
    if (commitInComments(words, comments) !== undefined)
      (task.moreLines ??= []).push({ text: words, start: line.start, commented: true });
    grow(task, line);
  }
  reading.paragraph = undefined;
}
