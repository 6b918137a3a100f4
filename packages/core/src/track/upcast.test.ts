import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trackEvents } from './event-schemas.js';
import { foldTrack } from './evolve.js';
import { trackEvent } from './events.js';
import { isTrackEvent } from './evolve.js';
import { initialTrack } from './initial.js';
import { eventVersion, upcast, upcasters } from './upcast.js';
import type { Upcasters } from './upcast.js';

const table: Upcasters = {
  'thing.counted': [(data) => ({ ...(data as object), unit: 'piece' }), (data) => ({ amount: data })],
  'acme/thing.seen': [(data) => [data]],
};

describe('upcast', () => {
  it('goes from the stored version to the newest, step by step', () => {
    expect(upcast({ type: 'thing.counted', v: 1, data: { n: 1 } }, table)).toEqual({
      type: 'thing.counted',
      v: 3,
      data: { amount: { n: 1, unit: 'piece' } },
    });
    expect(upcast({ type: 'thing.counted', v: 2, data: 2 }, table)).toEqual({
      type: 'thing.counted',
      v: 3,
      data: { amount: 2 },
    });
    expect(upcast({ type: 'acme/thing.seen', v: 1, data: 1 }, table)).toMatchObject({ v: 2, data: [1] });
  });

  it('hands back what is new, newer or unknown as it is', () => {
    for (const [type, v] of [
      ['thing.counted', 3],
      ['thing.counted', 9],
      ['thing.other', 1],
      ['__proto__', 1],
      ['toString', 1],
    ] as const) {
      const event = { type, v, data: { a: 1 } };
      expect(upcast(event, table)).toBe(event);
    }
  });

  it('keeps everything of an event but version and data', () => {
    const event = { type: 'track.paused', v: 1, data: {}, id: 'track/a@7', seq: 9, causation: 'cmd:k' };
    expect(upcast(event)).toEqual({ ...event, v: 2, data: { mode: 'drain' } });
  });

  it('knows the version of each type', () => {
    expect([
      eventVersion('thing.counted', table),
      eventVersion('nothing', table),
      eventVersion('constructor', table),
    ]).toEqual([3, 1, 1]);
  });
});

describe('upcasters', () => {
  it('are for types that there are, and lead to what the schema of the type takes', () => {
    for (const type of Object.keys(upcasters)) {
      expect(isTrackEvent(type)).toBe(true);
      if (isTrackEvent(type))
        expect(trackEvents[type].safeParse(upcast({ type, v: 1, data: {} }).data).success).toBe(true);
    }
  });

  it('never throw, whatever was stored', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(upcasters)), fc.jsonValue(), (type, data) => {
        expect(upcast({ type, v: 1, data: data as never }).v).toBe(eventVersion(type));
      }),
    );
  });

  it('let the fold of an old pause be that of a new one', () => {
    const about = {
      id: 'track/a@1',
      seq: 1,
      stream: 'track/a',
      version: 1,
      commit: 1,
      at: '',
      actor: { kind: 'user', id: 'a' },
    } as const;
    const folded = (event: Parameters<typeof upcast>[0]) =>
      foldTrack(initialTrack('a'), [{ ...about, correlation: {}, ...upcast(event) }]);
    const old = { type: 'track.paused', v: 1, data: { reason: 'lunch' } };
    expect(folded(old)).toEqual(folded(trackEvent('track.paused', { reason: 'lunch', mode: 'drain' })));
    expect(folded(old)).toMatchObject({ lifecycle: 'paused', draining: true, degraded: false });
  });
});
