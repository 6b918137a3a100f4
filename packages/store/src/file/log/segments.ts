import { ConductorError } from '@conductor/core';
import { decodeLine, encodeLine } from './line.js';
import type { LogLine } from './line.js';
import { corrupt, logError } from './log-error.js';
import type { LogFiles } from './log-files.js';

export interface SegmentsOptions {
  readonly files: LogFiles;
  /** A file that is at least this long is followed by the next one. */
  readonly segmentBytes: number;
  readonly durability: 'fsync' | 'os';
  readonly readOnly: boolean;
}

/**
 * Lines in numbered files, added at the end and never changed. Everything but {@link Segments.grown} is called under the
 * lock of the folder, so that what is at the end and not whole was left by a writer that is dead.
 */
export interface Segments {
  /** Whether somebody has added something since the last look. Costs two calls of the system and no lock. */
  grown(): boolean;
  /** Hands over the lines that came since the last look, and cuts off a torn one. Throws STORE_CORRUPT. */
  catchUp(take: (line: LogLine) => void): void;
  /** Adds a line and answers once it lasts. When it throws, the files are as before; COMMIT_UNKNOWN: perhaps they are not. */
  append(body: unknown): void;
}

const chunkBytes = 1 << 20;
const lineEnd = 0x0a;

export function createSegments({ files, segmentBytes, durability, readOnly }: SegmentsOptions): Segments {
  let file = 1;
  let position = 0;
  let number = 0;
  let broken = false;
  let complete = false;

  const take = (found: Uint8Array, at: number, each: (line: LogLine) => void): boolean => {
    const line = decodeLine(found);
    if (line === undefined) return false;
    if (line.number !== number + 1) throw corrupt(nameOf(file), at, `line ${line.number} behind line ${number}`);
    each(line);
    number = line.number; // behind it: what cannot be applied is met again, and not taken for a gap
    return true;
  };

  const catchUpFile = (each: (line: LogLine) => void): void => {
    const size = files.size(nameOf(file)) ?? 0;
    if (size < position) throw corrupt(nameOf(file), size, `it had ${position} bytes before`);
    const from = position;
    const bytes = readFrom(files, nameOf(file), from, size);
    let start = 0;
    for (let end = bytes.indexOf(lineEnd); end !== -1; end = bytes.indexOf(lineEnd, start)) {
      if (!take(bytes.subarray(start, end), position, each)) break;
      start = end + 1;
      position = from + start;
    }
    if (start === bytes.length) return;
    mendTail(bytes.subarray(start));
  };

  /** A line that is not whole can only be the last one: nothing is added behind it before it is cut off. */
  const mendTail = (tail: Uint8Array): void => {
    if (holdsLine(tail)) throw corrupt(nameOf(file), position, 'whole lines stand behind one that is not');
    if (files.size(nameOf(file + 1)) !== undefined) throw corrupt(nameOf(file), position, 'it ends in half a line');
    if (readOnly) return;
    files.truncate(nameOf(file), position);
    files.sync(nameOf(file));
  };

  const undo = (error: unknown): never => {
    try {
      files.truncate(nameOf(file), position);
      files.sync(nameOf(file));
    } catch (second) {
      broken = true;
      throw new ConductorError('COMMIT_UNKNOWN', 'The log could neither be written nor put back', {
        cause: new AggregateError([error, second]),
      });
    }
    throw logError(error);
  };

  return {
    grown: () => files.size(nameOf(file)) !== position || files.size(nameOf(file + 1)) !== undefined,
    catchUp(each) {
      if (files.size(nameOf(file)) === undefined) {
        if (readOnly || position > 0) throw new ConductorError('STORE_FAILED', `${nameOf(file)} is not there`);
        files.create(nameOf(file));
      }
      catchUpFile(each);
      while (files.size(nameOf(file + 1)) !== undefined) {
        file += 1;
        position = 0;
        catchUpFile(each);
      }
      if (number > 0 && !complete) complete = allThere(files, file);
    },
    append(body) {
      if (broken) throw new ConductorError('STORE_FAILED', 'An earlier write could not be put back');
      if (position >= segmentBytes) {
        try {
          files.create(nameOf(file + 1));
        } catch (error) {
          throw logError(error);
        }
        file += 1;
        position = 0;
      }
      const bytes = encodeLine({ number: number + 1, body });
      try {
        writeAll(files, nameOf(file), position, bytes);
        if (durability === 'fsync') files.sync(nameOf(file));
      } catch (error) {
        undo(error);
      }
      position += bytes.length;
      number += 1;
    },
  };
}

const nameOf = (file: number) => `log-${String(file).padStart(6, '0')}.jsonl`;

/** Answers true; throws STORE_CORRUPT when there is a file behind one that is missing. */
function allThere(files: LogFiles, lastFile: number): true {
  const behind = files.names().find((name) => /^log-\d{6,}\.jsonl$/.test(name) && name > nameOf(lastFile));
  if (behind === undefined) return true;
  throw corrupt(nameOf(lastFile + 1), 0, `it is not there, but ${behind} is`);
}

/** Whether a whole line stands anywhere in it, also where the end of the line before was damaged. */
function holdsLine(tail: Uint8Array): boolean {
  if (!tail.includes(lineEnd)) return false;
  const text = new TextDecoder('latin1').decode(tail); // one character for each byte
  for (const { index } of text.matchAll(/[0-9a-f]{8} \[\d/g)) {
    const end = tail.indexOf(lineEnd, index);
    if (end !== -1 && decodeLine(tail.subarray(index, end)) !== undefined) return true;
  }
  return false;
}

function readFrom(files: LogFiles, name: string, from: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size - from);
  for (let at = 0; at < bytes.length;) {
    const read = files.read(name, from + at, bytes.subarray(at, at + chunkBytes));
    if (read === 0) return bytes.subarray(0, at);
    at += read;
  }
  return bytes;
}

function writeAll(files: LogFiles, name: string, from: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const written = files.write(name, from + at, bytes.subarray(at));
    if (written <= 0) throw new ConductorError('STORE_FAILED', `${name} takes no more bytes`);
    at += written;
  }
}
