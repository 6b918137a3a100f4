import { ConductorError, defaultLimits, randomIds, systemClock } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { ApiSource } from '@conductor/core/api';
import { silentLogger } from '@conductor/core/ports';
import type { ActorRef, Clock, Ids, Logger } from '@conductor/core/ports';
import type { Authenticate } from './bearer-token.js';
import { followRoute } from './follow-route.js';
import { checkHost, checkOrigin, isPreflight, preflightAnswer, withCors } from './guard.js';
import { problems } from './problem.js';
import { rateLimit } from './rate-limit.js';
import { noRoute, router } from './router.js';

export interface HandlerOptions {
  /** Who speaks; `undefined` = AUTH_REQUIRED. Required, so that no server is open by oversight. */
  readonly authenticate: Authenticate;
  /** Names in `Host` that this server answers for; without a port, any port. */
  readonly allowHosts: readonly string[];
  /** Origins of other pages that may call, exactly as browsers send them. Default: none, no CORS. */
  readonly allowOrigins?: readonly string[] | undefined;
  /** What stands before `/v1`, for example `/conductor`. Default: nothing. */
  readonly basePath?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  /** Hears of errors that clients only see a reference of. */
  readonly logger?: Logger | undefined;
}

/** A web-standard server of one ApiSource, to be mounted anywhere. */
export interface Handler {
  /** Never rejects: every failure is an answer. */
  fetch(request: Request): Promise<Response>;
  /** Ends streams with `bye shutdown`, refuses new requests with CLOSED, resolves when those under way have ended. */
  close(): Promise<void>;
}

/**
 * Serves `source` over HTTP as the table of routes says. Keeps no state outside what it returns.
 * Throws VALIDATION_FAILED for a `basePath` that is no path.
 */
export function createHandler(source: ApiSource, options: HandlerOptions): Handler {
  const { allowHosts, allowOrigins = [], authenticate, basePath = '' } = options;
  const { clock = systemClock(), ids = randomIds(), logger = silentLogger } = options;
  if (!/^(?:\/[\w.~-]+)*$/.test(basePath)) {
    throw new ConductorError('VALIDATION_FAILED', `No base path: ${JSON.stringify(basePath)}`, {
      hint: 'Write it with a slash before and none behind: /conductor.',
    });
  }
  const limits = { ...defaultLimits, ...options.limits };
  const problem = problems({ ids, logger });
  const spend = rateLimit(limits.requestsPerMinute, clock);
  const isAllowed = async (request: Request) => (await authenticate(request)) !== undefined;
  const follow = followRoute({ clock, limits, problem, isAllowed });
  const actorOf = async (request: Request): Promise<ActorRef> => {
    const actor = await authenticate(request);
    if (actor === undefined) throw new ConductorError('AUTH_REQUIRED', 'No token, or none that this server knows');
    spend(actor);
    return actor;
  };
  // Whoever hung up is told nothing, and it is nobody's error. 499 as nginx has it.
  const failure = (thrown: unknown, { signal }: Request) =>
    signal.aborted ? new Response(null, { status: 499 }) : problem.response(thrown);
  const app = router({ source, basePath, limits, clock, follow, actorOf, failure });

  const underWay = new Set<Promise<Response>>();
  let closed = false;
  const route = async (request: Request, origin: string | undefined): Promise<Response> => {
    if (closed) throw new ConductorError('CLOSED', 'This server is closing');
    // HEAD would open a stream that nobody reads.
    if (request.method === 'HEAD') throw noRoute('HEAD', new URL(request.url).pathname);
    return origin !== undefined && isPreflight(request) ? preflightAnswer() : app.fetch(request);
  };
  const handle = async (request: Request): Promise<Response> => {
    try {
      checkHost(request, allowHosts);
      const origin = checkOrigin(request, allowOrigins);
      const response = await route(request, origin).catch((error: unknown) => failure(error, request));
      return origin === undefined ? response : withCors(response, origin);
    } catch (error) {
      return problem.response(error);
    }
  };

  return Object.freeze({
    async fetch(request: Request): Promise<Response> {
      const work = handle(request);
      underWay.add(work);
      try {
        return await work;
      } finally {
        underWay.delete(work);
      }
    },
    async close(): Promise<void> {
      closed = true;
      follow.close();
      await Promise.allSettled(underWay);
    },
  });
}
