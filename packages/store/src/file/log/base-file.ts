import { decodeLine, encodeLine } from './line.js';
import { piecesOf, writeAll } from './lines.js';
import { corrupt } from './log-error.js';
import type { LogFiles } from './log-files.js';
import { baseNameOf, fileNumber, temporaryBase } from './names.js';
import type { FoundLine } from './segments.js';

/** The last file that the newest base stands for; 0 when there is no base. */
export function newestBase(files: LogFiles): number {
  return files.names().reduce((newest, name) => Math.max(newest, fileNumber('base', name) ?? 0), 0);
}

/** A base, its lines read as they are asked for. Throws STORE_CORRUPT: it was whole when it got its name. */
export function readBase(
  files: LogFiles,
  base: number,
): { readonly upTo: number; lines(): Generator<FoundLine, void, undefined> } {
  const name = baseNameOf(base);
  // The first line is ours: the checksum says so.
  const [first] = linesOf(files, name) as Iterable<{ readonly body: { readonly upTo?: unknown } }>;
  const upTo = first?.body.upTo;
  if (typeof upTo !== 'number') throw corrupt(name, 0, 'its first line does not say what it stands for');
  return { upTo, lines: () => untilEnd(files, name) };
}

/** The last line says that it is the last one: else a file that was cut between two lines would pass for a whole one. */
const endOfBase = { end: true };

function* untilEnd(files: LogFiles, name: string): Generator<FoundLine, void, undefined> {
  for (const line of linesOf(files, name)) {
    if (typeof line.body === 'object' && line.body !== null && 'end' in line.body) return;
    yield line;
  }
  throw corrupt(name, files.size(name) ?? 0, 'its end is not there');
}

function* linesOf(files: LogFiles, name: string): Generator<FoundLine, void, undefined> {
  let number = 0;
  for (const { bytes, at, ended } of piecesOf(files, name, 0)) {
    const line = ended ? decodeLine(bytes) : undefined;
    if (line?.number !== number + 1) throw corrupt(name, at, `line ${number + 1} is not whole`);
    yield { ...line, bytes: bytes.length };
    number += 1;
  }
}

/** Writes and syncs a base that nobody sees yet, and answers its size; `upTo`: the number of the last line it stands for. */
export function writeBase(files: LogFiles, bodies: Iterable<unknown>, upTo: number): number {
  files.remove(temporaryBase); // left by a process that died here
  files.create(temporaryBase);
  let position = 0;
  let number = 0;
  const write = (body: unknown) => {
    number += 1;
    const bytes = encodeLine({ number, body: number === 1 ? { ...(body as object), upTo } : body });
    writeAll(files, temporaryBase, position, bytes);
    position += bytes.length;
  };
  for (const body of bodies) write(body);
  write(endOfBase);
  files.sync(temporaryBase);
  return position;
}

/** Gives back the room of a base that could not be finished. */
export function removeUnfinished(files: LogFiles): void {
  try {
    files.remove(temporaryBase);
  } catch {
    return; // the error that came before tells more, and the next base begins with this
  }
}

/** Removes what a base stands for. */
export function removeReplaced(files: LogFiles, base: number): void {
  const replaced = (name: string) =>
    (fileNumber('log', name) ?? Infinity) <= base || (fileNumber('base', name) ?? Infinity) < base;
  try {
    // In order: whoever has a file open finds that one gone before those behind it.
    for (const name of files.names().filter(replaced).toSorted()) files.remove(name);
  } catch {
    return; // what stays costs room and is not looked at again; the next base tries once more
  }
}
