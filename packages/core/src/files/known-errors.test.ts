import { describe, expect, it } from 'vitest';
import { initialErrors, parseErrors } from './knowledge.js';
import { matchError, recordError } from './known-errors.js';

const entry = (id: string, pattern: string) => ({ id, pattern, solution: `solution of ${id}` });

describe('finding a known error', () => {
  it('takes the first pattern in the file that stands in the text, in any case', () => {
    const entries = [
      { id: 'note', symptom: 'text without a pattern' },
      entry('err-001', 'enoent: .*config'),
      entry('err-002', 'ENOENT'),
    ];
    expect(matchError(entries, 'Error: ENOENT: no CONFIG').match?.id).toBe('err-001');
    expect(matchError(entries, 'Error: enoent').match?.id).toBe('err-002');
    expect(matchError(entries, 'text without a pattern')).toEqual({ findings: [] });
    expect(matchError([entry('err-001', '')], 'any')).toEqual({ findings: [] });
  });

  it('goes on behind invalid, long, unsupported and catastrophic patterns and names them [FMT-39]', () => {
    const entries = [
      entry('bad', '('),
      entry('long', 'x'.repeat(2000)),
      entry('back', '(a)\\1'),
      entry('slow', '(a+)+$'),
      entry('err-009', 'a!'),
    ];
    const { match, findings } = matchError(entries, `${'a'.repeat(5000)}!`);
    expect(match?.id).toBe('err-009');
    expect(findings.map(({ severity, code, item }) => `${severity} ${code} ${item}`)).toEqual([
      'warning ERROR_PATTERN_REFUSED bad',
      'warning ERROR_PATTERN_REFUSED long',
      'warning ERROR_PATTERN_REFUSED back',
    ]);
    expect(matchError([entry('long', 'xxx')], 'xxx', { maxPatternBytes: 2 }).findings).toHaveLength(1);
  });

  it('ends when all patterns together cost too much', () => {
    const entries = Array.from({ length: 20_000 }, (_, index) => entry(`err-${index}`, '^(?:a{20}){20}b'));
    const { match, findings } = matchError(entries, 'c'.repeat(16 * 1024));
    expect(match).toBe(undefined);
    expect(findings).toMatchObject([{ message: expect.stringContaining('too much work') as string }]);
  });
});

describe('writing a met error', () => {
  it('gives three digits above the highest id, and counts what is known by id or by pattern [KNOW-04]', () => {
    const first = recordError(undefined, {
      pattern: 'ENOENT',
      seenAt: '2026-01-02T10:00:00Z',
      solution: 's',
      discoveredIn: 'a_1',
    });
    expect(first).toMatchObject({ id: 'err-001', repeated: false });
    expect(JSON.parse(first.text)).toEqual({
      version: 1,
      errors: [
        {
          id: 'err-001',
          pattern: 'ENOENT',
          solution: 's',
          occurrences: 1,
          last_seen: '2026-01-02',
          discovered_in: 'a_1',
        },
      ],
    });
    const again = recordError(first.text, { pattern: 'enoent', seenAt: '2026-01-05' });
    expect(again).toMatchObject({ id: 'err-001', repeated: true });
    expect(parseErrors(again.text)).toMatchObject([{ pattern: 'ENOENT', occurrences: 2, last_seen: '2026-01-05' }]);
    const byId = recordError(again.text, { id: 'err-001', pattern: 'other', seenAt: '2026-01-03' });
    expect(parseErrors(byId.text)).toMatchObject([{ occurrences: 3, last_seen: '2026-01-05' }]);
    const gap =
      '{"version":1,"errors":[{"id":"err-041","pattern":"x"},{"id":"err-7","pattern":"y"},{"id":"free text"}]}';
    expect(recordError(gap, { pattern: 'z', seenAt: '2026-01-01' }).id).toBe('err-042');
    expect(parseErrors(recordError(gap, { pattern: 'y', seenAt: '2026-01-01' }).text)[1]).toMatchObject({
      occurrences: 2,
    });
  });

  it('keeps foreign entries, unknown keys, the form of the text, and a file that is a bare list', () => {
    const text = '{ "mine": 1.0,\n "errors": [ { "symptom": "\\u0041" }, {"id":"err-001","pattern":"x","own":[ ]} ] }';
    const { text: after } = recordError(text, { pattern: 'X', seenAt: '2026-01-01' });
    expect(
      after.startsWith(
        '{ "mine": 1.0,\n "errors": [ { "symptom": "\\u0041" }, {"id":"err-001","pattern":"x","own":[ ]',
      ),
    ).toBe(true);
    expect(JSON.parse(recordError('[{"id":"a"}]', { pattern: 'p', seenAt: '2026-01-01' }).text)).toMatchObject([
      { id: 'a' },
      { id: 'err-001' },
    ]);
    expect(recordError('', { pattern: 'p', seenAt: '2026-01-01' }).text).toContain('"version": 1');
    expect(initialErrors()).toContain('"errors": []');
  });

  it('refuses a file that is no list of errors', () => {
    for (const text of ['{"errors":"none"}', '{', '7']) {
      expect(() => recordError(text, { pattern: 'p', seenAt: '2026-01-01' })).toThrow(
        expect.objectContaining({ code: 'VALIDATION_FAILED' }) as Error,
      );
    }
  });
});
