import { describe, expect, it } from 'vitest';
import { formatPlan } from '../write/format-plan.js';
import { parsePlan } from '../parse/parse-plan.js';
import { dagSummary, executionMode, PlanModel, planModel } from './plan-model.js';

function modelOf(text: string): PlanModel {
  return planModel(parsePlan(text).plan);
}

function dependenciesOf(text: string): Record<string, readonly string[]> {
  return Object.fromEntries(modelOf(text).tasks.map(({ id, dependsOn }) => [id, dependsOn]));
}

const dag = (nodes: string) => `\`\`\`yaml\ndag:\n  nodes:\n${nodes}\`\`\`\n`;

describe('planModel', () => {
  it('joins what dag, labels and comments say of a task, as plain JSON of its schema', () => {
    const text = `# T — Execution Plan\n${dag(`    - id: "1.1"
      files: [src/a.ts]
      estimated_duration: 1h 30m
      acceptance: node says
    - id: "1.2"
      type: ui
      depends_on: ["1.1"]
      acceptance: node says
  parallel_groups:
    - id: pg-1
      tasks: ["1.1"]
      conflict_free: false
      coordination_strategy: file_lock
`)}
## Phase 1: A [checkpoint: abc1234]
- [x] Task 1.1: Write \`a\` abc1234
    - **Files**: \`src/b.ts\`
- [~] Task 1.2: Show <!-- deps: 1.1, parallel: pg-2 -->
    - **Acceptance**: task says
    - **Depends on**: 1.3
    - [ ] Task 1.2.1: part
- [ ] Task 1.3: SKIP — already done in other_20260101
`;
    const model = modelOf(text);
    expect(PlanModel.parse(JSON.parse(JSON.stringify(model)))).toEqual(model);
    expect(model).toEqual({
      title: 'T',
      phases: [{ title: 'A', number: '1' }],
      tasks: [
        {
          ...{ id: '1.1', title: 'Write `a`', phase: 1, type: 'code', dependsOn: [], files: ['src/a.ts', 'src/b.ts'] },
          ...{
            acceptance: 'node says',
            estimateMinutes: 90,
            group: 'pg-1',
            shareable: true,
            mark: 'done',
            commit: 'abc1234',
          },
        },
        {
          ...{ id: '1.2', title: 'Show', phase: 1, type: 'ui', dependsOn: ['1.1', '1.3'], files: [] },
          ...{ acceptance: 'task says', group: 'pg-2', shareable: false, mark: 'inProgress' },
        },
        {
          ...{ id: '1.3', title: 'SKIP — already done in other_20260101', phase: 1, type: 'code' },
          ...{ dependsOn: ['1.2'], files: [], shareable: false, mark: 'skipped' },
        },
      ],
    });
  });

  it.each([
    ['30m', 30],
    ['1h', 60],
    ['2 hours', 120],
    ['90 min', 90],
    ['1.5h', 90],
    ['1d', 480],
    ['soon', undefined],
    ['30x', undefined],
    ['0m', undefined],
  ])('reads the estimate %j as %s minutes', (estimate, minutes) => {
    const [task] = modelOf(`- [ ] a\n  - **Estimate**: ${estimate}\n`).tasks;
    expect(task?.estimateMinutes).toBe(minutes);
  });
});

describe('dependencies', () => {
  it('lets a plan that says nothing be done in the order it is written, over phases', () => {
    expect(dependenciesOf('## Phase 1: A\n- [ ] a\n- [ ] b\n## Phase 2: B\n- [ ] c\n')).toEqual({
      '1.1': [],
      '1.2': ['1.1'],
      '2.1': ['1.2'],
    });
  });

  it('takes a node, a comment and a label for all a task has to say', () => {
    const nodes = dag('    - id: "1"\n    - id: "2"\n');
    expect(dependenciesOf(`${nodes}- [ ] Task 1: a\n- [ ] Task 2: b\n- [ ] Task 3: c\n`)).toEqual({
      1: [],
      2: [],
      3: ['2'],
    });
    expect(dependenciesOf('- [ ] Task 1.1: a\n- [ ] Task 1.2: b <!-- deps: none -->\n- [ ] Task 1.3: c')).toEqual({
      '1.1': [],
      '1.2': [],
      '1.3': ['1.2'],
    });
  });

  it('follows the hints of the other family', () => {
    const text = [
      '## Phase 1: A\n<!-- execution: parallel -->\n- [ ] a\n- [ ] b',
      '## Phase 2: B\n<!-- depends: -->\n- [ ] c\n- [ ] d\n  <!-- depends: task1 -->',
      '## Phase 3: C\n<!-- execution: parallel -->\n<!-- depends: phase1, phase2 -->\n- [ ] e\n- [ ] f',
    ].join('\n');
    expect(dependenciesOf(text)).toEqual({
      '1.1': [],
      '1.2': [],
      '2.1': [],
      '2.2': ['2.1'],
      '3.1': ['1.1', '1.2', '2.2'],
      '3.2': ['1.1', '1.2', '2.2'],
    });
  });

  it('joins two wide phases through one task, so that edges stay few', () => {
    const wide = (phase: number) => `## Phase ${phase}: A\n<!-- execution: parallel -->\n${'- [ ] a\n'.repeat(500)}`;
    const { tasks } = modelOf(wide(1) + wide(2));
    expect(tasks[500]?.dependsOn).toHaveLength(500);
    expect(tasks[999]?.dependsOn).toEqual(['2.1']);
  });

  it('lets sub-tasks stand for their task and keeps ids nobody knows', () => {
    const text = '- [ ] Task 1: a\n  - [ ] Task 1.1: b\n- [ ] Task 2: c <!-- deps: 1.1, 9 -->\n';
    expect(dependenciesOf(text)).toEqual({ 1: [], 2: ['1', '9'] });
  });

  it('lets a fix task wait for the fix task before it and for nothing else', () => {
    const text =
      '## Phase 1: A\n- [!] a\n  - **Reason**: r\n## Fix Phase (Cycle 1)\n- [ ] Fix 1: b\n- [ ] Fix 2: c\n## Fix Phase (Cycle 2)\n- [ ] Fix 3: d\n';
    expect(dependenciesOf(text)).toEqual({ '1.1': [], 'Fix 1': [], 'Fix 2': ['Fix 1'], 'Fix 3': [] });
  });
});

describe('executionMode and dagSummary', () => {
  const plan = (deps: readonly (readonly string[])[]) =>
    modelOf(
      formatPlan({
        title: 'T',
        phases: [
          {
            title: 'A',
            tasks: deps.map((dependsOn, at) => ({ id: `${at}`, text: 'x', files: [`f${at % 3}`], dependsOn })),
          },
        ],
      }),
    );

  it.each([
    [[[], []], 'SEQUENTIAL'],
    [[[], [], []], 'PARALLEL'],
    [[[], ['0'], ['1']], 'SEQUENTIAL'],
    [[[], ['0'], ['0'], ['1']], 'SEQUENTIAL'],
    [[[], [], ['0'], ['1']], 'PARALLEL'],
  ])('%j runs %s: three tasks that share their level with another (C-54)', (deps, mode) => {
    expect(executionMode(plan(deps))).toBe(mode);
  });

  it('counts tasks, groups, the widest level, and groups with and without shared files [DAG-13]', () => {
    expect(dagSummary(plan([[], [], [], [], ['0'], ['0'], ['4']]))).toEqual({
      totalTasks: 7,
      parallelGroups: 2,
      maxConcurrency: 4,
      conflictFreeGroups: 1,
      coordinatedGroups: 1,
    });
    expect(dagSummary({ title: '', phases: [], tasks: [] })).toEqual({
      totalTasks: 0,
      parallelGroups: 0,
      maxConcurrency: 0,
      conflictFreeGroups: 0,
      coordinatedGroups: 0,
    });
  });
});
