import { describe, expect, it } from 'vitest';
import { broken, clientOf, refused, silence, track } from '../test/fake-server.js';
import { createClient } from './index.js';

const ok = () => Response.json(track);

describe('a call', () => {
  it('becomes one request with the token in a header and never in the URL', async () => {
    const { api, sent } = clientOf([ok()], { baseUrl: 'http://127.0.0.1:4270/conductor/' });
    expect(await api.tracks.get('a/b ?')).toEqual(track);
    expect(sent[0]).toMatchObject({
      method: 'GET',
      url: 'http://127.0.0.1:4270/conductor/v1/tracks/a%2Fb%20%3F',
      body: undefined,
    });
    expect(sent[0]?.headers.get('authorization')).toBe('Bearer secret');
    expect(sent[0]?.url).not.toContain('secret');
    // A redirect that fetch follows by itself would take the token along.
    expect(sent[0]?.redirect).toBe('manual');
  });

  it('carries body, revision and key of a write', async () => {
    const { api, sent } = clientOf([ok()]);
    await api.tracks.update('a', { name: 'N' }, { ifMatch: 3, idempotencyKey: 'mine' });
    expect(sent[0]).toMatchObject({ method: 'PATCH', body: { name: 'N' } });
    expect(Object.fromEntries(sent[0]?.headers ?? [])).toMatchObject({
      'if-match': '"3"',
      'idempotency-key': 'mine',
      'content-type': 'application/json',
    });
  });

  it('makes a key for each write that has none, and none for reads', async () => {
    const { api, sent } = clientOf([ok()]);
    await api.tracks.pause('a');
    await api.tracks.pause('a');
    await api.tracks.get('a');
    expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['key_1', 'key_2', null]);
    expect(sent[0]?.body).toEqual({});
  });

  it('carries a query', async () => {
    const { api, sent } = clientOf([Response.json({ items: [] })]);
    await api.tracks.list({ lifecycle: ['active', 'paused'], limit: 5, type: undefined });
    expect(sent[0]?.url).toMatch(/\/v1\/tracks\?lifecycle=active&lifecycle=paused&limit=5$/);
  });

  it.each(['..', '.', ''])('refuses the id %j, which would reach another route, before it is sent', async (id) => {
    const { api, sent } = clientOf([ok()]);
    await expect(api.tracks.get(id)).rejects.toMatchObject({ code: 'ID_INVALID' });
    expect(sent).toEqual([]);
  });

  it('refuses a key that no header can carry', async () => {
    const { api, sent } = clientOf([ok()]);
    await expect(api.tracks.pause('a', {}, { idempotencyKey: 'a\nb' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    expect(sent).toEqual([]);
  });
});

describe('a failed attempt', () => {
  it('of a read is repeated, after growing delays with jitter', async () => {
    const { api, clock, sent } = clientOf([broken, broken, ok()]);
    const start = clock.now();
    await clock.runUntil(api.tracks.get('a'));
    expect(sent).toHaveLength(3);
    expect(clock.now() - start).toBeGreaterThan(0);
    expect(clock.now() - start).toBeLessThan(250 + 500);
    expect(clock.pending).toBe(0);
  });

  it('of a write is repeated under the same key', async () => {
    const { api, clock, sent } = clientOf([broken, refused(503, 'STORE_BUSY', { retryable: true }), ok()]);
    await clock.runUntil(api.tracks.cancel('a'));
    expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['key_1', 'key_1', 'key_1']);
  });

  it('ends with UNREACHABLE after the last repeat', async () => {
    const { api, clock, sent } = clientOf([broken], { retries: 2 });
    await expect(clock.runUntil(api.tracks.get('a'))).rejects.toMatchObject({ code: 'UNREACHABLE', cause: broken });
    expect(sent).toHaveLength(3);
  });

  it.each([
    ['VERSION_CONFLICT', 409, 1],
    ['TRACK_HELD', 409, 1],
    ['CONTENTION', 409, 4],
    ['STORE_BUSY', 503, 4],
    ['FUTURE_CODE', 500, 4],
  ])('with %s, which the server calls retryable, makes %i-answers %i attempts', async (code, status, attempts) => {
    const { api, clock, sent } = clientOf([refused(status, code, { retryable: true })]);
    await expect(clock.runUntil(api.tracks.run('a'))).rejects.toMatchObject({ code, retryable: true });
    expect(sent).toHaveLength(attempts);
  });

  it('is not repeated when the server says that it would fail again', async () => {
    const { api, sent } = clientOf([refused(404, 'TRACK_NOT_FOUND', { hint: 'h', details: { id: 'a' } })]);
    await expect(api.tracks.get('a')).rejects.toMatchObject({
      code: 'TRACK_NOT_FOUND',
      message: 'TRACK_NOT_FOUND!',
      hint: 'h',
      details: { id: 'a' },
    });
    expect(sent).toHaveLength(1);
  });

  it('waits as long as the server asks for', async () => {
    const { api, clock } = clientOf([refused(429, 'RATE_LIMITED', { retryable: true }, { 'retry-after': '7' }), ok()]);
    const start = clock.now();
    await clock.runUntil(api.tracks.get('a'));
    expect(clock.now() - start).toBe(7000);
  });

  it('does not wait for an hour because a server asks for it', async () => {
    const { api, sent } = clientOf([refused(503, 'STORE_BUSY', { retryable: true }, { 'retry-after': '3600' })]);
    await expect(api.tracks.get('a')).rejects.toMatchObject({
      code: 'STORE_BUSY',
      details: { retryAfterMs: 3_600_000 },
    });
    expect(sent).toHaveLength(1);
  });

  it('takes the page of a proxy for an unreachable server', async () => {
    const { api, clock } = clientOf([new Response('<h1>Bad gateway</h1>', { status: 502 })], { retries: 1 });
    await expect(clock.runUntil(api.tracks.get('a'))).rejects.toMatchObject({
      code: 'UNREACHABLE',
      details: { status: 502 },
    });
  });

  it('times out by itself, and again, until no repeat is left', async () => {
    const { api, clock, sent } = clientOf([silence], { timeoutMs: 1000, retries: 1 });
    await expect(clock.runUntil(api.tracks.get('a'))).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(sent.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(clock.pending).toBe(0);
  });
});

describe('ending a call', () => {
  it('timeoutMs of a call limits all its attempts together', async () => {
    const { api, clock, sent } = clientOf([silence], { timeoutMs: 1000, retries: 100 });
    const start = clock.now();
    await expect(clock.runUntil(api.tracks.get('a', { timeoutMs: 2500 }))).rejects.toMatchObject({
      code: 'TIMEOUT',
      details: { limit: 2500 },
    });
    expect(clock.now() - start).toBe(2500);
    expect(sent.length).toBeGreaterThan(1);
  });

  it('an abort rejects with its reason, before, during and between attempts', async () => {
    for (const when of ['before', 'during', 'between']) {
      const stop = new AbortController();
      const { api, clock, sent } = clientOf([when === 'between' ? broken : silence]);
      if (when === 'before') stop.abort(new Error('enough'));
      const call = api.tracks.get('a', { signal: stop.signal });
      const settled = expect(call).rejects.toThrow('enough');
      await clock.settle();
      stop.abort(new Error('enough'));
      await settled;
      expect([sent.length, clock.pending]).toEqual([when === 'before' ? 0 : 1, 0]);
    }
  });
});

describe('an answer', () => {
  it('that does not fit names endpoint, issues and how it begins', async () => {
    const { api } = clientOf([Response.json({ ...track, revision: 'three' })]);
    await expect(api.tracks.get('a')).rejects.toMatchObject({
      code: 'RESPONSE_INVALID',
      details: {
        endpoint: 'GET /v1/tracks/{id}',
        status: 200,
        issues: [{ path: ['revision'] }],
        snippet: expect.stringContaining('"greet_20260101"') as string,
      },
    });
  });

  it.each([
    ['a page', new Response('<html>', { status: 200 })],
    ['a redirect', new Response(null, { status: 302, headers: { location: 'http://evil.example' } })],
    ['a prototype key', new Response(JSON.stringify(track).replace('"id"', '"__proto__"'))],
    ['an error of somebody else', Response.json({ message: 'x' }, { status: 404 })],
  ])('that is %s is RESPONSE_INVALID, at the first attempt', async (_, response) => {
    const { api, sent } = clientOf([response]);
    await expect(api.tracks.get('a')).rejects.toMatchObject({ code: 'RESPONSE_INVALID' });
    expect(sent).toHaveLength(1);
  });

  it('may have keys that this version does not know', async () => {
    const { api } = clientOf([Response.json({ ...track, colour: 'red' })]);
    expect(await api.tracks.get('a')).toMatchObject({ colour: 'red' });
  });

  it('of health counts at 503 too', async () => {
    const health = { status: 'starting', apiVersion: 1, version: '0', seq: 0 };
    const { api, sent } = clientOf([Response.json(health, { status: 503 })]);
    expect(await api.system.health()).toEqual(health);
    expect(sent).toHaveLength(1);
  });

  it('of minutes is text', async () => {
    expect(await clientOf([new Response('# Minutes')]).api.boards.minutes('b')).toBe('# Minutes');
  });

  it('of an artifact is its reference and its bytes', async () => {
    const ref = {
      id: 'sha256:ab',
      bytes: 2,
      mediaType: 'text/plain',
      kind: 'log',
      name: 'ä "b"',
      at: '2026-01-01T00:00:00.000Z',
    };
    const headers = { 'conductor-artifact': encodeURIComponent(JSON.stringify(ref)) };
    const found = await clientOf([new Response('hi', { headers })]).api.artifacts.get('sha256:ab');
    expect([found.ref, await new Response(found.body).text()]).toEqual([ref, 'hi']);
    await expect(clientOf([new Response('hi')]).api.artifacts.get('sha256:ab')).rejects.toMatchObject({
      code: 'RESPONSE_INVALID',
    });
  });
});

it.each(['127.0.0.1:4270', 'ftp://x', 'http://', 'http://x?y', 'http://x#y', ''])(
  'refuses %j for a base URL',
  (baseUrl) => {
    expect(() => createClient({ baseUrl })).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }) as Error);
  },
);
