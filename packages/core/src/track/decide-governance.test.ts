import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts } from '../testing/track-facts.js';
import type { TrackCommand } from './commands.js';
import { trackEvent } from './events.js';
import { track } from './track.js';

const id = 'greet_20260101';
const on = (...events: readonly NewEvent[]) => given(track, id, [...facts.live(), ...events]);
const stopped = trackEvent('loop.stopped', { reason: 'x' });

describe('a condition', () => {
  const add: TrackCommand = {
    name: 'condition.add',
    data: { conditionId: 'c1', text: 'has tests', director: 'CA', verify: { kind: 'check', ref: 'tests' } },
  };
  const added = trackEvent('condition.added', add.data);

  it('is added once and verified as often as it is looked at', () => {
    expect(on().when(add).then(['condition.added']).state.conditions.get('c1')).toEqual({
      id: 'c1',
      text: 'has tests',
      director: 'CA',
      verify: { kind: 'check', ref: 'tests' },
    });
    on(added).when(add).then([]);
    const met = on(added)
      .when({ name: 'condition.verify', data: { conditionId: 'c1', met: true, evidence: { seen: 1 } } })
      .then(['condition.verified']);
    expect(met.state.conditions.get('c1')).toMatchObject({ met: true, evidence: { seen: 1 }, text: 'has tests' });
    expect(
      on(added)
        .when({ name: 'condition.verify', data: { conditionId: 'c1', met: false } })
        .then(['condition.verified'])
        .state.conditions.get('c1'),
    ).toMatchObject({ met: false });
    on()
      .when({ name: 'condition.verify', data: { conditionId: 'c1', met: true } })
      .then([]);
    expect(on(trackEvent('condition.verified', { conditionId: 'c1', met: true })).state.conditions.size).toBe(0);
  });
});

describe('a board', () => {
  const convene: TrackCommand = {
    name: 'board.convene',
    data: { boardId: 'b1', checkpoint: 'EVALUATE_PLAN', kind: 'full' },
  };
  const convened = trackEvent('board.convened', convene.data);
  const conclude = (verdict: string): TrackCommand => ({
    name: 'board.conclude',
    data: { boardId: 'b1', verdict, summary: '', conditions: [] },
  });
  const concluded = (verdict: string) =>
    trackEvent('board.concluded', { boardId: 'b1', verdict, summary: '', conditions: [] });

  it('is convened once, in a run, and concluded once', () => {
    expect(
      on(...facts.at('EVALUATE_PLAN', 'IN_PROGRESS'))
        .when(convene)
        .then(['board.convened'])
        .state.boards.get('b1'),
    ).toEqual({ state: 'open', kind: 'full', checkpoint: 'EVALUATE_PLAN', step: 'EVALUATE_PLAN', visit: 1 });
    on(convened).when(convene).then([]);
    on(stopped).when(convene).then('INVALID_STATE');
    on(convened).when(conclude('APPROVED')).then(['board.concluded']);
    on(convened, concluded('APPROVED')).when(conclude('REJECTED')).then([]);
    on().when(conclude('APPROVED')).then('BOARD_NOT_FOUND');
    expect(on(concluded('APPROVED')).state.boards.size).toBe(0);
  });

  it('answers the gate of the visit that convened it', () => {
    for (const [verdict, result] of [
      ['APPROVED', 'PASS'],
      ['APPROVED_WITH_REVIEW', 'PASS'],
      ['REJECTED', 'FAIL'],
      ['CANCELLED', 'FAIL'],
      ['ESCALATE', 'FAIL'],
    ] as const) {
      const { state } = on(...facts.at('EVALUATE_PLAN', 'IN_PROGRESS'), convened, concluded(verdict));
      expect(state.results.get(`${id}/EVALUATE_PLAN/1/board`)?.verdict).toBe(result);
      expect(state.boards.get('b1')).toMatchObject({ state: 'concluded', verdict });
    }
  });
});

describe('a question to a person', () => {
  const request: TrackCommand = {
    name: 'decision.request',
    data: {
      approvalId: 'a1',
      reason: 'FIX_LIMIT',
      subject: `track/${id}`,
      summary: 'one more?',
      options: [{ id: 'extend', label: 'Yes', leadsTo: 'extend' }],
      blockerId: 'k1',
      rule: 'T22',
    },
  };
  const { blockerId: _, rule: __, ...asked } = request.data;
  const requested = trackEvent('decision.requested', asked);
  const give = (parts: object = {}): TrackCommand => ({
    name: 'decision.give',
    data: { approvalId: 'a1', outcome: 'approved', choice: 'extend', leadsTo: 'extend', by: 'mo', ...parts },
  });
  const given_ = (parts: object = {}) =>
    trackEvent('decision.given', { approvalId: 'a1', outcome: 'approved', leadsTo: 'extend', by: 'mo', ...parts });
  const apply: TrackCommand = { name: 'decision.apply', data: { approvalId: 'a1' } };

  it('is on record with its blocker, and blocks the step', () => {
    const { state } = on(...facts.at('EVALUATE_EXECUTION', 'FAILED'))
      .when(request)
      .then([
        { type: 'decision.requested', data: asked },
        { type: 'blocker.raised', data: { blockerId: 'k1', step: 'EVALUATE_EXECUTION', description: 'one more?' } },
        { type: 'step.blocked', data: { step: 'EVALUATE_EXECUTION', rule: 'T22', blockerIds: ['k1'] } },
      ]);
    expect(state.loop.status).toBe('BLOCKED');
    expect(state.blockers.get('k1')).toMatchObject({
      active: true,
      description: 'one more?',
      raisedAt: expect.any(String),
    });
    expect(state.decisions.get('a1')).toMatchObject({ state: 'pending', reason: 'FIX_LIMIT' });
    on(requested).when(request).then([]);
    const blocker = trackEvent('blocker.raised', { blockerId: 'k0', step: 'FIX', description: 'x' });
    on(...facts.at('FIX', 'BLOCKED'), blocker)
      .when(request)
      .then(['decision.requested']);
    on(...facts.at('FIX', 'IN_PROGRESS'), blocker)
      .when(request)
      .then(['decision.requested', 'blocker.raised', 'step.blocked']);
    on(...facts.at('FIX', 'BLOCKED'))
      .when(request)
      .then(['decision.requested', 'blocker.raised', 'step.blocked']);
    on(stopped).when(request).then('INVALID_STATE');
  });

  it('is answered once, with something that is known to follow', () => {
    expect(
      on(requested)
        .when(give({ answer: 'go on' }))
        .then(['decision.given'])
        .state.decisions.get('a1'),
    ).toEqual({
      reason: 'FIX_LIMIT',
      state: 'given',
      step: 'PLAN',
      subject: `track/${id}`,
      outcome: 'approved',
      choice: 'extend',
      leadsTo: 'extend',
      answer: 'go on',
    });
    expect(
      on(requested)
        .when(give({ outcome: 'denied', choice: undefined, leadsTo: undefined }))
        .then(['decision.given'])
        .state.decisions.get('a1'),
    ).toEqual({ reason: 'FIX_LIMIT', state: 'given', step: 'PLAN', subject: `track/${id}`, outcome: 'denied' });
    for (const leadsTo of [undefined, 'COMPLETE', 'constructor', '__proto__'])
      on(requested).when(give({ leadsTo })).then('VALIDATION_FAILED');
    on(requested, given_()).when(give()).then('APPROVAL_DECIDED');
    on().when(give()).then('APPROVAL_NOT_FOUND');
    expect(on(given_()).state.decisions.size).toBe(0);
  });

  it('is used once, after it was answered', () => {
    on(requested, given_({ leadsTo: 'resolved' }))
      .when(apply)
      .then(['decision.used', 'step.reopened']);
    on(requested, given_(), trackEvent('decision.used', { approvalId: 'a1' }))
      .when(apply)
      .then([]);
    on(requested).when(apply).then('INVALID_STATE');
    on().when(apply).then('APPROVAL_NOT_FOUND');
    expect(on(trackEvent('decision.used', { approvalId: 'a1' })).state.decisions.size).toBe(0);
  });

  it('that is denied, has expired, or leads nowhere known pauses the track', () => {
    for (const parts of [
      { outcome: 'denied', leadsTo: undefined },
      { outcome: 'expired', leadsTo: 'extend' },
      { leadsTo: undefined },
      { leadsTo: 'COMPLETE' },
    ]) {
      const { state } = on(requested, given_(parts))
        .when(apply)
        .then(['decision.used', { type: 'track.paused', data: { reason: 'Not approved: FIX_LIMIT', mode: 'now' } }]);
      expect(state).toMatchObject({ lifecycle: 'paused', draining: false });
      on(requested, given_(parts), trackEvent('track.paused', { mode: 'drain' }))
        .when(apply)
        .then(['decision.used']);
    }
  });

  it('brings no track back that was cancelled while the answer was on its way', () => {
    for (const parts of [{}, { leadsTo: 'fail-track' }, { outcome: 'denied' }])
      expect(
        on(requested, given_(parts), trackEvent('track.cancelled', {})).when(apply).then(['decision.used']).state
          .lifecycle,
      ).toBe('cancelled');
  });
});

describe('a blocker', () => {
  it('is resolved with the time of it; one that nobody raised stays unknown', () => {
    const raised = trackEvent('blocker.raised', { blockerId: 'k', step: 'PLAN', description: 'x' });
    expect(
      on(raised, trackEvent('blocker.resolved', { blockerId: 'k', how: 'x' })).state.blockers.get('k'),
    ).toMatchObject({ active: false, resolvedAt: expect.any(String) });
    expect(on(trackEvent('blocker.resolved', { blockerId: 'k', how: 'x' })).state.blockers.size).toBe(0);
  });
});

describe('a budget', () => {
  const exhaust: TrackCommand = { name: 'budget.exhaust', data: { kind: 'tokens', limit: 1, spent: 2 } };
  const exhausted = trackEvent('budget.exhausted', exhaust.data);

  it('is exhausted once; a new one lets the track go on', () => {
    expect(on().when(exhaust).then(['budget.exhausted']).state.budget.exhausted).toBe('tokens');
    on(exhausted).when(exhaust).then([]);
    const { budget } = on(exhausted)
      .when({ name: 'budget.set', data: { limits: { tokens: 9 } } })
      .then(['budget.set']).state;
    expect(budget.limits).toEqual({ tokens: 9 });
    expect(budget).not.toHaveProperty('exhausted');
  });
});

describe('a part of the completion protocol', () => {
  it('is recorded once, in a run', () => {
    const record: TrackCommand = { name: 'completion.record', data: { part: 'report', effect: 'e' } };
    expect([...on().when(record).then(['completion.recorded']).state.completion]).toEqual(['report']);
    on(trackEvent('completion.recorded', record.data)).when(record).then([]);
    on(stopped).when(record).then('INVALID_STATE');
  });
});
