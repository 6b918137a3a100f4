import { describe, expect, it } from 'vitest';
import {
  formatRetrospective,
  formatRetrospectiveAnswer,
  parseRetrospective,
  parseRetrospectiveAnswer,
} from './retrospective.js';

const retrospective = {
  completed: '2026-01-02',
  duration: '2 d 3 h',
  fixCycles: 2,
  summary: ['It went well.', 'Mostly: yes.'],
  workedWell: ['# Small tasks', '<b> and 1. order'],
  problems: ['1. The network'],
  patterns: ['Retry with jitter'],
  errors: ['err-001: ENOENT'],
  improvements: [
    { skill: 'loop-planner', improvement: 'name the files: all' },
    { skill: 'loop-fixer', improvement: 'read the log', done: true },
  ],
  recommendations: ['Start earlier'],
};

describe('retrospective.md', () => {
  it('is written and read in full, as is the answer of the agent [FMT-40]', () => {
    const text = formatRetrospective('greet_20260101', { ...retrospective, completed: '2026-01-02T10:00:00Z' });
    expect(parseRetrospective(text)).toEqual(retrospective);
    expect(parseRetrospective(text.replaceAll('\n', '\r\n'))).toEqual(retrospective);
    expect(text.match(/^#{1,6} .*$/gm)).toEqual([
      '# Retrospective: greet_20260101',
      '## Summary',
      '## What Worked Well',
      '## What Caused Problems',
      '## Patterns Extracted',
      '## Errors Logged',
      '## Skill Improvements Proposed',
      '## Recommendations for Similar Tracks',
    ]);
    expect(text).toContain('- [ ] loop-planner: name the files: all\n');
    const published = {
      track_id: 'greet_20260101',
      completed_at: '2026-01-02T10:00:00Z',
      patterns_added: [{ name: 'Retry', category: 'API', added_to: 'patterns.md' }],
      errors_added: [{ id: 'err-001', pattern: 'ENOENT', added_to: 'errors.json' }],
      skill_improvements: [{ skill: 'loop-planner', improvement: 'name files', priority: 'high' }],
      retrospective_file: 'retrospective.md',
    };
    const answer = parseRetrospectiveAnswer(JSON.stringify(published));
    expect(answer).toMatchObject({ trackId: 'greet_20260101', patternsAdded: [{ addedTo: 'patterns.md' }] });
    expect(JSON.parse(formatRetrospectiveAnswer(answer))).toEqual(published);
    expect(formatRetrospectiveAnswer(answer)).not.toContain('\n');
  });

  it('has every section when there is nothing to say, and is empty when nothing is said', () => {
    const empty = {
      summary: [],
      workedWell: [],
      problems: [],
      patterns: [],
      errors: [],
      improvements: [],
      recommendations: [],
    };
    expect(parseRetrospective(formatRetrospective('a', empty))).toEqual(empty);
    expect(parseRetrospective('')).toEqual(empty);
  });

  it('refuses an answer that is none', () => {
    for (const text of ['', '{', '[]', '{"track_id":7}', '{"track_id":"a","completed_at":"b","errors_added":[{}]}'])
      expect(() => parseRetrospectiveAnswer(text)).toThrow(
        expect.objectContaining({ code: 'VALIDATION_FAILED' }) as Error,
      );
    expect(parseRetrospectiveAnswer('{"track_id":"a","completed_at":"b"}')).toMatchObject({
      patternsAdded: [],
      errorsAdded: [],
    });
  });
});
