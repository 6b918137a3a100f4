import { backtick, closeBracket, closeParenthesis, dot, isDigit, isGap, isHex } from '../text/characters.js';
import type { InlineComment } from '../text/inline-comments.js';
import type { CommitStyle } from '../model/plan.js';

/** The form that is written where a file has no commit yet (C-35). */
export const defaultCommitStyle: CommitStyle = { before: '<!-- commit: ', after: ' -->' };

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
  const { length } = word;
  if (length < 7 || (length > 12 && length !== 40)) return false;
  let digits = 0;
  for (let at = 0; at < length; at += 1) {
    const code = word.charCodeAt(at);
    if (!isHex(code)) return false;
    if (isDigit(code)) digits += 1;
  }
  return digits > 0;
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
  const stopped = length > 1 && shown.charCodeAt(length - 1) === dot && isClosing(shown.charCodeAt(length - 2));
  const visible = stopped ? length - 1 : length;
  let end = visible;
  if (end > 0 && isClosing(shown.charCodeAt(end - 1))) end -= 1;
  if (end > 0 && shown.charCodeAt(end - 1) === backtick) end -= 1;
  // Cheap no to most lines: seven hexadecimal characters stand here when a sha does. From the back, where words differ most.
  for (let at = end - 1; at >= end - 7; at -= 1) if (!isHex(shown.charCodeAt(at))) return undefined;
  const list = readShas(shown, end);
  const sha = list.all.at(-1);
  const opening = sha === undefined ? null : before.exec(shown.slice(Math.max(0, list.start - 40), list.start));
  const [, lead = '', word] = opening ?? [];
  const after = shown.slice(end, visible);
  if (sha === undefined || opening === null || !fits(lead, after) || (word === undefined && !done)) return undefined;
  const span = { start: list.start - lead.length, end: length };
  const style = { before: lead, after };
  const stop = stopped ? '.' : undefined;
  return { sha, start: end - sha.length, end, style, all: list.all, span, cut: span.start, stop };
}

/** A commit that was read in a part of a text which begins at `by`. */
export function movedCommit(found: FoundCommit, by: number): FoundCommit {
  return {
    sha: found.sha,
    start: found.start + by,
    end: found.end + by,
    style: found.style,
    all: found.all,
    span: { start: found.span.start + by, end: found.span.end + by },
    cut: found.cut === undefined ? undefined : found.cut + by,
    stop: found.stop,
  };
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
  while (end > 0 && isGap(text.charCodeAt(end - 1))) end -= 1;
  const last = text.charCodeAt(end - 1);
  return last > 32 && last < 128 ? end : text.trimEnd().length;
}

function isClosing(code: number): boolean {
  return code === closeParenthesis || code === closeBracket;
}

function fits(lead: string, after: string): boolean {
  const tick = lead.endsWith('`');
  const expected = (tick ? '`' : '') + (lead.startsWith('(') ? ')' : lead.startsWith('[') ? ']' : '');
  return after === expected;
}
