import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/**
 * The files of one log folder, synchronous: between what is applied in memory and what is on disk no other call may come.
 * Errors are those of the system, with their `code`. A test hands in one that tears, fills and breaks.
 */
export interface LogFiles {
  names(): readonly string[];
  /** Bytes of a file; `undefined` when it is not there. */
  size(name: string): number | undefined;
  /** Makes a new file that outlives a power loss; EEXIST when it is there. */
  create(name: string): void;
  /** Fills `into` from a position; answers how many bytes there were. */
  read(name: string, position: number, into: Uint8Array): number;
  /** Answers how many bytes were written, which may be fewer. */
  write(name: string, position: number, bytes: Uint8Array): number;
  truncate(name: string, size: number): void;
  /** Gives a file another name in one step that outlives a power loss. */
  rename(from: string, to: string): void;
  /** No error when it is gone. Whoever has it open finds that it is not there. */
  remove(name: string): void;
  /** What was written until now outlives a power loss. */
  sync(name: string): void;
  close(): void;
}

/** The log files in a folder of this machine, which is made when it is not there; links are not followed. */
export function nodeLogFiles(folder: string, { readOnly = false }: { readonly readOnly?: boolean } = {}): LogFiles {
  const open = new Map<string, number>();
  const mode = (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NOFOLLOW;
  const descriptor = (name: string): number => {
    const known = open.get(name);
    if (known !== undefined) return known;
    const opened = openSync(join(folder, name), mode);
    open.set(name, opened);
    return opened;
  };
  const forget = (name: string): void => {
    const opened = open.get(name);
    if (opened === undefined) return;
    open.delete(name);
    closeSync(opened);
  };
  if (!readOnly) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    names: () => readdirSync(folder),
    size(name) {
      const known = open.get(name);
      const found = known === undefined ? undefined : fstatSync(known);
      if (found !== undefined && found.nlink > 0) return found.size;
      forget(name); // another process has removed it
      return statSync(join(folder, name), { throwIfNoEntry: false })?.size;
    },
    create(name) {
      const made = openSync(join(folder, name), mode | constants.O_CREAT | constants.O_EXCL, 0o600);
      open.set(name, made);
      fsyncSync(made);
      syncFolder(folder);
    },
    read: (name, position, into) => readSync(descriptor(name), into, 0, into.length, position),
    write: (name, position, bytes) => writeSync(descriptor(name), bytes, 0, bytes.length, position),
    truncate: (name, size) => ftruncateSync(descriptor(name), size),
    sync: (name) => fdatasyncSync(descriptor(name)),
    rename(from, to) {
      forget(from);
      renameSync(join(folder, from), join(folder, to));
      syncFolder(folder);
    },
    remove(name) {
      forget(name);
      rmSync(join(folder, name), { force: true });
    },
    close() {
      for (const opened of open.values()) closeSync(opened);
      open.clear();
    },
  };
}

function syncFolder(folder: string): void {
  const opened = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
