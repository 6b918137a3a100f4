/** One replacement in a text, in UTF-16 offsets: `[start, end)` becomes `insert`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly insert: string;
}

/** A text after splices, with the 1-based numbers of its lines that are new or different, ascending. */
export interface SplicedText {
  readonly text: string;
  readonly changedLines: readonly number[];
}

/**
 * Applies splices at once; those of one offset keep their order. Overlapping ones are a mistake of the caller and give `undefined`.
 * `earlier` are lines changed before, numbered as in `text`; they are renumbered and kept. O(text + splices).
 */
export function applySplices(
  text: string,
  splices: readonly Splice[],
  earlier: readonly number[] = [],
): SplicedText | undefined {
  const sorted = [...splices].sort((a, b) => a.start - b.start);
  const parts: string[] = [];
  const changed = new Set<number>();
  const counter = lineCounter(text);
  const shifts: { line: number; by: number }[] = [];
  let at = 0;
  let shift = 0;
  for (const { start, end, insert } of sorted) {
    if (start < at || end < start || end > text.length) return undefined;
    parts.push(text.slice(at, start), insert);
    const line = counter(start);
    const added = countLineEnds(insert);
    markLines(changed, line + shift, added, partsKept(text, { start, end, insert }));
    shift += added - countLineEnds(text.slice(start, end));
    shifts.push({ line, by: shift });
    at = end;
  }
  parts.push(text.slice(at));
  let passed = 0;
  for (const line of earlier) {
    while ((shifts[passed]?.line ?? Infinity) < line) passed += 1;
    changed.add(line + (shifts[passed - 1]?.by ?? 0));
  }
  return { text: parts.join(''), changedLines: [...changed].sort((a, b) => a - b) };
}

interface Kept {
  /** The line it is inserted in stands unchanged above what is inserted … */
  readonly above: boolean;
  /** … or unchanged below it. */
  readonly below: boolean;
}

function partsKept(text: string, { start, end, insert }: Splice): Kept {
  const endsLine = /[\r\n]$/.test(insert);
  const below = endsLine && (start === 0 || isLineEnd(text[start - 1]));
  const above = /^[\r\n]/.test(insert) && (end === text.length || isLineEnd(text[end]));
  // At the end of the text nothing is left behind a last line end.
  return { above: above && !below, below: below || (above && endsLine && end === text.length) };
}

function isLineEnd(char: string | undefined): boolean {
  return char === '\n' || char === '\r';
}

function markLines(changed: Set<number>, line: number, added: number, kept: Kept): void {
  const last = added - (kept.below && added > 0 ? 1 : 0);
  for (let offset = kept.above && added > 0 ? 1 : 0; offset <= last; offset += 1) changed.add(line + offset);
}

/** Line numbers of ascending offsets, each part of the text looked at once. */
function lineCounter(text: string): (offset: number) => number {
  const carriages = text.includes('\r');
  let at = 0;
  let line = 1;
  return (offset) => {
    line += carriages ? countLineEnds(text.slice(at, offset)) : countFeeds(text, at, offset);
    at = offset;
    return line;
  };
}

function countFeeds(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function countLineEnds(text: string): number {
  if (!text.includes('\r')) return countFeeds(text, 0, text.length);
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
