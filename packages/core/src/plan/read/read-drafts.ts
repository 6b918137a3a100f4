import { dagFences } from './dag-fences.js';
import type { PlanDrafts } from './drafts.js';
import type { ScannedLine } from '../text/line-reader.js';
import { readHeadingLine, readUnderline } from './read-headings.js';
import { readItem } from './read-items.js';
import { readCommentLine, readText } from './read-notes.js';
import { beginReading, extend, grow, settle, tellUnread } from './reading.js';
import type { ListFrame, Reading } from './reading.js';
import { scanLines } from '../text/scan-lines.js';
import type { ScanSlip } from '../text/scan-lines.js';

/** Reads headings, tasks, labels and notes in one pass over the lines; ids come later, in `finishPhases`. */
export function readDrafts(text: string): { drafts: PlanDrafts; slips: readonly ScanSlip[] } {
  const reading = beginReading(text);
  const fences = dagFences(text, reading.drafts.dags);
  const slips = scanLines(text, (line) => {
    if (line.kind === 'blank' || line.kind === 'frontMatter') {
      reading.afterBlank = true;
      reading.paragraph = undefined;
      return;
    }
    readLine(reading, line, fences);
    reading.afterBlank = false;
    extend(reading, line);
  });
  settle(reading);
  return { drafts: reading.drafts, slips };
}

function readLine(reading: Reading, line: ScannedLine, fences: ReturnType<typeof dagFences>): void {
  switch (line.kind) {
    case 'heading':
      if (!readHeadingLine(reading, line)) readText(reading, line);
      return;
    case 'item':
      readItem(reading, line);
      return;
    case 'comment':
      readCommentLine(reading, line);
      return;
    case 'text':
      readText(reading, line);
      return;
    case 'underline':
      readUnderline(reading, line);
      return;
    case 'quote':
    case 'table':
      reading.paragraph = undefined;
      tellUnread(reading, line);
      return;
    default:
      reading.paragraph = undefined;
      endFence(reading, line, fences(line));
  }
}

/** Fenced code belongs to the item that its fence is indented below. */
function endFence({ frames }: Reading, line: ScannedLine, indent: number | undefined): void {
  const task = indent === undefined ? undefined : frameLeftOf(frames, indent)?.task;
  if (task !== undefined) grow(task, line);
}

/** The innermost list item that begins left of a column. Halving, because a text may hold many fences below many items. */
function frameLeftOf(frames: readonly ListFrame[], indent: number): ListFrame | undefined {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle]?.indent ?? 0) < indent) low = middle + 1;
    else high = middle;
  }
  return frames[low - 1];
}
