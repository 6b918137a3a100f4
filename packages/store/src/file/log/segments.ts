import { ConductorError } from '@conductor/core';
import { newestBase, readBase, removeReplaced, removeUnfinished, writeBase } from './base-file.js';
import { decodeLine, encodeLine } from './line.js';
import type { LogLine } from './line.js';
import { holdsLine, piecesOf, writeAll } from './lines.js';
import { corrupt, logError } from './log-error.js';
import type { LogFiles } from './log-files.js';
import { baseNameOf, fileNumber, logNameOf, temporaryBase } from './names.js';

export interface SegmentsOptions {
  readonly files: LogFiles;
  /** A file that is at least this long is followed by the next one. */
  readonly segmentBytes: number;
  readonly durability: 'fsync' | 'os';
  readonly readOnly: boolean;
}

/** A line with how long it is in its file. */
export type FoundLine = LogLine & { readonly bytes: number };

/** Who takes the lines in. */
export interface LineTaker {
  take(line: FoundLine): void;
  /** What was taken until now is void: everything follows from the first line on. */
  begin(): void;
  /** Everything that a base stands for has been taken, now or before; the base has so many bytes. */
  end(bytes: number): void;
}

/**
 * Lines in numbered files, added at the end and never changed; a base file stands for those before it. Everything but
 * {@link Segments.grown} is called under the lock of the folder, so that what is at the end and not whole was left by a
 * writer that is dead.
 */
export interface Segments {
  /** Whether somebody has added something since the last look. Costs two calls of the system and no lock. */
  grown(): boolean;
  /** Hands over the lines that came since the last look, and cuts off a torn one. Throws STORE_CORRUPT. */
  catchUp(taker: LineTaker): void;
  /**
   * Adds a line and answers once it lasts: how long it is. When it throws, the files are as before; COMMIT_UNKNOWN: perhaps
   * they are not.
   */
  append(body: unknown): number;
  /** All lines there are, read again from the disk. After {@link Segments.catchUp}. */
  lines(): Iterable<LogLine>;
  /**
   * Puts these bodies in the place of all lines there are, in one step that a crash leaves done or not begun; the first one
   * is an object, which is given a field `upTo`. Answers how many bytes they are. After {@link Segments.catchUp}.
   */
  replaceAll(bodies: Iterable<unknown>): number;
}

export function createSegments({ files, segmentBytes, durability, readOnly }: SegmentsOptions): Segments {
  /** The last file that a base stands for; 0 = there is none. */
  let base = 0;
  let file = 1;
  let position = 0;
  let number = 0;
  let broken = false;
  let complete = false;

  const takeFile = (take: (line: FoundLine) => void): void => {
    const name = logNameOf(file);
    const size = files.size(name) ?? 0;
    if (size < position) throw corrupt(name, size, `it had ${position} bytes before`);
    for (const { bytes, at, ended } of piecesOf(files, name, position)) {
      const line = ended ? decodeLine(bytes) : undefined;
      if (line === undefined) return mendTail();
      if (line.number !== number + 1) throw corrupt(name, at, `line ${line.number} behind line ${number}`);
      take({ ...line, bytes: bytes.length });
      number = line.number; // behind it: what cannot be applied is met again, and not taken for a gap
      position = at + bytes.length + 1;
    }
  };

  /** A line that is not whole can only be the last one: nothing is added behind it before it is cut off. */
  const mendTail = (): void => {
    const name = logNameOf(file);
    if (holdsLine(files, name, position)) throw corrupt(name, position, 'whole lines stand behind one that is not');
    if (files.size(logNameOf(file + 1)) !== undefined) throw corrupt(name, position, 'it ends in half a line');
    if (readOnly) return;
    files.truncate(name, position);
    files.sync(name);
  };

  const undo = (error: unknown): never => {
    try {
      files.truncate(logNameOf(file), position);
      files.sync(logNameOf(file));
    } catch (second) {
      broken = true;
      throw new ConductorError('COMMIT_UNKNOWN', 'The log could neither be written nor put back', {
        cause: new AggregateError([error, second]),
      });
    }
    throw logError(error);
  };

  /** Goes on behind a base that somebody has made. Whoever had read all that it stands for has nothing to read again. */
  const adopt = (newest: number, { take, begin, end }: LineTaker): void => {
    const found = readBase(files, newest);
    if (found.upTo !== number) {
      begin();
      for (const line of found.lines()) take(line);
    }
    end(files.size(baseNameOf(newest)) ?? 0);
    number = found.upTo;
    base = newest;
    file = newest + 1;
    position = 0;
    if (!readOnly) removeReplaced(files, base); // left by a process that died before it could
  };

  /** Whoever makes a base makes the next file before and removes this one afterwards. */
  const mayHaveBase = () =>
    number === 0 || files.size(logNameOf(file)) === undefined || files.size(logNameOf(file + 1)) !== undefined;

  const ensureFile = (): void => {
    const name = logNameOf(file);
    if (files.size(name) !== undefined) return;
    if (position > 0) throw new ConductorError('STORE_FAILED', `${name} is not there`);
    if (base === 0) allThere(files, 0);
    if (!readOnly) files.create(name);
    else if (base === 0) throw new ConductorError('STORE_FAILED', `${name} is not there`);
  };

  return {
    grown: () => files.size(logNameOf(file)) !== position || files.size(logNameOf(file + 1)) !== undefined,
    catchUp(taker) {
      const newest = mayHaveBase() ? newestBase(files) : base;
      if (newest > base) adopt(newest, taker);
      ensureFile();
      takeFile(taker.take);
      while (files.size(logNameOf(file + 1)) !== undefined) {
        file += 1;
        position = 0;
        takeFile(taker.take);
      }
      if (number > 0 && !complete) complete = allThere(files, file);
    },
    append(body) {
      if (broken) throw new ConductorError('STORE_FAILED', 'An earlier write could not be put back');
      if (position >= segmentBytes) {
        try {
          files.create(logNameOf(file + 1));
        } catch (error) {
          throw logError(error);
        }
        file += 1;
        position = 0;
      }
      const bytes = encodeLine({ number: number + 1, body });
      try {
        writeAll(files, logNameOf(file), position, bytes);
        if (durability === 'fsync') files.sync(logNameOf(file));
      } catch (error) {
        undo(error);
      }
      position += bytes.length;
      number += 1;
      return bytes.length;
    },
    *lines() {
      if (base > 0) yield* readBase(files, base).lines();
      for (let each = base + 1; each <= file; each += 1) {
        for (const { bytes, at } of piecesOf(files, logNameOf(each), 0)) {
          // Half a line of a dead writer, which a reader leaves where it is.
          if (each === file && at >= position) return;
          const line = decodeLine(bytes);
          if (line === undefined) throw corrupt(logNameOf(each), at, 'it was whole before');
          yield line;
        }
      }
    },
    replaceAll(bodies) {
      let bytes = 0;
      try {
        bytes = writeBase(files, bodies, number);
        // Before the base has its name: once it has, the file that others look for is there.
        files.create(logNameOf(file + 1));
        files.rename(temporaryBase, baseNameOf(file));
      } catch (error) {
        removeUnfinished(files);
        throw logError(error);
      }
      base = file;
      file += 1;
      position = 0;
      removeReplaced(files, base);
      return bytes;
    },
  };
}

/** Answers true; throws STORE_CORRUPT when there is a file behind one that is missing. */
function allThere(files: LogFiles, lastFile: number): true {
  const behind = files.names().find((name) => (fileNumber('log', name) ?? 0) > lastFile);
  if (behind === undefined) return true;
  throw corrupt(logNameOf(lastFile + 1), 0, `it is not there, but ${behind} is`);
}
