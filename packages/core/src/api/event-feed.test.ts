import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventEnvelope, Json } from '../ports/values.js';
import { byeFrame, endFrame, eventFrame, keepAliveFrame, readFrame, readKeepAlive, readyFrame } from './event-feed.js';

const envelope: EventEnvelope = {
  id: 'track/a@1',
  seq: 7,
  stream: 'track/a',
  version: 1,
  commit: 3,
  at: '2026-01-01T00:00:00.000Z',
  actor: { kind: 'user', id: 'me' },
  correlation: { track: 'a' },
  type: 'track.created',
  v: 1,
  data: null,
};

/** The fields of one frame, read the simple way. */
function fields(frame: string): Record<string, string> {
  expect(frame.endsWith('\n\n')).toBe(true);
  const lines = frame.slice(0, -2).split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
}

describe('frames of the event feed', () => {
  it('keeps any event on one line, with its seq as id and no event name', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const event = {
          ...envelope,
          data: { text: 'a\r\nb\u2028c\n\n', value: JSON.parse(JSON.stringify(value)) as Json },
        };
        const { id, data, ...rest } = fields(eventFrame(event));
        expect([id, rest]).toEqual(['7', {}]);
        fc.pre(!JSON.stringify(value).includes('__proto__'));
        expect(readFrame({ data: data ?? '' })).toEqual({ kind: 'event', event });
      }),
    );
  });

  it('begins with the time to come back, and with where it begins, without an id', () => {
    const { retry, event, data, id } = fields(readyFrame({ after: 3, head: 9 }));
    expect([retry, event, id]).toEqual(['1000', 'ready', undefined]);
    expect(readFrame({ event, data: data ?? '' })).toEqual({
      kind: 'ready',
      ready: { schemaVersion: 1, after: 3, head: 9 },
    });
  });

  it('moves a filtered reader with a keep-alive', () => {
    const [comment = '', id] = keepAliveFrame(42).trimEnd().split('\n');
    expect(id).toBe('id: 42');
    expect(readKeepAlive(comment.slice(1))).toEqual({ kind: 'idle', seq: 42 });
    expect(readKeepAlive(keepAliveFrame().slice(1))).toEqual({ kind: 'idle', seq: undefined });
    expect(readKeepAlive('something else')).toBeUndefined();
  });

  it('says why it closes', () => {
    const error = { code: 'STORE_FAILED', message: 'gone', retryable: true };
    const { event, data } = fields(byeFrame({ reason: 'error', error }));
    expect(readFrame({ event, data: data ?? '' })).toEqual({ kind: 'bye', bye: { reason: 'error', error } });
    expect(fields(endFrame(9))).toEqual({ id: '9', event: 'end', data: '{}' });
    expect(readFrame({ event: 'end', data: '{}' })).toEqual({ kind: 'end' });
  });

  it('leaves out what a newer server may say, and throws for what is broken', () => {
    expect(readFrame({ event: 'novelty', data: 'x' })).toBeUndefined();
    expect(() => readFrame({ data: '{"seq":' })).toThrow();
    expect(() => readFrame({ data: '{"seq":1}' })).toThrow();
  });
});
