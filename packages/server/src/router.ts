import { ConductorError, withTimeout } from '@conductor/core';
import type { Limits } from '@conductor/core';
import { apiPrefix, routes } from '@conductor/core/api';
import type { ApiSource, ConductorApi, Route, Write } from '@conductor/core/api';
import type { ActorRef, Clock } from '@conductor/core/ports';
import { Hono } from 'hono';
import { answer } from './answer.js';
import { calls } from './calls.js';
import type { CallId } from './calls.js';
import type { FollowRoute } from './follow-route.js';
import { openApiDocument } from './openapi.js';
import { readRequest } from './read-request.js';

export interface RouterOptions {
  readonly source: ApiSource;
  readonly basePath: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly follow: FollowRoute;
  /** Throws AUTH_REQUIRED and RATE_LIMITED. */
  actorOf(request: Request): Promise<ActorRef>;
  failure(thrown: unknown, request: Request): Response;
}

/** Whoever asks for the health of a server without saying who. */
const anonymous: ActorRef = { kind: 'system', id: 'anonymous' };

// The table's rows by id, each as the general shape.
const table = Object.entries(routes) as readonly (readonly [CallId | 'events.follow', Route])[];

/** The table of routes as an application: each row asks who speaks, reads its request, makes its call, answers. */
export function router({ source, basePath, limits, clock, follow, actorOf, failure }: RouterOptions): Hono {
  const call = async (id: CallId, route: Route, request: Request, param: string | undefined) => {
    const actor = route.open === true ? anonymous : await actorOf(request);
    const work = async (signal: AbortSignal) => {
      const incoming = await readRequest(route, request, { id: param, maxBytes: limits.bodyBytes, signal });
      // The table pairs each route with its call; an entry by a variable id has the type of no entry in particular.
      const method = calls[id] as (api: ConductorApi, request: object, o: Write) => Promise<unknown>;
      return method(source.as(actor), incoming, incoming.options);
    };
    const result = await withTimeout(work, { timeoutMs: limits.requestTimeoutMs, clock, signal: request.signal });
    return answer(route, request, result, basePath);
  };

  const app = new Hono();
  const at = (path: string) => `${basePath}${apiPrefix}${path.replace('{id}', ':id')}`;
  for (const [id, route] of table) {
    if (id === 'events.follow') {
      app.on(route.method, at(route.path), async ({ req }) => follow.open(source.as(await actorOf(req.raw)), req.raw));
    } else {
      app.on(route.method, at(route.path), ({ req }) => call(id, route, req.raw, req.param('id')));
    }
  }
  app.get(at('/openapi.json'), async ({ req }) => {
    await actorOf(req.raw);
    return Response.json(openApiDocument(basePath));
  });
  app.notFound(({ req }) => failure(noRoute(req.method, req.path), req.raw));
  app.onError((error, { req }) => failure(error, req.raw));
  return app;
}

/** ROUTE_NOT_FOUND, also for a known path with another method. */
export function noRoute(method: string, path: string): ConductorError {
  return new ConductorError('ROUTE_NOT_FOUND', `No route for ${method} ${path.slice(0, 200)}`);
}
