import { describe, expect, it } from 'vitest';
import {
  appendFix,
  appendSuperpowerError,
  formatOptions,
  formatRecommendation,
  parseFixLog,
  parseOptions,
  parseRecommendation,
  parseSuperpowerErrors,
} from './track-notes.js';

const fix = { issue: 'Tests fail', fix: 'Await it', date: '2026-01-02', rootCause: 'A race', commit: 'abc1234' };
const options = [
  { name: 'One file', description: 'All in one', pros: 'Short', cons: 'Long' },
  { name: 'Two files', description: undefined, pros: undefined, cons: undefined },
];

describe('notes of a track', () => {
  it('fix log, brainstorm and failures of superpowers are written and read again, the logs by appending only [FMT-41]', () => {
    const first = appendFix(undefined, { ...fix, date: '2026-01-02T10:00:00Z' });
    const second = appendFix(first, { ...fix, issue: 'Lint' });
    expect(second.startsWith(first)).toBe(true);
    expect(parseFixLog(second)).toEqual([fix, { ...fix, issue: 'Lint' }]);
    expect(parseOptions(formatOptions(options))).toEqual(options);
    const recommendation = { option: 'Two files', reasons: ['Easier to read', 'Faster'] };
    expect(parseRecommendation(formatRecommendation(recommendation))).toEqual(recommendation);
    const failure = {
      at: '2026-01-02T10:00:00.000Z',
      superpower: 'superpowers:writing-plans',
      exitCode: 3,
      message: 'no spec: a.md',
    };
    const log = appendSuperpowerError(undefined, failure);
    const longer = appendSuperpowerError(log, {
      at: failure.at,
      superpower: 'superpowers:brainstorming',
      message: 'a\nb',
    });
    expect(longer.startsWith(log)).toBe(true);
    expect(parseSuperpowerErrors(longer)).toEqual([
      failure,
      { at: failure.at, superpower: 'superpowers:brainstorming', message: 'a b' },
    ]);
  });

  it('are read as far as they go when other people wrote them', () => {
    expect(
      parseFixLog('# Fix Log\r\n\r\n## One\r\n\r\n**Fix:** done\r\n\r\n## Prose\r\n\r\nnothing\r\n'),
    ).toMatchObject([{ issue: 'One', fix: 'done' }]);
    expect(parseOptions('## Option B: Other\n\nprose\n')).toMatchObject([{ name: 'Other' }]);
    expect(parseRecommendation('# Recommendation\n\nprose\n')).toBe(undefined);
    expect(parseSuperpowerErrors('noise\n[t] s: first\n  at stack\n\n')).toEqual([
      { at: 't', superpower: 's', message: 'first\n  at stack' },
    ]);
    expect(appendSuperpowerError('no line end', { at: 't', superpower: 's', message: 'm' })).toBe(
      'no line end\n[t] s: m\n',
    );
  });
});
