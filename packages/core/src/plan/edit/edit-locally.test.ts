import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConductorError } from '../../kernel/error.js';
import { editLocally } from './edit-locally.js';
import { editPlan, editWhole } from './edit-plan.js';
import type { EditedPlan } from './edit-plan.js';
import { parsePlan } from '../parse/parse-plan.js';
import { everyTask } from '../model/plan.js';
import type { PlanEdit } from '../model/plan.js';
import { readSkeleton } from '../parse/read-skeleton.js';

const headings = fc.constantFrom(
  ...['# T — Execution Plan', '# Other', '## Context', '## Notes', '### Notes', '### Tasks', '## Dependency Graph'],
  ...['## Phase 1: A', '## Phase 2: B [checkpoint: abc1234]', '## Phase 1: again', '## Phase: N', '### Phase 3: deep'],
  ...['# Phase 4: top', '## Phase IV: r', '## Phase 60: L <!-- deps: 1 -->', '## Phase 0: Z', '### Task 3.1: heading'],
  ...['## Discovered Work', '### Discovered Work', '## Plan Evaluation Report', '### Technical Review'],
  ...['## Fix Phase (Cycle 1)', '# Fix Phase (Cycle 2)'],
);
const body = fc.constantFrom(
  ...['- [ ] Task 1.1: a', '- [x] Task 1.2: b abc1234', '* [~] c <!-- deps: 1.1 -->', '    - [!] d', '\t- [-] e'],
  ...['1. [ ] f', '- [ ] plain', '- [] y', '- [?] z', '  - [ ] child', '- [ ] 1.3 y', '- [ ] **Task 2.3**: q'],
  ...['- [ ] Task 60.1: x', '- [ ] 0.1 zero', '- [ ] Fix 1: x', '- [ ] Task setup: w', '- [ ] Task 3.1.1: sub'],
  ...[
    '- note',
    '  wrapped text',
    '',
    '',
    '',
    '   ',
    '---',
    '| a |',
    '> q',
    '**N:**',
    '- item',
    '  - **Reason**: nested',
  ],
  ...['  - **Files**: `src/a.ts`', '    - **Reason**: r', '    - **Commit**: `abc1234`', '**Status:** [x]'],
);
const odd = fc.constantFrom(
  ...['```yaml', 'dag:', '  nodes:', '    - id: "1.1"', '```', '~~~', '  ```', '<!--', '-->', '<!-- files: a.ts -->'],
  ...['===', '-----', 'Phase 3: C', 'Task 4.1: d', 'text', '- [ ] <!--', '- [ ] Task <!-- c -->', '  5: five'],
  ...['## Task 4', '- [ ] Task 1: bare', '- [ ] Task 2. bare', '- [ ] Task (abc1234)', '- [ ] Task', '  2.2: joined'],
);
const lines = fc.array(
  fc.oneof({ weight: 8, arbitrary: headings }, { weight: 22, arbitrary: body }, { weight: 1, arbitrary: odd }),
  { maxLength: 30 },
);
const calmLines = fc.array(fc.oneof({ weight: 1, arbitrary: headings }, { weight: 3, arbitrary: body }), {
  maxLength: 30,
});
const hostileLines = fc.array(fc.oneof(headings, body, odd), { maxLength: 30 });
const planText = fc
  .tuple(
    fc.oneof(lines, calmLines, calmLines, hostileLines),
    fc.constantFrom('\n', '\n', '\r\n', '\r'),
    fc.constantFrom('', '', '', '\ufeff', '---\na: b\n---\n', '\n'),
    fc.boolean(),
  )
  .map(([all, end, start, last]) => start + all.join(end) + (last ? end : ''));

const words = fc.oneof(
  fc.constantFrom('', 'more work', '[ ] box', '- [ ] t', '```', '<!-- a', '-->', 'Task 1.1: z', 'Phase 9: y', '#'),
  fc.constantFrom('**Files**: a.ts', 'abc1234', 'a\nb', 'Task setup: q', '[checkpoint: abc1234]', '---', '  lead'),
  fc.string({ maxLength: 12 }),
);
const sha = fc.constantFrom('abc1234', '0123456789abcdef0123456789abcdef01234567', 'no sha');
const phase = fc.constantFrom('1', '2', '3', '60', 'B', 'A', 'N', '', 'Phase 1', 'line:1', 'line:3');
const reported = fc.constantFrom(
  '## Technical Review\n\n',
  '# R\n',
  '## Phase 9: x\n',
  '## Discovered Work\n',
  '### N\n',
  '',
);

const edits = {
  mark: fc.record(
    {
      ...{ do: fc.constant('mark' as const), task: fc.constantFrom('1.1', '1.2', '60.1', '3.1', '1') },
      state: fc.constantFrom('pending' as const, 'inProgress' as const, 'done' as const, 'blocked' as const),
      ...{ commit: sha, note: words },
    },
    { requiredKeys: ['do', 'task', 'state'] },
  ),
  addTask: fc.record({
    ...{ do: fc.constant('addTask' as const), phase },
    task: fc.record(
      { text: words, id: fc.constantFrom('1.1', '1.9', '60.2', '7', 'T3', '1.1.1', '0.1'), acceptance: words },
      { requiredKeys: ['text'] },
    ),
  }),
  addPhase: fc.record({ do: fc.constant('addPhase' as const), title: words }),
  setCheckpoint: fc.record({ do: fc.constant('setCheckpoint' as const), phase, sha }),
  discover: fc.record({
    ...{ do: fc.constant('discover' as const), description: words, reason: words, recommendation: words },
  }),
  appendReport: fc.record({
    do: fc.constant('appendReport' as const),
    markdown: fc
      .tuple(reported, fc.array(fc.oneof(words, body, odd), { maxLength: 3 }))
      .map(([head, rest]) => head + rest.join('\n')),
  }),
};

/** An edit of a task or a phase that is there, by its id, its number or its line. */
function aimed(edit: PlanEdit, text: string, at: number): PlanEdit {
  const { plan } = parsePlan(text);
  const tasks = [...everyTask(plan)];
  const task = tasks[at % Math.max(1, tasks.length)];
  const there = plan.phases[at % Math.max(1, plan.phases.length)];
  if (edit.do === 'mark' && task !== undefined) return { ...edit, task: at % 2 === 0 ? task.id : `line:${task.line}` };
  if ((edit.do !== 'addTask' && edit.do !== 'setCheckpoint') || there === undefined || at % 4 === 0) return edit;
  const named = at % 2 === 0 ? (there.number ?? there.title) : `line:${there.line}`;
  if (edit.do === 'setCheckpoint' || at % 3 === 0) return { ...edit, phase: named };
  return { ...edit, phase: named, task: { ...edit.task, id: `${there.number ?? ''}.${at % 20}` } };
}

function short(text: string, edit: PlanEdit): EditedPlan | undefined {
  return editLocally({ text, changedLines: [] }, edit);
}

/** What an edit comes to: a text, or the words of a refusal. */
function outcome(make: () => EditedPlan): unknown {
  try {
    return make();
  } catch (error) {
    if (ConductorError.is(error, 'EDIT_REFUSED', 'TASK_NOT_FOUND', 'VALIDATION_FAILED'))
      return [error.code, error.message];
    throw error;
  }
}

describe('an edit that reads a part of the plan', () => {
  it.each(Object.entries(edits))('%s: comes to what reading all of it comes to, or leaves it to that', (_, kind) => {
    let made = 0;
    fc.assert(
      fc.property(planText, kind, fc.nat(), (text, one, at) => {
        const edit = aimed(one, text, at);
        const edited = short(text, edit);
        if (edited === undefined) return;
        made += 1;
        expect(edited).toEqual(outcome(() => editWhole(text, [edit])));
      }),
      { numRuns: 1500 },
    );
    // Else the law would hold because nothing is ever made so.
    expect(made).toBeGreaterThan(25);
  });

  it('may be one of several, of which all are made or none', () => {
    fc.assert(
      fc.property(
        planText,
        fc.array(fc.oneof(...Object.values(edits)), { maxLength: 4 }),
        fc.nat(),
        (text, all, at) => {
          const several = all.map((edit) => aimed(edit, text, at));
          expect(outcome(() => editPlan(text, several))).toEqual(outcome(() => editWhole(text, several)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('knows the sections and phases of the whole', () => {
    fc.assert(
      fc.property(planText, (text) => {
        const { plan } = parsePlan(text);
        const skeleton = readSkeleton(text).plan;
        const bare = ({ phases }: typeof plan): unknown =>
          phases.map(
            ({ tasks: _tasks, dependsOn: _ids, dependenciesKnown: _known, execution: _mode, ...rest }) => rest,
          );
        expect(bare(skeleton)).toEqual(bare(plan));
        expect(skeleton.sections).toEqual(plan.sections);
        expect(skeleton.lineEnd).toBe(plan.lineEnd);
      }),
      { numRuns: 1000 },
    );
  });

  it('comes to an end above a task whose text begins with an empty line', () => {
    for (const text of ['\n- note\n  - [ ] d\n', '\n  - [ ] d\n', '\n\n    - [ ] d\n'])
      for (let line = 1; line < 5; line += 1)
        expect(() => short(text, { do: 'mark', task: `line:${line}`, state: 'done' })).not.toThrow();
  });
});

const addTask: PlanEdit = { do: 'addTask', phase: '1', task: { text: 'more' } };
const discover: PlanEdit = { do: 'discover', description: 'd', reason: 'r', recommendation: 'x' };

/** Plans in which a part does not tell enough: what else the edit hangs on, the plan, the edit. */
const partsThatDoNotTell: readonly [why: string, text: string, edit: PlanEdit][] = [
  ['a task elsewhere has the next id', '## Phase 1: A\n- [ ] Task 1.1: a\n## Phase 2: B\n- [ ] Task 1.2: b\n', addTask],
  ['a wrapped line gives the next id', '## Phase 1: A\n- [ ] a\n## Phase 2: B\n- [ ] Task\n  1.2: b\n', addTask],
  ['old line ends hide who has the next id', '## Phase 2: B\r- [ ] Task 1.1: b\r## Phase 1: A\r', addTask],
  ['numbers are counted anew', '## Phase 1: A\n- [ ] Task 2. a\n## Phase 2: B\n- [ ] Task 2. b\n', addTask],
  [
    'a number hides behind a commit',
    '## Phase 1: A\n- [ ] a\n## Phase 2: B\n- [x] Task (abc1234)\n  1: b\n  - [ ] c\n  - [ ] d\n',
    addTask,
  ],
  ['an earlier phase has the number', '## Phase 1: A\n- [ ] a\n## Phase 1: B\n', { ...addTask, phase: 'B' }],
  ['tasks of headings have numbers', '## Phase 1: A\n### Task 2: a\n## Phase 2: B\n### Task 2: b\n', addTask],
  [
    'the number of the phase is the id of a task with sub-tasks',
    '## Phase 3: A\n- [ ] Task 3.5: a\n  - [ ] b\n## Phase 3.5: B\n',
    { ...addTask, phase: '3.5' },
  ],
  [
    'a dag above has nodes',
    '## G\n```yaml\ndag:\n  nodes: [{id: "1.1"}]\n```\n## Phase 1: A\n- [ ] Task 1.1: b\n',
    addTask,
  ],
  ['a dag below has nodes', '## Phase 1: A\n- [ ] Task a: b\n## G\n```yaml\ndag:\n  nodes: [{id: a}]\n```\n', addTask],
  ['the next phase is underlined', '## Phase 1: A\n- [ ] a\n\nPhase 2: B\n------\n', addTask],
  ['a fence is open', '## Phase 1: A\n- [ ] a\n## Phase 2: B\n```\n', addTask],
  [
    'a comment goes on in the next task',
    '- [ ] a <!-- b\n- [ ] c -->\n',
    { do: 'mark', task: 'line:1', state: 'done', note: 'more' },
  ],
  ['a comment is open', '## Phase 2: B <!--\n## Phase 1: A\n- [ ] a\n', { ...addTask, task: { text: 'b -->' } }],
  ['the number of the new phase is the key of another', '## Phase: A\n- [ ] a\n', { do: 'addPhase', title: 'B' }],
  [
    'items of Discovered Work stand below a later phase',
    '## Phase 1: A\n## Discovered Work\n- a\n## Phase 2: B\n## Discovered Work\n**N:**\n- b\n  - **Reason**: c\n',
    discover,
  ],
  [
    'a report brings tasks',
    '## Phase 1: A\n- [ ] a\n# R\n- [ ] Task 0.1: b\n',
    { do: 'appendReport', markdown: '## Technical Review\n- [ ] c' },
  ],
  [
    'a report brings items of Discovered Work',
    '## Phase 1: A\n## Discovered Work\n- a\n## Fix Phase (Cycle 1)\n',
    { do: 'appendReport', markdown: '## Discovered Work\n**N:**\n- b\n  - **Reason**: c' },
  ],
];

describe('a part of the plan does not tell enough when', () => {
  it.each(partsThatDoNotTell)('%s', (_, text, edit) => {
    expect(short(text, edit)).toBeUndefined();
  });

  it('the id of a mark is that of a number which is counted anew', () => {
    const text = '## Phase 1: A\n- [ ] Task 1. a\n## Phase 2: B\n- [ ] Task 1. b\n- [ ] 1.1 c\n';
    const mark: PlanEdit = { do: 'mark', task: '1.1', state: 'done' };
    expect(short(text, mark)).toBeUndefined();
    expect(editPlan(text, [mark]).text).toBe(text.replace('[ ] Task 1. a', '[x] Task 1. a'));
  });
});

describe('an edit of a common plan reads a part of it', () => {
  const text = [
    '# T — Execution Plan\n\n## Context\n\n- **Type**: feature\n\n',
    '## Phase 1: A\n\n- [x] Task 1.1: a <!-- commit: abc1234 -->\n    - **Files**: `src/a.ts`\n\n',
    '## Phase 2: B\n\n- [ ] Task 2.1: b\n    - **Files**: `src/b.ts`\n\n',
    '## Discovered Work\n\n- c\n    - **Reason**: d\n\n## Plan Evaluation Report\n\nGood.\n',
  ].join('');
  const all: readonly PlanEdit[] = [
    { do: 'mark', task: '2.1', state: 'done', commit: 'def5678', note: 'Written' },
    { do: 'addTask', phase: '1', task: { text: 'more', files: ['src/m.ts'], dependsOn: ['1.1'] } },
    { do: 'addPhase', title: 'C' },
    { do: 'setCheckpoint', phase: '1', sha: 'abc1234' },
    discover,
    { do: 'appendReport', markdown: '## Technical Review\n\nGood.' },
  ];

  it.each(all.map((edit) => [edit.do, edit] as const))('%s', (_, edit) => {
    const edited = short(text, edit);
    expect(edited).toEqual(editWhole(text, [edit]));
    expect(short(text.replaceAll('\n', '\r\n'), edit)).toEqual(editWhole(text.replaceAll('\n', '\r\n'), [edit]));
    expect(edited).not.toBeUndefined();
  });
});
