import {
  asterisk,
  closeParenthesis,
  colon,
  dot,
  endOfMatch,
  hyphen,
  isDigit,
  isGap,
  isLetterAt,
  skipGaps,
  tilde,
  underscore,
} from '../text/characters.js';

const enDash = 0x2013;
const emDash = 0x2014;

/** What stands before the text of a task: `Task 1.1:`, `**Sub-task**:`, `1.1`, `T3 -`, `Fix 1:`, or nothing. */
export interface TaskName {
  readonly id: string | undefined;
  /** A word in the place of an id, `Task setup: …`: an id when a node of the dag has it. */
  readonly word: string | undefined;
  readonly text: string;
  /** The line begins as tasks do, so a heading of this form is one. */
  readonly prefixed: boolean;
}

// All but the first are tried where a name may begin, wherever that is in its line: sticky, and so without a copy of the rest.
const opening = /^(?:\*\*|__|~~|\*){0,3}/;
const taskWord = /(?:sub[- ]?task|task|tarefa|tâche|aufgabe|任务|任務)/iy;
const numberId = /(?:\d{1,9}(?:\.\d{1,9}){0,8}[a-z]?|T\d{1,9}|Fix \d{1,9})(?=$|[\s:.)\-–—*_~\]])/y;
const plainId = /(?:(?:\d{1,9}(?:\.\d{1,9}){1,8}[a-z]?|T\d{1,9})(?=$|[\s:)\-–—*_~])|Fix \d{1,9}(?=[:*_~]))/y;
const wordId = /[A-Za-z0-9][\w.-]{0,63}(?=[*_~]{0,6}:)/y;
/** `Task Task 1.1` is read as `Task 1.1`. */
const secondWord = /Task[ \t]+/y;

/** Takes id and text apart. Total: what fits no form is text. */
export function readName(shown: string): TaskName {
  const line = shown.trim();
  if (!mayBegin(line, 0)) return plain(line);
  const wrap = isEmphasis(line.charCodeAt(0)) ? (opening.exec(line)?.[0] ?? '') : '';
  const start = wrap.length;
  if (start > 0 && !mayBegin(line, start)) return plain(line);
  const wordEnd = endOfMatch(taskWord, line, start);
  if (wordEnd === start || isLetterAt(line, wordEnd)) return readPlain(line, wrap);
  return readPrefixed(line, skipGaps(line, wordEnd), wrap);
}

function plain(text: string): TaskName {
  return { id: undefined, word: undefined, text, prefixed: false };
}

/** `1.1 Write it`, without a word that says that it is a task. */
function readPlain(line: string, wrap: string): TaskName {
  const end = endOfMatch(plainId, line, wrap.length);
  if (end === wrap.length) return plain(line);
  return { id: line.slice(wrap.length, end), word: undefined, text: bodyOf(line, end, wrap).text, prefixed: false };
}

function readPrefixed(line: string, start: number, wrap: string): TaskName {
  const second = endOfMatch(secondWord, line, start);
  for (const from of second === start ? [start] : [second, start]) {
    const end = endOfMatch(numberId, line, from);
    if (end > from) return named(line, line.slice(from, end), bodyOf(line, end, wrap));
  }
  const end = endOfMatch(wordId, line, start);
  const body = bodyOf(line, end, wrap);
  if (!body.separated) return plain(line);
  return { id: undefined, word: end === start ? undefined : line.slice(start, end), text: body.text, prefixed: true };
}

function named(line: string, id: string, body: Body): TaskName {
  // `Task 3 times` is a sentence: a bare number is an id only with something between it and the text.
  if (!body.separated && body.text !== '' && /^\d+[a-z]?$/.test(id)) return plain(line);
  return { id, word: undefined, text: body.text, prefixed: true };
}

/** First letters of ids, of the words for a task and of emphasis; any other letter begins a plain text. */
function mayBegin(line: string, at: number): boolean {
  const first = line.charCodeAt(at);
  if (first >= 128 || isDigit(first) || isEmphasis(first)) return true;
  const second = line.charCodeAt(at + 1);
  switch (first | 32) {
    case 116: // task, tarefa, tâche, T1
      return (second | 32) === 97 || second >= 128 || isDigit(second);
    case 115: // sub-task
    case 97: // aufgabe
      return (second | 32) === 117;
    case 102: // Fix 1
      return second === 105;
    default:
      return false;
  }
}

function isEmphasis(code: number): boolean {
  return code === asterisk || code === underscore || code === tilde;
}

interface Body {
  readonly separated: boolean;
  readonly text: string;
}

/** The text behind an id, without the separator and without the emphasis that was opened before the id. */
function bodyOf(line: string, from: number, wrap: string): Body {
  if (wrap === '') {
    const end = behindSeparator(line, from);
    return { separated: end > from, text: line.slice(end).trim() };
  }
  const close = mirrored(wrap);
  const early = close !== '' && line.startsWith(close, from);
  const start = early ? from + close.length : from;
  const end = behindSeparator(line, start);
  const text = line.slice(end);
  const shown = early ? text : text.startsWith(close) ? text.slice(close.length) : dropOnce(text, close);
  return { separated: end > start, text: shown.trim() };
}

/** Where `:`, `.`, `)` or a dash ends that sets an id apart, `from` when there is none. */
function behindSeparator(line: string, from: number): number {
  const at = skipGaps(line, from);
  const code = line.charCodeAt(at);
  if (code === colon) return at + 1;
  const parts = code === hyphen || code === dot || code === closeParenthesis || code === enDash || code === emDash;
  return parts && (at + 1 === line.length || isGap(line.charCodeAt(at + 1))) ? at + 1 : from;
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
