import { readCheckbox } from '../read/checkbox.js';
import { fileStyleOf, planMarks } from './edit-marks.js';
import type { MarkEdit } from './edit-marks.js';
import { editRegion, readRegion } from './edit-region.js';
import type { Region } from './edit-region.js';
import { readHeading } from '../read/headings.js';
import type { ParsedPlan } from '../parse/parse-plan.js';
import { scanLines } from '../text/scan-lines.js';
import type { SplicedText } from '../write/splices.js';
import { hasOldLineEnds, lineOfId } from './written-ids.js';

/**
 * Makes one mark by reading no more than the top-level task it falls in; `undefined` where that is not provably the same as reading all,
 * for the caller to read all. Throws `EDIT_REFUSED` where the whole is to tell the reason in its own words.
 *
 * Why it is the same: a checkbox at the margin makes the reader forget all but phase, scope and heading task, which the headings above
 * decide. Where every fence and comment above is closed above, and every one within is closed within, before as after the edit, no line
 * outside is read otherwise. With equal names in an equal tree the ids are equal too. One pass over the lines above, no model of them.
 */
export function markLocally(edited: SplicedText, edit: MarkEdit): SplicedText | undefined {
  const { text } = edited;
  const found = findTask(text, edit.task.trim());
  if (found === undefined) return undefined;
  const { region, line, id } = found;
  const task = taskAt(region.read, line);
  if (task === undefined || (id !== undefined && task.id !== id) || !standsAlone(region.read)) return undefined;
  const planned = planMarks(region.text, region.read.plan, [{ ...edit, task: `line:${line}` }], fileStyleOf(text));
  return editRegion(edited, region, planned, standsAlone);
}

interface FoundTask {
  readonly region: Region;
  /** Of the task, counted within the region. */
  readonly line: number;
  /** When it was named by a written id. */
  readonly id: string | undefined;
}

/** From the checkbox at the margin down to the next one or to a heading. */
function findTask(text: string, name: string): FoundTask | undefined {
  if (hasOldLineEnds(text)) return undefined;
  const byLine = /^line:(\d{1,9})$/.exec(name)?.[1];
  const at = byLine === undefined ? lineOfId(text, name) : lineStart(text, Number(byLine));
  const start = at === undefined ? undefined : marginAbove(text, at);
  if (at === undefined || start === undefined || !isNeutral(text.slice(0, start), text)) return undefined;
  const region = readRegion(text, start, marginBelow(text, start));
  const line = lineEnds(text.slice(start, at)) + 1;
  return region && { region, line, id: byLine === undefined ? name : undefined };
}

function lineStart(text: string, line: number): number | undefined {
  let start = 0;
  for (let count = 1; count < line; count += 1) {
    const end = text.indexOf('\n', start);
    if (end === -1) return undefined;
    start = end + 1;
  }
  return start;
}

function lineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function marginAbove(text: string, from: number): number | undefined {
  let start = from;
  for (;;) {
    const line = lineAt(text, start);
    if (isMargin(line)) return start;
    if (start === 0 || isHeading(line)) return undefined;
    // Of a text that begins with an empty line: a position below 0 would find that line's end again, for ever.
    start = start === 1 ? 0 : text.lastIndexOf('\n', start - 2) + 1;
  }
}

function marginBelow(text: string, from: number): number {
  for (let end = text.indexOf('\n', from); end !== -1; end = text.indexOf('\n', end + 1)) {
    const line = lineAt(text, end + 1);
    if (isMargin(line) || isHeading(line)) return end + 1;
  }
  return text.length;
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, end === -1 ? text.length : end).replace(/\r$/, '');
}

/** A checkbox that no list item above can hold: one space at most before its bullet. */
function isMargin(line: string): boolean {
  const indent = line.startsWith(' ') ? 1 : 0;
  return readCheckbox(line, indent) !== undefined;
}

function isHeading(line: string): boolean {
  return /^ {0,3}#{1,6}(?:[ \t]|$)/.test(line);
}

/** The text above leaves nothing open, and a task below it is work of the plan and no sub-task of a heading. */
function isNeutral(above: string, text: string): boolean {
  const headings: string[] = [];
  let frontMatter = false;
  const slips = scanLines(above, (line) => {
    if (line.kind === 'heading') headings.push(above.slice(line.start, line.visibleEnd));
    else if (line.kind === 'frontMatter') frontMatter = true;
  });
  if (slips.length > 0 || (/^\ufeff?---/.test(text) && !frontMatter)) return false;
  for (let index = headings.length - 1; index >= 0; index -= 1) {
    const { kind } = readHeading(headings[index] ?? '');
    if (kind === 'phase' || kind === 'fix') return true;
    if (kind !== 'other' && kind !== 'dag') return false;
  }
  return true;
}

/** Nothing in it reaches beyond it: no heading, no second phase. */
function standsAlone({ plan }: ParsedPlan): boolean {
  return plan.sections.length === 0 && plan.phases.length === 1;
}

function taskAt({ plan }: ParsedPlan, line: number): { readonly id: string } | undefined {
  const open = [...(plan.phases[0]?.tasks ?? [])];
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    if (task.line === line) return task;
    for (const child of task.children) open.push(child);
  }
  return undefined;
}
