import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventEnvelope, NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts, planned } from '../testing/track-facts.js';
import { baseEffect, currentEffect, roleEffect } from './effects.js';
import { trackEvents } from './event-schemas.js';
import { trackEvent } from './events.js';
import { evolveTrack, foldTrack, isTrackEvent } from './evolve.js';
import { initialTrack } from './initial.js';
import { track } from './track.js';
import { eventVersion } from './upcast.js';

const id = 'greet_20260101';
const { state } = given(track, id, [...facts.live(), facts.plan(planned('1'))]);
const envelope = (event: NewEvent, version = state.version + 1): EventEnvelope => ({
  id: `track/${id}@${version}`,
  seq: version,
  stream: `track/${id}`,
  version,
  commit: 1,
  at: '2026-03-01T00:00:00.000Z',
  actor: { kind: 'engine', id: 'e' },
  correlation: {},
  ...event,
});

describe('a fold', () => {
  it('does not mind facts that it does not know, whatever they hold; only their place in the stream counts', () => {
    const foreign = fc.string().filter((type) => !isTrackEvent(type));
    fc.assert(
      fc.property(foreign, fc.integer(), fc.jsonValue(), (type, v, data) => {
        const event = envelope({ type, v, data: data as never }); // any JSON
        expect(evolveTrack(state, event)).toBe(state);
        expect(foldTrack(state, [event])).toEqual({ ...state, version: state.version + 1 });
      }),
    );
    for (const type of ['__proto__', 'constructor', 'toString', 'vendor/thing.done', ''])
      expect(evolveTrack(state, envelope({ type, v: 1, data: {} }))).toBe(state);
  });

  it('does not go back when an unknown fact is folded again', () => {
    expect(foldTrack(state, [envelope({ type: 'vendor/x.done', v: 1, data: {} }, 1)])).toBe(state);
  });

  it('ignores a built-in fact of a newer version and says so from then on', () => {
    for (const type of Object.keys(trackEvents)) {
      const newer = evolveTrack(state, envelope({ type, v: eventVersion(type) + 1, data: {} }));
      expect(newer).toEqual({ ...state, version: state.version + 1, degraded: true });
      expect(
        evolveTrack(newer, envelope(trackEvent('track.paused', { mode: 'drain' }), newer.version + 1)),
      ).toMatchObject({
        degraded: true,
        lifecycle: 'paused',
      });
    }
  });

  it('keeps the version and the time of the last fact, and the time of the first', () => {
    const next = evolveTrack(
      state,
      envelope(
        trackEvent('edit.noted', { path: 'p', hash: 'h', bytes: { text: '' }, disposition: 'claim', findings: [] }),
      ),
    );
    expect(next).toEqual({ ...state, version: state.version + 1, updatedAt: '2026-03-01T00:00:00.000Z' });
    expect(foldTrack(initialTrack(id), [envelope(facts.created(), 1)])).toMatchObject({
      createdAt: '2026-03-01T00:00:00.000Z',
      version: 1,
    });
  });

  it('never throws on a known fact about things that are not there', () => {
    const none = initialTrack(id);
    const bare: readonly NewEvent[] = [
      facts.started('1'),
      facts.completed('1'),
      facts.failed('1', 3),
      facts.marked('1', 'done'),
      trackEvent('task.reported', { taskId: '1', runId: 'r', summary: '', changed: [], answer: null }),
      trackEvent('task.interrupted', { taskId: '1', runId: 'r', recoveries: 1, reason: 'x' }),
      trackEvent('lease.waited', { taskId: '1', keys: [], holders: [] }),
      trackEvent('loop.stopped', { reason: 'x' }),
      trackEvent('loop.resumed', { owner: 'e', host: 'h', epoch: 2, previous: 'x' }),
      trackEvent('step.started', { step: 'PLAN', visit: 1, rule: 'T4' }),
      trackEvent('step.failed', {
        step: 'EVALUATE_PLAN',
        visit: 1,
        rule: 'T11',
        next: { step: 'PLAN', status: 'NOT_STARTED' },
      }),
      trackEvent('process.spawned', {
        effect: 'e',
        runId: 'r',
        process: { host: '', bootId: '', groupId: 1, startedAt: '' },
      }),
      trackEvent('effect.started', { effect: 'e', role: 'x', executor: 'x', try: 1 }),
      trackEvent('effect.interrupted', { effect: 'other', recoveries: 1, reason: 'x' }),
    ];
    for (const event of bare) expect(evolveTrack(none, envelope(event, 1)).version).toBe(1);
    expect(
      foldTrack(
        none,
        bare.map((event, index) => envelope(event, index + 1)),
      ).plan,
    ).toBeUndefined();
  });

  it('keeps what was reserved for an effect that is started again', () => {
    const effect = `${id}/PLAN/1/planner`;
    const start = envelope(trackEvent('effect.started', { effect, role: 'planner', executor: 'x', try: 1 }));
    const twice = foldTrack(state, [start, { ...start, version: start.version + 1 }]);
    expect(twice.effects.get(effect)).toMatchObject({ tries: 1, recoveries: 0, epoch: 1 });
  });

  it('takes a flagged decision from the answer of a worker, and only from a plain yes', () => {
    const report = (answer: unknown) =>
      evolveTrack(
        state,
        envelope(
          trackEvent('task.reported', { taskId: '1', runId: 'r', summary: '', changed: [], answer: answer as never }),
        ),
      ).loop.businessSync; // any JSON
    expect(report({ businessSyncRequired: true })).toBe(true);
    for (const answer of [null, 'yes', [], {}, { businessSyncRequired: 'true' }, { businessSyncRequired: 1 }])
      expect(report(answer)).toBe(false);
  });
});

describe('the key of an effect', () => {
  it('names track, step, visit and role, and the try from the second one on', () => {
    expect(roleEffect('t', 'PLAN', 2, 'planner')).toBe('t/PLAN/2/planner');
    expect(roleEffect('t', 'PLAN', 2, 'planner', 1)).toBe('t/PLAN/2/planner/2');
    expect(baseEffect('t/PLAN/2/planner/2')).toBe('t/PLAN/2/planner');
    expect(currentEffect(state, 'planner')).toBe(`${id}/PLAN/0/planner`);
  });

  it('has four or five parts, whatever the role is called', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(9), (role, tries) => {
        const effect = roleEffect('t', 'FIX', 1, role, tries);
        expect(effect.split('/')).toHaveLength(tries > 0 ? 5 : 4);
        expect(baseEffect(effect)).toBe(roleEffect('t', 'FIX', 1, role));
      }),
    );
  });
});
