import { publishedSessionId, sessionEntry } from '@conductor/board';
import { ConductorError } from '@conductor/core';
import type { Checkpoint, TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import {
  encodeLike,
  extraTexts,
  metadataOf,
  metadataWords,
  migrateMetadata,
  parseMetadata,
  readTextFile,
  withoutWords,
  wordPaths,
  writeMetadata,
} from '@conductor/core/files';
import type { MetadataRead, MetadataWords, TextFile } from '@conductor/core/files';
import type { Json } from '@conductor/core/ports';
import { takeUpMetadata } from '../edits/take-up-metadata.js';
import { noteDeleted } from '../edits/take-up.js';
import { isQuiet } from '../edits/whose-edit.js';
import type { EngineContext } from '../engine-context.js';
import { loadBoard } from '../load.js';
import { baseOf, basesOf } from './metadata-base.js';
import type { MetadataBase } from './metadata-base.js';
import type { Synced } from './text-view.js';
import { findView, knownViews, saveRow, stillPending } from './view-row.js';
import type { Found } from './view-row.js';

/**
 * Brings `metadata.json` and the log together: what somebody else changed is taken up first, then our values are written where they
 * have changed. Other tools change the file under a lock folder; while they hold it, ours waits for the next time.
 */
export async function syncMetadata(
  engine: EngineContext,
  state: TrackState,
  { patient }: { readonly patient: boolean },
): Promise<Synced> {
  const folder = `${engine.folder}/tracks/${state.id}`;
  const { viewLockStaleMs: staleMs, viewLockPollMs } = engine.limits;
  const waitMs = patient ? staleMs + viewLockPollMs : 0;
  try {
    const held = await engine.workspace.mutex(`${folder}/.metadata.lock`, { waitMs, staleMs });
    try {
      return await syncLocked(engine, state, `${folder}/metadata.json`);
    } finally {
      await held.release();
    }
  } catch (error) {
    if (!ConductorError.is(error, 'LOCK_TIMEOUT')) throw error;
    engine.logger.warn(`${folder}/metadata.json is locked by another tool and is written later`, {
      code: 'VIEW_LOCKED',
    });
    return 'written';
  }
}

async function syncLocked(engine: EngineContext, state: TrackState, path: string): Promise<Synced> {
  const found = await findView(engine, path);
  if (found.state === 'deleted') {
    await noteDeleted(engine, state.id, found);
    return 'again';
  }
  if (found.row?.leftAlone === true && found.row.last === found.hash) return 'written';
  const boardSessions = await sessionsOf(engine, state);
  const ours = metadataOf(settled(state), { boardSessions });
  const file = readable(found);
  const foreign = found.state === 'foreign' && (found.row !== undefined || file === 'damaged');
  if (foreign || file === 'damaged') {
    await takeUpMetadata(engine, state, found);
    return 'again';
  }
  const words = metadataWords(ours, extraTexts(state));
  const { kept, said } = keptWords(state, found, file, words);
  const base = file && (await migrated(engine, state, found, file));
  const text = writeMetadata(base, withoutWords(ours, kept), extraTexts(state));
  const bytes = encodeLike(text, file?.file ?? { encoding: 'utf-8', mark: false });
  return write(engine, state, found, { bytes, base: { file: said, ours: words } });
}

interface Readable {
  readonly file: TextFile;
  /** Parsed only where something of it is to be kept. */
  read(): MetadataRead;
}

/** `damaged`: no JSON object, or bytes that are no text; nothing is written over it. `undefined`: nothing is there. */
function readable({ bytes, state, row }: Found): Readable | 'damaged' | undefined {
  if (!bytes || bytes.every((byte) => byte === 0 || byte === 0x20 || byte === 0x0a || byte === 0x0d)) return undefined;
  const file = readTextFile(bytes);
  let parsed: MetadataRead | undefined;
  const read = () => (parsed ??= parseMetadata(file.text));
  // Our own bytes are as we wrote them: they need no look.
  const own = state === 'ours' && row !== undefined && row.leftAlone !== true;
  if (!own && (!file.whole || !read().metadata)) return 'damaged';
  return { file, read };
}

/**
 * Words of somebody else stay in the file as long as what we say there has not changed since: a spelling of theirs, a word that
 * is none of ours, a value that was noted as a claim.
 */
function keptWords(
  { loop }: TrackState,
  { row }: Found,
  file: Readable | undefined,
  ours: MetadataWords,
): { readonly kept: ReadonlySet<string>; readonly said: MetadataWords } {
  const bases = basesOf(row);
  if (!file || (bases.length > 0 && bases.every(isPlain))) return { kept: new Set(), said: ours };
  const { metadata = {}, extra, places } = file.read();
  const theirs = metadataWords(metadata, extra);
  const undecided = new Set([
    ...(loop.foreign?.step === undefined ? [] : ['loop_state.current_step']),
    ...(loop.foreign?.status === undefined ? [] : ['loop_state.step_status']),
  ]);
  const kept = wordPaths.filter((path) => {
    if (path === counted || places.nodeAt(path) === undefined || theirs[path] === ours[path]) return false;
    return undecided.has(path) || bases.some((base) => base.ours[path] === ours[path]);
  });
  const said = { ...theirs, ...ours };
  for (const path of kept) {
    const word = theirs[path];
    if (word === undefined) delete said[path];
    else said[path] = word;
  }
  return { kept: new Set(kept), said };
}

/** The plan says how many tasks are completed; a number that is not that is corrected (C-70). */
const counted = 'loop_state.checkpoints.EXECUTE.tasks_completed';

/** The file said what we say: nothing of theirs can be lost. */
function isPlain({ file, ours }: MetadataBase): boolean {
  return wordPaths.every((path) => file[path] === ours[path]);
}

/** The text to write over: a file of an older version is brought to version 3, and kept as it was beside it. */
async function migrated(
  engine: EngineContext,
  { id }: TrackState,
  { path, bytes, state, row }: Found,
  { file }: Readable,
): Promise<string> {
  if (state === 'ours' && row && basesOf(row).every(isPlain)) return file.text;
  const { text, backupName } = migrateMetadata(file.text, { trackId: id });
  if (backupName === undefined || !bytes) return file.text;
  await engine.workspace.create(path.replace(/metadata\.json$/u, backupName), bytes);
  return text;
}

async function write(
  engine: EngineContext,
  state: TrackState,
  found: Found,
  next: { readonly bytes: Uint8Array; readonly base: MetadataBase },
): Promise<Synced> {
  const { row, hash, path } = found;
  const pending = sha256Hex(next.bytes);
  const seen = isQuiet(state) ? state.version : row?.seen;
  const pendingFrom = baseOf(next.base);
  const about = { last: hash, pending, seen, pendingFrom };
  if (pending === hash) {
    const known = row !== undefined && (hash === row.pending || hash === row.last);
    if (!known && !(await saveRow(engine, found, { ...about, lastFrom: pendingFrom }))) return 'again';
    knownViews(engine).set(path, { hash, seen });
    return 'written';
  }
  const lastFrom = hash === row?.pending ? row.pendingFrom : row?.lastFrom;
  if (!(await saveRow(engine, found, { ...about, lastFrom, recent: stillPending(found) }))) return 'again';
  try {
    await engine.workspace.replace(path, next.bytes, { ifHash: hash });
  } catch (error) {
    if (!ConductorError.is(error, 'FILE_CHANGED')) throw error;
    return 'again';
  }
  knownViews(engine).set(path, { hash: pending, seen });
  return 'written';
}

/** A finished track reads the same from its completion on, so that the commit of its documents is the last change of them. */
function settled(state: TrackState): TrackState {
  const { completedAt, loop } = state;
  if (completedAt === undefined) return state;
  const last: Checkpoint = { ...loop.checkpoints.COMPLETE, status: 'PASSED', completedAt };
  return {
    ...state,
    updatedAt: completedAt,
    loop: { ...loop, status: 'PASSED', checkpoints: { ...loop.checkpoints, COMPLETE: last } },
  };
}

async function sessionsOf(engine: EngineContext, state: TrackState): Promise<Json[]> {
  const sessions: Json[] = [];
  const taken = new Set<string>(); // two boards of one second get two names, here as on the bus
  for (const [id, { state: at }] of state.boards) {
    const board = await loadBoard(engine.store, id);
    const name = publishedSessionId(board.startedAt ?? '', taken);
    taken.add(name);
    const entry = at === 'concluded' ? sessionEntry(board, name) : undefined;
    if (entry) sessions.push(entry);
  }
  return sessions;
}
