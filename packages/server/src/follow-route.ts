import { ConductorError, withTimeout } from '@conductor/core';
import type { Limits } from '@conductor/core';
import { readQuery, routes } from '@conductor/core/api';
import type { ConductorApi, EventQuery } from '@conductor/core/api';
import type { Clock } from '@conductor/core/ports';
import { eventStream, isOver } from './event-stream.js';
import type { EventStream } from './event-stream.js';
import type { Problems } from './problem.js';

export interface FollowRouteOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly problem: Problems;
  isAllowed(request: Request): Promise<boolean>;
}

/** The open streams of one handler. */
export interface FollowRoute {
  /** Throws RATE_LIMITED above `limits.streams`, CURSOR_INVALID, VALIDATION_FAILED, CLOSED. */
  open(api: ConductorApi, request: Request): Promise<Response>;
  close(): void;
}

export function followRoute({ clock, limits, problem, isAllowed }: FollowRouteOptions): FollowRoute {
  const streams = new Set<EventStream>();
  let closed = false;

  const open = async (api: ConductorApi, request: Request): Promise<Response> => {
    const start = await withTimeout((signal) => startOf(api, request, signal), {
      timeoutMs: limits.requestTimeoutMs,
      clock,
      signal: request.signal,
    });
    if (start === 'over') return new Response(null, { status: 204 });
    if (closed) throw new ConductorError('CLOSED', 'This server is closing');
    if (streams.size >= limits.streams) throw tooMany(limits);
    const stream: EventStream = eventStream({
      api,
      ...start,
      clock,
      keepAliveMs: limits.streamKeepAliveMs,
      drainMs: limits.streamDrainMs,
      isAllowed: () => isAllowed(request),
      describe: problem.wire,
      onClose: () => streams.delete(stream),
    });
    streams.add(stream);
    return new Response(stream.body, { headers });
  };
  const close = () => {
    closed = true;
    for (const stream of streams) stream.close('shutdown');
  };
  return { open, close };
}

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // Proxies that buffer would turn live into late.
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

/** Where a feed begins: after Last-Event-ID, else where the query says, else from now on. */
async function startOf(
  api: ConductorApi,
  request: Request,
  signal: AbortSignal,
): Promise<{ readonly query: EventQuery; readonly head: number } | 'over'> {
  const asked = readQuery(routes['events.follow'].query, new URL(request.url).searchParams);
  const lastId = lastIdOf(request);
  const { seq: head } = await api.system.health({ signal });
  const after = lastId ?? asked.after;
  if (after !== undefined && after > head) {
    throw new ConductorError('CURSOR_INVALID', `The log ends at ${head}, before ${after}`, { details: { head } });
  }
  if (lastId !== undefined && (await isOver(api, asked, lastId, signal))) return 'over';
  const { tail, ...filter } = asked;
  // The last n were sent before the stream broke.
  if (lastId !== undefined || tail === undefined) return { query: { ...filter, after: after ?? head }, head };
  return { query: asked, head };
}

function lastIdOf(request: Request): number | undefined {
  const text = request.headers.get('last-event-id');
  if (text === null || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ConductorError('CURSOR_INVALID', 'This Last-Event-ID is none of this server');
}

function tooMany({ streams, retryMaxMs }: Limits): ConductorError {
  const details = { limit: streams, retryAfterMs: retryMaxMs };
  return new ConductorError('RATE_LIMITED', `More than ${streams} streams are open`, { details });
}
