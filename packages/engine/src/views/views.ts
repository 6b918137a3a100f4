import { publishedSessionId, sessionEntry } from '@conductor/board';
import { ConductorError } from '@conductor/core';
import type { Checkpoint, TrackState } from '@conductor/core';
import { metadataOf, writeMetadata } from '@conductor/core/files';
import type { Json } from '@conductor/core/ports';
import { isFolderGone, takeUpGone } from '../edits/folder-gone.js';
import { noteCommand } from '../edits/note-edit.js';
import { isPlanned } from '../edits/whose-edit.js';
import { engineActor } from '../engine-context.js';
import type { EngineContext, Views } from '../engine-context.js';
import { loadBoard, loadTrack } from '../load.js';
import { commandTrack } from '../units.js';
import { isRunElsewhere, tracksBehind } from './behind.js';
import { confirmViews } from './confirm-views.js';
import { createPublisher } from './publish.js';
import { syncText } from './text-view.js';
import type { Synced } from './text-view.js';
import { planView, reportViews, specView } from './track-texts.js';
import { syncRow } from './tracks-list.js';
import { findView, viewRows } from './view-row.js';
import { writeView } from './view-writer.js';
import type { RenderInput } from './view-writer.js';

/** Nothing is written: for hosts that want the log only. */
export const noViews: Views = {
  touch: () => {},
  flush: async () => {},
  settled: async () => {},
  catchUp: async () => {},
  known: async () => [],
};

/**
 * Writes views after commits, coalesced per turn of the event loop, at most one write in flight per track. A track that
 * another engine runs is left to that one, which hears of every commit.
 */
export function createViews(engine: () => EngineContext): Views {
  const dirty = new Set<string>();
  const patient = new Set<string>();
  const writing = new Map<string, Promise<void>>();
  /** Tracks as they were last written: only their new events are read and folded. */
  const folds = new Map<string, TrackState>();
  /** Whose files this engine has written since it last said so in the store. */
  const written = new Set<string>();
  let list: Promise<unknown> = Promise.resolve();
  /** The list of all tracks is one file: its writers wait for each other, or each would find it changed by the others. */
  const listed = <T>(work: () => Promise<T>): Promise<T> => {
    const next = list.then(work);
    list = next.catch(() => {}); // its caller hears of it
    return next;
  };
  let publisher: ((trackId: string) => Promise<void>) | undefined;

  const write = async (trackId: string) => {
    await engine().clock.turn();
    while (dirty.delete(trackId)) {
      if (await isRunElsewhere(engine(), trackId)) continue;
      const loaded = await loadTrack(engine().store, trackId, folds.get(trackId));
      written.add(trackId);
      const state = await syncTrackViews(engine(), loaded, { patient: patient.delete(trackId), listed });
      if (state.completedAt === undefined) folds.set(trackId, state);
      else folds.delete(trackId);
      publisher ??= createPublisher(engine());
      await publisher(trackId);
    }
  };
  const ensure = (trackId: string): Promise<void> => {
    const running = writing.get(trackId);
    if (running) return running.then(() => (dirty.has(trackId) ? ensure(trackId) : undefined));
    const next = write(trackId).finally(() => writing.delete(trackId));
    writing.set(trackId, next);
    return next;
  };
  // A file that cannot be written delays that file, never the run (R20): the log has it all, and the next change tries again.
  const patiently = (trackId: string) =>
    ensure(trackId).catch((error: unknown) =>
      engine().logger.error('Views could not be written', { track: trackId, error: String(error) }),
    );
  const views: Views = {
    touch(trackId) {
      dirty.add(trackId);
      if (!writing.has(trackId)) void patiently(trackId);
    },
    async flush(trackId, o = {}) {
      dirty.add(trackId);
      if (o.patient === true) patient.add(trackId);
      await patiently(trackId);
    },
    async settled() {
      while (writing.size > 0) await Promise.allSettled(writing.values());
      const confirming = [...written].map((trackId) => confirmViews(engine(), trackId));
      written.clear();
      await Promise.allSettled(confirming);
    },
    async catchUp() {
      for (const trackId of await tracksBehind(engine())) {
        await views.flush(trackId);
      }
    },
    known: async (trackId) => viewRows(engine(), `${engine().folder}/tracks/${trackId}/`),
  };
  return views;
}

/** For files that another part of this file renders over what is there. */
function putter(engine: EngineContext, id: string) {
  return (path: string, render: (input: RenderInput) => string | Promise<string>) =>
    writeView(engine, path, render, (bytes, base) => noteEdit(engine, id, path, bytes, base));
}

interface WriteOptions {
  readonly patient: boolean;
  readonly listed: <T>(work: () => Promise<T>) => Promise<T>;
}

const maxTries = 8;

/** Takes up what others have written and writes what is ours, until file and log agree. */
async function syncTrackViews(engine: EngineContext, start: TrackState, o: WriteOptions): Promise<TrackState> {
  let state = start;
  for (let tries = 0; tries < maxTries; tries += 1) {
    if ((await syncOnce(engine, state, o)) === 'written') {
      if (o.patient) await confirmViews(engine, state.id);
      return state;
    }
    state = await loadTrack(engine.store, state.id, state);
  }
  engine.logger.info(`The files of ${state.id} change faster than they can be written; the next change writes them`);
  return state;
}

/** Side by side: what is noted in the store shares its commits. `spec.md` first: without it the whole folder may be gone. */
async function syncOnce(engine: EngineContext, state: TrackState, o: WriteOptions): Promise<Synced> {
  if (state.version === 0) return 'written';
  const spec = await findView(engine, specView(engine, state).path);
  if (spec.state === 'deleted' && (await isFolderGone(engine, state.id))) {
    await takeUpGone(engine, state, spec);
    return 'written';
  }
  const texts = [specView(engine, state), ...(isPlanned(state) ? [] : [planView(engine, state)])];
  const synced = await Promise.allSettled([
    ...[...texts, ...(await reportViews(engine, state))].map((view) => syncText(engine, state, view)),
    metadataView(engine, state, o).then((): Synced => 'written'),
    o.listed(() => syncRow(engine, state)),
  ]);
  for (const result of synced) if (result.status === 'rejected') throw result.reason;
  return synced.some((result) => result.status === 'fulfilled' && result.value === 'again') ? 'again' : 'written';
}

/** Other tools change metadata.json under a lock folder; while they hold it, ours waits for the next time. */
async function metadataView(
  engine: EngineContext,
  state: TrackState,
  { patient }: { readonly patient: boolean },
): Promise<void> {
  const boardSessions = await sessionsOf(engine, state);
  const folder = `${engine.folder}/tracks/${state.id}`;
  const { viewLockStaleMs: staleMs, viewLockPollMs } = engine.limits;
  const waitMs = patient ? staleMs + viewLockPollMs : 0;
  try {
    const held = await engine.workspace.mutex(`${folder}/.metadata.lock`, { waitMs, staleMs });
    try {
      await putter(engine, state.id)(`${folder}/metadata.json`, ({ text }) =>
        writeMetadata(text, metadataOf(settled(state), { boardSessions })),
      );
    } finally {
      await held.release();
    }
  } catch (error) {
    if (!ConductorError.is(error, 'LOCK_TIMEOUT')) throw error;
    engine.logger.warn(`${folder}/metadata.json is locked by another tool and is written later`, {
      code: 'VIEW_LOCKED',
    });
  }
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

/** Bytes that are not ours are kept before anything else happens to the file; they are a claim until a person adopts them. */
async function noteEdit(
  engine: EngineContext,
  id: string,
  path: string,
  bytes: Uint8Array,
  base: string | undefined,
): Promise<void> {
  const note = await noteCommand(engine, {
    path,
    bytes,
    base,
    disposition: 'claim',
    findings: [
      {
        severity: 'warning',
        code: 'EDIT_NOTED',
        path,
        message: `${path} was changed by somebody else`,
        hint: 'Their text stays; marks count only through `conductor plan mark`.',
      },
    ],
  });
  await commandTrack(engine, id, [note], { actor: engineActor });
}
