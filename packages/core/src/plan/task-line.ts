import type { CommitStyle, PlanTaskState } from './plan.js';
import { codeSpans } from './scan-lines.js';

const states: ReadonlyMap<string, PlanTaskState> = new Map([
  ['', 'pending'],
  [' ', 'pending'],
  ['~', 'inProgress'],
  ['/', 'inProgress'],
  ['x', 'done'],
  ['X', 'done'],
  ['!', 'blocked'],
  ['-', 'skipped'],
]);

/** What a marker means; a character that nobody defined is `unknown`. */
export function stateOf(marker: string): PlanTaskState {
  return states.get(marker) ?? 'unknown';
}

/** The marker to write for a state, `undefined` for `unknown`, which is never written. */
export const markerOf: Readonly<Record<PlanTaskState, string | undefined>> = {
  pending: ' ',
  inProgress: '~',
  done: 'x',
  blocked: '!',
  skipped: '-',
  unknown: undefined,
};

/** The form that is written where a file has no commit yet (C-35). */
export const defaultCommitStyle: CommitStyle = { before: '<!-- commit: ', after: ' -->' };

/** A checkbox behind its bullet, in offsets of the line it was read from. */
export interface Checkbox {
  readonly marker: string;
  readonly markerStart: number;
  readonly textStart: number;
}

// One character, which may carry an emoji selector. The gap behind `]` tells a checkbox from a link `[x](…)`.
const checkbox = /^([-*+]|\d{1,9}[.)])([ \t]+)\[((?:[^\][]\ufe0f?)?)\](?=[ \t]|$|[^ \t([:])/u;

/** Reads `- [x] ` at `start` of a line, nothing when it is another list item. */
export function readCheckbox(line: string, start: number): Checkbox | undefined {
  const match = checkbox.exec(line.slice(start));
  if (match === null) return undefined;
  const marker = match[3] ?? '';
  const glued = start + match[0].length < line.length && !/[ \t]/.test(line[start + match[0].length] ?? '');
  if (glued && !states.has(marker)) return undefined;
  const markerStart = start + match[0].length - 1 - marker.length;
  return { marker, markerStart, textStart: start + match[0].length };
}

/** `<!-- … -->` inside one line. */
export interface InlineComment {
  readonly body: string;
  readonly start: number;
  readonly end: number;
}

const noComments: readonly InlineComment[] = [];

/** Comments of one line, those in inline code left out. */
export function inlineComments(line: string): readonly InlineComment[] {
  if (!line.includes('<!--')) return noComments;
  const found: InlineComment[] = [];
  const code = codeSpans(line);
  let span = 0;
  for (let at = line.indexOf('<!--'); at !== -1;) {
    while ((code[span]?.[1] ?? Infinity) <= at) span += 1;
    const inside = code[span];
    const close = inside !== undefined && inside[0] <= at ? -1 : line.indexOf('-->', at + 4);
    if (inside !== undefined && inside[0] <= at) at = line.indexOf('<!--', inside[1]);
    else if (close === -1) break;
    else {
      found.push({ body: line.slice(at + 4, close).trim(), start: at, end: close + 3 });
      at = line.indexOf('<!--', close + 3);
    }
  }
  return found;
}

/** Blanks the comments out, so that offsets stay what they are. */
export function withoutComments(line: string, comments: readonly InlineComment[]): string {
  let shown = '';
  let from = 0;
  for (const { start, end } of comments) {
    shown += line.slice(from, start) + ' '.repeat(end - start);
    from = end;
  }
  return shown + line.slice(from);
}

/** A commit on a task line, with the range of the sha and of all that belongs to it. */
export interface FoundCommit {
  readonly sha: string;
  readonly start: number;
  readonly end: number;
  readonly style: CommitStyle;
  /** Where the visible text ends that comes before it; absent for a comment, which is not part of the text. */
  readonly cut?: number;
}

/** 7 to 12 or 40 hexadecimal characters with a digit among them: else `defaced` would be a commit. */
export function isSha(word: string): boolean {
  return /^(?:[0-9a-f]{7,12}|[0-9a-f]{40})$/i.test(word) && /\d/.test(word);
}

/** `<!-- abc1234 -->` and `<!-- commit: abc1234 -->`; the last one of a line counts. */
export function commitInComments(line: string, comments: readonly InlineComment[]): FoundCommit | undefined {
  for (let index = comments.length - 1; index >= 0; index -= 1) {
    const comment = comments[index];
    if (comment === undefined) continue;
    const sha = /^(?:commit|sha)?[:\s]*([0-9a-f]{7,40})$/i.exec(comment.body)?.[1] ?? '';
    if (!isSha(sha)) continue;
    const start = line.indexOf(sha, comment.start);
    const style = { before: line.slice(comment.start, start), after: line.slice(start + sha.length, comment.end) };
    return { sha, start, end: start + sha.length, style };
  }
  return undefined;
}

/** `<!-- commit: none -->`: the sha at the end of this line is a word of the text. */
export function deniesCommit(comments: readonly InlineComment[]): boolean {
  return comments.some(({ body }) => /^commit[: ]+none$/i.test(body));
}

const tailLength = 96;
const tail = /(?:^|[ \t])([([]?((?:commit|checkpoint|sha)[: ] *)?`?)([0-9a-f]{7,40})(`?[)\]]?)[ \t]*$/i;

/**
 * A commit at the end of the visible line: bare, or in `()`, `[]`, backticks, with or without `commit:`. Without that word it
 * counts only on a done task, because a sentence may end in a sha too.
 */
export function commitAtEnd(shown: string, done: boolean): FoundCommit | undefined {
  const visible = shown.trimEnd();
  // Cheap no to most lines: a sha ends in a hexadecimal character, perhaps with a bracket or a backtick behind it.
  if (!/[0-9a-f]`?[)\]]?$/i.test(visible.slice(-3))) return undefined;
  const from = Math.max(0, visible.length - tailLength);
  const match = tail.exec(visible.slice(from));
  if (match === null) return undefined;
  const [, before = '', word, sha = '', after = ''] = match;
  if (!isSha(sha) || !fits(before, after) || (word === undefined && !done)) return undefined;
  const end = visible.length - after.length;
  const start = end - sha.length;
  return { sha, start, end, style: { before, after }, cut: start - before.length };
}

function fits(before: string, after: string): boolean {
  const tick = before.endsWith('`');
  const expected = (tick ? '`' : '') + (before.startsWith('(') ? ')' : before.startsWith('[') ? ']' : '');
  return after === expected;
}

/** What stands before the text of a task: `Task 1.1:`, `**Sub-task**:`, `1.1`, `T3 -`, `Fix 1:`, or nothing. */
export interface TaskName {
  readonly id?: string;
  /** A word in the place of an id, `Task setup: …`: an id when a node of the dag has it. */
  readonly word?: string;
  readonly text: string;
  /** The line begins as tasks do, so a heading of this form is one. */
  readonly prefixed: boolean;
}

const opening = /^(?:\*\*|__|~~|\*){0,3}/;
const taskWord = /^(?:sub[- ]?task|task|tarefa|tâche|aufgabe|任务|任務)(?![\p{L}\p{M}])[ \t]*/iu;
const numberId = /^(?:Task[ \t]+)?((?:\d{1,9}(?:\.\d{1,9}){0,8}[a-z]?|T\d{1,9}|Fix \d{1,9}))(?=$|[\s:.)\-–—*_~\]])/;
const plainId = /^((?:\d{1,9}(?:\.\d{1,9}){1,8}[a-z]?|T\d{1,9})(?=$|[\s:)\-–—*_~])|Fix \d{1,9}(?=[:*_~]))/;
const wordId = /^([A-Za-z0-9][\w.-]{0,63})(?=[*_~]{0,6}:)/;
const separator = /^[ \t]*(?::|[.)](?=[ \t]|$)|[-–—](?=[ \t]|$))/;

/** Takes id and text apart. Total: what fits no form is text. */
export function readName(shown: string): TaskName {
  const line = shown.trim();
  const wrap = opening.exec(line)?.[0] ?? '';
  const inner = line.slice(wrap.length);
  const word = taskWord.exec(inner)?.[0] ?? '';
  const rest = inner.slice(word.length);
  const id = (word === '' ? plainId : numberId).exec(rest)?.[1];
  if (id !== undefined) return named(line, rest.slice(id.length), wrap, id, word !== '');
  if (word === '') return { text: line, prefixed: false };
  const slug = wordId.exec(rest)?.[1];
  if (slug !== undefined) return wordNamed(line, rest, wrap, slug);
  return unnamed(line, rest, wrap);
}

function named(line: string, rest: string, wrap: string, id: string, hasWord: boolean): TaskName {
  const body = bodyOf(rest, wrap);
  // `Task 3 times` is a sentence: a bare number is an id only with something between it and the text.
  if (!body.separated && hasWord && /^\d+[a-z]?$/.test(id) && body.text !== '') return { text: line, prefixed: false };
  return { id, text: body.text, prefixed: hasWord };
}

function wordNamed(line: string, rest: string, wrap: string, word: string): TaskName {
  const body = bodyOf(rest.slice(word.length), wrap);
  return body.separated ? { word, text: body.text, prefixed: true } : { text: line, prefixed: false };
}

function unnamed(line: string, rest: string, wrap: string): TaskName {
  const body = bodyOf(rest, wrap);
  return body.separated ? { text: body.text, prefixed: true } : { text: line, prefixed: false };
}

/** The text behind an id, without the separator and without the emphasis that was opened before the id. */
function bodyOf(rest: string, wrap: string): { separated: boolean; text: string } {
  const close = mirrored(wrap);
  const early = close !== '' && rest.startsWith(close);
  let text = early ? rest.slice(close.length) : rest;
  const mark = separator.exec(text)?.[0] ?? '';
  text = text.slice(mark.length);
  const late = !early && close !== '' && text.startsWith(close);
  if (late) text = text.slice(close.length);
  else if (!early && close !== '') text = dropOnce(text, close);
  return { separated: mark !== '', text: text.trim() };
}

function mirrored(wrap: string): string {
  return (
    wrap
      .match(/\*\*|__|~~|\*/g)
      ?.toReversed()
      .join('') ?? ''
  );
}

function dropOnce(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at === -1 ? text : text.slice(0, at) + text.slice(at + mark.length);
}
