import { lineStarts } from './edit-target.js';

/** Ids of which the text shows where they are given. Others come from places and repetitions, which only the whole tells. */
const plainId = /^(?:\d{1,9}(?:\.\d{1,9}){1,8}[a-z]?|T\d{1,9})$/;

/** A line end of CR alone. The search below knows lines by their LF. */
export function hasOldLineEnds(text: string): boolean {
  return text.includes('\r') && /\r(?!\n)/.test(text);
}

/** Start of the only line that can be the task of this id; `undefined` where the text alone does not tell. */
export function lineOfId(text: string, id: string): number | undefined {
  if (!plainId.test(id)) return undefined;
  const [start, ...others] = linesNaming(text, id, 2);
  return others.length > 0 || (id.includes('.') && mayHaveBareNumbers(text)) ? undefined : start;
}

/** True when no task of the text can have this id `<number>.<number>`: neither by its words nor by its place below another one. */
export function isFreeId(text: string, id: string): boolean {
  return !hasOldLineEnds(text) && linesNaming(text, id, 1).length === 0 && !mayHaveBareNumbers(text);
}

/** Starts of the first lines that can be the task of this id. */
function linesNaming(text: string, id: string, most: number): readonly number[] {
  const startOf = lineStarts(text);
  const found: number[] = [];
  for (let at = text.indexOf(id); at !== -1 && found.length < most; at = text.indexOf(id, at + id.length)) {
    if (/[\d.]/.test(text[at - 1] ?? '') || /\d/.test(text[at + id.length] ?? '')) continue;
    const start = startOf(at);
    if (start !== found.at(-1) && mayName(text, start, at)) found.push(start);
  }
  return found;
}

/** All that can stand before the id of a task, and more. */
const beforeId =
  /^[^\p{L}\p{N}]*(?:\d{1,9}[.)][^\p{L}\p{N}]*)?(?:\[[^\]]{0,3}\][^\p{L}\p{N}]*)?(?:[\p{L}\p{M} \t-]*)$/u;

/** Behind a comment anything may stand, and so it may in a line so long that looking for comments in it would take too long. */
function mayName(text: string, start: number, at: number): boolean {
  if (at - start > 10_000) return true;
  const before = text.slice(start, at);
  return before.includes('-->') || (before.length < 200 && beforeId.test(before));
}

// After the word for a task: a bare number, or a comment that may hide that it stands there, also in the next line; or a commit, which
// leaves the word at the end of its line when it is taken away.
const doubtful =
  /(?:task|tarefa|tâche|aufgabe|任务|任務)(?:\s*(?:task\s+)?(?:\d{1,9}(?!\d|\.\d)|<!--)|[ \t]*(?:[([`]|commit|checkpoint|sha|[0-9a-f]{7})())/gi;
/** What stands before the word where a task begins with it; of a line that begins far before it, anything. */
const beginsTask = /(?:\]|-->|^)[ \t]*[*_~]{0,6}(?:sub[- ]?)?$/i;

/** Tasks may have bare numbers. Those that several phases count from 1 again turn into `<phase>.<number>`. */
function mayHaveBareNumbers(text: string): boolean {
  for (const { 1: isCommit, index } of text.matchAll(doubtful)) {
    if (isCommit === undefined || beginsTask.test(text.slice(Math.max(0, index - 60), index))) return true;
  }
  return false;
}
