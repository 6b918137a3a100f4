import { describe, expect, it } from 'vitest';
import { formatPhaseReview } from './phase-review.js';
import type { PhaseReview } from './phase-review.js';

const review: PhaseReview = {
  trackId: 'sums_20260101',
  phase: 2,
  title: 'Sums',
  date: '2026-01-02T10:00:00.000Z',
  verdict: 'FAIL',
  deliverables: [
    { text: 'Task 2.1: Write the sums', met: true, link: '../../../../src/the sums.ts' },
    { text: 'Task 2.2: # Test', met: false },
  ],
  drift: ['src/a.ts was changed, and no task names it'],
  checks: [
    { name: 'Regression', result: 'PASS' },
    { name: 'Tests: overall', result: 'NOT CONFIGURED', detail: 'floor 70 %' },
  ],
  findings: [
    { severity: 'error', message: 'Task 2.2 is pending', hint: 'Do it' },
    { severity: 'error', message: 'src/b.ts is gone', path: 'src/b.ts' },
    { severity: 'error', message: 'Too little\n# is tested', path: 'src/`c.ts', line: 3 },
    { severity: 'warning', message: 'Nobody said what was done', path: 'src/d.ts' },
  ],
};

describe('the review of a phase', () => {
  it('has track, date, evaluation, deliverables, alignment, gates, issues, and a verdict with fixes', () => {
    expect(formatPhaseReview(review)).toBe(`# Phase 2 Review

**Track**: sums_20260101  
**Phase**: 2 – Sums  
**Date**: 2026-01-02  
**Evaluation**: FAIL

## Deliverables

- [x] [Task 2.1: Write the sums](../../../../src/the%20sums.ts)
- [ ] Task 2.2: # Test

## Alignment

- DRIFT: src/a.ts was changed, and no task names it

## Quality Gates

| Check | Result | Detail |
| ----- | ------ | ------ |
| Regression | PASS | |
| Tests: overall | NOT CONFIGURED | floor 70 % |

## Issues Found

- error: Task 2.2 is pending
- error: src/b.ts is gone
- error: Too little # is tested – \`src/c.ts:3\`
- warning: Nobody said what was done – \`src/d.ts\`

## Verdict

FAIL

### Fixes

1. Task 2.2 is pending – Do it
2. src/b.ts is gone
3. Too little # is tested – \`src/c.ts:3\`
`);
  });

  it('says so where there is nothing to say, and where there is too much', () => {
    const calm = formatPhaseReview({ ...review, verdict: 'PASS', deliverables: [], drift: [], findings: [] });
    for (const part of [
      '## Deliverables\n\n- none',
      '- Plan, spec and work agree.',
      '## Issues Found\n\n- none',
      '## Verdict\n\nPASS\n',
    ])
      expect(calm).toContain(part);
    expect(calm).not.toContain('Fixes');
    const many = Array.from({ length: 203 }, (_, index) => ({ severity: 'error' as const, message: `m${index}` }));
    expect(formatPhaseReview({ ...review, findings: many })).toContain('- error: m199\n… and 3 more\n');
  });
});
