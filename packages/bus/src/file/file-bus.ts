import { ConductorError, systemClock } from '@conductor/core';
import { QueueMessage, trackOfQueueTopic } from '@conductor/core/files';
import type { BusMessage, Clock, MessageBus, Workspace } from '@conductor/core/ports';
import { memoryBus, type MemoryBusLimits } from '../memory-bus.js';
import { busFailed, createBusFolder, type BusFolder } from './bus-folder.js';
import { busPaths } from './bus-paths.js';

/** Folders whose queue is remembered; a further one is read again when it is used again. */
const openFolders = 64;

export interface FileBusOptions {
  /** The project: the only way to its files. */
  readonly workspace: Workspace;
  /** Folder of a track, relative to the project: `conductor/tracks/<id>`. */
  folderOf(trackId: string): string;
  readonly clock?: Clock;
  /** Source of BUS_INIT; default `conductor`. */
  readonly program?: string;
  /** Where the messages go besides; default: readers of this process. It is closed with this bus. */
  readonly over?: MessageBus;
  readonly limits?: MemoryBusLimits & {
    /** PROGRESS of one worker is written at most once in this time; default 5 s. */
    readonly progressEveryMs?: number;
  };
}

/**
 * A bus, in memory if it is given no other, that also keeps the published folder `.message-bus` of each track (7.1): what is published on
 * `track/<id>/queue` becomes a line of `queue.jsonl`, once an id, and changes `locks.json`, `worker-status.json`,
 * `events/` and `board/` with it. `publish` resolves when the files are written; readers in this process have the message
 * before that. Throws VALIDATION_FAILED for a body that is no line of the queue, BUS_FAILED when a file cannot be written:
 * publishing the same again mends it.
 */
export function fileBus(options: FileBusOptions): MessageBus {
  const { workspace, folderOf, clock = systemClock(), program = 'conductor', limits = {} } = options;
  const { progressEveryMs = 5000, ...memoryLimits } = limits;
  const inner = options.over ?? memoryBus({ clock, limits: memoryLimits });
  const folders = new Map<string, BusFolder>();
  const writes = new Set<Promise<void>>();

  const folderFor = (folder: string): BusFolder => {
    const found =
      folders.get(folder) ??
      createBusFolder({ workspace, paths: busPaths(folder), folder, clock, program, progressEveryMs });
    // The last used goes to the end; one that writes is never forgotten, or there would be two writers.
    folders.delete(folder);
    folders.set(folder, found);
    for (const [oldest, { idle }] of folders) {
      if (folders.size <= openFolders) break;
      if (idle && oldest !== folder) folders.delete(oldest);
    }
    return found;
  };

  const writeLines = async (folder: string, lines: readonly QueueMessage[]) => {
    try {
      await folderFor(folder).write(lines);
    } catch (error) {
      throw busFailed(folder, error);
    }
  };

  return Object.freeze<MessageBus>({
    ...inner,
    driver: Object.freeze({ ...inner.driver, name: options.over ? `file+${inner.driver.name}` : 'file' }),
    async publish(messages, o) {
      o?.signal?.throwIfAborted();
      const lines = linesByTrack(messages);
      // A transport that is down does not keep the files from being written; a message that it refuses does.
      const down = await inner.publish(messages, o).catch(failureOf);
      const started = [...lines].map(([trackId, queue]) => writeLines(folderOf(trackId), queue));
      for (const write of started) track(writes, write);
      await allOf(started);
      if (down) throw down;
    },
    async close() {
      await inner.close();
      await Promise.allSettled(writes);
    },
  });
}

function failureOf(error: unknown): ConductorError {
  if (ConductorError.is(error, 'BUS_FAILED')) return error;
  throw error;
}

function linesByTrack(messages: readonly BusMessage[]): ReadonlyMap<string, readonly QueueMessage[]> {
  const byTrack = new Map<string, QueueMessage[]>();
  for (const { id, topic, body } of messages) {
    const trackId = trackOfQueueTopic(topic);
    if (trackId === undefined) continue;
    const read = QueueMessage.safeParse(body);
    if (!read.success)
      throw new ConductorError('VALIDATION_FAILED', `Message ${id} of ${topic} is no line of the queue`, {
        details: { issues: read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) },
      });
    const lines = byTrack.get(trackId);
    if (lines) lines.push(read.data);
    else byTrack.set(trackId, [read.data]);
  }
  return byTrack;
}

function track(writes: Set<Promise<void>>, write: Promise<void>): void {
  writes.add(write);
  const forget = () => void writes.delete(write);
  write.then(forget, forget);
}

/** Waits for all, also when one fails: the first failure is told when nothing is under way any more. */
async function allOf(started: readonly Promise<void>[]): Promise<void> {
  const settled = await Promise.allSettled(started);
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
}
