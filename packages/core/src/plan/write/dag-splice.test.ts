import { describe, expect, it } from 'vitest';
import { ConductorError } from '../../kernel/error.js';
import { editPlan } from '../edit/edit-plan.js';
import { parsePlan } from '../parse/parse-plan.js';

const block = ['- id: "1.2"', '  name: "New"', '  type: code', '  files: []', '  depends_on: ["1.1"]', '  phase: 1'];
const entry = '{ id: "1.2", name: "New", type: code, files: [], depends_on: ["1.1"], phase: 1 }';

function planWith(yaml: string, end: string): string {
  return `# T\n\n\`\`\`yaml\n${yaml}\n\`\`\`\n\n## Phase 1: A\n\n- [ ] Task 1.1: a\n`.replaceAll('\n', end);
}

function items(indent: string): string {
  return block.map((line) => indent + line).join('\n');
}

const add = { do: 'addTask', phase: '1', task: { text: 'New', dependsOn: ['1.1'] } } as const;

/** The block before, and after a task was added. */
const blocks: readonly (readonly [string, string, string])[] = [
  ['no value', 'dag:', `dag:\n  nodes:\n${items('    ')}`],
  ['a comment only', 'dag: # ours', `dag: # ours\n  nodes:\n${items('    ')}`],
  ['empty braces', 'dag: {}', `dag: {nodes: [${entry}]}`],
  ['an empty list in braces', 'dag: { nodes: [] } # x', `dag: { nodes: [${entry}] } # x`],
  ['no list in braces', 'dag: {parallel_groups: [], nodes: }', `dag: {parallel_groups: [], nodes: [${entry}]}`],
  ['groups in braces', 'dag: {parallel_groups: []}', `dag: {nodes: [${entry}], parallel_groups: []}`],
  ['an empty list', 'dag:\n  nodes: []', `dag:\n  nodes:\n${items('    ')}`],
  [
    'an empty list with a comment, and groups',
    'dag:\n  nodes: [] # none yet\n  parallel_groups: []',
    `dag:\n  nodes: # none yet\n${items('    ')}\n  parallel_groups: []`,
  ],
  [
    'a key without a list',
    'dag:\n\n  nodes: # none yet\n\n  parallel_groups: []',
    `dag:\n\n  nodes: # none yet\n${items('    ')}\n\n  parallel_groups: []`,
  ],
  [
    'groups only',
    'dag:\n  # groups\n  parallel_groups: []',
    `dag:\n  # groups\n  nodes:\n${items('    ')}\n  parallel_groups: []`,
  ],
  ['a list in brackets', "dag:\n  nodes: [{id: '1.1'} ] # one", `dag:\n  nodes: [{id: '1.1'}, ${entry} ] # one`],
  [
    'a list in brackets over lines',
    "dag:\n  nodes: [\n    {id: '1.1'}, # first\n    {id: 'x'}   # last\n  ]",
    `dag:\n  nodes: [\n    {id: '1.1'}, # first\n    {id: 'x'},   # last\n    ${entry}\n  ]`,
  ],
  [
    'a list in brackets with a last comma',
    "dag:\n  nodes: [\n    {id: '1.1'},\n    {id: 'x'},  # last\n  ]",
    `dag:\n  nodes: [\n    {id: '1.1'},\n    {id: 'x'},  # last\n    ${entry}\n  ]`,
  ],
  ['an empty list in brackets over lines', 'dag:\n  nodes: [ # none\n  ]', `dag:\n  nodes: [${entry} # none\n  ]`],
  [
    'items in braces',
    "dag:\n  nodes:\n    - {id: '1.1'} # first",
    `dag:\n  nodes:\n    - {id: '1.1'} # first\n${items('    ')}`,
  ],
  [
    'items at the margin of their key, the last one with a text of lines',
    "dag:\n  nodes:\n  - id: '1.1'\n    name: |\n      two\n      lines\n  # end",
    `dag:\n  nodes:\n  - id: '1.1'\n    name: |\n      two\n      lines\n${items('  ')}\n  # end`,
  ],
  [
    'our own form',
    'dag:\n  nodes:\n    - id: "1.1"\n      files: []\n      depends_on: []\n  parallel_groups: []',
    `dag:\n  nodes:\n    - id: "1.1"\n      files: []\n      depends_on: []\n${items('    ')}\n  parallel_groups: []`,
  ],
];

describe('a task added to a plan with a dag block', () => {
  it.each(blocks)('finds its place in %s, and every other byte stays', (_, before, after) => {
    for (const end of ['\n', '\r\n']) {
      const { text } = editPlan(planWith(before, end), [add]);
      const task = `${end}- [ ] Task 1.2: New <!-- deps: 1.1 -->`;
      expect(text).toContain(task);
      expect(text.replace(task, '')).toBe(planWith(after, end));
      expect(parsePlan(text).plan.dag?.block.nodes.at(-1)).toMatchObject({ id: '1.2', depends_on: ['1.1'] });
    }
  });

  it.each(['dag: none', 'dag:\n  nodes: none', 'dag: { nodes: [ }', 'dag:\n  nodes: &a\n    - *a'])(
    'is refused where the block is %j',
    (yaml) => {
      const text = planWith(yaml, '\n');
      let code: unknown;
      try {
        editPlan(text, [add]);
      } catch (error) {
        code = ConductorError.is(error) ? error.code : error;
      }
      expect(code).toBe('EDIT_REFUSED');
    },
  );

  it('leaves the dag alone when a phase is added', () => {
    for (const [, before] of blocks) {
      const text = planWith(before, '\n');
      expect(editPlan(text, [{ do: 'addPhase', title: 'B' }]).text).toBe(`${text.trimEnd()}\n\n## Phase 2: B\n`);
    }
  });
});
