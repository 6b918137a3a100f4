import type { TrackState } from '@conductor/core';
import { isPlanned } from '../edits/whose-edit.js';
import type { EngineContext, Views } from '../engine-context.js';
import { loadTrack } from '../load.js';
import { syncProjectIndex } from '../reports/project-index.js';
import { isRunElsewhere, tracksBehind } from './behind.js';
import { confirmViews } from './confirm-views.js';
import { syncMetadata } from './metadata-view.js';
import { createPublisher } from './publish.js';
import { syncText } from './text-view.js';
import type { Synced } from './text-view.js';
import { planView, reportViews, specView } from './track-texts.js';
import { syncRow } from './tracks-list.js';
import { viewRows } from './view-row.js';

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

interface WriteOptions {
  readonly patient: boolean;
  readonly listed: <T>(work: () => Promise<T>) => Promise<T>;
}

const maxTries = 8;

/** Takes up what others have written and writes what is ours, until file and log agree. */
async function syncTrackViews(engine: EngineContext, start: TrackState, o: WriteOptions): Promise<TrackState> {
  let state = start;
  for (let tries = 0; tries < maxTries; tries += 1) {
    const synced = await syncOnce(engine, state, o);
    if (synced === 'gone') return state;
    if (synced === 'written') {
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
  const first = await syncText(engine, state, specView(engine, state));
  if (first !== 'written') return first;
  const texts = [...(isPlanned(state) ? [] : [planView(engine, state)]), ...(await reportViews(engine, state))];
  const synced = await Promise.allSettled([
    ...texts.map((view) => syncText(engine, state, view)),
    syncMetadata(engine, state, o),
    o.listed(() => syncRow(engine, state)),
    o.listed(() => syncProjectIndex(engine, state)).then((): Synced => 'written'),
  ]);
  for (const result of synced) if (result.status === 'rejected') throw result.reason;
  return synced.some((result) => result.status === 'fulfilled' && result.value === 'again') ? 'again' : 'written';
}
