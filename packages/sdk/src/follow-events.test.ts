import { byeFrame, endFrame, eventFrame, keepAliveFrame, readyFrame } from '@conductor/core/api';
import type { EventQuery } from '@conductor/core/api';
import type { EventEnvelope } from '@conductor/core/ports';
import { describe, expect, it } from 'vitest';
import { broken, clientOf, refused, silence } from '../test/fake-server.js';
import type { Reply } from '../test/fake-server.js';

function event(seq: number, data: EventEnvelope['data'] = { text: 'ä\r\n€\u2028' }): EventEnvelope {
  const place = {
    id: `track/a@${seq}`,
    seq,
    stream: 'track/a',
    version: seq,
    commit: seq,
    at: '2026-01-01T00:00:00.000Z',
  };
  return { ...place, actor: { kind: 'user', id: 'me' }, correlation: {}, type: 'task.started', v: 1, data };
}

const bytes = (frames: readonly string[]) => new TextEncoder().encode(frames.join(''));

/** A stream of frames that ends, breaks or stays open. */
function stream(
  frames: readonly string[],
  after: 'closes' | 'breaks' | 'stays' = 'closes',
  chunks = [bytes(frames)],
): Reply {
  return () => {
    const left = [...chunks];
    const body = new ReadableStream<Uint8Array>({
      pull(sink) {
        const chunk = left.shift();
        if (chunk !== undefined) return sink.enqueue(chunk);
        if (after === 'closes') sink.close();
        if (after === 'breaks') sink.error(new TypeError('terminated'));
        return after === 'stays' ? new Promise(() => undefined) : undefined;
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
}

/** Collects a feed until it ends, in simulated time. */
function collect(
  replies: readonly Reply[],
  query: EventQuery = { after: 0 },
  o: { signal?: AbortSignal; timeoutMs?: number } = {},
) {
  const client = clientOf(replies);
  const seqs: number[] = [];
  const work = async () => {
    for await (const { seq } of client.api.events.follow(query, o)) seqs.push(seq);
    return seqs;
  };
  return { ...client, seqs, done: client.clock.runUntil(work()) };
}

const lastIds = (sent: readonly { headers: Headers }[]) => sent.map(({ headers }) => headers.get('last-event-id'));
const ready = readyFrame({ after: 0, head: 0 });

describe('follow', () => {
  it('yields every event until the server says that the feed has ended', async () => {
    const { done, sent } = collect(
      [stream([ready, eventFrame(event(1)), keepAliveFrame(2), eventFrame(event(3)), endFrame(3)])],
      {
        after: 0,
        trackId: 'a',
        until: 'stopped',
        types: ['task.*', 'loop.*'],
      },
    );
    expect(await done).toEqual([1, 3]);
    expect(sent[0]?.url).toMatch(/\/v1\/events\/stream\?after=0&trackId=a&until=stopped&types=task.\*&types=loop.\*$/);
    expect(sent[0]?.headers.get('accept')).toBe('text/event-stream');
  });

  it('reads the same frames wherever the network cut them', async () => {
    const all = bytes([ready, eventFrame(event(1)), keepAliveFrame(1), eventFrame(event(2)), endFrame()]);
    for (let cut = 1; cut < all.length; cut += 1) {
      const client = clientOf([stream([], 'closes', [all.slice(0, cut), all.slice(cut)])]);
      const found: EventEnvelope[] = [];
      for await (const each of client.api.events.follow({ after: 0 })) found.push(each);
      expect(found).toEqual([event(1), event(2)]);
    }
  });

  it('comes back with the last id when a connection ends, and yields nothing twice', async () => {
    const { done, sent } = collect([
      stream([ready, eventFrame(event(1)), eventFrame(event(2))], 'breaks'),
      broken,
      stream([ready, eventFrame(event(2)), eventFrame(event(3)), byeFrame({ reason: 'shutdown' })]),
      refused(503, 'CLOSED'),
      stream([ready, eventFrame(event(4)), endFrame()]),
    ]);
    expect(await done).toEqual([1, 2, 3, 4]);
    expect(lastIds(sent)).toEqual([null, '2', '2', '3', '3']);
  });

  it('comes back to where "now" was, when no event came before the connection ended', async () => {
    const { done, sent } = collect([stream([readyFrame({ after: 7, head: 7 })]), stream([endFrame()])], {});
    await done;
    expect(sent.map(({ url }) => new URL(url).search)).toEqual(['', '?after=7']);
    // No id: that would say that event 7 was received, and may be taken for the end of the feed.
    expect(lastIds(sent)).toEqual([null, null]);
  });

  it('asks for the last n again until one of them came', async () => {
    const { done, sent } = collect(
      [stream([readyFrame({ after: 7, head: 7 })]), stream([eventFrame(event(6)), endFrame()])],
      { tail: 3 },
    );
    expect(await done).toEqual([6]);
    expect(sent.map(({ url }) => new URL(url).search)).toEqual(['?tail=3', '?tail=3']);
  });

  it('resumes a filtered feed from its last keep-alive', async () => {
    const { done, sent } = collect([stream([ready, keepAliveFrame(90)]), stream([endFrame()])]);
    await done;
    expect(lastIds(sent)).toEqual([null, '90']);
  });

  it('ends when it comes back and is told that nothing is left', async () => {
    expect(await collect([stream([eventFrame(event(1))], 'breaks'), new Response(null, { status: 204 })]).done).toEqual(
      [1],
    );
  });

  it.each([
    [
      'longer each time that nothing comes',
      [stream([ready]), broken, broken, broken, broken, broken, broken],
      [250, 500, 1000, 2000, 4000, 8000, 10_000],
    ],
    [
      'as at first when something did',
      [stream([ready]), broken, broken, stream([ready]), broken],
      [250, 500, 1000, 250, 500],
    ],
  ] as const)('waits %s', async (_, replies, delays) => {
    const ids = { id: () => 'x', random: () => 0.999_999 };
    const { api, clock, sent } = clientOf([...replies, stream([endFrame()])], { ids });
    const start = clock.now();
    const ended = api.events.follow({ after: 0 })[Symbol.asyncIterator]().next();
    expect(await clock.runUntil(ended)).toMatchObject({ done: true });
    expect(sent).toHaveLength(delays.length + 1);
    // Full jitter: just below each cap.
    expect(clock.now() - start).toBe(delays.reduce((sum, ms) => sum + ms - 1, 0));
  });

  it('gives up on an address that never answered', async () => {
    const { done, sent } = collect([broken]);
    await expect(done).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(sent).toHaveLength(4);
  });

  it('takes a silent connection for a dead one', async () => {
    const { done, sent } = collect([stream([ready, eventFrame(event(1))], 'stays'), stream([endFrame()])]);
    expect(await done).toEqual([1]);
    expect(lastIds(sent)).toEqual([null, '1']);
  });

  it.each([
    [400, 'CURSOR_INVALID'],
    [401, 'AUTH_REQUIRED'],
    [404, 'TRACK_NOT_FOUND'],
  ])('ends with the error of a %i, also when it comes back', async (status, code) => {
    const { done, seqs } = collect([stream([ready, eventFrame(event(1))]), refused(status, code)]);
    await expect(done).rejects.toMatchObject({ code });
    expect(seqs).toEqual([1]);
  });

  it('ends with what the feed threw for good, and comes back after what may pass', async () => {
    const bye = (retryable: boolean) =>
      byeFrame({ reason: 'error', error: { code: 'STORE_FAILED', message: 'm', retryable } });
    await expect(collect([stream([ready, bye(false)])]).done).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(await collect([stream([ready, bye(true)]), stream([eventFrame(event(1)), endFrame()])]).done).toEqual([1]);
  });

  it.each([
    ['an envelope that does not fit', stream(['id: 1\ndata: {"seq":1}\n\n'])],
    ['a frame that is no JSON', stream(['data: {\n\n'])],
    ['an answer that is no stream', new Response('{}', { headers: { 'content-type': 'application/json' } })],
  ])('ends with RESPONSE_INVALID at %s', async (_, reply) => {
    await expect(collect([reply]).done).rejects.toMatchObject({
      code: 'RESPONSE_INVALID',
      details: { endpoint: 'GET /v1/events/stream' },
    });
  });

  it('skips frames and fields of a newer server', async () => {
    expect(
      await collect([stream(['event: novelty\ndata: x\n\n', 'colour: red\n\n', eventFrame(event(1)), endFrame()])])
        .done,
    ).toEqual([1]);
  });

  it('closes the connection on break', async () => {
    let cancelled = false;
    const body = () =>
      new ReadableStream<Uint8Array>({
        start: (sink) => sink.enqueue(bytes([ready, eventFrame(event(1)), eventFrame(event(2))])),
        cancel: () => void (cancelled = true),
      });
    const { api, clock } = clientOf([() => new Response(body(), { headers: { 'content-type': 'text/event-stream' } })]);
    for await (const { seq } of api.events.follow({ after: 0 })) if (seq === 1) break;
    expect([cancelled, clock.pending]).toEqual([true, 0]);
  });

  it('rejects with the reason of an abort, while it connects, reads or waits', async () => {
    for (const reply of [silence, stream([ready], 'stays'), stream([ready, byeFrame({ reason: 'slow' })])]) {
      const stop = new AbortController();
      const { api, clock } = clientOf([reply]);
      const next = api.events.follow({ after: 0 }, { signal: stop.signal })[Symbol.asyncIterator]().next();
      const settled = expect(next).rejects.toThrow('enough');
      await clock.settle();
      stop.abort(new Error('enough'));
      await settled;
      expect(clock.pending).toBe(0);
    }
  });

  it('ends with TIMEOUT after timeoutMs, however lively it is', async () => {
    const { done, clock } = collect([stream([ready], 'stays')], { after: 0 }, { timeoutMs: 5000 });
    await expect(done).rejects.toMatchObject({ code: 'TIMEOUT', details: { limit: 5000 } });
    expect(clock.pending).toBe(0);
  });
});
