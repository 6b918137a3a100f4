import { describe, expect, it } from 'vitest';
import { checkedOutcome, outcomeOf, parseAnswer } from './answer.js';
import { oneLine, plainText } from './plain-text.js';

const outcome = (line: string, role: Parameters<typeof outcomeOf>[1] = 'worker') => {
  const answer = parseAnswer(line);
  return answer === undefined ? undefined : outcomeOf(answer, role);
};

describe('parseAnswer', () => {
  it.each([
    'plain text',
    '{"type":"assistant","text":"status"}',
    '{"note":"summary"}',
    '["status"]',
    '{"status":"done"',
    '{"status": done}',
    '"status"',
    '{}',
    `{"status":"done","__proto__":{"x":1}}`,
    `${'{"answer":'.repeat(100)}1${'}'.repeat(100)}`,
    `{"summary":"${'x'.repeat(1024 * 1024)}"}`,
  ])('takes no answer from %.60j', (line) => expect(parseAnswer(line)).toBeUndefined());

  it('takes an answer with spaces around it', () => {
    expect(outcome('  {"status":"done","summary":"ok"}\t')).toEqual({ status: 'done', summary: 'ok' });
  });
});

describe('outcomeOf', () => {
  it('reads the one-line verdict of the published agents', () => {
    const line = '{"verdict":"PASS","summary":"All good","files_changed":3}';
    const answer = { verdict: 'PASS', summary: 'All good', files_changed: 3 };
    expect(outcome(line)).toEqual({ status: 'done', summary: 'All good', answer });
    expect(outcome(line, 'judge')).toEqual({ status: 'done', summary: 'All good', answer });
  });

  it('takes FAIL for a failure of who works, and for the answer of who judges', () => {
    const line = '{"verdict":"FAIL","summary":"Two tests fail","files_changed":0}';
    expect(outcome(line)).toMatchObject({
      status: 'failed',
      error: { code: 'EXECUTOR_ERROR', message: 'Two tests fail' },
    });
    expect(outcome(line, 'fixer')).toMatchObject({ status: 'failed' });
    expect(outcome(line, 'judge')).toMatchObject({ status: 'done', answer: { verdict: 'FAIL' } });
  });

  it('keeps answer, usage and session of its own form', () => {
    const usage = { inputTokens: 10, outputTokens: -1, costMicros: 1.5, wallMs: '3', currency: 'EUR', more: 1 };
    expect(outcome(JSON.stringify({ summary: 'x', answer: [1], usage, session: 's1' }), 'planner')).toEqual({
      status: 'done',
      summary: 'x',
      answer: [1],
      usage: { inputTokens: 10, currency: 'EUR', known: true },
      session: 's1',
    });
    expect(outcome('{"status":"done","usage":{"inputTokens":"many"}}')).toMatchObject({ usage: { known: false } });
  });

  it('keeps the error that an agent states, but no code that is none', () => {
    const error = { code: 'acme/QUOTA', message: 'no tokens left', hint: 'wait', retryable: false };
    expect(outcome(JSON.stringify({ status: 'failed', summary: 's', error }))?.error).toEqual(error);
    expect(outcome(JSON.stringify({ status: 'failed', summary: 's', error: { code: 'no code!' } }))?.error).toEqual({
      code: 'EXECUTOR_ERROR',
      message: 's',
      retryable: true,
    });
  });

  it('refuses a status that it does not know', () => {
    for (const status of ['COMPLETE', 1, null, 'constructor'])
      expect(outcome(JSON.stringify({ status, summary: 'x' }))).toMatchObject({ error: { code: 'ANSWER_INVALID' } });
  });

  it('strips controls and bounds the summary', () => {
    const { summary } = outcome(JSON.stringify({ summary: `\u001b[31mred\u001b[0m\u0000${'x'.repeat(5000)}` })) ?? {
      summary: '',
    };
    expect(summary.startsWith('redx')).toBe(true);
    expect(summary).toHaveLength(4096);
  });
});

describe('checkedOutcome', () => {
  it('keeps a transcript that a function hands over', () => {
    const transcript = { text: 'said' };
    expect(checkedOutcome({ status: 'done', summary: 's', transcript }, 'worker')).toEqual({
      status: 'done',
      summary: 's',
      transcript,
    });
  });
});

describe('plainText', () => {
  it('drops escape sequences and controls, and keeps words, lines and tabs', () => {
    expect(plainText('\u001b[1;31ma\u001b[0m\u001b]0;title\u0007b\u001b(B\r\nc\td\u0007é日', 100)).toBe('ab\nc\tdé日');
  });

  it('bounds in one step, also what was written to be slow', () => {
    expect(plainText(`${'\u001b]'.repeat(100_000)}\u0007${'x'.repeat(20)}`, 10)).toBe('xxxxxxxxx…');
    expect(oneLine('a \n\t b', 100)).toBe('a b');
  });
});
