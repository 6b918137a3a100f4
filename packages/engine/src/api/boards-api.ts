import { minutes, sessionOf } from '@conductor/board';
import type { BoardState } from '@conductor/board';
import { checkId, ConductorError, defaultLimits } from '@conductor/core';
import { decodeCursor, encodeCursor } from '@conductor/core/api';
import type { BoardsApi } from '@conductor/core/api';
import type { ActorRef } from '@conductor/core/ports';
import * as z from '@conductor/core/schema';
import { requireAllowed } from '../authorize.js';
import type { EngineContext } from '../engine-context.js';
import { loadBoard } from '../load.js';

export function boardsApi(engine: EngineContext, actor: ActorRef): BoardsApi {
  const allowed = (action: string, subject: string) => requireAllowed(engine, actor, action, subject);
  return {
    async list(query = {}) {
      await allowed('boards.list', 'project');
      const scope = { query, order: 'id' };
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, scope, z.string());
      const ids = (await engine.store.streams({ kind: 'board' }))
        .map(({ stream }) => stream.slice('board/'.length))
        .filter((id) => after === undefined || id > after);
      const limit = query.limit ?? defaultLimits.pageItems;
      const items = [];
      for (const id of ids.sort()) {
        const state = await loadBoard(engine.store, id);
        if (query.trackId !== undefined && state.opened?.subject !== `track/${query.trackId}`) continue;
        items.push(sessionOf(state));
        if (items.length > limit) break;
      }
      const last = items.length > limit ? items[limit - 1] : undefined;
      return { items: items.slice(0, limit), ...(last && { nextCursor: encodeCursor(scope, last.id) }) };
    },
    async get(id) {
      await allowed('boards.get', `board/${checkId(id)}`);
      return sessionOf(await existing(engine, id));
    },
    async minutes(id) {
      await allowed('boards.minutes', `board/${checkId(id)}`);
      return minutes(sessionOf(await existing(engine, id)));
    },
  };
}

async function existing(engine: EngineContext, id: string): Promise<BoardState> {
  const state = await loadBoard(engine.store, id);
  if (state.version > 0) return state;
  throw new ConductorError('BOARD_NOT_FOUND', `There is no board ${id}`, { details: { board: id } });
}
