import { silentLogger } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { owner, scriptedApi, token, trackAt } from '../test/scripted-api.js';
import type { Answers } from '../test/scripted-api.js';
import { bearerToken, createHandler, loopbackHosts } from './index.js';
import { serve } from './node.js';

async function listening(answers: Answers = {}) {
  const api = scriptedApi(answers);
  const authenticate = bearerToken(token, owner);
  const handler = createHandler(api.source, { authenticate, allowHosts: loopbackHosts, logger: silentLogger });
  const server = await serve(handler, { port: 0 });
  const send = (path: string, init: RequestInit = {}) =>
    fetch(`${server.url}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
  return { ...api, handler, server, send };
}

describe('serve', () => {
  it('listens on loopback, on a port that it tells, until it is closed', async () => {
    const { server, send } = await listening({ 'tracks.get': () => trackAt() });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await send('/v1/tracks/a')).json()).toEqual(trackAt());
    await Promise.all([server.close(), server.close()]);
    await expect(send('/v1/health')).rejects.toThrow('fetch failed');
  });

  it('checks the Host that was really sent', async () => {
    const { server } = await listening();
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${server.url}/v1/health`, { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end();
    });
    expect(status).toBe(421);
    await server.close();
  });

  it('does not wait for connections on which nobody asks anything', async () => {
    // Time stands still: only what is closed at once lets this end.
    const clock = new FakeClock();
    const server = await serve({ fetch: async () => new Response(), close: async () => undefined }, { port: 0, clock });
    const keptAlive = await fetch(server.url);
    await keptAlive.text();
    const silent = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(silent, 'connect');
    await Promise.all([server.close(), once(silent, 'close')]);
  });

  it('cuts what still runs when its grace is over', async () => {
    let begun = () => {};
    const asked = new Promise<void>((resolve) => (begun = resolve));
    const hang = () => (begun(), new Promise<Response>(() => undefined));
    const clock = new FakeClock();
    const server = await serve({ fetch: hang, close: async () => undefined }, { port: 0, clock });
    const answer = fetch(server.url);
    const cut = expect(answer).rejects.toThrow('fetch failed');
    await asked;
    await clock.runUntil(server.close());
    await cut;
    expect(clock.monotonic()).toBeGreaterThanOrEqual(10_000);
  });

  it('refuses a port that somebody has with ADDRESS_IN_USE', async () => {
    const { handler, server } = await listening();
    const port = Number(new URL(server.url).port);
    await expect(serve(handler, { port })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE', details: { port } });
    await server.close();
  });

  it.each([{ port: 70_000 }, { port: 0, host: '192.0.2.1' }])(
    'refuses %j, where nobody can listen, with VALIDATION_FAILED',
    async (options) => {
      const { handler, server } = await listening();
      await expect(serve(handler, options)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
      await server.close();
    },
  );

  it('streams live, closes the feed of a client that hangs up, and says bye to the others on close', async () => {
    const { server, send, log } = await listening();
    const stop = new AbortController();
    const gone = await send('/v1/events/stream', { signal: stop.signal });
    const kept = (await send('/v1/events/stream')).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await kept?.read())?.value).toContain('event: ready');
    log.append('task.started');
    expect((await kept?.read())?.value).toContain('id: 1\n');
    expect(log.follows).toBe(2);
    stop.abort();
    await expect(gone.text()).rejects.toThrow();
    const last = kept?.read();
    await server.close();
    expect((await last)?.value).toContain('"shutdown"');
    expect(log.follows).toBe(0);
  });
});
