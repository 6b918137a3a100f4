import { ConductorError } from '@conductor/core';
import { routes } from '@conductor/core/api';
import type { Route } from '@conductor/core/api';
import type { Logger } from '@conductor/core/ports';
import { silentLogger } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { owner, requestTo, token, trackAt } from '../test/scripted-api.js';
import type { Answers } from '../test/scripted-api.js';
import { scriptedServer } from '../test/scripted-server.js';
import { loopbackHosts } from './index.js';
import type { HandlerOptions } from './index.js';

function serverOf(answers: Answers = {}, options: Partial<HandlerOptions> = {}) {
  const server = scriptedServer(answers, options);
  const { handler } = server;
  const send = (path: string, init?: Parameters<typeof requestTo>[1]) => handler.fetch(requestTo(path, init));
  const codeOf = async (path: string, init?: Parameters<typeof requestTo>[1]) => {
    const response = await send(path, init);
    const body = (await response.json()) as { error?: { code: string } };
    return [response.status, body.error?.code];
  };
  return { ...server, send, codeOf };
}

const create = { 'tracks.create': () => trackAt() };
const post = { method: 'POST', body: {} };

describe('a request', () => {
  it('becomes one call of its method, with the actor of its token', async () => {
    const { send, seen } = serverOf({ 'tracks.update': () => trackAt() });
    await send('/v1/tracks/a%2Fb%25?', {
      method: 'PATCH',
      body: { name: 'New' },
      headers: { 'if-match': '"3"', 'idempotency-key': 'k1' },
    });
    expect(seen).toEqual([
      {
        actor: owner,
        method: 'tracks.update',
        args: [
          'a/b%',
          { name: 'New' },
          { signal: expect.any(AbortSignal) as unknown, ifMatch: 3, idempotencyKey: 'k1' },
        ],
      },
    ]);
  });

  it('may leave out a body that has no required part', async () => {
    const { send, seen } = serverOf({ 'tracks.pause': () => trackAt() });
    expect((await send('/v1/tracks/a/pause', { method: 'POST', headers: { 'content-type': undefined } })).status).toBe(
      200,
    );
    expect(seen[0]?.args.slice(0, 2)).toEqual(['a', {}]);
  });

  it('hands a query over as data', async () => {
    const { send, seen } = serverOf({ 'tracks.list': () => ({ items: [] }) });
    await send('/v1/tracks?lifecycle=active&lifecycle=paused&limit=5&text=a%20b');
    expect(seen[0]?.args[0]).toEqual({ lifecycle: ['active', 'paused'], limit: 5, text: 'a b' });
  });

  it.each([
    ['an unknown key in the body', '/v1/tracks', { method: 'POST', body: { gaol: 'x' } }],
    ['a body that is no JSON', '/v1/tracks', { method: 'POST', body: '{"goal":' }],
    ['a body that would change a prototype', '/v1/tracks', { method: 'POST', body: '{"__proto__":{"goal":"x"}}' }],
    ['a body of another type', '/v1/tracks', { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['an unknown query', '/v1/tracks?token=secret', {}],
    ['a query where none is taken', '/v1/tracks/a?x=1', {}],
    ['a revision that is none', '/v1/tracks/a', { method: 'PATCH', body: {}, headers: { 'if-match': '3' } }],
    ['an idempotency key with spaces', '/v1/tracks', { ...post, headers: { 'idempotency-key': 'a b' } }],
  ])('is refused with VALIDATION_FAILED for %s', async (_, path, init) => {
    const { codeOf, seen } = serverOf(create);
    expect(await codeOf(path, init)).toEqual([400, 'VALIDATION_FAILED']);
    expect(seen).toEqual([]);
  });

  it('says which keys were wrong', async () => {
    const { send } = serverOf(create);
    const response = await send('/v1/tracks', { method: 'POST', body: { tasks: [{ text: 1 }] } });
    expect(await response.json()).toMatchObject({
      error: { details: { issues: [{ path: ['tasks', '0', 'text'] }] }, retryable: false },
    });
  });

  it('is refused with TOO_LARGE above the limit, whether it says its length or not', async () => {
    const { codeOf, handler } = serverOf(create, { limits: { bodyBytes: 20 } });
    expect(await codeOf('/v1/tracks', { method: 'POST', body: { goal: 'x'.repeat(20) } })).toEqual([413, 'TOO_LARGE']);
    const pieces = new ReadableStream<Uint8Array>({ pull: (sink) => sink.enqueue(new Uint8Array(15)) });
    const endless = new Request(requestTo('/v1/tracks', { method: 'POST' }), {
      body: pieces,
      duplex: 'half',
    } as RequestInit);
    expect((await handler.fetch(endless)).status).toBe(413);
  });

  it('ends with TIMEOUT when its call does not end, and the call hears of it', async () => {
    let reason: unknown;
    const hang = (_id: string, { signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject((reason = signal.reason))));
    const { codeOf, clock } = serverOf({ 'tracks.get': hang });
    expect(await clock.runUntil(codeOf('/v1/tracks/a'))).toEqual([504, 'TIMEOUT']);
    expect(reason).toMatchObject({ code: 'TIMEOUT' });
    expect(clock.pending).toBe(0);
  });

  it('needs If-Match to replace a plan', async () => {
    const { codeOf, seen } = serverOf({ 'plans.submit': () => ({ revision: 1 }) });
    expect(await codeOf('/v1/tracks/a/plan', { method: 'PUT', body: { text: '# P' } })).toEqual([
      428,
      'PRECONDITION_REQUIRED',
    ]);
    await codeOf('/v1/tracks/a/plan', { method: 'PUT', body: { text: '# P' }, headers: { 'if-match': '"0"' } });
    expect(seen[0]?.args).toMatchObject(['a', { text: '# P' }, { ifMatch: 0 }]);
  });

  it.each(['/', '/v1', '/v1/tracks/a/b/c', '/v2/tracks', '/v1/tracks/a/'])('to %s finds no route', async (path) => {
    expect(await serverOf().codeOf(path)).toEqual([404, 'ROUTE_NOT_FOUND']);
  });
});

describe('an answer', () => {
  it('to a creation is 201 with Location and ETag', async () => {
    const response = await serverOf(create, { basePath: '/conductor' }).send('/conductor/v1/tracks', post);
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe('/conductor/v1/tracks/greet_20260101');
    expect(response.headers.get('etag')).toBe('"3"');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('to a goal is 201 when a track was made for it and 200 when one goes on, with the place of the track', async () => {
    const answerOf = async (action: string) => {
      const result = { action, intent: 'bugfix', complexity: 'minor', track: trackAt() };
      const response = await serverOf({ 'tracks.go': () => result }).send('/v1/goals', post);
      return [response.status, response.headers.get('location')];
    };
    expect(await answerOf('created')).toEqual([201, '/v1/tracks/greet_20260101']);
    expect(await answerOf('resumed')).toEqual([200, '/v1/tracks/greet_20260101']);
  });

  it('to a run is 202 with the place to look', async () => {
    const run = { trackId: 'a', epoch: 1, owner: 'o', startedAt: '2026-01-01T00:00:00.000Z', feed: {} };
    const response = await serverOf({ 'tracks.run': () => run }).send('/v1/tracks/a/run', post);
    expect([response.status, response.headers.get('location')]).toEqual([202, '/v1/tracks/a']);
  });

  it.each([
    ['"3"', 304],
    ['W/"3"', 304],
    ['"1", "3"', 304],
    ['*', 304],
    ['"2"', 200],
    ['3', 200],
  ])('to If-None-Match %s is %i', async (known, status) => {
    const response = await serverOf({ 'tracks.get': () => trackAt() }).send('/v1/tracks/a', {
      headers: { 'if-none-match': known },
    });
    expect(response.status).toBe(status);
    expect(await response.text()).toHaveLength(status === 304 ? 0 : JSON.stringify(trackAt()).length);
  });

  it('to a plan is never 304, because marks change the text and not the revision', async () => {
    const { send } = serverOf({ 'plans.get': () => ({ revision: 3, text: '' }) });
    expect((await send('/v1/tracks/a/plan', { headers: { 'if-none-match': '"3"' } })).status).toBe(200);
  });

  it('holds minutes as Markdown', async () => {
    const response = await serverOf({ 'boards.minutes': () => '# Minutes' }).send('/v1/boards/b/minutes');
    expect([response.headers.get('content-type'), await response.text()]).toEqual([
      'text/markdown; charset=utf-8',
      '# Minutes',
    ]);
  });

  it('holds an artifact as a file that no browser shows or runs', async () => {
    const ref = {
      id: `sha256:${'0'.repeat(64)}`,
      bytes: 2,
      mediaType: 'text/html\r\nx: y',
      kind: 'report',
      name: '../a "b\ud800.html',
      at: '2026-01-01T00:00:00.000Z',
    };
    const { send } = serverOf({ 'artifacts.get': () => ({ ref, body: new Blob(['hi']).stream() }) });
    const { headers, body } = await send(`/v1/artifacts/${ref.id}`);
    expect(await new Response(body).text()).toBe('hi');
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '2',
      'content-disposition': "attachment; filename*=UTF-8''a%20%22b%EF%BF%BD.html",
      'x-content-type-options': 'nosniff',
      etag: `"${ref.id}"`,
    });
    expect(JSON.parse(decodeURIComponent(headers.get('conductor-artifact') ?? ''))).toEqual(ref);
    expect((await send(`/v1/artifacts/${ref.id}`, { headers: { 'if-none-match': `"${ref.id}"` } })).status).toBe(304);
  });
});

describe('an error', () => {
  const thrown = (error: unknown, logger: Logger = silentLogger) =>
    serverOf({ 'tracks.get': () => Promise.reject(error as Error) }, { logger });

  it('has the status of its code, and no cause', async () => {
    const error = new ConductorError('TRACK_HELD', 'b has it', { details: { owner: 'b' }, cause: new Error('secret') });
    const response = await thrown(error).send('/v1/tracks/a');
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({
      error: { code: 'TRACK_HELD', message: 'b has it', hint: error.hint, details: { owner: 'b' }, retryable: true },
    });
  });

  it.each([new Error('secret /home/x'), 'secret text', new ConductorError('INTERNAL_ERROR', 'secret words')])(
    'that is none of ours (%s) shows a reference and nothing else',
    async (error) => {
      const logged: unknown[] = [];
      const { send } = thrown(error, { ...silentLogger, error: (_, fields) => logged.push(fields) });
      const response = await send('/v1/tracks/a');
      const text = await response.text();
      expect(response.status).toBe(500);
      expect(text).not.toContain('secret');
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'INTERNAL_ERROR', details: { reference: 'error_1' } } });
      expect(logged).toEqual([{ reference: 'error_1', error }]);
    },
  );

  it('of a busy store says when to come back', async () => {
    const response = await thrown(new ConductorError('STORE_BUSY', 'later')).send('/v1/tracks/a');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });
});

describe('the guard', () => {
  it.each([undefined, 'Bearer wrong', `Basic ${token}`, 'Bearer', `Bearer ${token}x`])(
    'refuses the authorization %s on every route but health',
    async (authorization) => {
      const { codeOf, send, seen } = serverOf();
      for (const { method, path, open } of Object.values<Route>(routes)) {
        if (open === true) continue;
        expect(await codeOf(`/v1${path.replace('{id}', 'a')}`, { method, headers: { authorization } })).toEqual([
          401,
          'AUTH_REQUIRED',
        ]);
      }
      expect(await codeOf('/v1/openapi.json', { headers: { authorization } })).toEqual([401, 'AUTH_REQUIRED']);
      expect(seen).toEqual([]);
      const health = await send('/v1/health', { headers: { authorization } });
      expect([health.status, seen[0]?.actor]).toEqual([200, { kind: 'system', id: 'anonymous' }]);
    },
  );

  it('answers 503 with the health of an engine that is not ready', async () => {
    const health = { status: 'starting', apiVersion: 1, version: '0', seq: 0 };
    const response = await serverOf({ 'system.health': () => health }).send('/v1/health');
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([503, '1', health]);
  });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io:4270', 'LOCALHOST.', ''])(
    'refuses the host %j before anything else',
    async (host) => {
      expect(await serverOf().codeOf('/v1/health', { headers: { host, authorization: undefined } })).toEqual([
        421,
        'HOST_REFUSED',
      ]);
    },
  );

  it('takes a listed name on any port, or on the one port that is listed', async () => {
    const status = async (host: string, allowHosts: readonly string[]) =>
      (await serverOf({}, { allowHosts }).send('/v1/health', { headers: { host } })).status;
    expect(await status('LocalHost:99', ['localhost'])).toBe(200);
    expect(await status('[::1]:99', loopbackHosts)).toBe(200);
    expect(await status('c.example:99', ['c.example:99'])).toBe(200);
    expect(await status('c.example:98', ['c.example:99'])).toBe(421);
  });

  it.each([
    ['a foreign page', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
    ['another port of this machine', { origin: 'http://localhost:3000' }],
    ['a link from another site', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses %s', async (_, headers) => {
    expect(await serverOf(create).codeOf('/v1/tracks', { ...post, headers })).toEqual([403, 'ORIGIN_REFUSED']);
  });

  it('takes pages of its own, and says nothing about CORS', async () => {
    const response = await serverOf(create).send('/v1/tracks', {
      ...post,
      headers: { origin: 'http://localhost:4270', 'sec-fetch-site': 'same-origin' },
    });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([201, null]);
  });

  it('lets pages of an allowed origin ask, call and read, errors too', async () => {
    const { send } = serverOf(create, { allowOrigins: ['https://app.example'] });
    const headers = { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' };
    const asked = await send('/v1/tracks', {
      method: 'OPTIONS',
      headers: { ...headers, 'access-control-request-method': 'POST', authorization: undefined },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
    for (const response of [
      asked,
      await send('/v1/tracks', { ...post, headers }),
      await send('/v1/nothing', { headers }),
    ]) {
      expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
      expect(response.headers.get('vary')).toBe('Origin');
    }
  });

  it('takes so many requests a minute from one actor, and says when the next may come', async () => {
    const { send, clock } = serverOf({ 'tracks.get': () => trackAt() }, { limits: { requestsPerMinute: 2 } });
    const statuses = async (n: number) => {
      const found: number[] = [];
      for (let i = 0; i < n; i += 1) found.push((await send('/v1/tracks/a')).status);
      return found;
    };
    expect(await statuses(3)).toEqual([200, 200, 429]);
    const refused = await send('/v1/tracks/a');
    expect(refused.headers.get('retry-after')).toBe('30');
    await clock.advance(30_000);
    expect(await statuses(2)).toEqual([200, 429]);
  });

  it('counts each actor apart', async () => {
    const authenticate = (request: Request) =>
      ({ kind: 'user', id: request.headers.get('authorization') ?? '' }) as const;
    const { send } = serverOf({ 'tracks.get': () => trackAt() }, { authenticate, limits: { requestsPerMinute: 1 } });
    const status = async (authorization: string) => (await send('/v1/tracks/a', { headers: { authorization } })).status;
    expect([await status('a'), await status('b'), await status('a')]).toEqual([200, 200, 429]);
  });

  it('answers nothing to HEAD, which would open a stream that nobody reads', async () => {
    const { handler, seen } = serverOf();
    expect((await handler.fetch(requestTo('/v1/events/stream', { method: 'HEAD' }))).status).toBe(404);
    expect(seen).toEqual([]);
  });

  it('fails closed when authentication throws', async () => {
    const authenticate = () => Promise.reject(new Error('directory down'));
    expect(await serverOf({}, { authenticate }).codeOf('/v1/doctor')).toEqual([500, 'INTERNAL_ERROR']);
  });
});

describe('a handler', () => {
  it('refuses a base path that is none', () => {
    for (const basePath of ['conductor', '/conductor/', '/a b', '/:x']) {
      expect(() => serverOf({}, { basePath })).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }) as Error);
    }
  });

  it('closes after the requests under way, and refuses new ones', async () => {
    let finish = (_: unknown) => {};
    const { handler, send, codeOf } = serverOf({ 'tracks.get': () => new Promise((resolve) => (finish = resolve)) });
    const first = send('/v1/tracks/a');
    await new FakeClock().turn();
    let closed = false;
    const closing = handler.close().then(() => (closed = true));
    expect(await codeOf('/v1/tracks/b')).toEqual([503, 'CLOSED']);
    expect(closed).toBe(false);
    finish(trackAt());
    expect((await first).status).toBe(200);
    await closing;
  });

  it('tells nobody about a request whose client has gone', async () => {
    const logged: unknown[] = [];
    const stop = new AbortController();
    const hang = (_id: string, { signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const { send } = serverOf(
      { 'tracks.get': hang },
      { logger: { ...silentLogger, error: (...all) => logged.push(all) } },
    );
    const answer = send('/v1/tracks/a', { signal: stop.signal });
    stop.abort();
    expect((await answer).status).toBe(499);
    expect(logged).toEqual([]);
  });
});

describe('GET /v1/openapi.json', () => {
  it('describes every route of the table', async () => {
    const response = await serverOf().send('/v1/openapi.json');
    const document = (await response.json()) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(document.openapi).toBe('3.1.0');
    expect(ids.toSorted()).toEqual(Object.keys(routes).toSorted());
  });

  it('says what a request must not have, and refers to nothing that is not there', async () => {
    const text = await (await serverOf().send('/v1/openapi.json')).text();
    const { components } = JSON.parse(text) as { components: { schemas: Record<string, unknown> } };
    expect(components.schemas['CreateTrack']).toMatchObject({
      additionalProperties: false,
      properties: { goal: { type: 'string' } },
    });
    const names = new Set([...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, to]) => to));
    const known = Object.keys(components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...names].filter((name) => ![...known, '#/components/responses/Error'].includes(name ?? ''))).toEqual([]);
    expect(names.size).toBeGreaterThan(10);
  });
});
