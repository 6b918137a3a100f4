import type { PlanJson, PlanTaskJson } from '@conductor/core/plan';

/** A plan as people and tools write it, with what `plan show` says of it. */
export interface PlanForm {
  readonly text: string;
  readonly shows: PlanJson;
  /** Code and line of each finding of `plan show`. */
  readonly finds?: readonly (readonly [code: string, line: number])[];
  /** Line of a task that can be marked done, and that line afterwards. */
  readonly marked: readonly [line: number, after: string] | undefined;
}

type Task = Pick<PlanTaskJson, 'id' | 'text' | 'line'> & Partial<PlanTaskJson>;

/** A pending task that names nothing else. */
function task(given: Task): PlanTaskJson {
  return { state: 'pending', marker: ' ', dependsOn: [], files: [], children: [], ...given };
}

const done = { state: 'done', marker: 'x' } as const;

export const planForms: Readonly<Record<string, PlanForm>> = {
  'phases with everything that a task may say': {
    text: `# Plan: Slugs

## Phase 1: Model [checkpoint: abc1234]

- [x] Task 1.1: Write the model <!-- commit: 0123abc -->
  - **Acceptance**: The model is there
  - **Files**: src/model.ts, src/model.test.ts
- [~] Task 1.2: Use it <!-- deps: 1.1 -->

## Phase 2: Rest

- [ ] Task 2.1: Document it
- [!] Task 2.2: Publish it
`,
    shows: {
      title: 'Plan: Slugs',
      phases: [
        {
          title: 'Model',
          number: '1',
          line: 3,
          checkpoint: 'abc1234',
          tasks: [
            task({
              id: '1.1',
              text: 'Write the model',
              ...done,
              line: 5,
              commit: '0123abc',
              files: ['src/model.ts', 'src/model.test.ts'],
              acceptance: 'The model is there',
            }),
            task({ id: '1.2', text: 'Use it', state: 'inProgress', marker: '~', line: 8, dependsOn: ['1.1'] }),
          ],
        },
        {
          title: 'Rest',
          number: '2',
          line: 10,
          tasks: [
            task({ id: '2.1', text: 'Document it', line: 12 }),
            task({ id: '2.2', text: 'Publish it', state: 'blocked', marker: '!', line: 13 }),
          ],
        },
      ],
    },
    marked: [12, '- [x] Task 2.1: Document it'],
  },

  'line ends of Windows': {
    text: '# P\r\n\r\n## Phase 1: A\r\n\r\n- [ ] Task 1.1: One\r\n- [x] Task 1.2: Two\r\n',
    shows: {
      title: 'P',
      phases: [
        {
          title: 'A',
          number: '1',
          line: 3,
          tasks: [task({ id: '1.1', text: 'One', line: 5 }), task({ id: '1.2', text: 'Two', ...done, line: 6 })],
        },
      ],
    },
    marked: [5, '- [x] Task 1.1: One\r'],
  },

  'a byte order mark, and no newline at the end': {
    text: '\uFEFF# P\n\n- [ ] One',
    shows: { title: 'P', phases: [{ title: '', line: 3, tasks: [task({ id: '0.1', text: 'One', line: 3 })] }] },
    marked: [3, '- [x] One'],
  },

  'Chinese and Japanese': {
    text: '# 計画\n\n## フェーズ 1: 準備\n\n- [ ] スラッグを書く\n- [x] 完了した作業\n\n## 阶段 2：发布\n\n- [ ] 写文档\n',
    shows: {
      title: '計画',
      phases: [
        {
          title: '準備',
          number: '1',
          line: 3,
          tasks: [
            task({ id: '1.1', text: 'スラッグを書く', line: 5 }),
            task({ id: '1.2', text: '完了した作業', ...done, line: 6 }),
          ],
        },
        { title: '发布', number: '2', line: 8, tasks: [task({ id: '2.1', text: '写文档', line: 10 })] },
      ],
    },
    marked: [5, '- [x] スラッグを書く'],
  },

  'no phases, and every kind of bullet': {
    text: '# Todo\n\n- [ ] First\n* [X] Second\n1. [ ] Third\n',
    shows: {
      title: 'Todo',
      phases: [
        {
          title: '',
          line: 3,
          tasks: [
            task({ id: '0.1', text: 'First', line: 3 }),
            task({ id: '0.2', text: 'Second', state: 'done', marker: 'X', line: 4 }),
            task({ id: '0.3', text: 'Third', line: 5 }),
          ],
        },
      ],
    },
    marked: [5, '1. [x] Third'],
  },

  'tasks below tasks': {
    text: '# N\n\n## Phase 1: A\n\n- [ ] Task 1.1: Parent\n    - [x] Child one\n        - [ ] Grandchild\n\t- [ ] Child two\n- [ ] Task 1.2: Next\n',
    shows: {
      title: 'N',
      phases: [
        {
          title: 'A',
          number: '1',
          line: 3,
          tasks: [
            task({
              id: '1.1',
              text: 'Parent',
              line: 5,
              children: [
                task({
                  id: '1.1.1',
                  text: 'Child one',
                  ...done,
                  line: 6,
                  children: [task({ id: '1.1.1.1', text: 'Grandchild', line: 7 })],
                }),
                task({ id: '1.1.2', text: 'Child two', line: 8 }),
              ],
            }),
            task({ id: '1.2', text: 'Next', line: 9 }),
          ],
        },
      ],
    },
    marked: [8, '\t- [x] Child two'],
  },

  'what is no task, and what is odd': {
    text: '# O\n\n## Phase 1: A\n\n- [?] Task 1.1: What\n- [ ] Task 1.1: Again\n\n```md\n- [ ] no task\n```\n\n<!--\n- [ ] hidden\n-->\n',
    shows: {
      title: 'O',
      phases: [
        {
          title: 'A',
          number: '1',
          line: 3,
          tasks: [
            task({ id: '1.1', text: 'What', state: 'unknown', marker: '?', line: 5 }),
            task({ id: '1.1~2', text: 'Again', line: 6 }),
          ],
        },
      ],
    },
    finds: [
      ['PLAN_MARKER_UNKNOWN', 5],
      ['PLAN_ID_REPEATED', 6],
    ],
    marked: [6, '- [x] Task 1.1: Again'],
  },

  'nothing at all': {
    text: '',
    shows: { title: '', phases: [] },
    finds: [['PLAN_NO_TASKS', 1]],
    marked: undefined,
  },
};
