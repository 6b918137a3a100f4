import { describe, expect, it } from 'vitest';
import { parsePlan } from './parse-plan.js';
import { everyTask } from '../model/plan.js';
import { codesOf, taskOf, tasksOf } from '../../testing/plan-texts.js';

describe('markers', () => {
  it.each([
    [' ', 'pending'],
    ['~', 'inProgress'],
    ['x', 'done'],
    ['X', 'done'],
    ['!', 'blocked'],
  ])('reads [%s] as %s without a finding [PLN-01]', (marker, state) => {
    const text = `- [${marker}] Task 1.1: Build it`;
    expect(taskOf(text)).toMatchObject({ state, marker });
    expect(codesOf(text)).toEqual([]);
  });

  it.each([
    ['-', 'skipped', 'PLAN_MARKER_ODD'],
    ['/', 'inProgress', 'PLAN_MARKER_ODD'],
    ['?', 'unknown', 'PLAN_MARKER_UNKNOWN'],
    ['✅', 'unknown', 'PLAN_MARKER_UNKNOWN'],
    ['✔️', 'unknown', 'PLAN_MARKER_UNKNOWN'],
    ['🔥', 'unknown', 'PLAN_MARKER_UNKNOWN'],
  ])('reads [%s] as %s with a warning on its line [PLN-02]', (marker, state, code) => {
    const text = `\n- [${marker}] Task 1.1: Build it`;
    expect(taskOf(text)).toMatchObject({ state, marker });
    expect(parsePlan(text).findings).toMatchObject([{ severity: 'warning', code, line: 2 }]);
  });

  it('reads empty brackets as pending with a warning', () => {
    expect(taskOf('- [] Build it')).toMatchObject({ state: 'pending', marker: '', text: 'Build it' });
    expect(codesOf('- [] Build it')).toEqual(['PLAN_MARKER_ODD']);
  });

  it.each(['- [x](https://example.org) link', '- [x][ref] link', '- [x]: footnote', '- [xy] words', '-[x] no space'])(
    'takes %s for no task',
    (line) => {
      expect(tasksOf(line)).toEqual([]);
    },
  );

  it.each(['- [x] a', '* [x] a', '+ [x] a', '1. [x] a', '12) [x] a', '-  [x] a', '-\t[x]\ta', '- [x]a'])(
    'reads the bullet of %j',
    (line) => {
      expect(taskOf(line)).toMatchObject({ state: 'done', text: 'a' });
    },
  );
});

describe('ids', () => {
  it.each([
    ['Task 1: Build', '1', 'Build'],
    ['Task 1.1: Build', '1.1', 'Build'],
    ['Task 1.2.3 - Build', '1.2.3', 'Build'],
    ['Task 1.2 Build', '1.2', 'Build'],
    ['**Task 1.1:** Build', '1.1', 'Build'],
    ['**Task 1.1**: Build', '1.1', 'Build'],
    ['**Task 1.1: Build** the rest', '1.1', 'Build the rest'],
    ['__Task 1.1__ Build', '1.1', 'Build'],
    ['~~Task 1.1: Build~~', '1.1', 'Build'],
    ['Task T1: Build', 'T1', 'Build'],
    ['T12: Build', 'T12', 'Build'],
    ['T12 Build', 'T12', 'Build'],
    ['Task Fix 1: Build', 'Fix 1', 'Build'],
    ['Fix 1: Build', 'Fix 1', 'Build'],
    ['1.1 Build', '1.1', 'Build'],
    ['1.1: Build', '1.1', 'Build'],
    ['Sub-task 1.1.1: Build', '1.1.1', 'Build'],
    ['task 2.3: Build', '2.3', 'Build'],
    ['任务 2.3: 构建', '2.3', '构建'],
  ])('reads %j as id %s [PLN-03]', (words, id, text) => {
    expect(taskOf(`- [ ] ${words}`)).toMatchObject({ id, text, idWritten: true });
  });

  it.each([
    ['Task: Build', 'Build'],
    ['Sub-task: Build', 'Build'],
    ['**Task:** Build', 'Build'],
    ['Task list component', 'Task list component'],
    ['Task 3 times', 'Task 3 times'],
    ['Build **it**', 'Build **it**'],
    ['Setup: Build', 'Setup: Build'],
    ['Task setup: Build', 'setup: Build'],
  ])('makes an id for %j from phase and position [PLN-03]', (words, text) => {
    const plan = `## Phase 2: A\n- [ ] first\n- [ ] ${words}`;
    expect(tasksOf(plan)[1]).toMatchObject({ id: '2.2', text, idWritten: false });
  });

  it('gives sub-tasks ids below their task, and loose tasks ids of phase 0', () => {
    const text = '- [ ] loose\n\n## Phase: Review\n- [ ] a\n  - [ ] b\n  - [ ] Task 9.9: c\n  - [ ] d';
    expect(tasksOf(text).map(({ id }) => id)).toEqual(['0.1', '1.1', '1.1.1', '9.9', '1.1.3']);
  });

  it('reads numbers that every phase counts again as numbers of the phase', () => {
    const text = '## Phase 1: A\n- [ ] Task 1: a\n- [ ] Task 2: b\n## Phase 2: B\n- [ ] Task 1: c\n- [ ] Task 3: d';
    expect(tasksOf(text).map(({ id }) => id)).toEqual(['1.1', '2', '2.1', '3']);
    expect(codesOf(text)).toEqual([]);
  });

  it('reads the id behind a word for a task that is written twice', () => {
    expect(taskOf('- [ ] Sub-task Task 1.1: a')).toMatchObject({ id: '1.1', text: 'a' });
    expect(taskOf('- [ ] Task task 1.1: a')).toMatchObject({ idWritten: false, text: 'Task task 1.1: a' });
  });

  it('keeps ids unique and tells which were repeated', () => {
    const { plan, findings } = parsePlan('- [ ] Task 1.1: a\n- [ ] Task 1.1: b\n- [ ] Task 1.1: c');
    expect([...everyTask(plan)].map(({ id }) => id)).toEqual(['1.1', '1.1~2', '1.1~3']);
    expect(findings).toMatchObject([
      { code: 'PLAN_ID_REPEATED', line: 2, item: '1.1~2' },
      { code: 'PLAN_ID_REPEATED', line: 3, item: '1.1~3' },
    ]);
  });

  it('lets a written id win over one made from the position', () => {
    const text = '## Phase 1: A\n- [ ] first\n- [ ] Task 1.1: second';
    expect(tasksOf(text).map(({ id }) => id)).toEqual(['1.1~2', '1.1']);
  });

  it('gives the second of two phases of one number another key', () => {
    const text = '## Phase 1: A\n- [ ] a\n## Phase 1: B\n- [ ] b';
    expect(tasksOf(text).map(({ id }) => id)).toEqual(['1.1', '2.1']);
  });

  it('takes a word for an id when the dag has a node of that name', () => {
    const text = '```yaml\ndag:\n  nodes:\n    - id: setup\n```\n- [ ] Task setup: Build\n- [ ] Task other: Build';
    expect(tasksOf(text).map(({ id, text: words }) => [id, words])).toEqual([
      ['setup', 'Build'],
      ['0.2', 'other: Build'],
    ]);
  });
});

describe('commits', () => {
  it.each([
    '<!-- abc1234 -->',
    '<!-- commit: abc1234 -->',
    '<!--commit abc1234-->',
    '<!-- deps: none --> <!-- commit: abc1234 -->',
    '<!-- commit: abc1234 --> <!-- deps: none -->',
  ])('reads the comment %s on any task [PLN-04]', (comment) => {
    expect(taskOf(`- [ ] Task 1.1: Build ${comment}`)).toMatchObject({ commit: 'abc1234', text: 'Build' });
  });

  it('takes the template word commit-sha for no commit', () => {
    expect(taskOf('- [x] Task 1.1: Build <!-- commit-sha -->').commit).toBeUndefined();
  });

  it.each([
    'abc1234',
    '(abc1234)',
    '[abc1234]',
    '[commit: abc1234]',
    '(commit: abc1234)',
    '`abc1234`',
    '(`abc1234`)',
    '[checkpoint: abc1234]',
    'abc1234  ',
    'commit: abc1234',
  ])('reads %j at the end of a done task [PLN-05]', (end) => {
    expect(taskOf(`- [x] Task 1.1: Build it ${end}`)).toMatchObject({ commit: 'abc1234', text: 'Build it' });
  });

  it('leaves a bare sha in the text of a task that is not done', () => {
    expect(taskOf('- [ ] Task 1.1: Revert abc1234')).toMatchObject({ text: 'Revert abc1234' });
    expect(taskOf('- [ ] Task 1.1: Revert abc1234').commit).toBeUndefined();
    expect(taskOf('- [~] Task 1.1: Build [commit: abc1234]').commit).toBe('abc1234');
  });

  it.each(['defaced', 'abcdef', '1234567890abc', '(abc1234]', 'xabc1234', 'a1'])('takes %s for a word', (word) => {
    expect(taskOf(`- [x] Build ${word}`)).toMatchObject({ text: `Build ${word}` });
  });

  it('reads 40 characters and upper case', () => {
    const sha = '0123456789ABCDEF0123456789abcdef01234567';
    expect(taskOf(`- [x] Build ${sha}`).commit).toBe(sha);
  });

  it('takes the comment for the commit when the text ends in a sha too', () => {
    expect(taskOf('- [x] Revert abc1234 <!-- commit: def5678 -->')).toMatchObject({
      commit: 'def5678',
      text: 'Revert abc1234',
    });
  });

  it('finds the commit at the end of wrapped text, or of its first line', () => {
    expect(taskOf('- [x] Build\n  the thing abc1234')).toMatchObject({ commit: 'abc1234', text: 'Build the thing' });
    expect(taskOf('- [x] Build abc1234\n  the thing')).toMatchObject({ commit: 'abc1234', text: 'Build the thing' });
  });
});

describe('what stands on and below a task', () => {
  it('reads dependencies and the group from a comment on the line [PLN-06]', () => {
    expect(taskOf('- [ ] Task 2.1: Build <!-- deps: 1.1, 1.2, parallel: pg-2 -->')).toMatchObject({
      dependsOn: ['1.1', '1.2'],
      dependenciesKnown: true,
      group: 'pg-2',
      text: 'Build',
    });
    expect(taskOf('- [ ] Task 2.1: Build <!-- deps: none, parallel: pg-1 -->')).toMatchObject({
      dependsOn: [],
      dependenciesKnown: true,
      group: 'pg-1',
    });
    expect(taskOf('- [ ] Task 2.1: Build')).toMatchObject({ dependsOn: [], dependenciesKnown: false });
  });

  it('reads the labels of tasks, fix tasks and blocked tasks [PLN-07]', () => {
    const task = taskOf(
      [
        '- [!] Task 2.1: Build',
        '    - **Type**: `code`',
        '    - **Acceptance**: it works,',
        '      also twice',
        '    - **Files**: `src/a.ts`, `src/b.ts` (new)',
        '    - **Depends on**: Task 1.1, 1.2',
        '    - **Issue**: tests fail',
        '    - **Reason:** no network',
        '    - **Recommendation**: retry',
        '    - Wrote the parser',
      ].join('\n'),
    );
    expect(task).toMatchObject({
      type: 'code',
      acceptance: 'it works, also twice',
      files: ['src/a.ts', 'src/b.ts'],
      dependsOn: ['1.1', '1.2'],
      notes: [{ text: 'Wrote the parser', line: 10 }],
    });
    expect(task.labels.filter(({ name }) => ['issue', 'reason', 'recommendation'].includes(name))).toMatchObject([
      { value: 'tests fail' },
      { value: 'no network' },
      { value: 'retry' },
    ]);
  });

  it.each([
    ['src/a.ts, src/b.ts', ['src/a.ts', 'src/b.ts']],
    ['`a.ts:12-40` and `./b.ts`', ['a.ts', 'b.ts']],
    ['validation only', []],
    ['none', []],
    ['Makefile, src/', ['Makefile', 'src/']],
    ['https://example.org/a.ts', []],
    ['`src/**/*auth*`', ['src/**/*auth*']],
  ])('reads the files of %j', (value, files) => {
    expect(taskOf(`- [ ] a\n  - **Files**: ${value}`).files).toEqual(files);
  });

  it('reads lists below a label, as bullets or as the paragraph of a heading task', () => {
    expect(taskOf('- [ ] a\n  - **Files**:\n    - `a.ts`\n    - Modify: `b.ts`\n  - done').files).toEqual([
      'a.ts',
      'b.ts',
    ]);
    const heading = '### Task 1: A\n\n**Files:**\n- Create: `a.ts`\n- Test: `a.test.ts:1-9`\n\n- [ ] Step';
    expect(taskOf(heading)).toMatchObject({ files: ['a.ts', 'a.test.ts'], children: [{ text: 'Step' }] });
  });

  it('joins wrapped lines of a task', () => {
    const text = '- [ ] Task 1.1: Extend `a` —\n  and `b`\n  <!-- files: src/a.ts -->\n- [ ] next';
    expect(tasksOf(text)).toMatchObject([{ text: 'Extend `a` — and `b`', files: ['src/a.ts'] }, { text: 'next' }]);
  });

  it('reads files and dependencies of the other family below tasks and phases as hints [PLN-18]', () => {
    const text = [
      '## Phase 1: A',
      '<!-- execution: parallel -->',
      '<!-- depends: -->',
      '- [ ] Task 1: a',
      '  <!-- files: src/a.ts, src/b.ts -->',
      '- [ ] Task 2: b',
      '  <!-- depends: task1 -->',
      '## Phase 2: B',
      '<!-- depends: phase1 -->',
      '',
      '- [ ] Task 3: c',
    ].join('\n');
    const { plan, findings } = parsePlan(text);
    expect(plan.phases).toMatchObject([
      { execution: 'parallel', dependsOn: [], dependenciesKnown: true },
      { dependsOn: ['phase1'], dependenciesKnown: true },
    ]);
    expect(plan.phases[0]?.tasks).toMatchObject([{ files: ['src/a.ts', 'src/b.ts'] }, { dependsOn: ['task1'] }]);
    expect(findings).toEqual([]);
  });
});
