import { commentReader } from './comment-reader.js';
import { endsWithItem, fenceReader, isClosingFence } from './fences.js';
import type { Fence } from './fences.js';
import { frontMatterEnd } from './front-matter.js';
import { kindOf, underlineBelow } from './line-kinds.js';
import { lineReader } from './line-reader.js';
import type { LineKind, ScannedLine } from './line-reader.js';

/** A slip of the block structure, told by the line it begins on. */
export interface ScanSlip {
  readonly kind: 'fenceUnclosed' | 'commentUnclosed';
  readonly line: number;
}

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
    line.kind = kindOf(text, line);
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
    const closes = isClosingFence(text, line, open);
    line.kind = closes ? 'fenceClose' : 'fenceBody';
    return closes ? undefined : open;
  }
}

/** Kinds of lines that a line of text below them goes on with. */
const goesOn: ReadonlySet<LineKind> = new Set<LineKind>(['text', 'item', 'table', 'quote', 'comment']);
