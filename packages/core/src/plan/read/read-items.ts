import { readHints } from './annotations.js';
import { readCheckbox } from './checkbox.js';
import type { Checkbox } from './checkbox.js';
import type { TaskDraft } from './drafts.js';
import { inlineComments } from '../text/inline-comments.js';
import { readBullet } from './read-notes.js';
import { homePhase, maxRemarks, settle } from './reading.js';
import type { Reading } from './reading.js';
import type { ScannedLine } from '../text/line-reader.js';

/** Items deeper than this become siblings at this depth: nobody plans so deep, and recursion over the tree stays safe. */
export const maxDepth = 64;

/** Reads a list item: a task when a checkbox stands behind its bullet, else a label or a note. */
export function readItem(reading: Reading, line: ScannedLine): void {
  const { frames, text } = reading;
  while ((frames.at(-1)?.indent ?? -Infinity) + 2 > line.indent) frames.pop();
  const box = readCheckbox(text, line.content, line.visibleEnd);
  if (box === undefined) {
    readBullet(reading, line);
    return;
  }
  reading.openLabel = undefined;
  const task = newTask(reading, line, 'item', box);
  if (line.commented) readHints(inlineComments(text.slice(line.start, line.visibleEnd)), task);
  placeTask(reading, task, frames.at(-1)?.task, line);
  frames.push({ indent: line.indent, task, label: undefined });
  reading.paragraph = { task };
}

/** A task that begins in this line. All drafts have every field from the beginning, so that none changes its shape when it is filled. */
export function newTask(reading: Reading, line: ScannedLine, form: TaskDraft['form'], box: Checkbox): TaskDraft {
  return {
    form,
    scope: reading.scope,
    marker: box.marker,
    markerStart: box.markerStart,
    markerLength: box.marker.length,
    hints: undefined,
    labels: undefined,
    notes: undefined,
    children: undefined,
    moreLines: undefined,
    commit: undefined,
    parent: undefined,
    depth: 1,
    line: line.number,
    lineStart: line.start,
    lineEnd: line.end,
    textEnd: line.visibleEnd,
    ownEnd: line.end,
    underlineEnd: undefined,
    indent: reading.text.slice(line.start, line.content),
    bullet: form === 'heading' ? '' : bulletOf(reading.text, line.content),
    noteIndent: undefined,
    textStart: box.textStart,
    firstEnd: line.visibleEnd,
    commented: line.commented,
  };
}

function bulletOf(text: string, start: number): string {
  const first = text[start] ?? '-';
  return first < '0' ? first : (/^\d+[.)]/.exec(text.slice(start, start + 12))?.[0] ?? '-');
}

/** Puts a task below the one above it, below the task of its heading, or into its phase. */
export function placeTask(reading: Reading, task: TaskDraft, above: TaskDraft | undefined, line: ScannedLine): void {
  let parent = above ?? (task.form === 'item' ? reading.headingTask : undefined);
  if (parent === undefined) {
    settle(reading);
    const phase = homePhase(reading, line);
    phase.begun = true;
    reading.growing = { task, phase };
    return;
  }
  if (parent.depth >= maxDepth) {
    if (reading.drafts.tooDeep.length <= maxRemarks) reading.drafts.tooDeep.push(line.number);
    parent = parent.parent ?? parent;
  }
  task.depth = parent.depth + 1;
  task.parent = parent;
  (parent.children ??= []).push(task);
}
