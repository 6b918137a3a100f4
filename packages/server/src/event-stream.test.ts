import { ConductorError } from '@conductor/core';
import { describe, expect, it } from 'vitest';
import { owner, requestTo } from '../test/scripted-api.js';
import type { Answers } from '../test/scripted-api.js';
import { scriptedServer } from '../test/scripted-server.js';
import type { HandlerOptions } from './index.js';

function serverOf(options: Partial<HandlerOptions> = {}, answers: Answers = {}) {
  const server = scriptedServer(answers, options);
  const { handler } = server;
  const open = async (query = '', headers: Record<string, string> = {}) => {
    const response = await handler.fetch(requestTo(`/v1/events/stream${query}`, { headers }));
    return { response, reader: readerOf(response) };
  };
  return { ...server, open };
}

/** Reads a stream frame by frame; chunks are whole frames here, as nothing but the handler made them. */
function readerOf(response: Response) {
  const reader = response.ok ? response.body?.getReader() : undefined;
  return {
    async next(): Promise<string | undefined> {
      const chunk = await reader?.read();
      return chunk?.value === undefined ? undefined : new TextDecoder().decode(chunk.value);
    },
    async take(n: number): Promise<(string | undefined)[]> {
      const frames: (string | undefined)[] = [];
      for (let i = 0; i < n; i += 1) frames.push(await this.next());
      return frames;
    },
    cancel: () => reader?.cancel(),
  };
}

const idsOf = (frames: readonly (string | undefined)[]) => frames.map((frame) => /^id: (\d+)$/m.exec(frame ?? '')?.[1]);
const ready = (after: number, head: number) =>
  `retry: 1000\nevent: ready\ndata: {"schemaVersion":1,"after":${after},"head":${head}}\n\n`;

describe('GET /v1/events/stream', () => {
  it('says where it begins, sends what is stored, then what comes', async () => {
    const { open, log } = serverOf();
    for (const type of ['track.created', 'loop.started']) log.append(type);
    const { response, reader } = await open('?after=1');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await reader.take(2)).toEqual([
      ready(1, 2),
      expect.stringMatching(/^id: 2\ndata: \{.*"loop.started".*\}\n\n$/) as string,
    ]);
    const next = reader.next();
    log.append('task.started');
    expect(idsOf([await next])).toEqual(['3']);
    await reader.cancel();
  });

  it('begins now when nobody says where, and misses nothing between the first word and the first event', async () => {
    const { open, log } = serverOf();
    log.append('track.created');
    const { reader } = await open();
    log.append('loop.started');
    expect(await reader.take(2)).toEqual([ready(1, 1), expect.stringContaining('id: 2\n') as string]);
    await reader.cancel();
  });

  it('resumes by Last-Event-ID, which beats the query and the last n', async () => {
    const { open, log } = serverOf();
    for (let n = 0; n < 5; n += 1) log.append('task.started');
    const { reader } = await open('?after=0&tail=5', { 'last-event-id': '3' });
    expect(idsOf(await reader.take(3))).toEqual([undefined, '4', '5']);
    await reader.cancel();
  });

  it('sends the last n first', async () => {
    const { open, log } = serverOf();
    for (let n = 0; n < 5; n += 1) log.append('task.started');
    const { reader } = await open('?tail=2');
    expect(idsOf(await reader.take(3))).toEqual([undefined, '4', '5']);
    await reader.cancel();
  });

  it.each(['?after=9', '?after=0'])('refuses a place beyond the end of the log (%s)', async (query) => {
    const { response } = await serverOf().open(query, query === '?after=0' ? { 'last-event-id': '1' } : {});
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'CURSOR_INVALID' } });
  });

  it('refuses a Last-Event-ID that is no number, and a query that it does not know', async () => {
    const { open } = serverOf();
    expect((await open('', { 'last-event-id': '1; drop' })).response.status).toBe(400);
    expect((await open('?trackid=a')).response.status).toBe(400);
  });

  it('ends after the loop.stopped of the track, and tells who comes back that nothing is left', async () => {
    const { open, log } = serverOf();
    for (const type of ['loop.started', 'loop.stopped', 'track.archived']) log.append(type);
    const { reader } = await open('?after=0&trackId=a&until=stopped');
    const frames = await reader.take(4);
    expect(idsOf(frames)).toEqual([undefined, '1', '2', '2']);
    expect(frames[3]).toContain('event: end\n');
    expect(await reader.next()).toBeUndefined();
    expect((await open('?after=0&trackId=a&until=stopped', { 'last-event-id': '2' })).response.status).toBe(204);
    const again = await open('?after=0&trackId=a&until=stopped', { 'last-event-id': '1' });
    expect(idsOf(await again.reader.take(2))).toEqual([undefined, '2']);
    await again.reader.cancel();
  });

  it('does not take the end of the run before for the end of this one', async () => {
    const { open, log } = serverOf();
    for (const type of ['loop.stopped', 'loop.resumed']) log.append(type);
    const { reader } = await open('?after=1&trackId=a&until=stopped', { 'last-event-id': '1' });
    expect(idsOf(await reader.take(2))).toEqual([undefined, '2']);
    await reader.cancel();
  });

  it('gives the end the id of what ended it, also when the filter left that out', async () => {
    const { open, log } = serverOf();
    for (const type of ['task.started', 'loop.stopped']) log.append(type);
    const { reader } = await open('?after=0&trackId=a&until=stopped&types=task.*');
    expect(idsOf(await reader.take(3))).toEqual([undefined, '1', '2']);
  });

  it('closes the feed when the client goes away', async () => {
    const { open, log, clock } = serverOf();
    const { reader } = await open();
    await reader.next();
    const waiting = reader.next();
    await clock.settle();
    expect(log.follows).toBe(1);
    await reader.cancel();
    await waiting;
    await clock.settle();
    expect([log.follows, clock.pending]).toEqual([0, 0]);
  });

  it('asks for no event that nobody has room for', async () => {
    let given = 0;
    const follow = async function* () {
      for (;;) yield { ...event, seq: (given += 1) };
    };
    const { open, clock } = serverOf({}, { 'events.follow': follow });
    const { reader } = await open();
    await reader.take(3);
    await clock.settle();
    expect(given).toBe(2);
    await reader.cancel();
  });

  it('keeps alive a quiet stream, and moves a filtered reader along', async () => {
    const { open, log, clock } = serverOf();
    const { reader } = await open('?types=task.*');
    await reader.next();
    const first = reader.next();
    for (let n = 0; n < 4; n += 1) log.append('loop.started');
    await clock.advance(10_000);
    expect(await first).toBe(': keep-alive 4\nid: 4\n\n');
    await reader.cancel();
  });

  it('does not move a reader over a match that it has not got', async () => {
    // A feed that lags behind the log: it gives nothing, while a match is there.
    const lagging = (_: unknown, { signal }: { signal: AbortSignal }) => hanging(signal);
    const { open, log, clock } = serverOf({}, { 'events.follow': lagging });
    const { reader } = await open('?types=task.*');
    await reader.next();
    const next = reader.next();
    for (const type of ['loop.started', 'task.started']) log.append(type);
    await clock.advance(10_000);
    expect(await next).toBe(': keep-alive\n\n');
    await reader.cancel();
  });

  it('says bye to a reader that takes nothing for a minute', async () => {
    const { open, log, clock } = serverOf();
    for (let n = 0; n < 3; n += 1) log.append('task.started');
    const { reader } = await open('?after=0');
    await reader.take(2);
    await clock.advance(60_000);
    expect(await reader.take(2)).toEqual(['event: bye\ndata: {"reason":"slow"}\n\n', undefined]);
    await clock.settle();
    expect([log.follows, clock.pending]).toEqual([0, 0]);
  });

  it('says bye when the token is taken back', async () => {
    let known = true;
    const { open, clock } = serverOf({ authenticate: () => (known ? owner : undefined) });
    const { reader } = await open();
    await reader.next();
    const next = reader.next();
    known = false;
    await clock.advance(10_000);
    expect(await next).toContain('"unauthorized"');
  });

  it('says bye when the server closes, then takes no other', async () => {
    const { open, handler, log, clock } = serverOf();
    const { reader } = await open();
    await reader.next();
    const next = reader.next();
    await handler.close();
    expect([await next, await reader.next()]).toEqual(['event: bye\ndata: {"reason":"shutdown"}\n\n', undefined]);
    expect((await open()).response.status).toBe(503);
    await clock.settle();
    expect(log.follows).toBe(0);
  });

  it.each([
    [new ConductorError('CLOSED', 'engine closed'), { reason: 'shutdown' }],
    [
      new ConductorError('STORE_FAILED', 'disk gone', { hint: 'h' }),
      { reason: 'error', error: { code: 'STORE_FAILED', message: 'disk gone', hint: 'h', retryable: true } },
    ],
    [new Error('secret'), { reason: 'error', error: { code: 'INTERNAL_ERROR', details: { reference: 'error_1' } } }],
  ])('says bye with what the feed threw: %s', async (error, bye) => {
    const { open } = serverOf({}, { 'events.follow': () => failing(error) });
    const { reader } = await open();
    const [, frame = ''] = await reader.take(2);
    expect(frame.startsWith('event: bye\n')).toBe(true);
    expect(JSON.parse(frame.split('data: ')[1] ?? '')).toMatchObject(bye);
    expect(frame).not.toContain('secret');
  });

  it('takes no more streams than it may, and one more when one has ended', async () => {
    const { open } = serverOf({ limits: { streams: 1 } });
    const first = await open();
    const { response } = await open();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '10']);
    await first.reader.cancel();
    expect((await open()).response.status).toBe(200);
  });
});

const event = {
  id: 'x',
  stream: 'track/a',
  version: 1,
  commit: 1,
  at: '',
  actor: owner,
  correlation: {},
  type: 't',
  v: 1,
  data: {},
};

async function* failing(error: Error): AsyncGenerator<never> {
  yield* [];
  throw error;
}

async function* hanging(signal: AbortSignal): AsyncGenerator<never> {
  yield* [];
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}
