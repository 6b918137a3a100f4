import { ConductorError } from '../kernel/error.js';
import { comparePlans } from './compare-plans.js';
import { fileStyleOf, planMarks } from './edit-marks.js';
import type { MarkEdit } from './edit-marks.js';
import { lineStarts, verifyEdit } from './edit-target.js';
import { readHeading } from './headings.js';
import { parsePlan } from './parse-plan.js';
import type { ParsedPlan } from './parse-plan.js';
import { scanLines } from './scan-lines.js';
import { applySplices } from './splices.js';
import type { SplicedText } from './splices.js';
import { readCheckbox } from './checkbox.js';

/**
 * Makes one mark by reading no more than the top-level task it falls in; `undefined` where that is not provably the same as reading all,
 * for the caller to read all.
 *
 * Why it is the same: a checkbox at the margin makes the reader forget all but phase, scope and heading task, which the headings above
 * decide. Where every fence and comment above is closed above, and every one within is closed within, before as after the edit, no line
 * outside is read otherwise. With equal names in an equal tree the ids are equal too. One pass over the lines above, no model of them.
 */
export function markLocally(text: string, edit: MarkEdit): SplicedText | undefined {
  const region = findRegion(text, edit.task.trim());
  if (region === undefined) return undefined;
  const part = text.slice(region.start, region.end);
  const before = parsePlan(part);
  const task = taskAt(before, region.line);
  if (task === undefined || (region.id !== undefined && task.id !== region.id)) return undefined;
  if (!standsAlone(part, before)) return undefined;
  try {
    const named: MarkEdit = { ...edit, task: `line:${region.line}` };
    const planned = planMarks(part, before.plan, [named], fileStyleOf(text));
    const next = applySplices(part, planned.splices);
    if (next === undefined) return undefined;
    const after = parsePlan(next.text);
    if (!standsAlone(next.text, after)) return undefined;
    verifyEdit(before, after, planned, comparePlans(before.plan, after.plan));
    const moved = planned.splices.map(({ start, end, insert }) => ({
      start: start + region.start,
      end: end + region.start,
      insert,
    }));
    return applySplices(text, moved);
  } catch (error) {
    // Refused: read all of it, which tells the reason in the words of the whole plan.
    if (ConductorError.is(error, 'EDIT_REFUSED')) return undefined;
    throw error;
  }
}

interface Region {
  readonly start: number;
  readonly end: number;
  /** Of the task, counted within the region. */
  readonly line: number;
  /** When it was named by a written id. */
  readonly id?: string;
}

/** From the checkbox at the margin down to the next one or to a heading. */
function findRegion(text: string, name: string): Region | undefined {
  if (text.includes('\r') && /\r(?!\n)/.test(text)) return undefined;
  const byLine = /^line:(\d{1,9})$/.exec(name)?.[1];
  const at = byLine === undefined ? lineOfId(text, name) : lineStart(text, Number(byLine));
  const start = at === undefined ? undefined : marginAbove(text, at);
  if (at === undefined || start === undefined || !isNeutral(text.slice(0, start), text)) return undefined;
  const line = lineEnds(text.slice(start, at)) + 1;
  return { start, end: marginBelow(text, start), line, ...(byLine === undefined ? { id: name } : {}) };
}

/** Ids of which the text shows where they are given. Others come from places and repetitions, which only the whole tells. */
const plainId = /^(?:\d{1,9}(?:\.\d{1,9}){1,8}[a-z]?|T\d{1,9})$/;
// A bare number that several phases count from 1 again turns into `<phase>.<number>`.
const bareNumber = /(?:task|tarefa|tâche|aufgabe|任务|任務)[ \t]*(?:task[ \t]+)?[*_~]*\d{1,9}(?![\d.])/i;
/** All that can stand before the id of a task, and more. */
const beforeId =
  /^[^\p{L}\p{N}]*(?:\d{1,9}[.)][^\p{L}\p{N}]*)?(?:\[[^\]]{0,3}\][^\p{L}\p{N}]*)?(?:[\p{L}\p{M} \t-]*)$/u;

/** Start of the only line that can be the task of this id. */
function lineOfId(text: string, id: string): number | undefined {
  if (!plainId.test(id)) return undefined;
  const startOf = lineStarts(text);
  let found: number | undefined;
  for (let at = text.indexOf(id); at !== -1; at = text.indexOf(id, at + id.length)) {
    if (/[\d.]/.test(text[at - 1] ?? '') || /\d/.test(text[at + id.length] ?? '')) continue;
    const start = startOf(at);
    if (start === found || !mayName(text, start, at)) continue;
    if (found !== undefined) return undefined;
    found = start;
  }
  return found === undefined || (id.includes('.') && bareNumber.test(text)) ? undefined : found;
}

/** Behind a comment anything may stand, and so it may in a line so long that looking for comments in it would take too long. */
function mayName(text: string, start: number, at: number): boolean {
  if (at - start > 10_000) return true;
  const before = text.slice(start, at);
  return before.includes('-->') || (before.length < 200 && beforeId.test(before));
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

/** Nothing in it reaches beyond it: no heading, no dag, no open fence or comment. */
function standsAlone(part: string, { plan }: ParsedPlan): boolean {
  const slips = scanLines(part, () => undefined);
  return slips.length === 0 && plan.sections.length === 0 && plan.dag === undefined && plan.phases.length === 1;
}

function taskAt({ plan }: ParsedPlan, line: number): { readonly id: string } | undefined {
  const open = [...(plan.phases[0]?.tasks ?? [])];
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    if (task.line === line) return task;
    for (const child of task.children) open.push(child);
  }
  return undefined;
}
