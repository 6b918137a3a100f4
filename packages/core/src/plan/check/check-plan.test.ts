import { describe, expect, it } from 'vitest';
import { checkPlan } from './check-plan.js';
import type { PlanCheck, PlanCheckInput } from './check-plan.js';
import { formatPlan } from '../write/format-plan.js';
import { parsePlan } from '../parse/parse-plan.js';
import { planModel } from '../model/plan-model.js';
import type { TaskOutline } from '../model/plan.js';
import { parseSpec } from '../parse/spec.js';

function check(text: string, more: Partial<PlanCheckInput> = {}): PlanCheck {
  const { plan } = parsePlan(text);
  return checkPlan({ plan, model: planModel(plan), ...more });
}

function codes({ findings }: PlanCheck, severity?: string): readonly (string | undefined)[] {
  return findings.filter((finding) => severity === undefined || finding.severity === severity).map(({ code }) => code);
}

function planOf(tasks: readonly TaskOutline[]): string {
  const full = tasks.map((task) => ({ acceptance: 'it works', files: [`src/${task.id}.ts`], dependsOn: [], ...task }));
  return formatPlan({ title: 'T', phases: [{ title: 'A', tasks: full }] });
}

const good = planOf([
  { id: '1', text: 'Write the table', files: ['src/table.js'] },
  { id: '2', text: 'Use the table', files: ['src/slug.js'], dependsOn: ['1'] },
]);

function dagPlan(dag: string, tasks: string): string {
  return `\`\`\`yaml\ndag:\n${dag}\`\`\`\n${tasks}`;
}

const three = '- [ ] Task 1: a\n- [ ] Task 2: b\n- [ ] Task 3: c\n';

describe('a good plan', () => {
  it('passes without a finding', () => {
    expect(check(good)).toEqual({
      findings: [],
      passes: {
        scope_alignment: 'SKIPPED',
        overlap_detection: 'SKIPPED',
        dependencies: 'PASS',
        task_quality: 'PASS',
        dag_validation: 'PASS',
      },
    });
  });
});

describe('pass 1, scope', () => {
  it('fails a plan without work', () => {
    expect(check('# T\n## Plan Evaluation Report\n- [ ] a\n').passes.scope_alignment).toBe('FAIL');
  });

  it('warns of an item of the spec that no task speaks of', () => {
    const spec = parseSpec(
      '# S\n## Requirements\n- R1: tables of letters\n- Emoji support\n## Acceptance Criteria\n- slugs',
    );
    const result = check(good, { spec });
    expect(result.findings).toMatchObject([
      { code: 'PLAN_REQUIREMENT_UNCOVERED', severity: 'warning', item: 'spec:4' },
    ]);
    expect(result.passes.scope_alignment).toBe('PASS');
  });
});

describe('pass 2, overlap', () => {
  const track = (live: boolean, files: readonly string[]) => ({ id: 'other', name: 'Other', files, live });

  it('fails on a file of a live track, and only advises for a finished one', () => {
    const live = check(good, { otherTracks: [track(true, ['./src/slug.js'])] });
    expect(live.passes.overlap_detection).toBe('FAIL');
    expect(live.findings).toMatchObject([{ code: 'PLAN_OVERLAP_LIVE', item: 'other', evidence: ['src/slug.js'] }]);
    const finished = check(good, { completedTracks: [track(true, ['src/slug.js'])] });
    expect(finished.passes.overlap_detection).toBe('PASS');
    expect(finished.findings).toMatchObject([{ code: 'PLAN_OVERLAP_FINISHED', severity: 'info' }]);
  });

  it('meets folders and patterns of either side', () => {
    expect(codes(check(good, { otherTracks: [track(true, ['src/*'])] }))).toEqual(['PLAN_OVERLAP_LIVE']);
    expect(codes(check(good, { otherTracks: [track(true, ['src/'])] }))).toEqual(['PLAN_OVERLAP_LIVE']);
    expect(codes(check(good, { otherTracks: [track(true, ['**/*.js', 'source/slug.js'])] }))).toEqual([]);
    const wide = planOf([{ id: '1', text: 'Move all', files: ['src/**'] }]);
    expect(codes(check(wide, { otherTracks: [track(true, ['src/deep/a.ts'])] }))).toEqual(['PLAN_OVERLAP_LIVE']);
  });
});

describe('pass 3, dependencies', () => {
  it('fails on a track that must be complete first', () => {
    const result = check(good, {
      dependencies: [
        { id: 'a', done: true },
        { id: 'b', done: false },
      ],
    });
    expect(result.findings).toMatchObject([{ code: 'PLAN_PREREQUISITE_OPEN', item: 'b' }]);
    expect(result.passes.dependencies).toBe('FAIL');
  });

  it('fails on a dependency nobody knows, in a comment as in a node [DAG-05]', () => {
    const comment = check('- [ ] Task 1: Build the parser <!-- deps: 9 -->\n');
    expect(comment.findings.find(({ code }) => code === 'PLAN_DEPENDENCY_UNKNOWN')).toMatchObject({
      line: 1,
      item: '1',
    });
    const node = check(
      dagPlan('  nodes:\n    - id: "1"\n      depends_on: ["9"]\n', '- [ ] Task 1: Build the parser\n'),
    );
    expect(node.passes).toMatchObject({ dependencies: 'FAIL', dag_validation: 'FAIL' });
  });

  it('reports the path of a cycle, and a task that waits for itself [DAG-07]', () => {
    const cycle = check(
      planOf([
        { id: '1', text: 'Build it', dependsOn: ['3'] },
        { id: '2', text: 'Use it', dependsOn: ['1'] },
        { id: '3', text: 'Show it', dependsOn: ['2'] },
      ]),
    );
    expect(cycle.findings.find(({ code }) => code === 'PLAN_CYCLE')?.message).toContain('1 → 3 → 2 → 1');
    const self = check(planOf([{ id: '1', text: 'Build it', dependsOn: ['1'] }]));
    expect(self.findings.find(({ code }) => code === 'PLAN_CYCLE')?.message).toContain('1 → 1');
  });

  it.each<[string, Partial<TaskOutline>]>([
    ['its text', { text: 'Use `src/table.js` in the slug' }],
    ['its text by name', { text: 'Use `table.js` in the slug' }],
    ['its acceptance', { acceptance: '`src/table.js` is imported' }],
  ])('fails when %s names a file that only a task beside it makes', (_, use) => {
    const tasks = [
      { id: '1', text: 'Write', files: ['src/table.js'] },
      { id: '2', text: 'Slug', files: ['src/slug.js'], ...use },
    ];
    const result = check(planOf(tasks.map((task) => ({ ...task, text: `${task.text} the module` }))));
    expect(result.passes.dependencies).toBe('FAIL');
    expect(result.findings).toMatchObject([
      { code: 'PLAN_DEPENDENCY_MISSING', item: '2', evidence: ['src/table.js', '1'] },
    ]);
  });

  it('counts the label Uses, also against the order', () => {
    const text =
      '- [ ] Task 1: Use the table\n  - **Uses**: src/table.js\n- [ ] Task 2: Write the table\n  - **Files**: `src/table.js`\n';
    expect(codes(check(text), 'error')).toEqual(['PLAN_DEPENDENCY_MISSING']);
  });

  it.each<[string, readonly TaskOutline[], Partial<PlanCheckInput>]>([
    [
      'waits for it over another',
      [
        { id: '1', text: 'Make it', files: ['src/t.js'] },
        { id: '2', text: 'Go on', dependsOn: ['1'] },
        { id: '3', text: 'Use `src/t.js`', dependsOn: ['2'] },
      ],
      {},
    ],
    [
      'makes it too',
      [
        { id: '1', text: 'Make it', files: ['src/t.js'] },
        { id: '2', text: 'Mend `src/t.js`', files: ['src/t.js'] },
      ],
      {},
    ],
    [
      'is its test, written first',
      [
        { id: '1', text: 'Test `src/t.js`', files: ['t.test.js'] },
        { id: '2', text: 'Make it', files: ['src/t.js'], dependsOn: ['1'] },
      ],
      {},
    ],
    ['names a file nobody makes', [{ id: '1', text: 'Read `src/t.js`' }], {}],
    [
      'names a file that is there',
      [
        { id: '1', text: 'Change the table', files: ['src/t.js'] },
        { id: '2', text: 'Read `src/t.js`' },
      ],
      { existingFiles: new Set(['src/t.js']) },
    ],
    [
      'names an ambiguous name',
      [
        { id: '1', text: 'Make it', files: ['a/x.js', 'b/x.js'] },
        { id: '2', text: 'Use `x.js`' },
      ],
      {},
    ],
    [
      'names an index',
      [
        { id: '1', text: 'Make it', files: ['src/index.js'] },
        { id: '2', text: 'Add `index.js`' },
      ],
      {},
    ],
  ])('says nothing when a task %s', (_, tasks, more) => {
    expect(codes(check(planOf(tasks), more))).toEqual([]);
  });

  it('says nothing of tasks that are done', () => {
    const text = planOf([
      { id: '1', text: 'Make it', files: ['src/t.js'] },
      { id: '2', text: 'Use `src/t.js`' },
    ]);
    expect(codes(check(text.replace('[ ] Task 2', '[x] Task 2')), 'error')).toEqual([]);
  });
});

describe('pass 4, quality', () => {
  it.each(['TODO', 'Fix things', 'Improve the code', 'various.', 'Implement the rest', ''])(
    'fails the vague task %j',
    (text) => {
      const result = check(planOf([{ id: '1', text }]));
      expect(codes(result)).toEqual(['PLAN_TASK_VAGUE']);
      expect(result.passes.task_quality).toBe('FAIL');
    },
  );

  it.each(['Fix the parser', 'Improve code coverage of the lexer', 'Update README'])('takes %j for clear', (text) => {
    expect(codes(check(planOf([{ id: '1', text }])))).toEqual([]);
  });

  it('only warns of missing acceptance and files (R42)', () => {
    const result = check('- [ ] Task 1: Build the parser\n');
    expect(codes(result, 'warning')).toEqual(['PLAN_ACCEPTANCE_MISSING', 'PLAN_FILES_MISSING']);
    expect(result.passes.task_quality).toBe('PASS');
  });

  it.each(['../other/a.ts', '/etc/passwd', '~/a.ts', 'src/../../a.ts'])('fails the path %s', (file) => {
    const text = `- [ ] Task 1: Build the parser\n  - **Files**: \`${file}\`\n`;
    expect(codes(check(text), 'error')).toEqual(['PLAN_PATH_UNSAFE']);
  });

  it('warns of a task too large for one session', () => {
    const files = Array.from({ length: 16 }, (_, at) => `src/f${at}.ts`);
    expect(codes(check(planOf([{ id: '1', text: 'Build the parser', files }])))).toEqual(['PLAN_TASK_LARGE']);
  });

  it('warns of a done task without commit or summary [PLN-16]', () => {
    const bare = check('- [x] Task 1: Build the parser\n');
    expect(bare.findings.find(({ code }) => code === 'PLAN_DONE_UNPROVEN')).toMatchObject({
      severity: 'warning',
      line: 1,
    });
    expect(codes(check('- [x] Task 1: Build the parser abc1234\n  - **Files**: `a.ts`\n'))).toEqual([
      'PLAN_DONE_UNPROVEN',
    ]);
    expect(codes(check('- [x] Task 1: Build the parser\n  - Built it\n'))).toEqual(['PLAN_DONE_UNPROVEN']);
    expect(codes(check('- [x] Task 1: Build the parser abc1234\n  - Built it\n'))).toEqual([]);
  });

  it('warns of a blocked task without a reason [PLN-17]', () => {
    expect(codes(check('- [!] Task 1: Build the parser\n'))).toContain('PLAN_BLOCKED_UNEXPLAINED');
    expect(codes(check('- [!] Task 1: Build the parser\n  - no network\n'))).not.toContain('PLAN_BLOCKED_UNEXPLAINED');
    expect(codes(check('- [!] Task 1: Build the parser\n  - **Reason**: x\n'))).not.toContain(
      'PLAN_BLOCKED_UNEXPLAINED',
    );
  });
});

describe('pass 5, the dag', () => {
  const dagCodes = (text: string, more: Partial<PlanCheckInput> = {}, severity?: string) =>
    codes(check(text, more), severity).filter((code) => code?.startsWith('PLAN_DAG') === true);

  it('is skipped without a block, and fails when the plan declares PARALLEL', () => {
    expect(check('- [ ] Task 1: Build\n').passes.dag_validation).toBe('SKIPPED');
    const text = '# T\n## Context\n- **Execution Mode**: `PARALLEL`\n## Phase 1: A\n- [ ] Task 1: Build\n';
    expect(check(text).passes.dag_validation).toBe('FAIL');
  });

  it('rejects duplicate node ids [DAG-04]', () => {
    const text = dagPlan('  nodes:\n    - id: "1"\n    - id: "1"\n', '- [ ] Task 1: a\n');
    expect(dagCodes(text, {}, 'error')).toEqual(['PLAN_DAG_NODE_REPEATED']);
  });

  it('rejects unknown ids in groups [DAG-06]', () => {
    const text = dagPlan(
      '  nodes:\n    - id: "1"\n  parallel_groups:\n    - id: pg-1\n      tasks: ["1", "9"]\n',
      '- [ ] Task 1: a\n',
    );
    expect(dagCodes(text, {}, 'error')).toEqual(['PLAN_DAG_MEMBER_UNKNOWN']);
  });

  it('rejects a group over more than one level [DAG-08]', () => {
    const nodes = '  nodes:\n    - id: "1"\n    - id: "2"\n      depends_on: ["1"]\n    - id: "3"\n';
    const group = (tasks: string) =>
      dagPlan(`${nodes}  parallel_groups:\n    - id: pg-1\n      tasks: [${tasks}]\n`, three);
    expect(dagCodes(group('"1", "2"'), {}, 'error')).toEqual(['PLAN_DAG_LEVELS_MIXED']);
    expect(dagCodes(group('"1", "3"'), {}, 'error')).toEqual([]);
  });

  it.each([
    ['      conflict_free: true', ['PLAN_DAG_CONFLICT', 'PLAN_DAG_FLAG_WRONG'], 'a.ts'],
    ['      conflict_free: false\n      shared_resources: [a.ts]', ['PLAN_DAG_CONFLICT'], 'a.ts'],
    ['      conflict_free: false\n      coordination_strategy: file_lock', ['PLAN_DAG_RESOURCES_MISSING'], 'a.ts'],
    [
      '      conflict_free: false\n      shared_resources: [a.ts]\n      coordination_strategy: luck',
      ['PLAN_DAG_STRATEGY_UNKNOWN'],
      'a.ts',
    ],
    ['      conflict_free: false\n      shared_resources: [a.ts]\n      coordination_strategy: file_lock', [], 'a.ts'],
    ['      conflict_free: false', ['PLAN_DAG_FLAG_WRONG'], 'b.ts'],
    ['      conflict_free: false\n      shared_resources: [database]', [], 'b.ts'],
    ['      conflict_free: true', [], 'b.ts'],
  ])('holds the flags of a group against its files: %j gives %j [DAG-09]', (flags, expected, second) => {
    const nodes = `  nodes:\n    - id: "1"\n      files: [a.ts]\n    - id: "2"\n      files: [${second}]\n    - id: "3"\n`;
    const text = dagPlan(`${nodes}  parallel_groups:\n    - id: pg-1\n      tasks: ["1", "2", "3"]\n${flags}\n`, three);
    expect(dagCodes(text, {}, 'error')).toEqual(expected);
  });

  it('wants nodes and tasks to match: an error in parallel mode, a warning in sequential mode [DAG-10]', () => {
    const text = dagPlan(
      '  nodes:\n    - id: "1"\n    - id: "9"\n',
      `${three}## Fix Phase (Cycle 1)\n- [ ] Fix 1: d\n`,
    );
    const expected = ['PLAN_DAG_TASK_MISSING', 'PLAN_DAG_NODE_MISSING', 'PLAN_DAG_NODE_MISSING'];
    expect(dagCodes(text, { mode: 'PARALLEL' }, 'error')).toEqual(expected);
    expect(dagCodes(text, { mode: 'SEQUENTIAL' }, 'warning')).toEqual(expected);
    expect(check(text, { mode: 'SEQUENTIAL' }).passes.dag_validation).toBe('PASS');
  });

  it('warns of a node in two groups, in none, and of an unknown type', () => {
    const groups = '  parallel_groups:\n    - id: a\n      tasks: ["1", "2"]\n    - id: b\n      tasks: ["1"]\n';
    const nodes = '  nodes:\n    - id: "1"\n      type: infrastructure\n    - id: "2"\n    - id: "3"\n';
    expect(dagCodes(dagPlan(nodes + groups, three))).toEqual([
      'PLAN_DAG_TYPE_UNKNOWN',
      'PLAN_DAG_GROUPED_TWICE',
      'PLAN_DAG_UNGROUPED',
    ]);
  });

  it('rejects two groups of one id', () => {
    const text = dagPlan('  nodes: []\n  parallel_groups:\n    - id: a\n    - id: a\n', '');
    expect(dagCodes(text, {}, 'error')).toEqual(['PLAN_DAG_GROUP_REPEATED']);
  });
});
