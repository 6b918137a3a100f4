import { foldTrack, initialTrack } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import { descendants } from '@conductor/core';
import { publishedMessages, queueBusMessage, workerIdOf } from '@conductor/core/files';
import type { PublishContext, PublishedBoard } from '@conductor/core/files';
import { board, publishedSessionId, sessionOf } from '@conductor/board';
import type { BoardState } from '@conductor/board';
import type { BusMessage, EventEnvelope } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { readStream } from '../load.js';
import { saveRecord } from './view-row.js';

const collection = '$published';

/** Tells the bus, in published words, what the log has gained of a track; a line told twice is the same line. */
export function createPublisher(engine: EngineContext): (trackId: string) => Promise<void> {
  const folds = new Map<string, { state: TrackState; started: Map<string, EventEnvelope> }>();
  return async (trackId) => {
    const { bus } = engine;
    if (!bus) return;
    const row = await engine.store.records.get(collection, trackId);
    const told = new Map(Object.entries((row?.value ?? {}) as Record<string, number>)); // stream → version, written below
    const fold = folds.get(trackId) ?? { state: initialTrack(trackId), started: new Map<string, EventEnvelope>() };
    folds.set(trackId, fold);
    const lines = [...(await trackLines(engine, fold, told)), ...(await boardLines(engine, fold.state, told))].sort(
      (a, b) => a.seq - b.seq,
    );
    if (lines.length === 0) return;
    try {
      await bus.publish(lines.flatMap(({ messages }) => messages));
    } catch (error) {
      folds.delete(trackId); // read again from the first line that was not told
      engine.logger.warn('The bus did not take its messages; they are told again later', { error: String(error) });
      return;
    }
    await saveRecord(engine, { collection, key: trackId, expectedRevision: 'any', value: Object.fromEntries(told) });
  };
}

/** Up to which version of its stream a track was told: its files are behind the log when that is less. */
export async function toldVersion({ store }: EngineContext, trackId: string): Promise<number> {
  const row = await store.records.get(collection, trackId);
  return ((row?.value ?? {}) as Record<string, number>)[`track/${trackId}`] ?? 0; // written above
}

interface Line {
  readonly seq: number;
  readonly messages: readonly BusMessage[];
}

async function trackLines(
  engine: EngineContext,
  fold: { state: TrackState; started: Map<string, EventEnvelope> },
  told: Map<string, number>,
): Promise<Line[]> {
  const stream = `track/${fold.state.id}`;
  const after = told.get(stream) ?? 0;
  const lines: Line[] = [];
  for (const event of await readStream(engine.store, stream, { after: fold.state.version })) {
    fold.state = foldTrack(fold.state, [event]);
    if (event.type === 'task.started') fold.started.set((event.data as { runId: string }).runId, event);
    if (event.version <= after) continue;
    lines.push({
      seq: event.seq,
      messages: publishedMessages(event, trackContext(engine, fold)).map((line) =>
        queueBusMessage(fold.state.id, line),
      ),
    });
  }
  told.set(stream, Math.max(after, fold.state.version));
  return lines;
}

async function boardLines(engine: EngineContext, state: TrackState, told: Map<string, number>): Promise<Line[]> {
  const lines: Line[] = [];
  const taken = new Set<string>();
  for (const boardId of state.boards.keys()) {
    const stream = `board/${boardId}`;
    const after = told.get(stream) ?? 0;
    let session: BoardState = board.initial(boardId);
    let sessionId = '';
    for (const event of await readStream(engine.store, stream)) {
      session = board.evolve(session, event);
      if (sessionId === '') taken.add((sessionId = publishedSessionId(session.startedAt ?? event.at, taken)));
      if (event.version <= after) continue;
      const context = { ...emptyContext(engine, state.id), board: publishedBoard(session, sessionId) };
      lines.push({
        seq: event.seq,
        messages: publishedMessages(event, context).map((line) => queueBusMessage(state.id, line)),
      });
    }
    told.set(stream, Math.max(after, session.version));
  }
  return lines;
}

function publishedBoard(state: BoardState, sessionId: string): PublishedBoard {
  const { directors, votes, proposal, checkpoint } = sessionOf(state);
  return {
    sessionId,
    checkpoint,
    title: proposal.title,
    directors,
    startedAt: state.startedAt ?? '',
    voteSummary: Object.fromEntries(Object.entries(votes).map(([code, { verdict }]) => [code, verdict])),
  };
}

function emptyContext(engine: EngineContext, trackId: string): PublishContext {
  return {
    projectId: engine.projectId,
    trackId,
    workerIdOf: (runId) => runId,
    filesOf: () => [],
    unblocks: () => [],
    dependents: () => [],
  };
}

function trackContext(
  engine: EngineContext,
  { state, started }: { state: TrackState; started: ReadonlyMap<string, EventEnvelope> },
): PublishContext {
  const { plan } = state;
  const workerOf = (runId: string, taskId: string) => workerIdOf(taskId, started.get(runId)?.at ?? state.updatedAt);
  return {
    projectId: engine.projectId,
    trackId: state.id,
    workerIdOf: workerOf,
    workerOfHolder: (holder) => {
      const event = started.get(holder);
      return event && workerOf(holder, (event.data as { taskId: string }).taskId);
    },
    filesOf: (taskId) => plan?.tasks.get(taskId)?.task.files ?? [],
    unblocks: (taskId) => (plan?.dependents.get(taskId) ?? []).filter((id) => plan?.tasks.get(id)?.openDeps === 0),
    dependents: (taskId) => (plan ? descendants(plan, taskId) : []),
    groupOf: (taskId) => plan?.tasks.get(taskId)?.task.group,
    parallel: state.loop.mode === 'PARALLEL',
    fileLeaseMs: engine.limits.fileLeaseMs,
  };
}
