import { describe, expect, it } from 'vitest';
import { ConductorError } from '../../kernel/error.js';
import { addFixTasks, editPlan } from './edit-plan.js';
import { formatPlan } from '../write/format-plan.js';
import { parsePlan } from '../parse/parse-plan.js';
import { everyTask } from '../model/plan.js';
import type { PlanEdit } from '../model/plan.js';

const plain = `# Search — Execution Plan

## Phase 1: Build

- [ ] Task 1.1: Parse   
    - **Acceptance**: it parses
- [x] Task 1.2: Index <!-- abc1234 -->
    - Built it
    - [ ] Sub-task: Rank

## Discovered Work
`;

function linesChanged(before: string, after: string): readonly string[] {
  const old = before.split('\n');
  return after.split('\n').filter((line) => !old.includes(line));
}

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (ConductorError.is(error)) return error.code;
  }
  return 'no error';
}

describe('mark', () => {
  it('changes the marker and nothing else [PLN-15]', () => {
    const { text, changedLines } = editPlan(plain, [{ do: 'mark', task: '1.1', state: 'inProgress' }]);
    expect(text).toBe(plain.replace('- [ ] Task 1.1', '- [~] Task 1.1'));
    expect(changedLines).toEqual([5]);
  });

  it('adds commit and summary in one edit [PLN-15]', () => {
    const { text, changedLines } = editPlan(plain, [
      { do: 'mark', task: '1.1', state: 'done', commit: 'def5678', note: 'Wrote the parser\nTested it' },
    ]);
    expect(text).toBe(
      plain.replace(
        '- [ ] Task 1.1: Parse   \n    - **Acceptance**: it parses\n',
        '- [x] Task 1.1: Parse <!-- def5678 -->   \n    - **Acceptance**: it parses\n    - Wrote the parser\n    - Tested it\n',
      ),
    );
    expect(changedLines).toEqual([5, 7, 8]);
  });

  it.each([
    ['- [x] Task 1: a <!-- commit: abc1234 -->', '<!-- commit: def5678 -->'],
    ['- [x] Task 1: a <!-- abc1234 -->', '<!-- def5678 -->'],
    ['- [x] Task 1: a abc1234', 'def5678'],
    ['- [x] Task 1: a (abc1234)', '(def5678)'],
    ['- [x] Task 1: a [abc1234]', '[def5678]'],
    ['- [x] Task 1: a [commit: abc1234]', '[commit: def5678]'],
    ['- [x] Task 1: a `abc1234`', '`def5678`'],
    ['- [x] Task 1: a', '<!-- commit: def5678 -->'],
  ])('writes the commit as %s does [PLN-04]', (line, written) => {
    const text = `${line}\n- [ ] Task 2: b\n`;
    const edited = editPlan(text, [{ do: 'mark', task: '2', state: 'done', commit: 'def5678' }]);
    expect(edited.text).toBe(`${line}\n- [x] Task 2: b ${written}\n`);
  });

  it('replaces a commit in place', () => {
    const edited = editPlan('- [x] Task 1: a [commit: abc1234] <!-- x -->', [
      { do: 'mark', task: '1', state: 'done', commit: 'def5678' },
    ]);
    expect(edited.text).toBe('- [x] Task 1: a [commit: def5678] <!-- x -->');
  });

  it('keeps a bare commit readable when the task is opened again', () => {
    const { text } = editPlan('- [x] Task 1: a abc1234\n', [{ do: 'mark', task: '1', state: 'pending' }]);
    expect(text).toBe('- [ ] Task 1: a <!-- commit: abc1234 -->\n');
  });

  it('keeps CR LF, byte order mark, bullets, tabs and the missing last line end [PLN-14]', () => {
    const text = '\ufeff# T\r\n\r\n* [ ] Task 1: a\r\n\t* [ ] Task 1.1: b\r\n\r\n1. [ ] Task 2: c';
    const edited = editPlan(text, [
      { do: 'mark', task: '1', state: 'done', note: 'made it' },
      { do: 'mark', task: '2', state: 'done', commit: 'abc1234', note: 'made that' },
    ]);
    expect(edited.text).toBe(
      '\ufeff# T\r\n\r\n* [x] Task 1: a\r\n\t* made it\r\n\t* [ ] Task 1.1: b\r\n\r\n' +
        '1. [x] Task 2: c <!-- commit: abc1234 -->\r\n\t- made that',
    );
    expect(edited.changedLines).toEqual([3, 4, 7, 8]);
  });

  it('finds a task by its line, and marks a heading task', () => {
    expect(editPlan('# T\n- [ ] a\n', [{ do: 'mark', task: 'line:2', state: 'done' }]).text).toBe('# T\n- [x] a\n');
    const heading = '### Task 1: A\n**Files:**\n- `a.ts`\n\n- [ ] step\n';
    expect(editPlan(heading, [{ do: 'mark', task: '1', state: 'blocked', note: 'no network' }]).text).toBe(
      '### [!] Task 1: A\n\n- **Reason**: no network\n**Files:**\n- `a.ts`\n\n- [ ] step\n',
    );
  });

  it('wants a reason for a blocked mark [PLN-17]', () => {
    const edit: PlanEdit = { do: 'mark', task: '1.1', state: 'blocked' };
    expect(code(() => editPlan(plain, [edit]))).toBe('EDIT_REFUSED');
    const { text } = editPlan(plain, [{ ...edit, note: 'The API\nis gone' }]);
    expect(linesChanged(plain, text)).toEqual(['- [!] Task 1.1: Parse   ', '    - **Reason**: The API is gone']);
    expect(editPlan(text, [edit]).text).toBe(text);
  });

  it('writes a summary once', () => {
    const edit: PlanEdit = { do: 'mark', task: '1.2', state: 'done', note: 'Built it' };
    expect(editPlan(plain, [edit])).toEqual({ text: plain, changedLines: [] });
  });

  it('keeps markers that mean the state already', () => {
    const text = '- [/] Task 1: a\n- [X] Task 2: b\n';
    const edits: PlanEdit[] = [
      { do: 'mark', task: '1', state: 'inProgress' },
      { do: 'mark', task: '2', state: 'done' },
    ];
    expect(editPlan(text, edits).text).toBe(text);
  });

  it.each([
    '[x] done',
    '# heading',
    '- [x] done',
    '```js',
    'Files: `x.ts`',
    '**Acceptance**: none',
    'a <!-- b',
    '<!-- deps: 9 -->',
    '1. 2. x',
    '\u0000\u2028',
  ])('keeps the note %j a note', (note) => {
    const { text } = editPlan(plain, [{ do: 'mark', task: '1.1', state: 'done', note }]);
    const before = [...everyTask(parsePlan(plain).plan)];
    const after = [...everyTask(parsePlan(text).plan)];
    expect(after).toHaveLength(before.length);
    expect(after[0]).toMatchObject({ files: [], acceptance: 'it parses', dependsOn: [], state: 'done' });
  });

  it('marks many tasks on one reading, two marks of one task in order', () => {
    const { text, changedLines } = editPlan(plain, [
      { do: 'mark', task: '1.1', state: 'inProgress', note: 'began' },
      { do: 'mark', task: 'Task 1.2', state: 'pending' },
      { do: 'mark', task: '1.1', state: 'done', commit: 'def5678' },
    ]);
    expect(linesChanged(plain, text)).toEqual([
      '- [x] Task 1.1: Parse <!-- def5678 -->   ',
      '    - began',
      '- [ ] Task 1.2: Index <!-- abc1234 -->',
    ]);
    expect(changedLines).toEqual([5, 7, 8]);
  });

  it.each<[string, PlanEdit, string]>([
    ['an unknown task', { do: 'mark', task: '9', state: 'done' }, 'TASK_NOT_FOUND'],
    ['an unknown line', { do: 'mark', task: 'line:1', state: 'done' }, 'TASK_NOT_FOUND'],
    ['no commit', { do: 'mark', task: '1.1', state: 'done', commit: 'HEAD' }, 'EDIT_REFUSED'],
    ['the state unknown', { do: 'mark', task: '1.1', state: 'unknown' }, 'EDIT_REFUSED'],
    ['an unknown phase', { do: 'setCheckpoint', phase: '9', sha: 'abc1234' }, 'TASK_NOT_FOUND'],
  ])('refuses %s and changes nothing', (_, edit, expected) => {
    expect(code(() => editPlan(plain, [{ do: 'mark', task: '1.1', state: 'done' }, edit]))).toBe(expected);
  });

  it('keeps a text that ends in a sha, when the task is done without a commit and when it gets one', () => {
    const done = editPlan('- [ ] Task 1: Revert abc1234\n', [{ do: 'mark', task: '1', state: 'done' }]).text;
    expect(done).toBe('- [x] Task 1: Revert abc1234 <!-- commit: none -->\n');
    const committed = editPlan(done, [{ do: 'mark', task: '1', state: 'done', commit: 'def5678' }]).text;
    expect([...everyTask(parsePlan(committed).plan)]).toMatchObject([{ text: 'Revert abc1234', commit: 'def5678' }]);
  });

  it('counts errors that stand behind the findings which are shown', () => {
    const text = `${'- [?] a\n'.repeat(1000)}\`\`\`\n`;
    const marks = [1, 2].map((line): PlanEdit => ({ do: 'mark', task: `line:${line}`, state: 'done' }));
    expect(editPlan(text, marks)).toMatchObject({ changedLines: [1, 2] });
  });

  it('refuses a mark that would change more than it names', () => {
    // Done, the end of the first line would be read as the commit and be gone from the text.
    const text = '- [ ] Task 1: Revert abc1234\n  and its tests\n';
    expect(code(() => editPlan(text, [{ do: 'mark', task: '1', state: 'done' }]))).toBe('EDIT_REFUSED');
  });
});

describe('addTask', () => {
  it('adds a task below the last one of its phase', () => {
    const { text, changedLines } = editPlan(plain, [
      {
        do: 'addTask',
        phase: 'Build',
        task: { text: 'Serve', files: ['src/serve.ts'], dependsOn: ['1.1'], acceptance: 'answers' },
      },
    ]);
    expect(text).toBe(
      plain.replace(
        '    - [ ] Sub-task: Rank\n',
        '    - [ ] Sub-task: Rank\n- [ ] Task 1.3: Serve <!-- deps: 1.1 -->\n    - **Acceptance**: answers\n    - **Files**: `src/serve.ts`\n',
      ),
    );
    expect(changedLines).toEqual([10, 11, 12]);
  });

  it('adds the node of the task to the dag and keeps every other byte of the block', () => {
    const block = "dag: # ours\n  nodes:\n  - id:   '1.1' # first\n    depends_on: []\n\n  parallel_groups: []\n";
    const text = `\`\`\`yaml\n${block}\`\`\`\n## Phase 1: A\n- [ ] Task 1.1: a\n`;
    const edited = editPlan(text, [{ do: 'addTask', phase: '1', task: { text: 'b', dependsOn: ['1.1'] } }]).text;
    expect(edited).toContain('  - id:   \'1.1\' # first\n    depends_on: []\n  - id: "1.2"\n');
    expect(edited).toContain('\n\n  parallel_groups: []\n```');
    expect(parsePlan(edited).plan.dag?.block.nodes).toMatchObject([
      { id: '1.1' },
      { id: '1.2', name: 'b', type: 'code', depends_on: ['1.1'], phase: 1 },
    ]);
  });

  it('refuses a block that has no place for a node', () => {
    const text = '```yaml\ndag:\n  nodes: none\n```\n## Phase 1: A\n- [ ] Task 1.1: a\n';
    expect(code(() => editPlan(text, [{ do: 'addTask', phase: '1', task: { text: 'b' } }]))).toBe('EDIT_REFUSED');
  });

  it('writes headings among headings, and fills an empty phase', () => {
    const text = '## Phase 1: A\n### Task 1.1: a\n- [ ] step\n\n## Phase 2: B\n';
    const edited = editPlan(text, [
      { do: 'addTask', phase: 'A', task: { text: 'b', files: ['b.ts'] } },
      { do: 'addTask', phase: 'Phase 2', task: { text: 'c' } },
    ]).text;
    expect(edited).toBe(
      '## Phase 1: A\n### Task 1.1: a\n- [ ] step\n\n### Task 1.2: b\n\n- **Files**: `b.ts`\n\n## Phase 2: B\n\n- [ ] Task 2.1: c\n',
    );
  });

  it.each([{ id: 'a b' }, { files: ['a b'] }, { dependsOn: ['1 <!-- y'] }])('refuses a task with %j', (wrong) => {
    const edit: PlanEdit = { do: 'addTask', phase: '1', task: { text: 'x', ...wrong } };
    expect(code(() => editPlan(plain, [edit]))).toBe('VALIDATION_FAILED');
  });

  it('refuses an id that is taken', () => {
    const edit: PlanEdit = { do: 'addTask', phase: '1', task: { id: '1.1', text: 'again' } };
    expect(code(() => editPlan(plain, [edit]))).toBe('EDIT_REFUSED');
  });
});

describe('sections', () => {
  it('adds a phase behind the last one', () => {
    const { text } = editPlan(plain, [{ do: 'addPhase', title: 'Ship' }]);
    expect(text).toBe(plain.replace('\n\n## Discovered', '\n\n## Phase 2: Ship\n\n## Discovered'));
    expect(editPlan('# T\n', [{ do: 'addPhase', title: 'Phase 7: Ship' }]).text).toBe('# T\n\n## Phase 7: Ship\n');
  });

  it('sets and replaces a checkpoint [PLN-10]', () => {
    const once = editPlan(plain, [{ do: 'setCheckpoint', phase: '1', sha: 'abc1234' }]).text;
    expect(linesChanged(plain, once)).toEqual(['## Phase 1: Build [checkpoint: abc1234]']);
    const twice = editPlan(once, [{ do: 'setCheckpoint', phase: 'Phase 1: Build', sha: 'def5678' }]).text;
    expect(twice).toBe(once.replace('abc1234', 'def5678'));
    const empty = editPlan('## Phase 1: A [checkpoint: ]\n', [{ do: 'setCheckpoint', phase: 'A', sha: 'abc1234' }]);
    expect(empty.text).toBe('## Phase 1: A [checkpoint: abc1234]\n');
  });

  it('writes discovered work as items without a checkbox', () => {
    const edit: PlanEdit = { do: 'discover', description: '[x] cache', reason: 'slow', recommendation: 'later' };
    const item = '- \\[x] cache\n    - **Reason**: slow\n    - **Recommendation**: later\n';
    expect(editPlan(plain, [edit]).text).toBe(`${plain}\n${item}`);
    expect(editPlan(plain, [edit, edit]).text).toBe(`${plain}\n${item}${item}`);
    expect(editPlan('## Phase 1: A\n- [ ] a\n', [edit]).text).toBe(
      `## Phase 1: A\n- [ ] a\n\n## Discovered Work\n\n${item}`,
    );
  });

  it('refuses to write discovered work into a fence that nothing closes', () => {
    const edit: PlanEdit = { do: 'discover', description: 'cache', reason: 'slow', recommendation: 'later' };
    expect(code(() => editPlan('- [ ] a\n\n## Discovered Work\n\n```\n', [edit]))).toBe('EDIT_REFUSED');
  });

  it('replaces the dag block between its fences, or begins one', () => {
    const yaml = 'dag:\n  nodes:\n    - id: "1.1" # kept\n';
    const text = '# T\n\n```yaml\ndag: {}\n```\n- [ ] Task 1.1: a\n';
    const edited = editPlan(text, [{ do: 'replaceDag', yaml }]).text;
    expect(edited).toBe(text.replace('dag: {}\n', yaml));
    const begun = editPlan(plain, [{ do: 'replaceDag', yaml }]).text;
    expect(begun).toBe(plain.replace('Plan\n', `Plan\n\n## Dependency Graph\n\n\`\`\`yaml\n${yaml}\`\`\`\n`));
  });

  it.each([
    'nodes: []',
    'dag: [',
    'dag:\n  nodes: []\n```\n- [ ] x\n```',
    'dag:\n  nodes:\n    - id: &a x\n      name: *a',
  ])('refuses the block %j', (yaml) => {
    expect(code(() => editPlan(plain, [{ do: 'replaceDag', yaml }]))).toBe('EDIT_REFUSED');
  });

  it('appends a report at the end; its checkboxes are no tasks of the plan', () => {
    const markdown = '## Plan Evaluation Report\n\n- [x] scope\n- [ ] overlap\n';
    const { text } = editPlan(plain, [{ do: 'appendReport', markdown }]);
    expect(text).toBe(`${plain}\n${markdown}`);
    expect([...everyTask(parsePlan(text).plan)].filter(({ scope }) => scope === 'plan')).toHaveLength(3);
    expect(editPlan('# T\r\n- [ ] a', [{ do: 'appendReport', markdown }]).text).toBe(
      '# T\r\n- [ ] a\r\n\r\n## Plan Evaluation Report\r\n\r\n- [x] scope\r\n- [ ] overlap',
    );
  });

  it.each(['no heading', '## Notes\n- [ ] a task nobody planned', '## Plan Evaluation Report\n```\nopen'])(
    'refuses the report %j',
    (markdown) => {
      expect(code(() => editPlan(plain, [{ do: 'appendReport', markdown }]))).toBe('EDIT_REFUSED');
    },
  );

  it('refuses to append behind a fence that nothing closes', () => {
    expect(code(() => editPlan('- [ ] a\n\n```\n', [{ do: 'appendReport', markdown: '## Technical Review\n' }]))).toBe(
      'EDIT_REFUSED',
    );
  });
});

describe('edits in a row', () => {
  it('tell changed lines as the last text counts them', () => {
    const text = '## Phase 1: A\n- [ ] Task 1.1: a\n## Phase 2: B\n- [ ] Task 2.1: b\n';
    const edited = editPlan(text, [
      { do: 'mark', task: '2.1', state: 'done' },
      { do: 'addTask', phase: '1', task: { text: 'c', files: ['c.ts'] } },
      { do: 'setCheckpoint', phase: '1', sha: 'abc1234' },
    ]);
    expect(edited.changedLines.map((line) => edited.text.split('\n')[line - 1])).toEqual([
      '## Phase 1: A [checkpoint: abc1234]',
      '- [ ] Task 1.2: c',
      '    - **Files**: `c.ts`',
      '- [x] Task 2.1: b',
    ]);
  });
});

describe('addFixTasks', () => {
  const canonical = formatPlan({ title: 'T', phases: [{ title: 'A', tasks: [{ text: 'a' }] }] });

  it('begins the fix phase of a cycle, and adds to it', () => {
    const first = addFixTasks(canonical, 1, [
      { text: 'Mend the test', issue: 'slug.test.js fails', files: ['src/slug.js'] },
    ]);
    expect(first.text).toBe(
      `${canonical}\n## Fix Phase (Cycle 1)\n\n- [ ] Fix 1: Mend the test\n    - **Issue**: slug.test.js fails\n    - **Files**: \`src/slug.js\`\n`,
    );
    expect(first.ids).toEqual(['Fix 1']);
    const again = addFixTasks(first.text, 1, [{ id: 'Fix 2', text: 'Mend more' }]);
    expect(again.text).toBe(`${first.text}- [ ] Fix 2: Mend more\n`);
    const second = addFixTasks(again.text, 2, [{ text: 'Mend again' }]);
    expect(second.ids).toEqual(['Fix 3']);
    expect(second.text).toBe(`${again.text}\n## Fix Phase (Cycle 2)\n\n- [ ] Fix 3: Mend again\n`);
  });

  it('does nothing without tasks, and refuses an id that is taken', () => {
    expect(addFixTasks(canonical, 1, [])).toEqual({ text: canonical, changedLines: [], ids: [] });
    expect(code(() => addFixTasks(canonical, 1, [{ id: '1.1', text: 'x' }]))).toBe('EDIT_REFUSED');
  });
});
