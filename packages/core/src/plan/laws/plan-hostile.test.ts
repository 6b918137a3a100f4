import { describe, expect, it } from 'vitest';
import { ConductorError } from '../../kernel/error.js';
import { checkPlan } from '../check/check-plan.js';
import { editPlan } from '../edit/edit-plan.js';
import { parsePlan } from '../parse/parse-plan.js';
import { maxParseFindings } from '../parse/plan-findings.js';
import { PlanModel, planModel } from '../model/plan-model.js';
import { everyTask } from '../model/plan.js';
import type { PlanEdit } from '../model/plan.js';

/** `part` again and again, about `size` characters; `#` in it is a number that goes up. */
function many(part: string, size: number, join = ''): string {
  if (!part.includes('#')) return (part + join).repeat(Math.ceil(size / (part.length + join.length)));
  const parts: string[] = [];
  for (let length = 0; length < size; length += (parts.at(-1)?.length ?? 0) + join.length) {
    parts.push(part.replaceAll('#', String(parts.length)));
  }
  return parts.join(join);
}

function nested(step: string, item: string, size: number): string {
  const lines: string[] = [];
  for (let length = 0; length < size; length += (lines.at(-1)?.length ?? 0) + 1)
    lines.push(step.repeat(lines.length) + item);
  return lines.join('\n');
}

function yaml(body: string): string {
  return `\`\`\`yaml\n${body}\n\`\`\`\n- [ ] Task 1.1: a\n`;
}

/** Texts that make a careless parser slow, deep or large: name, and the text of about that many characters. */
const shapes: readonly [name: string, make: (size: number) => string][] = [
  ['tasks of one id', (size) => many('- [ ] Task 1.1: a\n', size)],
  ['numbers counted anew', (size) => many('## Phase 1: A\n- [ ] Task 1: a\n', size)],
  ['phases', (size) => many('## Phase #: a\n', size)],
  ['underlined phases', (size) => many('Phase 1: a\n-----\n', size)],
  ['a title and no end of its line', (size) => `a\n${many('=', size)}`],
  ['children of one task', (size) => `- [ ] a\n${many('  - [ ] b\n', size)}`],
  ['notes of one task', (size) => `- [ ] a\n${many('  - b\n', size)}`],
  ['files of one comment', (size) => `- [ ] a <!-- files: ${many('a#.b,', size)} -->`],
  ['ids of one comment', (size) => `- [ ] a <!-- deps: ${many('#,', size)} -->`],
  ['keys of one comment', (size) => `- [ ] a <!-- ${many('deps: #,', size)} -->`],
  ['files of one label', (size) => `- [ ] a\n  - **Files**: ${many('`a#.b` ', size)}`],
  ['files of one list', (size) => `- [ ] a\n  - **Files**:\n${many('    - `a#.b`\n', size)}`],
  ['a text over all lines', (size) => `- [x] a\n${many('  abc1234\n', size)}`],
  ['tasks ever deeper, by spaces', (size) => nested('  ', '- [ ] a', size)],
  ['tasks ever deeper, by tabs', (size) => nested('\t', '- [ ] a', size)],
  ['fences below deep items', (size) => `${nested('\t', '- a', size / 2)}\n${many('```\n```\n', size / 2)}`],
  ['items of items in one line', (size) => many('- ', size)],
  ['quotes of quotes', (size) => many('> ', size)],
  ['fences that never end', (size) => many('~~~ a\n````` b\n', size)],
  ['fences of all lengths', (size) => nested('`', '```', size)],
  ['fences in one line', (size) => `\`\`\`${many('` ', size)}`],
  ['comments that never end', (size) => many('<!-- ', size)],
  ['comments in halves of code', (size) => many('`<!-- ', size)],
  ['comments in one line', (size) => `- [ ] ${many('abc1234 <!-- a -->', size)}`],
  ['comments over lines', (size) => many('<!-- a\n-->\n', size)],
  ['code of all lengths', (size) => `- [ ] ${nested('`', '` ', size).replaceAll('\n', '')}`],
  ['commits in one line', (size) => `- [x] a ${many('abc1234, ', size)}abc1234`],
  ['ids in one line', (size) => `- [ ] Task 1.1: a\n${many('1.1 ', size)}`],
  ['hexadecimal digits', (size) => `- [x] ${many('abc1234', size)}`],
  ['white space', (size) => `- [x] a${many(' \t', size)}b`],
  ['emphasis', (size) => `- [ ] ${many('**a ', size)}`],
  ['bold labels', (size) => `- [ ] a\n${many('**a**: b\n', size)}`],
  ['digits', (size) => many('1', size)],
  ['brackets of checkpoints', (size) => `## Phase 1: ${many('[checkpoint', size)}`],
  ['tables', (size) => many('| [x] | - [ ] a |\n', size)],
  ['boxes without bullets', (size) => many('[ ] a\n', size)],
  ['old line ends', (size) => many('- [ ] a\r', size)],
  ['mixed line ends', (size) => many('- [ ] a\r\n\n\r', size)],
  ['half characters', (size) => `- [\ud83d] ${many('\ud83d', size)}`],
  ['nothing but zero', (size) => many('\0', size)],
  ['front matter without end', (size) => `---\na: b\n${many('--- x\n', size)}`],
  ['dag blocks', (size) => many('```yaml\ndag:\n  nodes: []\n```\n', size)],
  ['nodes', (size) => yaml(`dag:\n  nodes:\n${many('    - id: "#"\n', size)}`)],
  ['brackets of YAML', (size) => yaml(`dag: ${many('[', size)}`)],
  ['braces of YAML', (size) => yaml(`dag: ${many('{a: ', size)}`)],
  ['lists of lists of YAML', (size) => yaml(`dag:\n ${many('- ', size)}`)],
  ['tags of YAML', (size) => yaml(`dag: ${many('!a ', size)}`)],
  ['anchors of YAML', (size) => yaml(`dag: &a\n  nodes: [*a]\n${many('  b#: &b# [*a, *a]\n', size)}`)],
  ['keys of YAML', (size) => yaml(`dag: {${many('a,', size)}}`)],
  ['errors of YAML', (size) => yaml(`dag:\n${many('\t%\n', size)}`)],
  ['documents of YAML', (size) => yaml(`dag: a\n${many('---\na\n', size)}`)],
  [
    'prototype keys',
    (size) => yaml(`dag:\n  __proto__: {a: 1}\n  constructor: x\n  nodes:\n${many('    - id: __proto__\n', size)}`),
  ],
];

/** Everything that reads or edits a plan; an edit may be refused and nothing else. */
function useAll(text: string): void {
  const { plan, findings } = parsePlan(text);
  expect(findings.length).toBeLessThanOrEqual(maxParseFindings);
  const model = planModel(plan);
  expect(PlanModel.safeParse(model).success).toBe(true);
  checkPlan({ plan, model });
  const [first] = everyTask(plan);
  const edits: readonly PlanEdit[] = [
    { do: 'mark', task: first?.id ?? '1.1', state: 'done', commit: 'abc1234', note: 'done' },
    { do: 'addTask', phase: plan.phases.at(-1)?.number ?? '', task: { text: 'more' } },
    { do: 'addPhase', title: 'more' },
  ];
  for (const edit of edits) {
    try {
      editPlan(text, [edit]);
    } catch (error) {
      if (!ConductorError.is(error, 'EDIT_REFUSED', 'TASK_NOT_FOUND', 'VALIDATION_FAILED')) throw error;
    }
  }
}

describe('a hostile plan', { timeout: 120_000 }, () => {
  it.each(shapes)('of %s is read, checked and edited without an exception', (_, make) => {
    useAll(make(12_000));
  });

  it.each(shapes)('of %s is read as well when it is 400,000 characters long', (_, make) => {
    expect(parsePlan(make(400_000)).findings.length).toBeLessThanOrEqual(maxParseFindings);
  });

  it('may have 100,000 lines, each a task, and keeps its bytes under a mark', () => {
    const text = many('- [ ] Task #.1: Write part number #\n', 4_500_000);
    const { plan } = parsePlan(text);
    expect([...everyTask(plan)].length).toBeGreaterThan(100_000);
    expect(editPlan(text, [{ do: 'mark', task: '77777.1', state: 'done' }])).toEqual({
      text: text.replace('- [ ] Task 77777.1:', '- [x] Task 77777.1:'),
      changedLines: [77_778],
    });
  });

  it.each(['x', '- [ ] ', '`', '**', '<!--', '| ', '[', '# ', '\t', '~'])('may be one line of 5 MB, of %j', (part) => {
    for (const start of ['', '- [x] ', '## Phase 1: ']) {
      const { plan } = parsePlan(start + many(part, 5_000_000));
      expect([...everyTask(plan)].length).toBeLessThanOrEqual(1);
    }
  });

  it('may have 10 MB of anything', () => {
    const bytes = new Uint8Array(10_000_000);
    for (let at = 0, seed = 7; at < bytes.length; at += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      bytes[at] = seed >> 16;
    }
    expect(parsePlan(new TextDecoder().decode(bytes)).findings.length).toBeLessThanOrEqual(maxParseFindings);
    expect(parsePlan(new TextDecoder('latin1').decode(bytes)).findings.length).toBeLessThanOrEqual(maxParseFindings);
  });

  it('may be nested 10,000 deep', () => {
    for (const part of ['- ', '> ', '1. ', '\t', '  ']) {
      const { plan } = parsePlan(`${part.repeat(10_000)}- [ ] a\n- [ ] Task 2.1: b`);
      expect([...everyTask(plan)].at(-1)?.id).toBe('2.1');
    }
    const { plan, findings } = parsePlan(nested(' '.repeat(2), '- [ ] a', 9_000_000));
    expect([...everyTask(plan)].length).toBeGreaterThan(2_900);
    expect(findings.at(-1)?.code).toBe('PLAN_FINDINGS_CUT');
  });
});
