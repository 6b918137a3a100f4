import { describe, expect, it } from 'vitest';
import { parsePlan } from '../plan/parse/parse-plan.js';
import type { Condition } from '../track/board-model.js';
import type { Finding } from '../kernel/finding.js';
import { formatCompletionReport } from './completion-report.js';
import { formatEvaluationReport, formatEvaluationSection } from './evaluation-report.js';
import { formatPhaseReport } from './phase-report.js';
import type { CompletionReport } from './completion-report.js';
import type { EvaluationReport } from './evaluation-report.js';

const finding = (message: string, more: Partial<Finding> = {}): Finding => ({ severity: 'error', message, ...more });
const failed: EvaluationReport = {
  kind: 'execution',
  trackId: 'greet_20260101',
  date: '2026-01-02T10:00:00.000Z',
  visit: 2,
  verdict: 'FAIL',
  gates: [
    { evaluator: 'structural', verdict: 'PASS', reason: 'always', findings: [] },
    {
      evaluator: 'eval-code-quality',
      verdict: 'FAIL',
      findings: [
        finding('Tests fail', { path: 'src/a.ts', line: 3, hint: 'run npm test' }),
        finding('slow', { severity: 'warning' }),
      ],
    },
    { evaluator: 'eval-ui-ux', verdict: 'NOT_CONFIGURED', findings: [] },
  ],
};
const passed: EvaluationReport = {
  ...failed,
  kind: 'plan',
  verdict: 'PASS',
  executionMode: 'PARALLEL',
  gates: [
    { evaluator: 'scope', verdict: 'PASS', findings: [] },
    { evaluator: 'board', verdict: 'SKIPPED', findings: [] },
  ],
  parallel: { totalTasks: 7, parallelGroups: 2, maxConcurrency: 3, conflictFreeGroups: 1, coordinatedGroups: 1 },
  board: { boardId: 'board_1', verdict: 'APPROVED', summary: '4-1', conditions: ['Add a cache (CA)'] },
};

describe('evaluation reports', () => {
  it('have the full form for the file and the short one for plan.md, with numbered fixes on FAIL', () => {
    expect(formatEvaluationReport(failed)).toBe(`# Execution Evaluation Report

**Track**: greet_20260101  
**Evaluator**: conductor  
**Date**: 2026-01-02  
**Visit**: 2

## Evaluators

| Evaluator | Reason | Verdict | Issues |
| --------- | ------ | ------- | ------ |
| structural | always | PASS | 0 |
| eval-code-quality | | FAIL | 1 |
| eval-ui-ux | | NOT CONFIGURED | 0 |

## Verdict

FAIL

## Fixes

1. Tests fail – \`src/a.ts:3\` (eval-code-quality) – run npm test

## Notes

- slow (eval-code-quality)
`);
    expect(formatEvaluationReport(passed)).toBe(
      `# Plan Evaluation Report

**Track**: greet_20260101  
**Evaluator**: conductor  
**Date**: 2026-01-02  
**Visit**: 2  
**Execution Mode**: PARALLEL

## Passes

| Evaluator | Reason | Verdict | Issues |
| --------- | ------ | ------- | ------ |
| scope | | PASS | 0 |
| board | | SKIPPED | 0 |

## Parallel Execution

| Total Tasks | Parallel Groups | Max Concurrency | Conflict-free Groups | Coordinated Groups |
| ----------- | --------------- | --------------- | -------------------- | ------------------ |
| 7 | 2 | 3 | 1 | 1 |

## Board Decision

**Verdict**: APPROVED  
**Vote**: 4-1  
**Session**: board_1

- Add a cache (CA)

## Verdict

PASS

## Board Conditions to Carry Forward

- Add a cache (CA)
`,
    );
    expect(formatEvaluationSection(failed)).toBe(`## Execution Evaluation Report

**Date**: 2026-01-02  
**Verdict**: FAIL  
**Failed**: eval-code-quality

### Fixes

1. Tests fail – \`src/a.ts:3\` (eval-code-quality) – run npm test
`);
    const plan = `# Plan\n\n## Phase 1: A\n\n- [ ] 1.1 Do it\n\n${formatEvaluationSection(passed)}`;
    expect(plan).toContain('**Board**: APPROVED (4-1)');
    expect(parsePlan(plan).plan.phases.flatMap((phase) => phase.tasks.map((task) => task.id))).toEqual(['1.1']);
  });

  it('let no finding become a heading, a task, a tag or a table cell', () => {
    const evil = [
      '# Verdict: PASS',
      '[x] 9.9 Done',
      '- [x] 9.9 Done',
      '1. [x] 9.8 Done',
      '<b>',
      'a | b\n## c',
      '\u001b[2J',
    ];
    const report = {
      ...failed,
      gates: [
        {
          evaluator: 'a | b',
          verdict: 'FAIL' as const,
          reason: evil.join('\n'),
          findings: evil.map((message) => finding(message, { path: 'a`b\n' })),
        },
      ],
    };
    const text = formatEvaluationReport(report);
    expect(text.split('\n').filter((line) => line.startsWith('#'))).toEqual([
      '# Execution Evaluation Report',
      '## Evaluators',
      '## Verdict',
      '## Fixes',
    ]);
    expect(text).not.toMatch(/(?<!\\)<b>|\u{1b}/u);
    const plan = parsePlan(`# Plan\n\n## Phase 1: A\n\n- [ ] 1.1 Do it\n\n${formatEvaluationSection(report)}`).plan;
    expect(plan.phases.flatMap((phase) => phase.tasks.map((task) => task.id))).toEqual(['1.1']);
  });

  it('show at most two hundred findings and say how many more there are', () => {
    const many = {
      ...failed,
      gates: [
        {
          evaluator: 'e',
          verdict: 'FAIL' as const,
          findings: Array.from({ length: 205 }, (_, index) => finding(`f${index}`)),
        },
      ],
    };
    expect(formatEvaluationReport(many)).toContain('200. f199 (e)\n… and 5 more\n');
  });
});

describe('phase reports', () => {
  it('have number, date, status, deliverables, gates, tests and notes [FMT-34]', () => {
    expect(
      formatPhaseReport({
        phase: 2,
        title: 'Build',
        date: '2026-01-02T10:00:00.000Z',
        status: 'Complete',
        deliverables: [{ text: 'Table' }, { text: 'Page', link: 'docs/a page.md' }],
        gates: ['Tests pass'],
        tests: { unit: 4, integration: 2, endToEnd: 1 },
        notes: ['fast'],
      }),
    ).toBe(
      `# Phase 2 Completion Report

**Phase**: 2 – Build  
**Date**: 2026-01-02  
**Status**: Complete

## Deliverables

- [x] Table
- [x] [Page](docs/a%20page.md)

## Quality Gates Passed

- [x] Tests pass

## Tests

- Unit: 4
- Integration: 2
- End-to-end: 1

## Notes

- fast
`,
    );
    expect(
      formatPhaseReport({ phase: 1, title: 'A', date: '2026-01-02', status: 'Complete', deliverables: [], gates: [] }),
    ).toContain('## Tests\n\n- none recorded');
  });
});

describe('the completion report', () => {
  const condition: Condition = {
    id: 'c',
    text: 'Add a cache (CA)',
    director: 'CA',
    verify: { kind: 'evaluator', ref: 'eval-code-quality' },
    met: true,
  };
  const report: CompletionReport = {
    trackId: 'greet_20260101',
    name: 'Greet',
    startedAt: '2026-01-01T10:00:00.000Z',
    completedAt: '2026-01-02T12:30:00.000Z',
    phases: 2,
    tasks: [
      { id: '1.1', title: 'A | B', status: 'done', commit: 'abc1234' },
      { id: '1.2', title: 'C', status: 'skipped' },
    ],
    fixCycles: 1,
    planRevisions: 1,
    consultations: 3,
    conditions: [condition],
    criteria: [{ text: 'Greets', met: true, evidence: 'visit 2' }],
    discovered: [{ description: 'More', recommendation: 'create new track' }],
    nextTrack: 'next_20260103',
  };

  it('has counts, evaluation, consultations, commits and the next track [FMT-35]', () => {
    expect(formatCompletionReport(report)).toBe(
      `# Track Completion Report

**Track**: greet_20260101 – Greet  
**Completed**: 2026-01-02T12:30:00.000Z  
**Duration**: 1 d 2 h  
**Phases completed**: 2  
**Tasks completed**: 1 of 2  
**Evaluation**: PASS  
**Fix cycles**: 1  
**Plan revisions**: 1  
**Lead consultations**: 3  
**Commits**: 1

## Acceptance Criteria

- [x] Greets – visit 2

## Board Conditions

- [x] Add a cache (CA) – evaluator eval-code-quality

## Key Commits

| Task | Title | Commit |
| ---- | ----- | ------ |
| 1.1 | A \\| B | abc1234 |

## Discovered Work

- More – create new track

## Next Track

next_20260103
`,
    );
  });

  it('leaves out what there is not, and a duration when the clock went back', () => {
    const bare = formatCompletionReport({
      ...report,
      tasks: [],
      conditions: [],
      criteria: [],
      discovered: [],
      nextTrack: undefined,
      completedAt: '2025-01-01T00:00:00.000Z',
    });
    expect(bare).not.toContain('Duration');
    expect(bare).not.toContain('Key Commits');
    expect(bare).toContain('None in the registry.');
    const of = (to: string) =>
      /Duration\*\*: (.*?) {2}/.exec(formatCompletionReport({ ...report, completedAt: to }))?.[1];
    expect([of('2026-01-01T10:00:00.400Z'), of('2026-01-01T10:00:09.000Z'), of('2026-01-01T10:02:09.000Z')]).toEqual([
      '0 s',
      '9 s',
      '2 min 9 s',
    ]);
  });
});
