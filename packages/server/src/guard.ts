import { ConductorError } from '@conductor/core';

/** The names under which a machine reaches itself: the default of `allowHosts` for a server on loopback. */
export const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Refuses a `Host` that is not listed: a page whose name was rebound to this address must not speak to it. A listed name
 * without a port stands for every port. Throws HOST_REFUSED.
 */
export function checkHost(request: Request, allowHosts: readonly string[]): void {
  const host = hostOf(request);
  const name = host.replace(/:\d{1,5}$/, '');
  if (allowHosts.some((allowed) => [host, name].includes(allowed.toLowerCase()))) return;
  throw new ConductorError('HOST_REFUSED', `This server does not answer for ${JSON.stringify(host.slice(0, 100))}`);
}

/**
 * Refuses what another web page sent through somebody's browser. Answers the foreign origin that was allowed, which then
 * needs CORS headers; `undefined` for pages of this server and for programs. Throws ORIGIN_REFUSED.
 */
export function checkOrigin(request: Request, allowOrigins: readonly string[]): string | undefined {
  const origin = request.headers.get('origin');
  if (origin !== null && allowOrigins.includes(origin)) return origin;
  // By host alone: behind a proxy that ends TLS the schemes differ. The host itself was checked before.
  const foreign = origin !== null && !isSameHost(origin, hostOf(request));
  if (!foreign && request.headers.get('sec-fetch-site') !== 'cross-site') return undefined;
  const from = origin ?? 'another site';
  throw new ConductorError('ORIGIN_REFUSED', `Pages of ${JSON.stringify(from.slice(0, 100))} may not call this server`);
}

function hostOf(request: Request): string {
  return (request.headers.get('host') ?? new URL(request.url).host).toLowerCase();
}

function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

const exposed = 'ETag, Location, Retry-After, Conductor-Artifact';
const requestHeaders = 'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID';

/** True when a browser asks beforehand whether it may send the real request. */
export function isPreflight(request: Request): boolean {
  return request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
}

export function preflightAnswer(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, POST, PUT, PATCH',
      'access-control-allow-headers': requestHeaders,
      'access-control-max-age': '600',
    },
  });
}

/** Lets the pages of one allowed origin read the answer. No credentials: a token is sent by the page itself. */
export function withCors(response: Response, origin: string): Response {
  response.headers.set('access-control-allow-origin', origin);
  response.headers.set('access-control-expose-headers', exposed);
  response.headers.append('vary', 'Origin');
  return response;
}
