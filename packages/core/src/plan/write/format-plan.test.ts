import { describe, expect, it } from 'vitest';
import { ConductorError } from '../../kernel/error.js';
import { formatPlan, outlinePhases } from './format-plan.js';
import { parsePlan } from '../parse/parse-plan.js';
import { planModel } from '../model/plan-model.js';

const outline = {
  title: 'Slug',
  context: [
    { name: 'Track', value: 'slug_20260101' },
    { name: 'Execution Mode', value: 'PARALLEL' },
  ],
  phases: [
    {
      title: 'Core',
      tasks: [
        { text: 'Write the table', files: ['src/table.js'], acceptance: 'covers Latin' },
        { text: 'Use it', files: ['src/slug.js'], dependsOn: ['1.1'], type: 'code' },
      ],
    },
    { title: 'Docs', tasks: [{ id: 'readme', text: 'Explain it', files: ['README.md'], dependsOn: ['1.2'] }] },
  ],
};

describe('formatPlan', () => {
  it('writes the canonical form', () => {
    expect(formatPlan(outline)).toBe(`# Slug — Execution Plan

## Context

- **Track**: slug_20260101
- **Execution Mode**: PARALLEL

## Dependency Graph

\`\`\`yaml
dag:
  nodes:
    - id: "1.1"
      name: "Write the table"
      type: code
      files: ["src/table.js"]
      depends_on: []
      phase: 1
    - id: "1.2"
      name: "Use it"
      type: code
      files: ["src/slug.js"]
      depends_on: ["1.1"]
      phase: 1
    - id: "readme"
      name: "Explain it"
      type: docs
      files: ["README.md"]
      depends_on: ["1.2"]
      phase: 2
  parallel_groups:
    - id: pg-1
      tasks: ["1.1"]
      conflict_free: true
    - id: pg-2
      tasks: ["1.2"]
      conflict_free: true
    - id: pg-3
      tasks: ["readme"]
      conflict_free: true
\`\`\`

## Phase 1: Core

- [ ] Task 1.1: Write the table
    - **Acceptance**: covers Latin
    - **Files**: \`src/table.js\`
- [ ] Task 1.2: Use it <!-- deps: 1.1 -->
    - **Type**: code
    - **Files**: \`src/slug.js\`

## Phase 2: Docs

- [ ] Task readme: Explain it <!-- deps: 1.2 -->
    - **Files**: \`README.md\`

## Discovered Work
`);
  });

  it('is read without a finding, as the tasks it was made from', () => {
    const { plan, findings } = parsePlan(formatPlan(outline));
    expect(findings).toEqual([]);
    expect(planModel(plan).tasks).toMatchObject([
      {
        id: '1.1',
        title: 'Write the table',
        phase: 1,
        dependsOn: [],
        files: ['src/table.js'],
        acceptance: 'covers Latin',
      },
      { id: '1.2', title: 'Use it', type: 'code', dependsOn: ['1.1'] },
      { id: 'readme', phase: 2, type: 'docs', dependsOn: ['1.2'] },
    ]);
  });

  it('writes a block that is handed in, or none', () => {
    expect(parsePlan(formatPlan({ ...outline, dag: false })).plan.dag).toBeUndefined();
    const dag = { nodes: [{ id: '1.1', files: [], depends_on: [] }], parallel_groups: [] };
    expect(parsePlan(formatPlan({ ...outline, dag })).plan.dag?.block).toEqual(dag);
  });

  it('makes one line of what has several, and takes comments their meaning', () => {
    const text = formatPlan({
      title: 'A\nB',
      phases: [{ title: 'P\r\nQ', tasks: [{ text: 'a\n- [x] b <!-- deps: 9 -->' }] }],
    });
    const { plan } = parsePlan(text);
    expect(plan.title).toBe('A B');
    expect(plan.phases).toMatchObject([
      { title: 'P Q', tasks: [{ text: 'a - [x] b <\\!-- deps: 9 -->', dependsOn: [] }] },
    ]);
  });

  it('does not give an id that a later task has', () => {
    const text = formatPlan({ title: 'A', phases: [{ title: 'P', tasks: [{ text: 'a' }, { id: '1.1', text: 'b' }] }] });
    expect(planModel(parsePlan(text).plan).tasks.map(({ id }) => id)).toEqual(['1.1.1', '1.1']);
  });

  it.each([
    [{ text: 'a', id: 'has space' }],
    [{ text: 'a', id: '' }],
    [{ text: 'a', id: '-x' }],
    [{ text: 'a', files: ['a b.ts'] }],
    [{ text: 'a', files: ['`a.ts`'] }],
    [{ text: 'a', files: ['c:/a.ts'] }],
    [{ text: 'a', files: [''] }],
    [{ text: 'a', dependsOn: ['b c'] }],
  ])('refuses %j', (task) => {
    const write = () => formatPlan({ title: 'A', phases: [{ title: 'P', tasks: [task] }] });
    expect(write).toThrow(ConductorError);
    try {
      write();
    } catch (error) {
      expect(ConductorError.is(error, 'VALIDATION_FAILED')).toBe(true);
    }
  });

  it('refuses two tasks of one id', () => {
    const tasks = [
      { id: 'x', text: 'a' },
      { id: 'x', text: 'b' },
    ];
    expect(() => formatPlan({ title: 'A', phases: [{ title: 'P', tasks }] })).toThrow(/Two tasks have the id x/);
  });
});

describe('outlinePhases', () => {
  it('groups tasks by phase in first order', () => {
    const tasks = [{ text: 'a', phase: 'X' }, { text: 'b' }, { text: 'c', phase: 'X' }];
    expect(outlinePhases(tasks)).toEqual([
      { title: 'X', tasks: [tasks[0], tasks[2]] },
      { title: 'Implementation', tasks: [tasks[1]] },
    ]);
  });
});
