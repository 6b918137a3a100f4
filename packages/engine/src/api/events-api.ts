import { ConductorError, defaultLimits } from '@conductor/core';
import { decodeCursor, encodeCursor } from '@conductor/core/api';
import type { Call, EventQuery, EventsApi } from '@conductor/core/api';
import type { ActorRef, EventEnvelope } from '@conductor/core/ports';
import * as z from '@conductor/core/schema';
import { requireAllowed } from '../authorize.js';
import type { EngineContext } from '../engine-context.js';

export function eventsApi(engine: EngineContext, actor: ActorRef): EventsApi {
  const { store } = engine;
  return {
    async list(query = {}, o = {}) {
      await requireAllowed(engine, actor, 'events.list', 'project');
      const { order = 'asc', limit = defaultLimits.pageItems } = query;
      const scope = { query, order };
      const from = query.cursor === undefined ? undefined : decodeCursor(query.cursor, scope, z.int());
      const found = await matching(engine, query, order === 'asc' ? (from ?? query.after ?? 0) : (query.after ?? 0), o);
      const ordered = order === 'asc' ? found : found.filter(({ seq }) => from === undefined || seq < from).reverse();
      const items = ordered.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(ordered.length > items.length && last && { nextCursor: encodeCursor(scope, last.seq) }) };
    },
    async *follow(query = {}, o = {}) {
      await requireAllowed(engine, actor, 'events.follow', 'project');
      const head = await store.head();
      if (query.after !== undefined && query.after > head) {
        throw new ConductorError('CURSOR_INVALID', `The log ends at ${head}, before ${query.after}`, {
          details: { head, after: query.after },
        });
      }
      let after = query.after ?? head;
      if (query.tail !== undefined) {
        const found = await matching(engine, query, query.after ?? 0, o);
        yield* found.slice(-query.tail);
        after = Math.max(head, found.at(-1)?.seq ?? 0);
      }
      const fits = filterOf(query);
      for await (const page of store.follow({ after, signal: o.signal })) {
        for (const event of page) {
          if (fits(event)) yield event;
          if (ends(event, query)) return;
        }
      }
    },
  };
}

async function matching(engine: EngineContext, query: EventQuery, after: number, o: Call): Promise<EventEnvelope[]> {
  const fits = filterOf(query);
  const found: EventEnvelope[] = [];
  for await (const page of engine.store.readAll({ after, signal: o.signal })) found.push(...page.filter(fits));
  return found;
}

function ends({ type, stream }: EventEnvelope, { until, trackId }: EventQuery): boolean {
  return until === 'stopped' && type === 'loop.stopped' && stream === `track/${trackId ?? ''}`;
}

/** The parts of a query joined by "and". A track's boards, approvals and runs carry it in their correlation. */
function filterOf({ trackId, stream, types }: EventQuery): (event: EventEnvelope) => boolean {
  return (event) =>
    (trackId === undefined || event.stream === `track/${trackId}` || event.correlation.track === trackId) &&
    (stream === undefined || fits(stream, event.stream)) &&
    (types === undefined || types.length === 0 || types.some((type) => fits(type, event.type)));
}

function fits(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
