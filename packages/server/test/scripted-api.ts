import { ConductorError } from '@conductor/core';
import { routes } from '@conductor/core/api';
import type { ApiSource, ConductorApi, EventQuery, RouteId, Track } from '@conductor/core/api';
import type { ActorRef, EventEnvelope } from '@conductor/core/ports';

/** A call as the source of a handler saw it. */
export interface Seen {
  readonly actor: ActorRef;
  readonly method: string;
  readonly args: readonly unknown[];
}

export type Answers = Partial<Record<RouteId, (...args: readonly never[]) => unknown>>;

/** An API whose methods answer what a test says and write down how they were called, over a small log of events. */
export function scriptedApi(answers: Answers = {}) {
  const seen: Seen[] = [];
  const log = memoryLog();
  const all: Answers = { ...log.answers, ...answers };
  const source: ApiSource = {
    as(actor) {
      const api: Record<string, Record<string, unknown>> = {};
      for (const id of Object.keys(routes) as RouteId[]) {
        const [namespace = '', method = ''] = id.split('.');
        const call = (...args: readonly never[]) => {
          seen.push({ actor, method: id, args });
          const answer = all[id];
          if (answer === undefined) throw new ConductorError('UNSUPPORTED', `The test has no answer for ${id}`);
          return answer(...args);
        };
        // A feed is an iterable, everything else a promise.
        (api[namespace] ??= {})[method] =
          id === 'events.follow' ? call : async (...args: readonly never[]) => call(...args);
      }
      return api as unknown as ConductorApi;
    },
  };
  return { source, seen, log };
}

/** Events in memory, with the semantics of the feed that HTTP depends on. */
export function memoryLog() {
  const events: EventEnvelope[] = [];
  const waiting = new Set<() => void>();
  let follows = 0;
  const matches = (event: EventEnvelope, { trackId, types }: EventQuery) =>
    (trackId === undefined || event.stream === `track/${trackId}`) &&
    (types === undefined ||
      types.some((type) => (type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type)));
  const select = (query: EventQuery, after: number) =>
    events.filter((event) => event.seq > after && matches(event, query));

  async function* follow(query: EventQuery, { signal }: { signal: AbortSignal }): AsyncGenerator<EventEnvelope> {
    let after = query.after ?? events.length;
    const last = query.tail === undefined ? undefined : select(query, 0).slice(-query.tail)[0];
    if (last !== undefined) after = last.seq - 1;
    follows += 1;
    try {
      for (;;) {
        const seen = events.length;
        for (const event of events.slice(after)) {
          after = event.seq;
          if (matches(event, query)) yield event;
          if (query.until === 'stopped' && event.type === 'loop.stopped' && event.stream === `track/${query.trackId}`)
            return;
        }
        if (events.length > seen) continue;
        await new Promise<void>((resolve, reject) => {
          const wake = () => {
            waiting.delete(wake);
            if (signal.aborted) reject(signal.reason);
            else resolve();
          };
          waiting.add(wake);
          signal.addEventListener('abort', wake, { once: true });
          if (signal.aborted) wake();
        });
      }
    } finally {
      follows -= 1;
    }
  }

  return {
    events,
    /** Feeds that nobody closed yet. */
    get follows() {
      return follows;
    },
    append(type: string, track = 'a', data = {}): EventEnvelope {
      const seq = events.length + 1;
      const stream = `track/${track}`;
      const place = { id: `${stream}@${seq}`, seq, stream, version: seq, commit: seq, at: '2026-01-01T00:00:00.000Z' };
      const event = { ...place, actor: { kind: 'user', id: 'me' } as const, correlation: {}, type, v: 1, data };
      events.push(event);
      for (const wake of waiting) wake();
      return event;
    },
    answers: {
      'system.health': () => ({ status: 'ok', apiVersion: 1, version: '0.0.0', seq: events.length }),
      'events.list': (query: EventQuery & { limit?: number }) => ({
        items: select(query, query.after ?? 0).slice(0, query.limit ?? 100),
      }),
      'events.follow': follow,
    } as Answers,
  };
}

/** A track as an engine answers it. */
export function trackAt(change: Partial<Track> = {}): Track {
  return {
    id: 'greet_20260101',
    name: 'Greet',
    type: 'feature',
    priority: 'P2',
    lifecycle: 'draft',
    background: false,
    revision: 3,
    step: 'PLAN',
    stepStatus: 'NOT_STARTED',
    fixCycles: 0,
    planRevisions: 0,
    iterations: 0,
    progress: { total: 0, done: 0, running: 0, blocked: 0, failed: 0, skipped: 0 },
    next: { do: 'start', reason: 'PLAN has not begun' },
    approvals: [],
    blockers: [],
    conditions: [],
    usage: { known: true },
    labels: [],
    dependencies: [],
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  };
}

export const owner: ActorRef = { kind: 'user', id: 'owner' };
export const token = 'a-token-that-only-tests-know';

/** A request as a program sends it: loopback host, good token, JSON. `undefined` takes a header away. */
export function requestTo(
  path: string,
  init: Omit<RequestInit, 'headers' | 'body'> & { headers?: Record<string, string | undefined>; body?: unknown } = {},
): Request {
  const { headers, body, ...rest } = init;
  const given = {
    host: 'localhost:4270',
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    ...headers,
  };
  const present = Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return new Request(`http://localhost:4270${path}`, {
    ...rest,
    headers: present,
    ...(text === undefined ? {} : { body: text }),
  });
}
