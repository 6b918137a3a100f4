import { ConductorError, instant } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import {
  formatLocks,
  formatWorkerStatus,
  parseEventFileName,
  parseLocks,
  parseWorkerStatus,
  type Lock,
} from '@conductor/core/files';
import type { Clock, Instant, Workspace } from '@conductor/core/ports';
import { boardFiles, currentFiles } from './board-files.js';
import type { BusPaths } from './bus-paths.js';
import { nothingTouched, type PublishedState, type Touched } from './published-state.js';

/** A lock folder that nobody touched for this long belongs to a program that died. */
const mutexStaleMs = 30_000;
const maxRetries = 8;

export interface FolderViewsOptions {
  readonly workspace: Workspace;
  readonly paths: BusPaths;
  readonly clock: Clock;
  readonly state: PublishedState;
}

/** The files beside the queue. What could not be written stays touched, and is written with the next. */
export interface FolderViews {
  readonly touched: Touched;
  write(): Promise<void>;
  /** After a restart: brings the files to what the queue told, without a write where they are there already. */
  recover(told: Touched): Promise<void>;
}

/** Foreign entries of shared files are read before each write and stay as they are. */
export function createFolderViews(options: FolderViewsOptions): FolderViews {
  const touched = nothingTouched();
  const { state } = options;
  // Files of a board that met before our first line: they are put aside once, not overwritten (C-18).
  let foreignBoard = false;

  const write = async () => {
    await removeEvents(options, touched);
    if (touched.locks) await writeLocks(options);
    touched.locks = false;
    if (touched.workers) await writeWorkers(options);
    touched.workers = false;
    for (const sessionId of touched.sessions) {
      if (foreignBoard) await putAside(options, sessionId);
      foreignBoard = false;
      await writeSession(options, sessionId);
      touched.sessions.delete(sessionId);
    }
    await writeEvents(options, touched);
  };

  return {
    touched,
    write,
    async recover(told) {
      foreignBoard = state.sessions.size === 0;
      touched.locks = state.known.size > 0;
      touched.workers = state.known.size > 0;
      const current = [...state.sessions.keys()].at(-1);
      if (current !== undefined) touched.sessions.add(current);
      for (const [name, content] of await missingEvents(options, told)) touched.events.set(name, content);
      await write();
    },
  };
}

/**
 * Of the events that were told, those whose file is not as told. FILE_UNLOCK is left out: it is news for who waits at this
 * moment, and who waited through our restart looks at the lock again by himself.
 */
async function missingEvents(
  { workspace, paths }: FolderViewsOptions,
  { events }: Touched,
): Promise<Touched['events']> {
  if (events.size === 0) return new Map();
  const present = new Set<string>();
  // A folder may hold characters that mean something in a glob; one character each, checked again below.
  const glob = `${paths.events.replaceAll(/[^\w./-]/gu, '?')}/*`;
  for await (const { path } of workspace.list(glob)) {
    if (path.startsWith(`${paths.events}/`)) present.add(path.slice(paths.events.length + 1));
  }
  const wrong = [...events].filter(([name, content]) => (content !== undefined) !== present.has(name));
  return new Map(wrong.filter(([name]) => parseEventFileName(name)?.word !== 'FILE_UNLOCK'));
}

async function removeEvents({ workspace, paths }: FolderViewsOptions, { events }: Touched): Promise<void> {
  for (const [name, content] of events) {
    if (content !== undefined) continue;
    await workspace.remove(`${paths.events}/${name}`);
    events.delete(name);
  }
}

/** Last of all: who sees the signal finds everything else in place. */
async function writeEvents({ workspace, paths }: FolderViewsOptions, { events }: Touched): Promise<void> {
  for (const [name, content] of events) {
    await workspace.replace(`${paths.events}/${name}`, bytes(content ?? ''));
    events.delete(name);
  }
}

/** Every change of `locks.json` happens under the published mutex, ours too (R23). */
async function writeLocks({ workspace, paths, clock, state }: FolderViewsOptions): Promise<void> {
  const mutex = await workspace.mutex(paths.mutex, { staleMs: mutexStaleMs });
  try {
    const before = text(await workspace.read(paths.locks));
    const now = instant(clock.now());
    const found = parseLocks(before, now);
    const after = formatLocks({ unread: found.unread, entries: mergedLocks(found.entries, state, now) });
    if (after !== before) await workspace.replace(paths.locks, bytes(after));
  } finally {
    await mutex.release();
  }
}

/**
 * Foreign entries as they are, ours as the log has them. A living foreign lock stays where ours would be: it was there
 * first as far as its writer knows, and the engine finds out when it mirrors the file.
 */
function mergedLocks(
  found: ReadonlyMap<string, Lock>,
  { known, locks }: PublishedState,
  now: Instant,
): Map<string, Lock> {
  const isForeign = (lock: Lock) => [lock.workerId, ...lock.sharedWith].some((holder) => !known.has(holder));
  const merged = new Map([...found].filter(([, lock]) => isForeign(lock)));
  for (const [path, lock] of locks) {
    const foreign = merged.get(path);
    if (!foreign || foreign.expiresAt <= now) merged.set(path, lock);
  }
  return merged;
}

/** No mutex is published for this file: the write is repeated when somebody else wrote in between. */
async function writeWorkers({ workspace, paths, state }: FolderViewsOptions): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await workspace.read(paths.workers);
    const { entries, unread } = parseWorkerStatus(text(before));
    const foreign = [...entries].filter(([workerId]) => !state.known.has(workerId));
    const after = formatWorkerStatus({ unread, entries: new Map([...foreign, ...state.workers]) });
    if (after === text(before)) return;
    try {
      await workspace.replace(paths.workers, bytes(after), { ifHash: before ? sha256Hex(before) : '' });
      return;
    } catch (error) {
      if (!ConductorError.is(error, 'FILE_CHANGED') || attempt >= maxRetries) throw error;
    }
  }
}

async function writeSession({ workspace, paths, state }: FolderViewsOptions, sessionId: string): Promise<void> {
  const session = state.sessions.get(sessionId);
  if (!session) return;
  const isCurrent = [...state.sessions.keys()].at(-1) === sessionId;
  for (const [name, content] of boardFiles(session, isCurrent)) {
    const path = `${paths.board}/${name}`;
    if (text(await workspace.read(path)) !== content) await workspace.replace(path, bytes(content));
  }
}

async function putAside({ workspace, paths }: FolderViewsOptions, sessionId: string): Promise<void> {
  for (const name of currentFiles) {
    const content = await workspace.read(`${paths.board}/${name}`);
    if (!content || ['', '{}', '[]'].includes(text(content).trim())) continue;
    const [stem, extension] = name.split('.');
    await workspace.create(`${paths.board}/${stem}-before-${sessionId}.${extension}`, content);
  }
}

function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function text(content: Uint8Array | undefined): string {
  return content ? new TextDecoder().decode(content) : '';
}
