import { defaultLimits } from '@conductor/core';
import { describe, expect, it } from 'vitest';
import { checkedOutcome } from './checked-outcome.js';

const limits = { answerBytes: 100, findingBytes: 10 };
const codeOf = (answer: unknown): unknown => {
  try {
    return checkedOutcome(answer, limits);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('checkedOutcome', () => {
  it('takes what an executor may answer as it is', () => {
    const outcome = { status: 'done', summary: 'Did it', answer: { a: [1] }, session: 's' };
    expect(checkedOutcome(outcome, defaultLimits)).toEqual(outcome);
  });

  it.each([undefined, null, 1, 'text', [], {}, { status: 'done' }, { status: 'great', summary: '' }, { summary: 'x' }])(
    'refuses %j',
    (answer) => {
      expect(codeOf(answer)).toBe('ANSWER_INVALID');
    },
  );

  it('refuses an answer that is longer than allowed, or that JSON cannot say', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const answer of ['x'.repeat(101), cycle, 1n])
      expect(codeOf({ status: 'done', summary: '', answer })).toBe('ANSWER_INVALID');
    expect(codeOf({ status: 'done', summary: '', answer: 'x'.repeat(98) })).toMatchObject({ status: 'done' });
  });

  it('cuts what is only read by people', () => {
    const error = { code: 'X', message: 'y'.repeat(50), retryable: false };
    const outcome = checkedOutcome({ status: 'failed', summary: 'x'.repeat(50), error }, limits);
    expect([outcome.summary.length, outcome.error?.message.length]).toEqual([10, 10]);
    expect(outcome.summary.endsWith('…')).toBe(true);
  });
});
