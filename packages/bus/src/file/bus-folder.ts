import { ConductorError, instant } from '@conductor/core';
import { formatQueueLine, parseQueue, type QueueMessage } from '@conductor/core/files';
import type { Clock, Workspace } from '@conductor/core/ports';
import { ignoredNames, maxQueueBytes, type BusPaths } from './bus-paths.js';
import { createFolderViews, type FolderViews } from './folder-views.js';
import { applyMessage, emptyState, isOurs, nothingTouched, type PublishedState } from './published-state.js';

/** How the writer of one folder works. */
export interface BusFolderOptions {
  readonly workspace: Workspace;
  readonly paths: BusPaths;
  /** Folder of the track, as told in BUS_INIT. */
  readonly folder: string;
  readonly clock: Clock;
  /** Source of BUS_INIT: the program's own name. */
  readonly program: string;
  /** PROGRESS of one worker is written at most once in this time. */
  readonly progressEveryMs: number;
}

/** The one writer of a track's bus folder in this process. */
export interface BusFolder {
  /** Resolves when the messages, and all that follows from them, are in the files. What is there already is left out. */
  write(messages: readonly QueueMessage[]): Promise<void>;
  readonly idle: boolean;
}

/** One append call takes no more, so that it stays one write. */
const maxAppendCharacters = 512 * 1024;

interface Opened {
  readonly ids: Set<string>;
  readonly state: PublishedState;
  readonly views: FolderViews;
}

/**
 * Opens the folder at the first write: creates what is missing, reads the queue once, and brings the other files to what
 * the queue says, as they may be behind it after a crash. Writes that come together are one append and one view each.
 */
export function createBusFolder(options: BusFolderOptions): BusFolder {
  const waiting: QueueMessage[] = [];
  let opened: Opened | undefined;
  let flushing: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();
  let running = 0;
  const isDue = createThrottle(options);

  const flush = async () => {
    flushing = undefined;
    const batch = waiting.splice(0);
    opened ??= await open(options);
    const { ids, state, views } = opened;
    const fresh = new Map(batch.filter(({ id }) => !ids.has(id)).map((message) => [message.id, message]));
    for (const lines of appends([...fresh.values()].filter(isDue))) {
      await options.workspace.append(options.paths.queue, lines.text);
      for (const message of lines.messages) {
        ids.add(message.id);
        applyMessage(state, message, views.touched);
      }
    }
    await views.write();
  };

  return {
    get idle() {
      return running === 0;
    },
    write(messages) {
      waiting.push(...messages);
      if (flushing) return flushing;
      running += 1;
      flushing = last.then(flush).finally(() => (running -= 1));
      // A failed write is its callers' to know of; the next one begins as if it had not been.
      last = flushing.catch(() => undefined);
      return flushing;
    },
  };
}

async function open(options: BusFolderOptions): Promise<Opened> {
  const { workspace, paths, clock } = options;
  await createMissing(options);
  const { messages } = parseQueue((await workspace.read(paths.queue, { maxBytes: maxQueueBytes })) ?? new Uint8Array());
  const state = emptyState();
  const touched = nothingTouched();
  for (const message of messages) if (isOurs(state, message)) applyMessage(state, message, touched);
  const views = createFolderViews({ workspace, paths, clock, state });
  await views.recover(touched);
  return { ids: new Set(messages.map(({ id }) => id)), state, views };
}

/** Only what is missing, and never a byte of what is there (RES-07). BUS_INIT is written by whoever makes the queue. */
async function createMissing({ workspace, paths, folder, clock, program }: BusFolderOptions): Promise<void> {
  const init: QueueMessage = {
    id: 'msg-init',
    type: 'BUS_INIT',
    source: program,
    timestamp: instant(clock.now()),
    payload: { track_path: folder, version: '1.0' },
  };
  const files: readonly (readonly [string, string])[] = [
    [paths.ignore, `${ignoredNames.join('\n')}\n`],
    [paths.queue, formatQueueLine(init)],
    [paths.locks, '{}\n'],
    [paths.workers, '{}\n'],
    // A workspace has no empty folders; pollers expect these two.
    [`${paths.events}/.keep`, ''],
    [`${paths.board}/.keep`, ''],
  ];
  for (const [path, text] of files) await workspace.create(path, new TextEncoder().encode(text));
}

interface Append {
  readonly text: string;
  readonly messages: readonly QueueMessage[];
}

function* appends(messages: readonly QueueMessage[]): Generator<Append> {
  let text = '';
  let taken: QueueMessage[] = [];
  for (const message of messages) {
    const line = formatQueueLine(message);
    if (taken.length > 0 && text.length + line.length > maxAppendCharacters) {
      yield { text, messages: taken };
      [text, taken] = ['', []];
    }
    text += line;
    taken.push(message);
  }
  if (taken.length > 0) yield { text, messages: taken };
}

/** Lets everything pass but a PROGRESS that comes too soon after the last one of its worker: the next one says more. */
function createThrottle({ clock, progressEveryMs }: BusFolderOptions): (message: QueueMessage) => boolean {
  const lastMs = new Map<string, number>();
  return ({ type, source }) => {
    if (type !== 'PROGRESS') {
      if (type === 'TASK_COMPLETE' || type === 'TASK_FAILED') lastMs.delete(source);
      return true;
    }
    const nowMs = clock.monotonic();
    if (nowMs - (lastMs.get(source) ?? -Infinity) < progressEveryMs) return false;
    lastMs.set(source, nowMs);
    return true;
  };
}

/** What the callers of a bus are told when its files cannot be written: the log has the facts, and goes on. */
export function busFailed(folder: string, cause: unknown): ConductorError {
  return new ConductorError('BUS_FAILED', `The message bus of ${folder} cannot be written`, {
    cause,
    details: { folder },
  });
}
