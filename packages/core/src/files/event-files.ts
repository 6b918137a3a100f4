import type { QueueMessage } from './queue.js';
import { queuePayload } from './queue-payloads.js';
import { stepWords } from './step-words.js';

const maxNameBytes = 255;
const suffix = '.event';

/** Words of event files (7.4); what follows the underscore is a task, a path, a board session or a track. */
export const eventWords = [
  'TASK_COMPLETE',
  'TASK_FAILED',
  'DEP_READY',
  'FILE_UNLOCK',
  'BOARD_RESOLVE',
  ...stepWords,
] as const;
export type EventWord = (typeof eventWords)[number];

/**
 * The file name of a signal. The subject is percent-encoded byte by byte, so every task id and path gives a safe name that
 * {@link parseEventFileName} turns back. `undefined` when that name would be longer than file systems take.
 */
export function eventFileName(word: EventWord, subject: string): string | undefined {
  let encoded = '';
  for (const byte of new TextEncoder().encode(subject)) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9._-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  const name = `${word}_${encoded}${suffix}`;
  return encoded === '' || name.length > maxNameBytes ? undefined : name;
}

/** The signal that a file name stands for; `undefined` for other names. */
export function parseEventFileName(name: string): { readonly word: EventWord; readonly subject: string } | undefined {
  if (!name.endsWith(suffix)) return undefined;
  const word = eventWords.find((candidate) => name.startsWith(`${candidate}_`));
  if (word === undefined) return undefined;
  try {
    const subject = decodeURIComponent(name.slice(word.length + 1, -suffix.length));
    return subject === '' ? undefined : { word, subject };
  } catch {
    return undefined; // a broken escape: not a name of ours
  }
}

/** What a message does to the folder `events/`: first the removals, then the writes. */
export interface EventFileChanges {
  readonly remove: readonly string[];
  readonly write: ReadonlyMap<string, string>;
}

/**
 * Event files of a message. A task that is dispatched (again) loses its TASK_COMPLETE and TASK_FAILED (C-23); its
 * DEP_READY stays, as it is still true. Contents: the commit, the error, PASS or FAIL; else nothing, existence is the signal.
 */
export function eventFilesOf(message: QueueMessage): EventFileChanges {
  const write = new Map<string, string>();
  const signal = (word: EventWord, subject: string, content = '') => {
    const name = eventFileName(word, subject);
    if (name !== undefined) write.set(name, content);
  };

  const dispatched = queuePayload(message, 'WORKER_DISPATCHED') ?? queuePayload(message, 'TASK_RETRY');
  if (dispatched) {
    const old = [eventFileName('TASK_COMPLETE', dispatched.task_id), eventFileName('TASK_FAILED', dispatched.task_id)];
    return { remove: old.filter((name) => name !== undefined), write };
  }
  const complete = queuePayload(message, 'TASK_COMPLETE');
  if (complete) {
    signal('TASK_COMPLETE', complete.task_id, complete.commit_sha ?? '');
    for (const taskId of complete.unblocks) signal('DEP_READY', taskId);
  }
  const failed = queuePayload(message, 'TASK_FAILED');
  if (failed) signal('TASK_FAILED', failed.task_id, failed.error);
  const unlocked = queuePayload(message, 'FILE_UNLOCK');
  if (unlocked) signal('FILE_UNLOCK', unlocked.filepath);
  const resolved = queuePayload(message, 'BOARD_RESOLVE');
  if (resolved && typeof resolved['session_id'] === 'string') signal('BOARD_RESOLVE', resolved['session_id']);
  for (const word of stepWords) {
    const step = queuePayload(message, word);
    if (step) signal(word, step.track_id, step.result);
  }
  return { remove: [], write };
}
