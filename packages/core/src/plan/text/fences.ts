import { endsLine, onlyGaps, runLength, startsLine } from './characters.js';
import type { ScannedLine } from './line-reader.js';

/** An open fence. */
export interface Fence {
  readonly char: number;
  readonly length: number;
  readonly indent: number;
  /** No closing line follows: an indented fence then ends with the list item it stands in. */
  readonly closed: boolean;
}

/** The line closes the fence. */
export function isClosingFence(text: string, line: ScannedLine, fence: Fence): boolean {
  if (line.content >= line.end || text.charCodeAt(line.content) !== fence.char) return false;
  const length = runLength(text, line.content, line.end, fence.char);
  return length >= fence.length && onlyGaps(text, line.content + length, line.end);
}

/** A fence that nothing closes ends with the list item that it stands in. */
export function endsWithItem(fence: Fence, line: ScannedLine): boolean {
  return !fence.closed && fence.indent > 0 && line.content < line.end && line.indent < fence.indent;
}

/** Knows, for an opening fence, whether a closing one follows: asked ahead once, so that no text makes it quadratic. */
export function fenceReader(text: string): { open(line: ScannedLine): Fence } {
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
