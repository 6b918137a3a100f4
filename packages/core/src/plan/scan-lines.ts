import { codeSpans, runLength } from './code-spans.js';

/** What a line is as a block of Markdown. Lines of fenced code, comments and front matter carry no structure. */
export type LineKind =
  | 'blank'
  | 'heading'
  | 'underline'
  | 'item'
  | 'fenceOpen'
  | 'fenceBody'
  | 'fenceClose'
  | 'comment'
  | 'frontMatter'
  | 'table'
  | 'quote'
  | 'rule'
  | 'text';

/** One line. The scanner re-uses a single object: copy what must outlive the call. Offsets are UTF-16 units. */
export interface ScannedLine {
  kind: LineKind;
  /** 1-based, as editors count. */
  number: number;
  start: number;
  /** First character that is no space or tab. */
  content: number;
  /** Column of `content`, tabs counted to the next multiple of four. */
  indent: number;
  /** End without the line end. */
  end: number;
  /** End of what can be seen: `end`, or where a comment begins that goes on in the next line. */
  visibleEnd: number;
  /** A comment begins in this line: what stands in most lines need not be looked through for one. */
  commented: boolean;
  /** Of a heading: characters of the line below it, positive for `===` (level 1), negative for `---` (level 2), 0 for `#`. */
  underline: number;
}

/** A slip of the block structure, told by the line it begins on. */
export interface ScanSlip {
  readonly kind: 'fenceUnclosed' | 'commentUnclosed';
  readonly line: number;
}

interface Fence {
  readonly char: number;
  readonly length: number;
  readonly indent: number;
  /** No closing line follows: an indented fence then ends with the list item it stands in. */
  readonly closed: boolean;
}

const tab = 9;
const space = 32;
const hash = 35;
const asterisk = 42;
const plus = 43;
const hyphen = 45;
const equals = 61;
const greater = 62;
const underscore = 95;
const backtick = 96;
const bar = 124;
const tilde = 126;

/**
 * Walks the lines of a Markdown text once, in linear time, and says what each one is. Line ends are LF, CR LF and CR;
 * a byte order mark is skipped. Total: any text gives lines.
 */
export function scanLines(text: string, visit: (line: ScannedLine) => void): readonly ScanSlip[] {
  const lines = lineReader(text);
  const fences = fenceReader(text);
  const comments = commentReader(text);
  const slips: ScanSlip[] = [];
  const bodyStart = frontMatterEnd(text);
  let fence: Fence | undefined;
  let above: LineKind = 'blank';

  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    const underlined = line.underline !== 0;
    line.underline = 0;
    if (line.start < bodyStart) line.kind = 'frontMatter';
    else if (underlined) line.kind = 'underline';
    else if (fence === undefined || endsWithItem(fence, line)) fence = openBlock(line);
    else fence = insideFence(fence, line);
    above = line.kind;
    visit(line);
  }
  return slips;

  function openBlock(line: ScannedLine): Fence | undefined {
    if (comments.covers(line)) {
      line.kind = 'comment';
      return undefined;
    }
    line.kind = classify(text, line);
    const opened = line.kind === 'fenceOpen' ? fences.open(line) : undefined;
    if (opened?.closed === false) slips.push({ kind: 'fenceUnclosed', line: line.number });
    if (opened === undefined && comments.read(line)) slips.push({ kind: 'commentUnclosed', line: line.number });
    if (line.kind === 'text') readUnderline(line);
    return opened;
  }

  /** Only below the first line of a paragraph at the margin: deeper in, the next line may belong to a list item. */
  function readUnderline(line: ScannedLine): void {
    if (line.indent > 1 || line.visibleEnd < line.end || goesOn.has(above)) return;
    line.underline = underlineBelow(text, line.end);
    if (line.underline !== 0) line.kind = 'heading';
  }

  function insideFence(open: Fence, line: ScannedLine): Fence | undefined {
    const closes = isClosing(text, line, open);
    line.kind = closes ? 'fenceClose' : 'fenceBody';
    return closes ? undefined : open;
  }
}

/** Kinds of lines that a line of text below them goes on with. */
const goesOn: ReadonlySet<LineKind> = new Set<LineKind>(['text', 'item', 'table', 'quote', 'comment']);

/** The line below a title in the older style of headings, as `ScannedLine.underline` counts it; 0 when it is none. */
function underlineBelow(text: string, end: number): number {
  const start = end + (text.charCodeAt(end) === 13 && text.charCodeAt(end + 1) === 10 ? 2 : 1);
  const code = text.charCodeAt(start);
  if (code !== equals && code !== hyphen) return 0;
  const length = runLength(text, start, text.length, code);
  if (!endsLine(text, start + length)) return 0;
  if (code === equals) return length;
  return length < 3 ? 0 : -length;
}

function endsWithItem(fence: Fence, line: ScannedLine): boolean {
  return !fence.closed && fence.indent > 0 && line.content < line.end && line.indent < fence.indent;
}

function lineReader(text: string): { next(): ScannedLine | undefined } {
  const line: ScannedLine = {
    kind: 'blank',
    number: 0,
    start: 0,
    content: 0,
    indent: 0,
    end: 0,
    visibleEnd: 0,
    commented: false,
    underline: 0,
  };
  let position = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let feed = text.indexOf('\n', position);
  let carriage = text.indexOf('\r', position);

  return {
    next() {
      if (position >= text.length) return undefined;
      const end = lineEnd();
      line.number += 1;
      line.start = position;
      line.end = end;
      line.visibleEnd = end;
      position = end + 1;
      // CR LF is one line end.
      if (end === carriage && feed === end + 1) position = feed + 1;
      measureIndent(text, line);
      return line;
    },
  };

  function lineEnd(): number {
    if (feed !== -1 && feed < position) feed = text.indexOf('\n', position);
    if (carriage !== -1 && carriage < position) carriage = text.indexOf('\r', position);
    if (feed === -1 && carriage === -1) return text.length;
    if (feed === -1) return carriage;
    return carriage === -1 ? feed : Math.min(feed, carriage);
  }
}

function measureIndent(text: string, line: ScannedLine): void {
  let at = line.start;
  let column = 0;
  for (; at < line.end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === space) column += 1;
    else if (code === tab) column += 4 - (column % 4);
    else break;
  }
  line.content = at;
  line.indent = column;
}

function classify(text: string, line: ScannedLine): LineKind {
  if (line.content >= line.end) return 'blank';
  const code = text.charCodeAt(line.content);
  if (code === hash) return isHeading(text, line) ? 'heading' : 'text';
  if (code === hyphen || code === asterisk || code === plus || code === underscore) {
    if (code !== underscore && isGap(text, line.content + 1, line.end)) return 'item';
    return isRule(text, line, code) ? 'rule' : 'text';
  }
  if (code >= 48 && code <= 57) return isNumbered(text, line) ? 'item' : 'text';
  if (code === backtick || code === tilde) return isOpening(text, line, code) ? 'fenceOpen' : 'text';
  if (code === bar) return 'table';
  if (code === greater) return 'quote';
  return 'text';
}

function isGap(text: string, at: number, end: number): boolean {
  if (at >= end) return true;
  const code = text.charCodeAt(at);
  return code === space || code === tab;
}

function isHeading(text: string, line: ScannedLine): boolean {
  const length = runLength(text, line.content, line.end, hash);
  return length <= 6 && line.indent <= 3 && isGap(text, line.content + length, line.end);
}

function isRule(text: string, line: ScannedLine, code: number): boolean {
  const length = runLength(text, line.content, line.end, code);
  return length >= 3 && onlyGaps(text, line.content + length, line.end);
}

function isNumbered(text: string, line: ScannedLine): boolean {
  let at = line.content;
  while (at < line.end && at - line.content < 10 && text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at += 1;
  const mark = text[at];
  return at - line.content <= 9 && at < line.end && (mark === '.' || mark === ')') && isGap(text, at + 1, line.end);
}

function isOpening(text: string, line: ScannedLine, code: number): boolean {
  const length = runLength(text, line.content, line.end, code);
  if (length < 3) return false;
  if (code === tilde) return true;
  // An info string with a backtick makes it inline code. Looked for in this line alone, or the scan would not be linear.
  return !text.slice(line.content + length, line.end).includes('`');
}

function isClosing(text: string, line: ScannedLine, fence: Fence): boolean {
  if (line.content >= line.end || text.charCodeAt(line.content) !== fence.char) return false;
  const length = runLength(text, line.content, line.end, fence.char);
  return length >= fence.length && onlyGaps(text, line.content + length, line.end);
}

function onlyGaps(text: string, from: number, end: number): boolean {
  for (let at = from; at < end; at += 1) if (!isGap(text, at, end)) return false;
  return true;
}

/** Knows, for an opening fence, whether a closing one follows: asked ahead once, so that no text makes it quadratic. */
function fenceReader(text: string): { open(line: ScannedLine): Fence } {
  const ahead = new Map<number, ClosersAhead>();
  return {
    open(line) {
      const char = text.charCodeAt(line.content);
      const length = runLength(text, line.content, line.end, char);
      const closers = ahead.get(char) ?? closersAhead(text, line.end, char);
      ahead.set(char, closers);
      return { char, length, indent: line.indent, closed: closers.has(line.end, length) };
    },
  };
}

interface ClosersAhead {
  has(after: number, length: number): boolean;
}

function closersAhead(text: string, from: number, char: number): ClosersAhead {
  const run = String.fromCharCode(char).repeat(3);
  const starts: number[] = [];
  const longest: number[] = [];
  for (let at = text.indexOf(run, from); at !== -1; at = text.indexOf(run, at)) {
    const length = runLength(text, at, text.length, char);
    if (startsLine(text, at) && endsLine(text, at + length)) {
      starts.push(at);
      longest.push(length);
    }
    at += length;
  }
  for (let index = longest.length - 2; index >= 0; index -= 1) {
    longest[index] = Math.max(longest[index] ?? 0, longest[index + 1] ?? 0);
  }
  let next = 0;
  return {
    has(after, length) {
      while (next < starts.length && (starts[next] ?? 0) < after) next += 1;
      return (longest[next] ?? 0) >= length;
    },
  };
}

function startsLine(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (text.charCodeAt(before) === space || text.charCodeAt(before) === tab)) before -= 1;
  return before < 0 || text[before] === '\n' || text[before] === '\r';
}

function endsLine(text: string, at: number): boolean {
  let after = at;
  while (after < text.length && (text.charCodeAt(after) === space || text.charCodeAt(after) === tab)) after += 1;
  return after >= text.length || text[after] === '\n' || text[after] === '\r';
}

/** Follows HTML comments over lines. A `<!--` in inline code is text, and so is one that nothing closes. */
function commentReader(text: string): { covers(line: ScannedLine): boolean; read(line: ScannedLine): boolean } {
  let next = text.indexOf('<!--');
  let closedAt = 0;
  let unclosed = false;
  let told = false;

  return {
    covers(line) {
      line.commented = line.start < closedAt || opensIn(line);
      if (line.start < closedAt) return true;
      if (!line.commented || next !== line.content || unclosed) return false;
      return follow(line) === 'whole';
    },
    read(line) {
      if (line.commented && !unclosed && opensIn(line)) follow(line);
      const first = unclosed && !told;
      told = unclosed;
      return first;
    },
  };

  function opensIn(line: ScannedLine): boolean {
    if (next !== -1 && next < line.start) next = text.indexOf('<!--', line.start);
    return next !== -1 && next < line.end;
  }

  function follow(line: ScannedLine): 'whole' | 'part' {
    const code = codeSpans(text.slice(line.start, line.end));
    const begins = next === line.content;
    let spans = 0;
    while (next !== -1 && next < line.end) {
      const opener = next;
      while ((code[spans]?.[1] ?? Infinity) <= opener - line.start) spans += 1;
      const span = code[spans];
      if (span !== undefined && span[0] <= opener - line.start) {
        next = text.indexOf('<!--', line.start + span[1]);
        continue;
      }
      const close = text.indexOf('-->', opener + 4);
      if (close === -1) {
        unclosed = true;
        return 'part';
      }
      next = text.indexOf('<!--', close + 3);
      if (close >= line.end) {
        closedAt = close;
        line.visibleEnd = opener;
      }
    }
    return begins ? 'whole' : 'part';
  }
}

/** End of YAML front matter, 0 without any. A first line `---` that no key follows is a rule, not front matter. */
function frontMatterEnd(text: string): number {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const opening = /^---[ \t]*(?:\r\n|\n|\r)(?=[A-Za-z_][\w-]*[ \t]*:)/.exec(text.slice(start, start + 256));
  if (opening === null) return 0;
  const closing = /(?:\r\n|\n|\r)(?:---|\.\.\.)[ \t]*(?=\r|\n|$)/g;
  closing.lastIndex = start + opening[0].length;
  const found = closing.exec(text);
  return found === null ? 0 : found.index + found[0].length;
}
