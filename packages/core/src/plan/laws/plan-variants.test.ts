import { describe, expect, it } from 'vitest';
import { editPlan } from '../edit/edit-plan.js';
import { parsePlan } from '../parse/parse-plan.js';
import { planModel } from '../model/plan-model.js';
import { everyTask } from '../model/plan.js';
import type { Plan, PlanEdit } from '../model/plan.js';

const long = '0123456789abcdef0123456789abcdef01234567';

/** A plan in a few words: `number title [checkpoint]` of a phase, and below it `id state commit text` of its tasks by depth. */
function inWords(plan: Plan): readonly string[] {
  return plan.phases.flatMap((phase) => [
    `${phase.number ?? phase.kind} ${phase.title}${phase.checkpoint === undefined ? '' : ` [${phase.checkpoint}]`}`.trim(),
    ...[...everyTask({ ...plan, phases: [phase] })].map(
      ({ id, state, commit, text }) => `${id} ${state} ${commit ?? '-'} ${text}`,
    ),
  ]);
}

/** Every form of a plan that real projects were seen to use, in texts of our own: name, plan, its reading, codes of findings. */
type Variant = [name: string, text: string, words: readonly string[], codes?: readonly string[]];

const variants: readonly Variant[] = [
  ['bullet -', '- [x] a', ['loose', '0.1 done - a']],
  ['bullet *', '* [ ] a\n* [x] b', ['loose', '0.1 pending - a', '0.2 done - b']],
  ['bullet +', '+ [~] a', ['loose', '0.1 inProgress - a']],
  ['bullet number', '1. [x] a\n2. [ ] b\n10) [ ] c', ['loose', '0.1 done - a', '0.2 pending - b', '0.3 pending - c']],
  ['a box glued to its text', '- [x]Write it', ['loose', '0.1 done - Write it']],
  ['marker [X]', '- [X] a', ['loose', '0.1 done - a']],
  ['marker [!]', '- [!] a\n  - **Reason**: b', ['loose', '0.1 blocked - a']],
  ['marker [-]', '- [-] a (skipped)', ['loose', '0.1 skipped - a (skipped)'], ['PLAN_MARKER_ODD']],
  ['marker [/]', '- [/] a', ['loose', '0.1 inProgress - a'], ['PLAN_MARKER_ODD']],
  ['marker []', '- [] a', ['loose', '0.1 pending - a'], ['PLAN_MARKER_ODD']],
  ['marker [✅]', '- [✅] a', ['loose', '0.1 unknown - a'], ['PLAN_MARKER_UNKNOWN']],
  ['phase at level 2', '## Phase 1: A\n- [ ] a', ['1 A', '1.1 pending - a']],
  ['phase at level 3', '### Phase 2: A\n- [ ] a', ['2 A', '2.1 pending - a']],
  ['phase at level 1', '# Plan\n# Phase 1: A\n- [ ] a', ['1 A', '1.1 pending - a']],
  ['phase underlined with -', 'Phase 1: A\n----------\n\n- [ ] a', ['1 A', '1.1 pending - a']],
  ['phase underlined with three -', 'Phase 1: A\n---\n- [ ] a', ['1 A', '1.1 pending - a']],
  [
    'phase underlined with =',
    '# Plan\n\nPhase 1: A [checkpoint: abc1234]\n===\n- [ ] a',
    ['1 A [abc1234]', '1.1 pending - a'],
  ],
  ['a title underlined with =', 'My plan\n=======\n\n- [ ] a', ['loose', '0.1 pending - a']],
  [
    'a rule right below a text',
    '## Phase 1: A\n- [ ] a\n\nSome words\n---\n- [ ] b',
    ['1 A', '1.1 pending - a', '1.2 pending - b'],
  ],
  ['phase with a hyphen', '## Phase 1 - A\n- [ ] a', ['1 A', '1.1 pending - a']],
  ['phase with a dash', '## Phase 1 — A\n- [ ] a', ['1 A', '1.1 pending - a']],
  ['phase with a dash in the wrong encoding', '## Phase 1 â€” A\n- [ ] a', ['1 A', '1.1 pending - a']],
  ['phase without number', '## Phase: Review Fixes\n- [ ] a', ['phase Review Fixes', '1.1 pending - a']],
  ['phase with a decimal number', '## Phase 3.5: A\n- [ ] a', ['3.5 A', '3.5.1 pending - a']],
  ['phase in Portuguese', '## Fase 1: A\n- [ ] a', ['1 A', '1.1 pending - a']],
  ['phase in Chinese', '## 阶段 1：构建\n- [ ] a', ['1 构建', '1.1 pending - a']],
  ['phase with an emoji', '## 🚀 Phase 1: A ✅\n- [ ] a', ['1 A ✅', '1.1 pending - a']],
  ['phase with a done mark', '## [x] Phase 1: A\n- [ ] a', ['1 A', '1.1 pending - a']],
  ['phase with a checkpoint', '## Phase 1: A [checkpoint: abc1234]\n- [ ] a', ['1 A [abc1234]', '1.1 pending - a']],
  ['phase with an empty checkpoint', '## Phase 1: A [checkpoint: ]\n- [ ] a', ['1 A', '1.1 pending - a']],
  [
    'phase with a checkpoint that is a word',
    '## Phase 1: A [checkpoint: tests_passed]\n- [ ] a',
    ['1 A [tests_passed]', '1.1 pending - a'],
    ['PLAN_CHECKPOINT_ODD'],
  ],
  [
    'phase without a checkbox',
    '## Phase 1: A\n1. a\n2. b\n\n## Phase 2: B\n- [ ] c',
    ['1 A', '2 B', '2.1 pending - c'],
    ['PLAN_PHASE_EMPTY'],
  ],
  ['no phase', '# P\n\n- [ ] a\n- [x] b', ['loose', '0.1 pending - a', '0.2 done - b']],
  ['no checkbox', '# P\n\n## Steps\n\n### Step 1: A\n- words', [], ['PLAN_NO_TASKS']],
  ['text "Task:"', '- [x] Task: Build it', ['loose', '0.1 done - Build it']],
  ['text "Sub-task:"', '- [x] Task: a\n    - [x] Sub-task: b', ['loose', '0.1 done - a', '0.1.1 done - b']],
  ['text "Task N.N"', '- [x] Task 2.1: a', ['loose', '2.1 done - a']],
  ['text "Task N"', '- [ ] Task 7: a', ['loose', '7 pending - a']],
  ['text "N.N name"', '- [ ] 1.2 a', ['loose', '1.2 pending - a']],
  ['text "T<n>"', '- [ ] T3: a', ['loose', 'T3 pending - a']],
  ['text "Fix n"', '## Fix Phase (Cycle 1)\n- [ ] Fix 1: a', ['fix Fix Phase (Cycle 1)', 'Fix 1 pending - a']],
  ['bold text', '- [ ] **Task 1.1: a** b', ['loose', '1.1 pending - a b']],
  ['struck-through text', '- [x] ~~Task 1.1: a~~', ['loose', '1.1 done - a']],
  ['emoji in a task', '- [ ] 🔥 a', ['loose', '0.1 pending - 🔥 a']],
  [
    'Chinese, Japanese and Korean text',
    '- [x] 任务 1.1: 构建 한국어 日本語 abc1234',
    ['loose', '1.1 done abc1234 构建 한국어 日本語'],
  ],
  ['a link', '- [ ] [a](https://example.org) b', ['loose', '0.1 pending - [a](https://example.org) b']],
  ['a comment on the line', '- [ ] Task 1.1: a <!-- deps: none -->', ['loose', '1.1 pending - a']],
  [
    'steps of 2 columns',
    '- [ ] a\n  - [ ] b\n    - [ ] c',
    ['loose', '0.1 pending - a', '0.1.1 pending - b', '0.1.1.1 pending - c'],
  ],
  [
    'steps of 4 columns',
    '- [ ] a\n    - [ ] b\n        - [ ] c',
    ['loose', '0.1 pending - a', '0.1.1 pending - b', '0.1.1.1 pending - c'],
  ],
  [
    'steps of tabs',
    '- [ ] a\n\t- [ ] b\n\t\t- [ ] c',
    ['loose', '0.1 pending - a', '0.1.1 pending - b', '0.1.1.1 pending - c'],
  ],
  ['commit: bare', '- [x] a abc1234', ['loose', '0.1 done abc1234 a']],
  ['commit: bare, all of it', `- [x] a ${long}`, ['loose', `0.1 done ${long} a`]],
  ['commit: (sha)', '- [x] a (abc1234)', ['loose', '0.1 done abc1234 a']],
  ['commit: [sha]', '- [x] a [abc1234]', ['loose', '0.1 done abc1234 a']],
  ['commit: [commit: sha]', '- [~] a [commit: abc1234]', ['loose', '0.1 inProgress abc1234 a']],
  ['commit: (commit: sha)', '- [~] a (commit: abc1234)', ['loose', '0.1 inProgress abc1234 a']],
  ['commit: [checkpoint: sha]', '- [x] a [checkpoint: abc1234]', ['loose', '0.1 done abc1234 a']],
  ['commit: backticks', '- [x] a `abc1234`', ['loose', '0.1 done abc1234 a']],
  ['commit: before a full stop', '- [x] a (`abc1234`).', ['loose', '0.1 done abc1234 a.']],
  [
    'commit: in a line of its own',
    '- [x] a\n  (`abc1234`).\n- [ ] b',
    ['loose', '0.1 done abc1234 a.', '0.2 pending - b'],
  ],
  ['commit: two with a comma', '- [x] a 6f3d5f2, abc1234', ['loose', '0.1 done abc1234 a']],
  ['commit: two in brackets', '- [x] a. (`6f3d5f2`, `abc1234`)', ['loose', '0.1 done abc1234 a.']],
  [
    'commit: three in one pair of brackets',
    '- [~] a [commits: 6f3d5f2, 1234567; abc1234]',
    ['loose', '0.1 inProgress abc1234 a'],
  ],
  ['commit: comment', '- [ ] a <!-- abc1234 -->', ['loose', '0.1 pending abc1234 a']],
  ['commit: comment with its word', '- [ ] a <!-- commit: abc1234 -->', ['loose', '0.1 pending abc1234 a']],
  ['commit: two in a comment', '- [ ] a <!-- commits: 6f3d5f2, abc1234 -->', ['loose', '0.1 pending abc1234 a']],
  ['commit: label', '- [ ] a\n    - **Commit**: `abc1234`', ['loose', '0.1 pending abc1234 a']],
  ['commit: label with its message', '- [x] a\n    - Commit: `feat: it` (abc1234)', ['loose', '0.1 done abc1234 a']],
  [
    'commit: amid the text',
    '- [x] Moved `abc1234` to main',
    ['loose', '0.1 done - Moved `abc1234` to main'],
    ['PLAN_COMMIT_UNREAD'],
  ],
  ['no commit: a word', '- [x] a defaced', ['loose', '0.1 done - a defaced']],
  [
    'task as a heading',
    '### Task 1.1: a\n- [x] **Step 1**\n- [ ] **Step 2**',
    ['loose', '1.1 inProgress - a', '1.1.1 done - **Step 1**', '1.1.2 pending - **Step 2**'],
  ],
  ['task as a heading at level 2', '## Phase 1: A\n## Task 1.1: a\n- [x] b', ['1 A', '1.1 done - a', '1.1.1 done - b']],
  [
    'task as a heading with a status',
    '### Task 1: a\n\n**Status:** [x]\n\n**Files:**\n- Create: `a.ts`',
    ['loose', '1 done - a'],
  ],
  ['task as an underlined heading', 'Task 1.1: a\n-----------\n\n- [x] b', ['loose', '1.1 done - a', '1.1.1 done - b']],
  [
    'code fence',
    '- [ ] a\n```\n# Phase 1: no\n- [ ] no\n```\n- [ ] b',
    ['loose', '0.1 pending - a', '0.2 pending - b'],
  ],
  [
    'code fence below a task',
    '- [ ] a\n    ~~~sh\n    - [ ] no\n    ~~~\n- [ ] b',
    ['loose', '0.1 pending - a', '0.2 pending - b'],
  ],
  ['table', '| [a](b) | - c |\n|---|---|\n- [ ] a', ['loose', '0.1 pending - a']],
  [
    'table with boxes',
    '| Task | Done |\n|---|---|\n| a | [x] |\n\n- [ ] b',
    ['loose', '0.1 pending - b'],
    ['PLAN_CHECKBOX_UNREAD'],
  ],
  ['comment over lines', '<!--\n- [ ] no\n-->\n- [ ] a', ['loose', '0.1 pending - a']],
  ['box in a quote', '> - [ ] no\n\n- [ ] a', ['loose', '0.1 pending - a'], ['PLAN_CHECKBOX_UNREAD']],
  ['box without bullet', '[ ] no\n\n- [ ] a', ['loose', '0.1 pending - a'], ['PLAN_CHECKBOX_UNREAD']],
  ['box without a space', '-[ ] no\n\n- [ ] a', ['loose', '0.1 pending - a'], ['PLAN_CHECKBOX_UNREAD']],
  ['box with spaces in it', '- [ x ] no\n- [ ] a', ['loose', '0.1 pending - a'], ['PLAN_CHECKBOX_UNREAD']],
  ['box behind another bullet', '• [ ] no\n\n- [ ] a', ['loose', '0.1 pending - a'], ['PLAN_CHECKBOX_UNREAD']],
  [
    'dag block',
    '```yaml\ndag:\n  nodes:\n  - id: \'1\'\n    name: "a"\n```\n- [ ] Task 1: a',
    ['loose', '1 pending - a'],
  ],
  [
    'hints of the other family',
    '## Phase 1: A\n<!-- execution: parallel -->\n- [ ] a\n  <!-- files: a.ts -->',
    ['1 A', '1.1 pending - a'],
  ],
  [
    'reports and discoveries',
    '- [ ] a\n\n## Discovered Work\n- [ ] b\n\n## Plan Evaluation Report\n- [x] c',
    ['loose', '0.1 pending - a', '0.2 pending - b', '0.3 done - c'],
  ],
  ['more than one level-1 heading', '# A\n- [ ] a\n# B\n- [ ] b', ['loose', '0.1 pending - a', '0.2 pending - b']],
];

/** The same text as people's editors store it. */
const stored: readonly (readonly [string, (text: string) => string])[] = [
  ['LF', (text) => text],
  ['LF at the end too', (text) => `${text}\n`],
  ['CR LF', (text) => `${text.replaceAll('\n', '\r\n')}\r\n`],
  ['CR LF, none at the end', (text) => text.replaceAll('\n', '\r\n')],
  ['a byte order mark', (text) => `\ufeff${text}\n`],
  ['a byte order mark and CR LF', (text) => `\ufeff${text.replaceAll('\n', '\r\n')}\r\n`],
  ['CR', (text) => text.replaceAll('\n', '\r')],
  ['white space at line ends', (text) => `${text.replaceAll('\n', ' \t\n')}  \n\n`],
];

describe('every form that plans were seen in', () => {
  it.each(variants)('%s is read without an exception [DATA-01]', (_, text, words, codes = []) => {
    const { plan, findings } = parsePlan(text);
    planModel(plan);
    expect(inWords(plan)).toEqual(words);
    expect(findings.map(({ code }) => code)).toEqual(codes);
    for (const { line, hint } of findings) {
      expect(line).toBeGreaterThan(0);
      expect(hint).not.toBe('');
    }
  });

  it.each(variants)('%s reads the same however it is stored [DATA-05]', (_, text, words, codes = []) => {
    for (const [how, store] of stored) {
      const { plan, findings } = parsePlan(store(text));
      expect(inWords(plan), how).toEqual(words);
      expect(
        findings.map(({ code }) => code),
        how,
      ).toEqual(codes);
    }
  });

  it.each(variants)('%s keeps every byte under marks that it has already [DATA-02]', (_, text) => {
    for (const [how, store] of stored) {
      const whole = store(text);
      const tasks = [...everyTask(parsePlan(whole).plan)].filter(({ marker }) => marker !== '' && marker !== '✅');
      const same = tasks.map(({ id, state }): PlanEdit => ({ do: 'mark', task: id, state }));
      expect(editPlan(whole, same).text, how).toBe(whole);
    }
  });

  it.each(variants)('%s is marked by changing lines of that task only [DATA-05]', (_, text) => {
    for (const [how, store] of stored) {
      const whole = store(text);
      const { plan } = parsePlan(whole);
      for (const task of everyTask(plan)) {
        const state = task.state === 'done' ? 'inProgress' : 'done';
        const edited = editPlan(whole, [{ do: 'mark', task: task.id, state }]);
        const after = [...everyTask(parsePlan(edited.text).plan)].find(({ id }) => id === task.id);
        expect(after, how).toMatchObject({ state, text: task.text });
        expect(after?.commit, how).toBe(task.commit);
        const changed = new Set(edited.changedLines);
        const kept = (all: string) => all.split(/\r\n|\n|\r/).filter((__, index) => !changed.has(index + 1));
        expect(kept(edited.text), how).toEqual(kept(whole));
      }
    }
  });
});
