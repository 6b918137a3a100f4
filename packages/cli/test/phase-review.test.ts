import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine, configOf, writingWorker } from './command-line.js';
import type { CommandLine } from './command-line.js';
import { outputSchemas } from './output-schemas.js';

const plan = `# Sums

## Phase 1: Table

- [ ] Task 1.1: Write the table
  - **Acceptance**: It is there
  - **Files**: src/table.txt

## Phase 2: Sums

- [ ] Task 2.1: Write the sums
  - **Acceptance**: They are right
  - **Files**: src/sums.txt
  - **Depends on**: 1.1
`;
const worker = `import { mkdirSync } from 'node:fs';
mkdirSync('src', { recursive: true });
${writingWorker}`;

let line: CommandLine;
let id: string;

beforeEach(async () => {
  line = await commandLine();
  await line.write('worker.mjs', worker);
  await line.write('conductor.config.json', configOf(process.execPath, 'worker.mjs'));
  await line.write('plan.md', plan);
  await line.run('init');
  const { last } = await line.json('new', 'Sums', '--goal', 'Sums of a table', '--plan', 'plan.md');
  ({ id } = last['track'] as { id: string });
});

afterEach(() => line.remove());

async function review(...more: readonly string[]) {
  const { exitCode, last } = await line.json('phase-review', ...more);
  const answer = outputSchemas['phase-review'].parse(last);
  return { exitCode, ...answer, file: () => readFile(join(line.dir, answer.report), 'utf8') };
}

describe('phase-review', () => {
  it('goes through the checklist, writes the report and answers with its verdict [CMD-07]', async () => {
    expect((await line.run('run')).exitCode).toBe(0);
    const passed = await review(id, '--phase', '2');
    expect(passed).toMatchObject({ exitCode: 0, verdict: 'PASS', track: id, phase: '2', title: 'Sums', findings: [] });
    expect(passed.report).toBe(`conductor/tracks/${id}/reports/phase-2-review.md`);
    expect(await passed.file()).toBe(passed.text);
    expect(passed.text.split('\n').filter((text) => /^#|^\*\*|^- /u.test(text))).toEqual([
      '# Phase 2 Review',
      `**Track**: ${id}  `,
      '**Phase**: 2 – Sums  ',
      expect.stringMatching(/^\*\*Date\*\*: \d{4}-\d{2}-\d{2} {2}$/u),
      '**Evaluation**: PASS',
      '## Deliverables',
      '- [x] [Task 2.1: Write the sums](../../../../src/sums.txt)',
      '## Alignment',
      '- Plan, spec and work agree.',
      '## Quality Gates',
      '## Issues Found',
      '- none',
      '## Verdict',
    ]);
    expect(passed.checks).toEqual(
      expect.arrayContaining([
        { name: 'Plan evaluation: plan-checks', result: 'PASS' },
        { name: 'Execution evaluation: structural', result: 'PASS' },
        { name: 'Regression', result: 'PASS' },
        { name: 'Tests: overall', result: 'NOT CONFIGURED', detail: 'floor 70 %' },
        { name: 'Tests: business logic', result: 'NOT CONFIGURED', detail: 'floor 90 %' },
        { name: 'Tests: API routes and utilities', result: 'NOT CONFIGURED', detail: 'floor 80 %' },
        { name: 'Documentation', result: 'PASS' },
      ]),
    );

    // What was delivered is gone, and tests cover too little: each fails by its own name.
    await rm(join(line.dir, 'src/table.txt'));
    await rm(join(line.dir, 'src/sums.txt'));
    const lines = (covered: number) => ({ lines: { total: 100, covered } });
    const coverage = { total: lines(50), '/x/src/api/a.ts': lines(85), '/x/src/domain/b.ts': lines(89) };
    await mkdir(join(line.dir, 'coverage'));
    await line.write('coverage/coverage-summary.json', JSON.stringify(coverage));
    const failed = await review(id, '--phase', '2');
    expect(failed).toMatchObject({ exitCode: 1, verdict: 'FAIL' });
    expect(failed.findings.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'DELIVERABLE_MISSING src/sums.txt of task 2.1 does not exist',
      'REGRESSION src/table.txt of phase 1 is gone',
      'COVERAGE_LOW Tests cover 89 % of business logic, the floor is 90 %',
    ]);
    expect(failed.checks).toEqual(
      expect.arrayContaining([
        { name: 'Regression', result: 'FAIL', detail: '1 found' },
        { name: 'Tests: overall', result: 'PASS', detail: '87 % of lines, floor 70 %' },
        { name: 'Tests: business logic', result: 'FAIL', detail: '89 % of lines, floor 90 %' },
        { name: 'Tests: API routes and utilities', result: 'PASS', detail: '85 % of lines, floor 80 %' },
      ]),
    );
    expect(failed.text).toContain('- [ ] [Task 2.1');
    expect(failed.text).toMatch(
      /## Verdict\n\nFAIL\n\n### Fixes\n\n1\. src\/sums\.txt of task 2\.1 does not exist\n2\. /u,
    );
  });

  it('says what is left to do in a phase, and where spec and plan part', async () => {
    await line.run('run', '--until', 'PLAN');
    const open = await review();
    expect(open).toMatchObject({ exitCode: 1, verdict: 'FAIL', phase: '1' });
    expect(open.findings).toContainEqual(expect.objectContaining({ code: 'TASK_OPEN', item: '1.1' }));
    expect(open.checks).toContainEqual({ name: 'Plan evaluation', result: 'NOT RUN' });
    expect(open.checks).toContainEqual({ name: 'Regression', result: 'N/A', detail: 'no earlier phase' });
    await line.run('plan', 'mark', `conductor/tracks/${id}/plan.md`, '1.1', 'skipped');
    const skipped = await review('--phase', '1');
    expect(skipped).toMatchObject({ exitCode: 0, verdict: 'PASS' });
    expect(skipped.text).toContain('- DRIFT: Task 1.1 was planned and left out: Write the table');
  });

  it('writes over its own report and never over the words of a person', async () => {
    await line.run('run');
    const first = await review(id, '--phase', '1');
    expect((await review(id, '--phase', '1')).report).toBe(first.report);
    const theirs = `${first.text}\nSeen by Ada.\n`;
    await writeFile(join(line.dir, first.report), theirs);
    const second = await review(id, '--phase', '1');
    expect(second.report).toBe(first.report.replace('-review.md', '-review-2.md'));
    expect(await first.file()).toBe(theirs);
    expect((await review(id, '--phase', '1')).report).toBe(second.report);
  });

  it('takes the newest track when all are over, and prints what a person reads', async () => {
    await line.run('run');
    const { stdout, exitCode } = await line.run('phase-review');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Phase 2 of ${id}, Sums: PASS`);
    expect(stdout).toMatch(/✓ Documentation +PASS/u);
    expect(stdout).toContain('Report: conductor/tracks/');
  });

  it('refuses a phase that is not there, and a track without a plan', async () => {
    expect(await line.json('phase-review', id, '--phase', '7')).toMatchObject({
      exitCode: 2,
      last: { error: { code: 'VALIDATION_FAILED', hint: 'Its phases: 1, 2' } },
    });
    await line.run('new', 'Later', '--goal', 'Nothing is planned yet');
    expect(await line.json('phase-review', 'later')).toMatchObject({
      exitCode: 3,
      last: { error: { code: 'PLAN_NOT_FOUND' } },
    });
    expect(await line.json('phase-review', 'nobody')).toMatchObject({
      exitCode: 3,
      last: { error: { code: 'TRACK_NOT_FOUND' } },
    });
  });
});
