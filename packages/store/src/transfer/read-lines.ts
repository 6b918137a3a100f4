import { ConductorError } from '@conductor/core';
import { copyOf, joined } from '../bytes.js';

/** A line without its newline, as bytes and as text. */
export interface RawLine {
  /** Counted from 1. */
  readonly number: number;
  /** With the newline. */
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Cuts bytes into lines; holds one line and one chunk. `maxBytes` is asked for each line anew. Throws `FILE_INVALID` for a line that is too long, for what is not
 * UTF-8, and for an end without a newline.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, maxBytes: () => number): AsyncGenerator<RawLine> {
  let number = 1;
  let open: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      open.push(chunk.subarray(from, end + 1));
      length += end + 1 - from;
      from = end + 1;
      checkLength(length - 1, maxBytes(), number);
      const bytes = joined(open, length);
      yield { number, bytes, text: textOf(bytes, number) };
      [open, length, number] = [[], 0, number + 1];
    }
    if (from === chunk.length) continue;
    // A copy: whoever hands out chunks may fill the same memory again.
    open.push(copyOf(chunk.subarray(from)));
    length += chunk.length - from;
    checkLength(length, maxBytes(), number);
  }
  if (length > 0) throw invalid(number, 'it ends in the middle of the line');
}

function checkLength(length: number, maxBytes: number, number: number): void {
  if (length > maxBytes) throw invalid(number, `it is longer than ${maxBytes} bytes`);
}

/** Its calls are whole texts: nothing is kept from one to the next. A byte order mark stays, and is no JSON. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array, number: number): string {
  try {
    return decoder.decode(bytes.subarray(0, -1));
  } catch (cause) {
    throw invalid(number, 'it is not UTF-8', cause);
  }
}

/** What is wrong with a line of an exported log. */
export function invalid(line: number, what: string, cause?: unknown): ConductorError {
  return new ConductorError('FILE_INVALID', `Line ${line} of the exported log: ${what}`, {
    hint: 'Export the log again, or fetch the file again: it is not as it was written.',
    details: { line },
    cause,
  });
}
