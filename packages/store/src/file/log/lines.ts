import { ConductorError } from '@conductor/core';
import { decodeLine } from './line.js';
import type { LogFiles } from './log-files.js';

/** A piece of a file that ends with a line end, or the rest behind the last one. */
export interface Piece {
  /** Without the line end. */
  readonly bytes: Uint8Array;
  /** Where it begins in the file. */
  readonly at: number;
  readonly ended: boolean;
}

const chunkBytes = 1 << 20;
const lineEnd = 0x0a;

/** The lines of a file from a position on, a chunk at a time, so that a long file costs no more memory than its longest line. */
export function* piecesOf(files: LogFiles, name: string, from: number): Generator<Piece> {
  const size = files.size(name) ?? 0;
  let rest = new Uint8Array();
  let at = from;
  for (let position = from; position < size;) {
    const chunk = new Uint8Array(rest.length + Math.min(chunkBytes, size - position));
    chunk.set(rest);
    const read = files.read(name, position, chunk.subarray(rest.length));
    if (read === 0) break;
    position += read;
    const known = chunk.subarray(0, rest.length + read);
    let start = 0;
    // What was left has no line end: looking begins behind it.
    for (let end = known.indexOf(lineEnd, rest.length); end !== -1; end = known.indexOf(lineEnd, start)) {
      yield { bytes: known.subarray(start, end), at, ended: true };
      at += end + 1 - start;
      start = end + 1;
    }
    rest = known.slice(start);
  }
  if (rest.length > 0) yield { bytes: rest, at, ended: false };
}

/** Whether a whole line of ours stands anywhere behind a position, also where the end of the line before was damaged. */
export function holdsLine(files: LogFiles, name: string, from: number): boolean {
  for (const { bytes, ended } of piecesOf(files, name, from)) {
    if (!ended) return false;
    const text = new TextDecoder('latin1').decode(bytes); // one character for each byte
    for (const { index } of text.matchAll(/[0-9a-f]{8} \[\d/g))
      if (decodeLine(bytes.subarray(index)) !== undefined) return true;
  }
  return false;
}

/** Writes all bytes, however few of them one call takes. */
export function writeAll(files: LogFiles, name: string, from: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const written = files.write(name, from + at, bytes.subarray(at));
    if (written <= 0) throw new ConductorError('STORE_FAILED', `${name} takes no more bytes`);
    at += written;
  }
}
