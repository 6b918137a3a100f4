import { publishedSessionId, sessionEntry } from '@conductor/board';
import { ConductorError } from '@conductor/core';
import type { Checkpoint, TrackState } from '@conductor/core';
import { metadataOf, upsertTrackRow, writeMetadata } from '@conductor/core/files';
import type { EngineContext, Views } from '../engine-context.js';
import { contentOf, loadBoard, loadTrack, readStream, textOf } from '../load.js';
import { evaluationReport } from '../reports/evaluation.js';
import { commandTrack } from '../units.js';
import { engineActor } from '../engine-context.js';
import { isRunElsewhere, tracksBehind } from './behind.js';
import { markedText, planText } from './plan-view.js';
import { createPublisher } from './publish.js';
import { viewRows, writeView } from './view-writer.js';
import type { RenderInput } from './view-writer.js';
import type { Content, Json } from '@conductor/core/ports';

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
  let list: Promise<void> = Promise.resolve();
  /** The list of all tracks is one file: its writers wait for each other, or each would take the other's row for an edit. */
  const listed = (work: () => Promise<void>) => {
    const next = list.then(work);
    list = next.catch(() => {}); // its caller hears of it
    return next;
  };
  let publisher: ((trackId: string) => Promise<void>) | undefined;

  const write = async (trackId: string) => {
    await engine().clock.turn();
    while (dirty.delete(trackId)) {
      if (await isRunElsewhere(engine(), trackId)) continue;
      const state = await loadTrack(engine().store, trackId, folds.get(trackId));
      if (state.completedAt === undefined) folds.set(trackId, state);
      else folds.delete(trackId);
      await writeTrackViews(engine(), state, { patient: patient.delete(trackId), listed });
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
  const views: Views = {
    touch(trackId) {
      dirty.add(trackId);
      if (!writing.has(trackId))
        ensure(trackId).catch((error: unknown) =>
          engine().logger.error('Views could not be written', { track: trackId, error: String(error) }),
        );
    },
    async flush(trackId, o = {}) {
      dirty.add(trackId);
      if (o.patient === true) patient.add(trackId);
      await ensure(trackId);
    },
    async settled() {
      while (writing.size > 0) await Promise.allSettled(writing.values());
    },
    async catchUp() {
      for (const trackId of await tracksBehind(engine())) {
        await createSpec(engine(), trackId);
        await views.flush(trackId);
      }
    },
    known: async (trackId) => viewRows(engine(), `${engine().folder}/tracks/${trackId}/`),
  };
  return views;
}

/** A kill between the first commit of a track and its first file: what the person asked for is in the log. */
async function createSpec(engine: EngineContext, id: string): Promise<void> {
  const { about } = await loadTrack(engine.store, id);
  const text = await textOf(engine, about.spec);
  await engine.workspace.create(`${engine.folder}/tracks/${id}/spec.md`, new TextEncoder().encode(text));
}

type Put = (path: string, render: (input: RenderInput) => string | Promise<string>, revision?: number) => Promise<void>;

function putter(engine: EngineContext, id: string): Put {
  return (path, render, revision) =>
    writeView(engine, path, render, (bytes, base) => noteEdit(engine, id, path, bytes, base), revision);
}

interface WriteOptions {
  readonly patient: boolean;
  readonly listed: (work: () => Promise<void>) => Promise<void>;
}

async function writeTrackViews(engine: EngineContext, state: TrackState, o: WriteOptions): Promise<void> {
  const { id } = state;
  if (state.version === 0) return;
  const folder = `${engine.folder}/tracks/${id}`;
  const put = putter(engine, id);
  const plan = await planText(engine, state);
  // Side by side: what they note in the store shares its commits.
  const written = await Promise.allSettled([
    state.plan &&
      put(
        `${folder}/plan.md`,
        ({ text, foreign }) => (foreign && text !== undefined ? markedText(text, state) : plan),
        state.plan.revision,
      ),
    metadataView(engine, state, o),
    o.listed(() => put(`${engine.folder}/tracks.md`, ({ text }) => upsertTrackRow(text, rowOf(state)))),
    ...(await reports(engine, state)).map(([name, text]) => put(`${folder}/${name}`, () => text)),
  ]);
  for (const result of written) if (result.status === 'rejected') throw result.reason;
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

function rowOf(state: TrackState) {
  const done = state.completedAt !== undefined;
  return {
    id: state.id,
    name: state.about.name,
    type: state.about.type,
    status: done ? 'complete' : state.lifecycle,
    step: state.loop.step,
    created: state.createdAt.slice(0, 10),
    ...(done && { completed: state.completedAt?.slice(0, 10) ?? '', summary: summaryOf(state) }),
  };
}

function summaryOf({ plan, loop }: TrackState): string {
  const total = plan?.tasks.size ?? 0;
  return `${total} ${total === 1 ? 'task' : 'tasks'}, ${loop.fixCycles} fix ${loop.fixCycles === 1 ? 'cycle' : 'cycles'}`;
}

/** Reports are rendered from the log: what a crash tore off is written again. */
async function reports(engine: EngineContext, state: TrackState): Promise<readonly (readonly [string, string])[]> {
  const evaluated =
    state.loop.visits.EVALUATE_PLAN > 0 &&
    state.loop.step !== 'EVALUATE_PLAN' &&
    state.loop.step !== 'EVALUATE_EXECUTION';
  if (!evaluated && state.completedAt === undefined) return [];
  const events = await readStream(engine.store, `track/${state.id}`);
  const found: (readonly [string, string])[] = [];
  const evaluation = evaluationReport(state, events);
  if (evaluation !== undefined) found.push(['evaluation-report.md', evaluation]);
  const completed = events.findLast(({ type }) => type === 'track.completed');
  if (completed)
    found.push([
      'completion-report.md',
      await textOf(engine, (completed.data as unknown as { report: Content }).report),
    ]);
  return found;
}

/** Bytes that are not ours are kept before anything else happens to the file; they are a claim until a person adopts them. */
async function noteEdit(
  engine: EngineContext,
  id: string,
  path: string,
  bytes: Uint8Array,
  base: string | undefined,
): Promise<void> {
  const text = new TextDecoder().decode(bytes);
  const { id: hash } = await engine.artifacts.put(bytes, { mediaType: 'text/plain' });
  await commandTrack(
    engine,
    id,
    [
      {
        name: 'edit.note',
        data: {
          path,
          hash: hash.slice('sha256:'.length),
          ...(base !== undefined && { base }),
          bytes: await contentOf(engine, text),
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
        },
      },
    ],
    { actor: engineActor },
  );
}
