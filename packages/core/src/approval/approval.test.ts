import { describe, expect, it } from 'vitest';
import type { ActorRef, Json, NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { approval } from './approval.js';
import type { ApprovalCommand, approvalEvents, ApprovalState } from './approval.js';

type Request = Extract<ApprovalCommand, { name: 'approval.request' }>['data'];

const mo: ActorRef = { kind: 'user', id: 'mo' };
const asked: Request = {
  kind: 'FIX_LIMIT',
  trackId: 't',
  subject: 'track/t',
  subjectRevision: 1,
  requester: { kind: 'engine', id: 'engine' },
  decider: { kind: 'human' },
  summary: 'one more?',
  options: [
    { id: 'extend', label: 'Yes', leadsTo: 'extend' },
    { id: 'fail', label: 'No', leadsTo: 'fail-track' },
  ],
  expiresAt: '2026-01-15T00:00:00.000Z',
};
const request = (parts: Partial<Request> = {}): NewEvent => ({
  type: 'approval.requested',
  v: 1,
  data: { ...asked, ...parts } as Json,
}); // the payload is plain JSON
const event = (type: keyof typeof approvalEvents, data: object = {}): NewEvent => ({ type, v: 1, data: data as never }); // plain JSON
const answer = (parts: object = {}): ApprovalCommand => ({
  name: 'approval.answer',
  data: { outcome: 'approved', choice: 'extend', ...parts },
});
const answered = (outcome: 'approved' | 'denied') => event('approval.answered', { outcome });
const on = (...events: readonly NewEvent[]) => given(approval, 'a1', events);
const by = (actor: ActorRef, at = '2026-01-02T00:00:00.000Z') => ({ actor, at });

/** Facts that lead to each status. */
const inStatus: Readonly<Record<ApprovalState['status'], readonly NewEvent[]>> = {
  none: [],
  pending: [request()],
  approved: [request(), answered('approved')],
  denied: [request(), answered('denied')],
  expired: [request(), event('approval.expired')],
  cancelled: [request(), event('approval.cancelled', { reason: 'x' })],
  consumed: [request(), answered('approved'), event('approval.consumed', { by: 't' })],
};

describe('a question', () => {
  it('is asked once, answered once and used once; every other command changes nothing or is refused', () => {
    const commands = {
      request: { name: 'approval.request', data: asked },
      answer: answer(),
      expire: { name: 'approval.expire', data: {} },
      cancel: { name: 'approval.cancel', data: { reason: 'x' } },
      consume: { name: 'approval.consume', data: { by: 't' } },
    } as const satisfies Record<string, ApprovalCommand>;
    const decided = 'APPROVAL_DECIDED';
    const table: Readonly<
      Record<
        ApprovalState['status'],
        readonly [request: string, answer: string, expire: string, cancel: string, consume: string]
      >
    > = {
      none: ['requested', 'APPROVAL_NOT_FOUND', '', '', 'APPROVAL_NOT_FOUND'],
      pending: ['', 'answered', 'expired', 'cancelled', 'INVALID_STATE'],
      approved: ['', decided, '', '', 'consumed'],
      denied: ['', decided, '', '', 'consumed'],
      expired: ['', decided, '', '', 'consumed'],
      cancelled: ['', decided, '', '', 'consumed'],
      consumed: ['', decided, '', '', ''],
    };
    for (const [status, row] of Object.entries(table)) {
      const there = on(...inStatus[status as ApprovalState['status']]); // the keys of the table
      expect(there.state.status).toBe(status);
      for (const [index, command] of Object.values(commands).entries()) {
        const expected = row[index] ?? '';
        if (/^[A-Z]/u.test(expected))
          there.when(command, by(mo)).then(expected as 'INVALID_STATE'); // a code of the table above
        else there.when(command, by(mo)).then(expected === '' ? [] : [`approval.${expected}`]);
      }
    }
  });

  it('remembers what was asked, who answered, what, and when', () => {
    const { state } = on(request())
      .when(answer({ answer: { text: 'go on' }, reason: 'fine' }), by(mo))
      .then(['approval.answered']);
    expect(state).toMatchObject({
      status: 'approved',
      request: { kind: 'FIX_LIMIT' },
      requestedAt: expect.any(String),
      answer: { choice: 'extend', answer: { text: 'go on' } },
      answeredAt: expect.any(String),
      answeredBy: expect.any(Object),
    });
    expect(
      on(request())
        .when(answer({ outcome: 'denied', choice: undefined }), by(mo))
        .then(['approval.answered']).state.status,
    ).toBe('denied');
  });

  it('is not answered by the one who asked it', () => {
    on(request({ requester: mo }))
      .when(answer(), by(mo))
      .then('FORBIDDEN');
    on(request({ requester: mo }))
      .when(answer(), by({ kind: 'user', id: 'jo' }))
      .then(['approval.answered']);
    on(request({ requester: { kind: 'agent', id: 'mo' } }))
      .when(answer(), by(mo))
      .then(['approval.answered']);
    on(request({ decider: { kind: 'lead' } }))
      .when(answer(), by({ kind: 'engine', id: 'engine' }))
      .then('FORBIDDEN');
  });

  it('to people is answered by people only', () => {
    for (const kind of ['agent', 'engine', 'system', 'foreign'] as const) {
      on(request())
        .when(answer(), by({ kind, id: 'x' }))
        .then('FORBIDDEN');
      on(request({ decider: { kind: 'lead' } }))
        .when(answer(), by({ kind, id: 'x' }))
        .then(['approval.answered']);
    }
  });

  it('to somebody by name is answered by nobody else', () => {
    on(request({ decider: { kind: 'human', id: 'jo' } }))
      .when(answer(), by(mo))
      .then('FORBIDDEN');
    on(request({ decider: { kind: 'human', id: 'mo' } }))
      .when(answer(), by(mo))
      .then(['approval.answered']);
    on(request({ decider: { kind: 'lead', id: 'mo' } }))
      .when(answer(), by({ kind: 'agent', id: 'jo' }))
      .then('FORBIDDEN');
  });

  it('names the rule that forbids an answer', () => {
    const rule = (parts: Partial<Request>, actor: ActorRef) => {
      try {
        approval.decide(on(request(parts)).state, answer(), by(actor));
      } catch (error) {
        return (error as { details: { rule: string } }).details.rule;
      }
      return undefined;
    };
    expect(rule({ requester: mo }, mo)).toBe('own-request');
    expect(rule({}, { kind: 'agent', id: 'x' })).toBe('only-people');
    expect(rule({ decider: { kind: 'human', id: 'jo' } }, mo)).toBe('named-decider');
  });

  it('is answered with one of its options, or without naming one', () => {
    on(request())
      .when(answer({ choice: 'fail' }), by(mo))
      .then(['approval.answered']);
    on(request())
      .when(answer({ choice: undefined }), by(mo))
      .then(['approval.answered']);
    for (const choice of ['', 'other', '__proto__'])
      on(request()).when(answer({ choice }), by(mo)).then('VALIDATION_FAILED');
  });

  it('is open up to the moment it expires, and for ever without one', () => {
    on(request()).when(answer(), by(mo, '2026-01-15T00:00:00.000Z')).then(['approval.answered']);
    on(request()).when(answer(), by(mo, '2026-01-15T00:00:00.001Z')).then('APPROVAL_EXPIRED');
    on(request({ expiresAt: undefined }))
      .when(answer(), by(mo, '2999-01-01T00:00:00.000Z'))
      .then(['approval.answered']);
  });

  it('does not mind facts that it does not know', () => {
    expect(on(request(), { type: 'vendor/x.done', v: 1, data: {} }).state).toMatchObject({
      status: 'pending',
      version: 2,
    });
  });

  it('does not guess at facts of its own that a later version has written', () => {
    const newer = { type: 'approval.answered', v: 2, data: { outcome: 'denied' } };
    expect(on(request(), newer).state).toMatchObject({ status: 'pending', version: 2 });
  });
});
