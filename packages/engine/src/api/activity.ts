import { instant, taskEffect } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import type { Activity } from '@conductor/core/api';
import type { EngineContext } from '../engine-context.js';
import { loadBoard, readStream } from '../load.js';

const lastEvents = 5;

/** All that a live view shows of a track now. O(events of the track). */
export async function activityOf(engine: EngineContext, state: TrackState): Promise<Activity> {
  const at = instant(engine.clock.now());
  const events = await readStream(engine.store, `track/${state.id}`);
  const { grants, waiting } = await engine.store.leases.list();
  const runs = new Map(
    [...(state.plan?.tasks.values() ?? [])].flatMap((task) =>
      task.runId === undefined ? [] : [[task.runId, task] as const],
    ),
  );
  const started = new Map(
    events.flatMap((event) =>
      event.type === 'task.started' ? [[(event.data as { runId: string }).runId, event.at] as const] : [],
    ),
  );
  const messages: Record<string, number> = {};
  for (const { type } of events) messages[type] = (messages[type] ?? 0) + 1;
  const boardId = state.loop.boardId;
  const board = boardId === undefined ? undefined : await loadBoard(engine.store, boardId);
  return {
    at,
    workers: [...runs].map(([id, task]) => ({
      id,
      taskId: task.task.id,
      status: task.status,
      progress: task.status === 'reported' ? 100 : 0,
      startedAt: started.get(id) ?? at,
      heartbeatAt: at,
      stale: false,
    })),
    leases: grants
      .filter(({ set }) => runs.has(set) || set === `track:${state.id}`)
      .flatMap(({ set, keys, expiresAt }) =>
        keys.map(({ key, mode }) => ({ key, mode, holder: holderOf(state, set), expiresAt, expired: expiresAt < at })),
      ),
    waits: waiting.flatMap(({ set, keys }) =>
      keys.filter(({ key }) => key.startsWith('file:')).map(({ key }) => ({ workerId: set, key, holder: '' })),
    ),
    messages,
    last: events.slice(-lastEvents),
    ...(board?.opened && {
      board: {
        id: board.id,
        assessed: board.assessments.size,
        voted: board.votes.size,
        of: board.opened.directors.length,
      },
    }),
  };
}

function holderOf(state: TrackState, set: string): string {
  const task = [...(state.plan?.tasks.values() ?? [])].find(({ runId }) => runId === set);
  return task ? taskEffect(state.id, state.loop.step === 'FIX' ? 'FIX' : 'EXECUTE', task) : set;
}
