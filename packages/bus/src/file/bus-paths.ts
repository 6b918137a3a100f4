/** The published places below `<track folder>/.message-bus/` (7.1). */
export interface BusPaths {
  readonly root: string;
  readonly queue: string;
  readonly locks: string;
  readonly workers: string;
  readonly ignore: string;
  /** Lock folder that guards `locks.json`. */
  readonly mutex: string;
  readonly events: string;
  readonly board: string;
}

/** Paths of the bus of one track folder; `folder` is relative to the project. */
export function busPaths(folder: string): BusPaths {
  const root = `${folder}/.message-bus`;
  return {
    root,
    queue: `${root}/queue.jsonl`,
    locks: `${root}/locks.json`,
    workers: `${root}/worker-status.json`,
    ignore: `${root}/.gitignore`,
    mutex: `${root}/.locks.lock`,
    events: `${root}/events`,
    board: `${root}/board`,
  };
}

/** What git should not see, by name and nothing else (R31). */
export const ignoredNames = [
  '.gitignore',
  'queue.jsonl',
  'locks.json',
  'worker-status.json',
  '.locks.lock/',
  'events/',
  'board/',
] as const;

/** Largest queue that is read: above it the file must be put aside by a person. */
export const maxQueueBytes = 256 * 1024 * 1024;
