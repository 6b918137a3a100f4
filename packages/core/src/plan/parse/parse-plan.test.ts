import { describe, expect, it } from 'vitest';
import { parsePlan } from './parse-plan.js';
import { everyTask, planJson, workTasks } from '../model/plan.js';
import { codesOf, taskOf, tasksOf } from '../../testing/plan-texts.js';

describe('heading tasks', () => {
  it('reads `### Task 1.1:` with its labels and checkboxes as one task [PLN-08]', () => {
    const text = [
      '## Phase 1: A',
      '### Task 1.1: Build',
      '**Depends on:** Task 1.2',
      '- [x] Step one',
      '- [ ] Step two',
      '### Task 1.2: Plan',
      'Prose.',
      '## Notes',
      '- [ ] loose',
    ].join('\n');
    const { plan } = parsePlan(text);
    expect(plan.phases[0]?.tasks).toMatchObject([
      { id: '1.1', form: 'heading', marker: '', state: 'inProgress', dependsOn: ['1.2'], children: [{}, {}] },
      { id: '1.2', form: 'heading', state: 'pending', children: [] },
    ]);
    expect(plan.phases[1]).toMatchObject({ kind: 'loose', title: '', tasks: [{ text: 'loose' }] });
  });

  it.each([
    ['x x', 'done'],
    ['x -', 'done'],
    ['- -', 'skipped'],
    ['x !', 'blocked'],
    ['~  ', 'inProgress'],
    ['   ', 'pending'],
  ])('takes its state from the checkboxes %j: %s [PLN-08]', (marks, state) => {
    const boxes = [marks[0], marks[2]].map((mark) => `- [${mark}] step`).join('\n');
    expect(taskOf(`### Task 1: A\n${boxes}`).state).toBe(state);
  });

  it('lets its own marker win', () => {
    expect(taskOf('### [x] Task 1: A\n- [ ] step')).toMatchObject({ state: 'done', marker: 'x', text: 'A' });
  });

  it('takes `### Tasks` and `### 1.1 Backend` for mere headings', () => {
    const text = '## Phase 1: A\n### Tasks\n- [ ] a\n### 1.1 Backend\n- [ ] b\n### Task list\n- [ ] c';
    expect(parsePlan(text).plan.phases).toMatchObject([{ tasks: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] }]);
  });
});

describe('phases', () => {
  it.each([
    ['## Phase 1: Setup', '1', 'Setup'],
    ['# Phase 1: Setup', '1', 'Setup'],
    ['### Phase 1: Setup', '1', 'Setup'],
    ['## Phase 2 - Setup', '2', 'Setup'],
    ['## Phase 2 — Setup', '2', 'Setup'],
    ['## Phase 3.5: Setup', '3.5', 'Setup'],
    ['## Phase 5b: Setup', '5b', 'Setup'],
    ['## Phase 6-10: Setup', '6-10', 'Setup'],
    ['## Phase II: Setup', 'II', 'Setup'],
    ['## Phase 4', '4', 'Phase 4'],
    ['## Phase 4 Setup', '4', 'Setup'],
    ['## Phase: Review', undefined, 'Review'],
    ['## Fase 1: Dados', '1', 'Dados'],
    ['## 阶段 1: 重构', '1', '重构'],
    ['## 第一阶段：重构', '一', '重构'],
    ['## ✅ Phase 1: Setup', '1', 'Setup'],
    ['## [x] Phase 1: Setup', '1', 'Setup'],
    ['## **Phase 1: Setup**', '1', 'Setup'],
    ['## Phase 1: Learn C#', '1', 'Learn C#'],
    ['## Phase 1: Setup ##', '1', 'Setup'],
  ])('reads %s [PLN-09]', (heading, number, title) => {
    const [phase] = parsePlan(`# Title\n${heading}\n- [ ] a`).plan.phases;
    expect(phase).toMatchObject({ kind: 'phase', title, tasks: [{ text: 'a' }] });
    expect(phase?.number).toBe(number);
  });

  it.each([
    '## Phases',
    '## Phase Checkpoints',
    '#### Phase 1: Deep',
    '## Cross-Phase Tasks',
    '# Phase 3 Frontend Plan',
  ])('takes %s for no phase, and its tasks for loose ones [PLN-09]', (heading) => {
    expect(parsePlan(`# Title\n${heading}\n- [ ] a`).plan.phases).toMatchObject([{ kind: 'loose', title: '' }]);
  });

  it('gathers tasks outside any phase under an empty title, before and behind phases [PLN-09]', () => {
    const text = '- [ ] a\n## Phase 1: B\n- [ ] b\n### Deeper\n- [ ] c\n## Verification\n- [ ] d';
    expect(planJson(parsePlan(text).plan).phases).toMatchObject([
      { title: '', tasks: [{ text: 'a' }, { text: 'd' }] },
      { title: 'B', number: '1', tasks: [{ text: 'b' }, { text: 'c' }] },
    ]);
  });

  it.each([
    ['[checkpoint: abc1234]', 'abc1234'],
    ['[checkpoint:abc1234]', 'abc1234'],
    ['[checkpoint: 13_passed]', '13_passed'],
    ['[checkpoint: ]', undefined],
    ['[checkpoint]', undefined],
  ])('reads the suffix %s [PLN-10]', (suffix, checkpoint) => {
    const [phase] = parsePlan(`## Phase 1: Setup ${suffix}\n`).plan.phases;
    expect(phase).toMatchObject({ title: 'Setup', number: '1' });
    expect(phase?.checkpoint).toBe(checkpoint);
  });
});

describe('nesting', () => {
  it.each(['  ', '    ', '\t'])('nests by steps of %j, three levels deep [PLN-11]', (step) => {
    const text = ['- [ ] a', `${step}- [ ] b`, `${step}${step}- [x] c`, `${step}- [ ] d`, '- [ ] e'].join('\n');
    expect(parsePlan(text).plan.phases[0]?.tasks).toMatchObject([
      { text: 'a', children: [{ text: 'b', children: [{ text: 'c', state: 'done' }] }, { text: 'd' }] },
      { text: 'e', children: [] },
    ]);
  });

  it('nests below plain bullets and numbers too', () => {
    const text = '- [ ] a\n  - note\n    - [ ] b\n- plain\n  - [ ] c\n1. [ ] d\n   - [ ] e';
    expect(parsePlan(text).plan.phases[0]?.tasks).toMatchObject([
      { text: 'a', children: [{ text: 'b' }] },
      { text: 'c' },
      { text: 'd', children: [{ text: 'e' }] },
    ]);
  });

  it('reads an item indented by one column more as a sibling', () => {
    expect(parsePlan('- [ ] a\n - [ ] b\n- [ ] c').plan.phases[0]?.tasks).toHaveLength(3);
  });

  it('ends a task where text at the margin begins a new block', () => {
    expect(parsePlan('- [ ] a\n\nProse\n\n  - [ ] b').plan.phases[0]?.tasks).toMatchObject([
      { text: 'a' },
      { text: 'b' },
    ]);
  });

  it('reads tasks nested 2,000 deep as siblings beyond its limit, with a warning for each', () => {
    const text = Array.from({ length: 2000 }, (_, depth) => `${'  '.repeat(depth)}- [ ] t${depth}`).join('\n');
    const { plan, findings } = parsePlan(text);
    expect([...everyTask(plan)]).toHaveLength(2000);
    expect(() => JSON.stringify(planJson(plan))).not.toThrow();
    expect(findings.at(-1)?.code).toBe('PLAN_FINDINGS_CUT');
    expect(findings[0]).toMatchObject({ code: 'PLAN_TOO_DEEP', line: 65 });
  });
});

describe('what is no task', () => {
  it.each([
    '```\n- [ ] no\n```',
    '~~~ts\n- [ ] no\n~~~',
    '````md\n```\n- [ ] no\n```\n````',
    '- [x] yes\n  ```\n  - [ ] no\n  # Phase 1: no\n  ```',
    '```\n# Phase 1: no\n- [ ] no',
  ])('ignores lines in fenced code: %j [PLN-12]', (text) => {
    expect(tasksOf(text).map(({ state }) => state)).toEqual(text.includes('yes') ? ['done'] : []);
    expect(parsePlan(text).plan.sections).toEqual([]);
  });

  it('reads inline code that looks like a fence as text', () => {
    expect(tasksOf('```not a fence```\n- [ ] a')).toHaveLength(1);
  });

  it('tells where a fence is opened that nothing closes', () => {
    expect(parsePlan('- [ ] a\n\n```yaml\n- [ ] b').findings).toMatchObject([
      { severity: 'error', code: 'PLAN_FENCE_UNCLOSED', line: 3 },
    ]);
  });

  it('lets a fence without end stop at the end of its list item', () => {
    const text = '- [ ] a\n  ```js\n  code\n- [ ] b';
    expect(tasksOf(text).map((task) => task.text)).toEqual(['a', 'b']);
    expect(codesOf(text)).toEqual(['PLAN_FENCE_UNCLOSED']);
  });

  it.each([
    '<!-- - [ ] no -->',
    '<!--\n- [ ] no\n\n# Phase 1: no\n-->',
    '- [x] yes <!-- begins\n- [ ] no\nends -->',
    '| - [ ] no | b |\n|---|---|',
    '> - [ ] no',
    '---\nkey: value\ntasks:\n- [ ] no\n---\n- [x] yes',
  ])('ignores comments, tables, quotes and front matter: %j', (text) => {
    expect(tasksOf(text).map(({ state }) => state)).toEqual(text.includes('yes') ? ['done'] : []);
  });

  it('reads a comment in inline code, and one that nothing closes, as text', () => {
    expect(tasksOf('- [ ] Strip `<!--` out\n- [ ] b')).toHaveLength(2);
    const text = '- [ ] a <!-- no end\n- [ ] b';
    expect(tasksOf(text)).toHaveLength(2);
    expect(codesOf(text)).toEqual(['PLAN_COMMENT_UNCLOSED']);
  });

  it('reads a first line `---` without a key behind it as a rule', () => {
    expect(tasksOf('---\n\n- [ ] a\n---\n')).toHaveLength(1);
  });
});

describe('sections', () => {
  it('knows the sections of a plan and keeps work apart from reports and discoveries [PLN-13]', () => {
    const text = [
      '# Search — Execution Plan',
      '## Context',
      '- **Track**: search_20260101',
      '- **Execution Mode**: `PARALLEL`',
      '## Dependency Graph',
      '## Phase 1: Build',
      '- [ ] Task 1.1: a',
      '## Discovered Work',
      '- [ ] found',
      '## Technical Review',
      '- [x] reviewed',
      '### Phase 9: a heading inside would end it',
      '## Plan Evaluation Report',
      '- [ ] checked',
      '## Execution Evaluation Report',
      '## Fix Phase (Cycle 2)',
      '- [ ] Fix 1: b',
      '## Fix Phase (from Evaluation on 2026-01-02)',
      '- [ ] Fix 2: c',
      '## Phase 1 Completion Report',
      '- [x] reported',
    ].join('\n');
    const { plan } = parsePlan(text);
    expect(plan.title).toBe('Search');
    expect(plan.context).toMatchObject([
      { name: 'track', value: 'search_20260101', line: 3 },
      { name: 'execution mode', value: '`PARALLEL`' },
    ]);
    expect(plan.sections.map(({ kind }) => kind)).toEqual([
      ...['title', 'context', 'dag', 'phase', 'discovered', 'report', 'phase', 'report', 'report'],
      ...['fix', 'fix', 'report'],
    ]);
    expect(workTasks(plan).map(({ task }) => task.id)).toEqual(['1.1', 'Fix 1', 'Fix 2']);
    expect(plan.phases).toMatchObject([
      { kind: 'phase', title: 'Build' },
      {
        kind: 'loose',
        tasks: [{ scope: 'discovered' }, { scope: 'report' }, { scope: 'report' }, { scope: 'report' }],
      },
      { kind: 'phase', number: '9' },
      { kind: 'fix', title: 'Fix Phase (Cycle 2)', cycle: 2 },
      { kind: 'fix' },
    ]);
  });

  it('reads discovered work with reason and recommendation', () => {
    const text =
      '## Discovered Work\n\n- cache\n  - **Reason**: slow\n  - **Recommendation**: later\n  - more\n- **bold**: item\n## Other\n- no\n';
    expect(parsePlan(text).plan.discovered).toEqual([
      { text: 'cache', reason: 'slow', recommendation: 'later', line: 3 },
      { text: '**bold**: item', line: 7 },
    ]);
  });

  it('keeps the whole heading as title when it is not canonical', () => {
    expect(parsePlan('# Plan: Search\n').plan.title).toBe('Plan: Search');
  });

  it('says that a plan has no tasks', () => {
    expect(parsePlan('').findings).toMatchObject([{ code: 'PLAN_NO_TASKS', severity: 'warning' }]);
  });
});

describe('bytes', () => {
  it.each([
    ['\r\n', '\r\n'],
    ['\n', '\n'],
    ['\r', '\r'],
  ])('reads line ends %j, with lines and places that fit', (end, lineEnd) => {
    const text = ['# T', '', '- [x] Task 1.1: a abc1234', '    - note', '- [!] b'].join(end);
    const { plan } = parsePlan(text);
    const tasks = [...everyTask(plan)];
    expect(plan.lineEnd).toBe(lineEnd);
    expect(tasks).toMatchObject([
      { line: 3, text: 'a', commit: 'abc1234', notes: [{ text: 'note', line: 4 }] },
      { line: 5, state: 'blocked' },
    ]);
    for (const { position, marker } of tasks) expect(text.slice(position.marker, position.marker + 1)).toBe(marker);
    expect(text.slice(tasks[0]?.position.commit?.start, tasks[0]?.position.commit?.end)).toBe('abc1234');
  });

  it('skips a byte order mark and reads CJK and tabs', () => {
    const { plan } = parsePlan('\ufeff# 计划\n\n## 阶段 1: 重构\n-\t[ ]\t任务 1.1: 构建 `核心`\n');
    expect(plan.title).toBe('计划');
    expect([...everyTask(plan)]).toMatchObject([{ id: '1.1', text: '构建 `核心`', line: 4 }]);
  });
});
