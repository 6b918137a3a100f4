import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import type { EventEnvelope } from '../ports/values.js';
import type { EventQuery } from './contract/events.js';
import type { Track } from './contract/tracks.js';
import { isReached, waitForTrack } from './wait-for.js';
import type { WaitSource } from './wait-for.js';

const run = { trackId: 'a', epoch: 1, owner: 'o', startedAt: '', feed: {} };
const envelope = {
  id: 'track/a@1',
  stream: 'track/a',
  version: 1,
  commit: 1,
  at: '',
  actor: { kind: 'engine', id: 'e' },
  correlation: {},
  v: 1,
  data: {},
} as const;

function trackAt(change: Partial<Track>): Track {
  // Only what waiting looks at.
  return { id: 'a', revision: 1, lifecycle: 'active', ...change } as Track;
}

/** Answers `get` from a list (the last one for ever) and follows a list of types. */
function source(tracks: readonly Track[], types: readonly string[], open = false) {
  const calls = { gets: 0, queries: [] as EventQuery[], closed: false };
  const api: WaitSource = {
    tracks: { get: async () => tracks[Math.min(calls.gets++, tracks.length - 1)] ?? trackAt({}) },
    system: { health: async () => ({ status: 'ok', apiVersion: 1, version: '0', seq: 40 }) },
    events: {
      async *follow(query = {}, o = {}): AsyncGenerator<EventEnvelope> {
        calls.queries.push(query);
        o.signal?.throwIfAborted();
        try {
          for (const [index, type] of types.entries()) yield { ...envelope, type, seq: 41 + index };
          if (open)
            await new Promise((_, reject) => o.signal?.addEventListener('abort', () => reject(o.signal?.reason)));
        } finally {
          calls.closed = true;
        }
      },
    },
  };
  return { api, calls };
}

describe('waitForTrack', () => {
  it('resolves at once at rest, without opening a feed', async () => {
    const { api, calls } = source([trackAt({})], []);
    await waitForTrack(api, 'a');
    expect(calls).toMatchObject({ gets: 1, queries: [] });
  });

  it('reads again after it learnt where the log ends, so that nothing between is missed', async () => {
    const { api, calls } = source([trackAt({ run }), trackAt({})], []);
    await waitForTrack(api, 'a');
    expect(calls).toMatchObject({ gets: 2, queries: [] });
  });

  it('follows from there until the track is where it should be, then closes the feed', async () => {
    const { api, calls } = source(
      [trackAt({ run }), trackAt({ run }), trackAt({ run }), trackAt({ run: { ...run, endedAt: 'now' } })],
      ['loop.started', 'loop.stopped', 'x.y'],
    );
    await expect(waitForTrack(api, 'a')).resolves.toMatchObject({ run: { endedAt: 'now' } });
    expect(calls).toMatchObject({ gets: 4, closed: true, queries: [{ trackId: 'a', after: 40 }] });
  });

  it('takes a predicate of the caller, and then looks at every event', async () => {
    const { api, calls } = source(
      [trackAt({ revision: 1 }), trackAt({ revision: 1 }), trackAt({ revision: 5 })],
      ['task.completed'],
    );
    await expect(waitForTrack(api, 'a', (track) => track.revision > 4)).resolves.toMatchObject({ revision: 5 });
    expect(calls.queries[0]?.types).toBeUndefined();
  });

  it('gives up with TIMEOUT and closes the feed', async () => {
    const clock = new FakeClock();
    const { api, calls } = source([trackAt({ run })], [], true);
    const waiting = waitForTrack(api, 'a', 'stopped', { timeoutMs: 1000, clock });
    await expect(clock.runUntil(waiting)).rejects.toMatchObject({ code: 'TIMEOUT' });
    await clock.turn();
    expect(calls.closed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('rejects with the reason of an abort', async () => {
    const stop = new AbortController();
    const { api } = source([trackAt({ run })], [], true);
    const waiting = waitForTrack(api, 'a', 'stopped', { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(waitForTrack(api, 'a', 'stopped', { signal: stop.signal })).rejects.toThrow('enough');
  });

  it('does not take the end of a feed for an answer', async () => {
    const { api } = source([trackAt({ run })], ['loop.started']);
    await expect(waitForTrack(api, 'a')).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('isReached', () => {
  it('waits for completion over pauses and failures, which a person can lift', () => {
    for (const lifecycle of ['paused', 'failed', 'active', 'draft'] as const)
      expect(isReached(trackAt({ lifecycle }), 'completed')).toBe(false);
    expect(isReached(trackAt({ lifecycle: 'completed' }), 'completed')).toBe(true);
    expect(isReached(trackAt({ lifecycle: 'archived', completedAt: 'x' }), 'completed')).toBe(true);
  });

  it('throws TRACK_ENDED for a track that can never be completed', () => {
    for (const lifecycle of ['cancelled', 'archived'] as const) {
      expect(() => isReached(trackAt({ lifecycle }), 'completed')).toThrow(
        expect.objectContaining({ code: 'TRACK_ENDED' }) as Error,
      );
    }
  });
});
