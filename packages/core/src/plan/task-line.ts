import type { CommitStyle, PlanTaskState } from './plan.js';
import { codeSpans } from './code-spans.js';

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

const space = 32;
const tab = 9;
const openBracket = 91;
const closeBracket = 93;

/**
 * Reads `- [x] ` at `start` of a text, nothing when it is another list item. The marker is one character, which may carry an emoji
 * selector; the gap behind `]` tells a checkbox from a link `[x](…)`. By character codes, because every line of a plan is asked.
 */
export function readCheckbox(text: string, start: number, end = text.length): Checkbox | undefined {
  const opening = behindBullet(text, start, end);
  if (opening === -1 || text.charCodeAt(opening) !== openBracket) return undefined;
  const markerStart = opening + 1;
  const close = markerStart + markerLength(text, markerStart);
  if (close >= end || text.charCodeAt(close) !== closeBracket) return undefined;
  const textStart = close + 1;
  const marker = text.slice(markerStart, close);
  if (textStart < end && !isGapAt(text, textStart) && (!states.has(marker) || '([:'.includes(text.charAt(textStart)))) {
    return undefined;
  }
  return { marker, markerStart, textStart };
}

/** The marker of `[x]` that stands alone or before words, as after `**Status:**`. */
export function stateMarker(value: string): string | undefined {
  const length = markerLength(value, 1);
  const close = 1 + length;
  if (value.charCodeAt(0) !== openBracket || value.charCodeAt(close) !== closeBracket) return undefined;
  return close + 1 === value.length || isGapAt(value, close + 1) ? value.slice(1, close) : undefined;
}

/** Where the text of a list item begins, -1 when no bullet with a gap behind it stands at `start`. */
export function behindBullet(text: string, start: number, end: number): number {
  let at = start;
  if (isDigit(text.charCodeAt(at))) {
    while (at < end && at - start < 9 && isDigit(text.charCodeAt(at))) at += 1;
    if (!'.)'.includes(text.charAt(at) || ' ')) return -1;
  } else if (!'-*+'.includes(text.charAt(at) || ' ')) return -1;
  at += 1;
  if (at >= end || !isGapAt(text, at)) return -1;
  while (at < end && isGapAt(text, at)) at += 1;
  return at;
}

function markerLength(text: string, at: number): number {
  const code = text.codePointAt(at) ?? closeBracket;
  if (code === openBracket || code === closeBracket) return 0;
  const length = code > 0xffff ? 2 : 1;
  return text.charCodeAt(at + length) === 0xfe0f ? length + 1 : length;
}

function isGapAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === space || code === tab;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
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

/** A commit of a task, with the range of the sha and of all that belongs to it. */
export interface FoundCommit {
  readonly sha: string;
  readonly start: number;
  readonly end: number;
  readonly style: CommitStyle;
  /** Every sha, where several stand together; the last one is the commit. */
  readonly all: readonly string[];
  /** Brackets and words included. */
  readonly span: { readonly start: number; readonly end: number };
  /** Where the visible text ends that comes before it; none for a comment, which is not part of the text. */
  readonly cut: number | undefined;
  /** The full stop of the sentence that it is the end of. */
  readonly stop: string | undefined;
}

/** 7 to 12 or 40 hexadecimal characters with a digit among them: else `defaced` would be a commit. */
export function isSha(word: string): boolean {
  return /^(?:[0-9a-f]{7,12}|[0-9a-f]{40})$/i.test(word) && /\d/.test(word);
}

const commentForm = /^((?:commits?|sha)?[:\s]*)([0-9a-f]{7,40}(?:[ \t]*[,;][ \t]*[0-9a-f]{7,40}){0,50})$/i;

/** `<!-- abc1234 -->` and `<!-- commit: abc1234 -->`, also with several; the last one of a line counts. */
export function commitInComments(line: string, comments: readonly InlineComment[]): FoundCommit | undefined {
  for (let index = comments.length - 1; index >= 0; index -= 1) {
    const comment = comments[index];
    if (comment === undefined) continue;
    const all = commentForm.exec(comment.body)?.[2]?.split(/[ \t]*[,;][ \t]*/) ?? [];
    const sha = all.at(-1);
    if (sha === undefined || !all.every(isSha)) continue;
    const end = comment.start + line.slice(comment.start, comment.end - 3).trimEnd().length;
    const start = end - sha.length;
    const first = line.indexOf(all[0] ?? sha, comment.start);
    const style = { before: line.slice(comment.start, first), after: line.slice(end, comment.end) };
    const span = { start: comment.start, end: comment.end };
    return { sha, start, end, style, all, span, cut: undefined, stop: undefined };
  }
  return undefined;
}

/** `<!-- commit: none -->`: the sha at the end of this line is a word of the text. */
export function deniesCommit(comments: readonly InlineComment[]): boolean {
  return comments.some(({ body }) => /^commit[: ]+none$/i.test(body));
}

const tailLength = 640;
/** What may stand before the first sha: a bracket, a word that says what it is, a backtick. */
const before = /(?:^|[ \t])([([]?((?:commits?|checkpoint|sha)[: ] *)?`?)$/i;
const between = /`?[ \t]*[,;][ \t]*`?$/;

/**
 * A commit at the end of the visible line: bare, or in `()`, `[]`, backticks, with or without `commit:`; several with commas between
 * them; in brackets also before the full stop of its sentence. Without the word it counts only on a done task, because a sentence may
 * end in a sha too.
 */
export function commitAtEnd(shown: string, done: boolean): FoundCommit | undefined {
  const length = trimmedLength(shown);
  const stopped = length > 1 && shown.charCodeAt(length - 1) === 46 && ')]'.includes(shown.charAt(length - 2));
  const visible = stopped ? length - 1 : length;
  let end = visible;
  if (end > 0 && ')]'.includes(shown.charAt(end - 1))) end -= 1;
  if (end > 0 && shown.charCodeAt(end - 1) === backtick) end -= 1;
  // Cheap no to most lines: seven hexadecimal characters stand here when a sha does.
  for (let at = end - 7; at < end; at += 1) if (!isHex(shown.charCodeAt(at))) return undefined;
  const list = readShas(shown, end);
  const opening = before.exec(shown.slice(Math.max(0, list.start - 40), list.start));
  const [, lead = '', word] = opening ?? [];
  const after = shown.slice(end, visible);
  const sha = list.all.at(-1);
  if (sha === undefined || opening === null || !fits(lead, after) || (word === undefined && !done)) return undefined;
  const span = { start: list.start - lead.length, end: length };
  const style = { before: lead, after };
  const stop = stopped ? '.' : undefined;
  return { sha, start: end - sha.length, end, style, all: list.all, span, cut: span.start, stop };
}

/** The shas with commas between them that end at `end`, in the order they are written, and where the first one begins. */
function readShas(shown: string, end: number): { readonly all: readonly string[]; readonly start: number } {
  const all: string[] = [];
  let start = end;
  for (let stop = end; stop > end - tailLength;) {
    let at = stop;
    while (at > 0 && stop - at < 41 && isHex(shown.charCodeAt(at - 1))) at -= 1;
    const word = shown.slice(at, stop);
    if (!isSha(word)) break;
    all.unshift(word);
    start = at;
    const gap = between.exec(shown.slice(Math.max(0, at - 12), at))?.[0];
    if (gap === undefined) break;
    stop = at - gap.length;
  }
  return { all, start };
}

/** As `trimEnd().length`, without a copy of what is seldom different. */
function trimmedLength(text: string): number {
  let end = text.length;
  while (end > 0 && isGapAt(text, end - 1)) end -= 1;
  const last = text.charCodeAt(end - 1);
  return last > 32 && last < 128 ? end : text.trimEnd().length;
}

const backtick = 96;

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

function fits(lead: string, after: string): boolean {
  const tick = lead.endsWith('`');
  const expected = (tick ? '`' : '') + (lead.startsWith('(') ? ')' : lead.startsWith('[') ? ']' : '');
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

/** First letters of the words that begin a name, of emphasis and of ids; any other letter begins a plain text. */
const beginsName = new Set('TtSsFfAa*_~0123456789');

/** Takes id and text apart. Total: what fits no form is text. */
export function readName(shown: string): TaskName {
  const line = shown.trim();
  if (line.charCodeAt(0) < 128 && !beginsName.has(line.charAt(0))) return { text: line, prefixed: false };
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
