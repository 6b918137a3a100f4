import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts } from '../testing/track-facts.js';
import { trackEvent } from './events.js';
import { steps, stepStatuses } from './model.js';
import { track } from './track.js';

const id = 'greet_20260101';
const on = (...events: readonly NewEvent[]) => given(track, id, events);
const { data: created } = facts.created();
const base = created as Parameters<typeof trackEvent<'track.created'>>[1]; // made by that very function
const brainstorming = trackEvent('track.created', {
  ...base,
  type: 'architecture',
  flags: { superpower: true, brainstorm: true },
});

describe('the family of agents', () => {
  it('is switched, and switched back, at every step while no agent is at work; while one is, it is refused [LOOP-14]', () => {
    for (const step of steps) {
      for (const status of stepStatuses) {
        const at = on(...facts.live(), ...facts.at(step, status));
        const off = at.when({ name: 'track.configure', data: { superpower: false } });
        if (status === 'IN_PROGRESS') {
          off.then('INVALID_STATE');
          continue;
        }
        const legacy = off.then([{ type: 'track.configured', data: { superpower: false } }]).state;
        expect(legacy.about.superpower).toBe(false);
        const back = on(
          ...facts.live(),
          ...facts.at(step, status),
          trackEvent('track.configured', { superpower: false }),
        )
          .when({ name: 'track.configure', data: { superpower: true } })
          .then([{ type: 'track.configured', data: { superpower: true } }]).state;
        expect(back.about.superpower).toBe(true);
      }
    }
  });

  it('may be named again while an agent is at work: nothing is switched', () => {
    on(...facts.live(), ...facts.at('EXECUTE', 'IN_PROGRESS'))
      .when({ name: 'track.configure', data: { superpower: true } })
      .then(['track.configured']);
  });
});

describe('BRAINSTORM', () => {
  const create = (type: string, flags: { superpower: boolean; brainstorm?: boolean }) =>
    on().when({ name: 'track.create', data: { ...base, type, flags } });

  it('comes first, before PLAN, where it was asked for; without it a track begins with PLAN', () => {
    expect(
      create('architecture', { superpower: true, brainstorm: true }).then(['track.created']).state.loop,
    ).toMatchObject({ step: 'BRAINSTORM', status: 'NOT_STARTED' });
    expect(create('architecture', { superpower: true }).then(['track.created']).state.loop.step).toBe('PLAN');
  });

  it('is for architectural and creative tracks of the superpowers family', () => {
    create('creative', { superpower: true, brainstorm: true }).then(['track.created']);
    create('bugfix', { superpower: true, brainstorm: true }).then('VALIDATION_FAILED');
    create('architecture', { superpower: false, brainstorm: true }).then('VALIDATION_FAILED');
  });

  it('is left out when the track goes back to the family that has no agent for it, and a blocker stays one', () => {
    const off = trackEvent('track.configured', { superpower: false });
    expect(on(brainstorming, off).state.loop).toMatchObject({ step: 'PLAN', status: 'NOT_STARTED' });
    const blocked = trackEvent('step.blocked', { step: 'BRAINSTORM', rule: 'T30', blockerIds: ['b'] });
    expect(on(brainstorming, blocked, off).state.loop).toMatchObject({ step: 'PLAN', status: 'BLOCKED' });
  });
});
