import type { Facts } from '@conductor/core';
import { silentLogger } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directorOf, seatOf } from '../director.js';
import { memoryRecorder } from '../memory-recorder.js';
import { runMeeting } from '../run-meeting.js';
import { sessionOf } from '../session.js';
import { gatherBoardFacts, readBoardFacts } from './facts.js';
import type { BoardFactsInput } from './facts.js';
import { roles } from './roles.js';
import { assess, standardDirectors } from './standard-directors.js';

type Plan = NonNullable<BoardFactsInput['plan']>;
const task = (
  id: string,
  title: string,
  files: readonly string[],
  more: Partial<Plan['tasks'][number]> = {},
): Plan['tasks'][number] => ({
  id,
  title,
  type: 'code',
  files,
  dependsOn: [],
  acceptance: `${title}: done`,
  estimateMinutes: 30,
  ...more,
});
const spec = {
  text: '# Slugs\n\n## Requirements\n- Letters with marks become plain letters\n\n## Acceptance Criteria\n- "Ü" becomes "ue"\n\n## Out of Scope\n- Load all records of a database\n',
  requirements: ['Letters with marks become plain letters', 'Options say which language'],
  acceptance: ['"Ü" becomes "ue"', 'The command says what it did'],
  outOfScope: ['Chinese transliteration tables'],
};
const tasks = [
  task('1.1', 'Add the table of letters', ['src/letters.js']),
  task('1.2', 'Use the table in slug', ['src/slug.js'], { dependsOn: ['1.1'] }),
  task('2.1', 'Test the table', ['test/letters.test.js'], { type: 'test', dependsOn: ['1.2'] }),
  task('2.2', 'Run the whole suite against regressions', ['test/slug.test.js'], { type: 'test', dependsOn: ['2.1'] }),
  task('2.3', 'Tell users of it', ['README.md'], { type: 'docs', dependsOn: ['1.2'] }),
];
const healthy = {
  track: { type: 'feature', priority: 'P2' },
  spec,
  plan: { text: '# Plan\n\nReject unauthenticated requests; never log passwords.\n', revision: 2, tasks },
} satisfies BoardFactsInput;
const withTasks = (...more: Plan['tasks']) => ({ ...healthy, plan: { ...healthy.plan, tasks: [...tasks, ...more] } });
const withPlanText = (text: string) => ({
  ...healthy,
  plan: { ...healthy.plan, text: `${healthy.plan.text}\n- [ ] 3.1 ${text}\n` },
});

const verdicts = (input: BoardFactsInput) =>
  Object.fromEntries(
    roles.map((role) => [role.code, assess(role, readBoardFacts(gatherBoardFacts(input), '')).verdict]),
  );
const unanimous = { CA: 'APPROVE', CPO: 'APPROVE', CSO: 'APPROVE', COO: 'APPROVE', CXO: 'APPROVE' };

async function meet(facts: Facts, kind: 'full' | 'quick' = 'full') {
  const clock = new FakeClock();
  const recorder = memoryRecorder({ boardId: 'board_1', clock });
  const directors = standardDirectors.map((plugin) => directorOf(plugin.definition, undefined));
  const session = await recorder.record([
    {
      name: 'board.open',
      data: {
        subject: 't',
        subjectRevision: 1,
        checkpoint: 'EVALUATE_PLAN',
        kind,
        directors: directors.map(seatOf),
        title: 'Slugs',
        proposal: { text: 'p' },
      },
    },
  ]);
  return clock.runUntil(
    runMeeting({ session, directors, facts, record: recorder.record, clock, logger: silentLogger }),
  );
}

describe('standard directors', () => {
  it('are five, with their criteria, weights that sum to 100, and a breakdown by these keys [BRD-01]', () => {
    const table = {
      CA: { system_design: 25, code_quality: 20, tech_debt: 20, performance: 20, integration: 15 },
      CPO: { user_value: 30, market_fit: 20, scope_discipline: 20, user_journey: 15, prioritization: 15 },
      CSO: { auth: 25, data_protection: 25, input_validation: 20, api_security: 15, compliance: 15 },
      COO: { feasibility: 25, timeline: 25, resources: 20, deployment: 15, risk: 15 },
      CXO: { usability: 25, visual_design: 20, accessibility: 25, user_journey: 15, emotional: 15 },
    };
    expect(
      Object.fromEntries(
        roles.map((role) => [role.code, Object.fromEntries(role.criteria.map(({ key, weight }) => [key, weight]))]),
      ),
    ).toEqual(table);
    for (const role of roles) {
      expect(role.criteria.reduce((sum, { weight }) => sum + weight, 0)).toBe(100);
      const { breakdown } = assess(role, readBoardFacts(gatherBoardFacts(healthy), ''));
      expect(Object.keys(breakdown as object)).toEqual(role.criteria.map(({ key }) => key));
      for (const check of role.checks)
        expect(
          role.criteria.map(({ key }) => key),
          check.id,
        ).toContain(check.criterion);
    }
    expect(standardDirectors.map(({ id, definition }) => [id, definition.code])).toEqual(
      roles.map(({ id, code }) => [id, code]),
    );
  });

  it('approve a healthy plan with five to nothing and no condition', async () => {
    expect(verdicts(healthy)).toEqual(unanimous);
    const state = await meet(gatherBoardFacts(healthy));
    expect(state.resolution).toMatchObject({ verdict: 'APPROVED', tally: { approve: 5 }, conditions: [], dissent: [] });
    expect(sessionOf(state).remarks).toEqual([]);
  });

  it('attach exactly one condition, from CA, when code changes and no task looks for regressions', async () => {
    const plan = { ...healthy.plan, tasks: tasks.filter((other) => other.id !== '2.2') };
    const state = await meet(gatherBoardFacts({ ...healthy, plan }));
    expect(state.resolution).toMatchObject({
      verdict: 'APPROVED',
      tally: { approve: 5 },
      conditions: [
        {
          director: 'CA',
          text: 'The whole test suite passes after the change, tests of before included (CA)',
          verify: { kind: 'evaluator', ref: 'eval-code-quality' },
        },
      ],
    });
    expect(state.resolution?.conditions).toHaveLength(1);
    expect(sessionOf(state).assessments['CA']?.verdict).toBe('CONCERNS');
    expect(sessionOf(state).votes['CA']?.verdict).toBe('APPROVE');
    expect(sessionOf(state).remarks).toMatchObject([{ from: 'CA', to: 'ALL', kind: 'CHALLENGE' }]);
    expect((await meet(gatherBoardFacts({ ...healthy, plan }), 'quick')).resolution).toMatchObject({
      verdict: 'APPROVED',
      conditions: [],
    });
  });

  // One changed fact of the plan, one verdict that turns; the others stay.
  const turning: [string, BoardFactsInput, Partial<typeof unanimous> | Record<string, string>][] = [
    [
      'CA: a circle of dependencies',
      {
        ...healthy,
        plan: {
          ...healthy.plan,
          tasks: tasks.map((other) => (other.id === '1.1' ? { ...other, dependsOn: ['1.2'] } : other)),
        },
      },
      { CA: 'REJECT' },
    ],
    [
      'CA: a task that depends on itself',
      {
        ...healthy,
        plan: {
          ...healthy.plan,
          tasks: tasks.map((other) => (other.id === '1.1' ? { ...other, dependsOn: ['1.1'] } : other)),
        },
      },
      { CA: 'REJECT' },
    ],
    [
      'CA: no test',
      { ...healthy, plan: { ...healthy.plan, tasks: tasks.filter((other) => other.type !== 'test') } },
      { CA: 'REJECT' },
    ],
    ['CA: work without a bound', withPlanText('Load all rows into memory'), { CA: 'REJECT' }],
    ['CA: a breaking change without migration', withPlanText('Drop the column name'), { CA: 'REJECT' }],
    [
      'CA: an unknown dependency',
      {
        ...healthy,
        plan: {
          ...healthy.plan,
          tasks: tasks.map((other) => (other.id === '1.2' ? { ...other, dependsOn: ['9.9'] } : other)),
        },
      },
      { CA: 'CONCERNS' },
    ],
    ['CPO: no acceptance criterion', { ...healthy, spec: { ...spec, acceptance: [] } }, { CPO: 'REJECT' }],
    ['CPO: no requirement', { ...healthy, spec: { ...spec, requirements: [] } }, { CPO: 'REJECT' }],
    [
      'CPO: more than three times the scope',
      withTasks(
        ...Array.from({ length: 8 }, (_, index) => task(`9.${index}`, `Add gadget ${index}`, [`src/g${index}.js`])),
      ),
      { CPO: 'REJECT' },
    ],
    [
      'CPO: what the spec rules out',
      withTasks(task('3.1', 'Add tables for Chinese transliteration', ['src/zh.js'])),
      { CPO: 'CONCERNS' },
    ],
    [
      'CPO: a criterion nobody can check',
      { ...healthy, spec: { ...spec, acceptance: [...spec.acceptance, 'It feels modern'] } },
      { CPO: 'CONCERNS' },
    ],
    ['CSO: a secret in the plan', withPlanText(`Use ${'AKIA'}ABCDEFGHIJKLMNOP`), { CSO: 'REJECT' }],
    [
      'CSO: a secret in a changed file',
      { ...healthy, texts: [{ name: 'src/a.js', text: `const k = "${'ghp_'}${'a1'.repeat(18)}"` }] },
      { CSO: 'REJECT' },
    ],
    ['CSO: raw SQL', withPlanText('Interpolate the name into the query'), { CSO: 'REJECT' }],
    ['CSO: no authentication', withPlanText('Add an admin page without authentication'), { CSO: 'REJECT' }],
    ['CSO: personal data in logs', withPlanText('Log the password for support'), { CSO: 'REJECT' }],
    ['CSO: a protection switched off', withPlanText('Set rejectUnauthorized: false'), { CSO: 'REJECT' }],
    [
      'CSO: payments without a test of refusal',
      {
        ...healthy,
        plan: {
          ...healthy.plan,
          tasks: tasks.map((other) => (other.id === '1.1' ? { ...other, title: 'Take payments' } : other)),
        },
      },
      { CSO: 'CONCERNS' },
    ],
    [
      'COO: a deployment without a way back',
      withTasks(task('3.1', 'Deploy the service', ['deploy.yaml'], { type: 'deploy' })),
      { COO: 'REJECT' },
    ],
    ['COO: an external service that never fails', withPlanText('Call an external API'), { COO: 'REJECT' }],
    ['COO: cost without a bound', withPlanText('Retry forever'), { COO: 'REJECT' }],
    [
      'COO: a task of more than a day',
      {
        ...healthy,
        plan: {
          ...healthy.plan,
          tasks: tasks.map((other) => (other.id === '1.1' ? { ...other, estimateMinutes: 600 } : other)),
        },
      },
      { COO: 'CONCERNS' },
    ],
    ['COO: no task', { ...healthy, plan: { ...healthy.plan, tasks: [] } }, { COO: 'REJECT' }],
    [
      'CXO: an interface without accessibility',
      withTasks(task('3.1', 'Show a preview of the loading page', ['src/Preview.tsx'], { type: 'ui' })),
      { CXO: 'REJECT' },
    ],
    ['CXO: errors that leave people alone', withPlanText('Show a generic error message'), { CXO: 'REJECT' }],
    ['CXO: colour as the only difference', withPlanText('Mark it by colour only'), { CXO: 'REJECT' }],
  ];
  it.each(turning)('turn on one changed fact – %s', (_name, input, changed) => {
    expect(verdicts(input)).toEqual({ ...unanimous, ...changed });
  });

  it('approve again when the plan answers the objection', () => {
    const deploy = withTasks(task('3.1', 'Deploy the service', ['deploy.yaml'], { type: 'deploy' }));
    expect(
      verdicts({ ...deploy, plan: { ...deploy.plan, text: `${deploy.plan.text}\nRollback: revert the release.\n` } }),
    ).toEqual(unanimous);
    const ui = withTasks(task('3.1', 'Show a preview', ['src/Preview.tsx'], { type: 'ui' }));
    expect(
      verdicts({
        ...ui,
        plan: { ...ui.plan, text: `${ui.plan.text}\nEvery control works by keyboard; a loading state is shown.\n` },
      }),
    ).toEqual(unanimous);
    expect(verdicts(withPlanText('Call an external API with time-outs and retries'))).toEqual(unanimous);
    expect(verdicts(withPlanText('Drop the column name after a migration'))).toEqual(unanimous);
    for (const harmless of [
      'Fix the unbounded loop',
      'Do not load all records',
      'The author is logged',
      'Never swallow errors',
      'Prevent unauthenticated access',
    ]) {
      expect(verdicts(withPlanText(harmless)), harmless).toEqual(unanimous);
    }
  });

  it('reject a plan together when two of three directors find red flags, and the board follows the table', async () => {
    const bad = {
      ...withPlanText('Load all rows, log the password, retry forever'),
      spec: { ...spec, acceptance: [] },
    };
    const state = await meet(gatherBoardFacts(bad));
    expect(state.resolution).toMatchObject({ verdict: 'REJECTED', tally: { approve: 1, reject: 4 }, dissent: ['CXO'] });
    expect(state.resolution?.conditions.map(({ director }) => director)).toEqual(
      expect.arrayContaining(['CA', 'CPO', 'CSO', 'COO']),
    );
  });

  it('judge a bare proposal by its text alone', async () => {
    expect((await meet({})).resolution).toMatchObject({ verdict: 'APPROVED', conditions: [] });
    const flags = roles.map(
      (role) => assess(role, readBoardFacts({}, 'We disable TLS and mark errors by colour only.')).verdict,
    );
    expect(flags).toEqual(['APPROVE', 'APPROVE', 'REJECT', 'APPROVE', 'REJECT']);
  });

  it('abstain when the facts are not what they read', async () => {
    const state = await meet({ plan: { revision: 'two' } });
    expect([...state.abstained.values()].map(({ reason }) => reason)).toEqual(Array.from({ length: 5 }, () => 'error'));
    expect(state.resolution?.verdict).toBe('ESCALATE');
  });

  it('stay within the scale, whatever the plan says', () => {
    const anyTask = fc.record({
      id: fc.string(),
      title: fc.string(),
      type: fc.string(),
      files: fc.array(fc.string()),
      dependsOn: fc.array(fc.constantFrom('a', 'b')),
    });
    const input = fc.record({
      plan: fc.record({ text: fc.string(), revision: fc.nat(), tasks: fc.array(anyTask) }),
      spec: fc.record({ text: fc.string(), requirements: fc.array(fc.string()), acceptance: fc.array(fc.string()) }),
    });
    fc.assert(
      fc.property(input, (plan) => {
        const facts = readBoardFacts(JSON.parse(JSON.stringify(gatherBoardFacts(plan))) as Facts, '');
        for (const role of roles) {
          const { score } = assess(role, facts);
          expect(score).toBeGreaterThanOrEqual(1);
          expect(score).toBeLessThanOrEqual(10);
        }
      }),
    );
  });
});
