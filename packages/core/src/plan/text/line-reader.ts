import { space, tab } from './characters.js';

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

/** Gives the lines of a text one after the other, in one object. Line ends are LF, CR LF and CR; a byte order mark is skipped. */
export function lineReader(text: string): { next(): ScannedLine | undefined } {
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
