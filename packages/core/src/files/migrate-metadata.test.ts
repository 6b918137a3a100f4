import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { folderFacts, inferLoopState } from './infer-loop-state.js';
import type { FolderFacts } from './infer-loop-state.js';
import { parseMetadata } from './metadata.js';
import { migrateMetadata } from './migrate-metadata.js';

const v1 = `{
    "track_id": "greet_20260101",
    "type": "feature",
    "status": "in_progress",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-02",
    "description": "Say hello",
    "zeta": { "b": 1, "a": [1.50] }
}
`;
const tasks = (...marks: readonly string[]) =>
  `# Plan\n\n## Phase 1: All\n\n${marks.map((mark, index) => `- [${mark}] Task ${index}`).join('\n')}\n`;
const planReport = (verdict: string) => `\n## Plan Evaluation Report\n\n**Verdict**: ${verdict}\n`;
const executionReport = (verdict: string) => `# Execution Evaluation Report\n\n## Verdict\n\n${verdict}\n`;
const stateOf = (plan: string | undefined, ...reports: readonly string[]) => {
  const { text } = migrateMetadata(v1, folderFacts('greet_20260101', { plan, reports }));
  const { metadata, findings } = parseMetadata(text);
  expect(findings).toEqual([]);
  return `${metadata?.loopState?.currentStep} / ${metadata?.loopState?.stepStatus}`;
};

describe('migration from version 1', () => {
  it.each([
    ['PLAN / NOT_STARTED', undefined, []],
    ['PLAN / NOT_STARTED', '# Plan\n\nNothing yet.\n', []],
    ['EVALUATE_PLAN / NOT_STARTED', tasks(' ', ' '), []],
    ['EXECUTE / IN_PROGRESS', tasks('x', ' '), []],
    ['EXECUTE / IN_PROGRESS', tasks('~', ' '), []],
    ['EXECUTE / NOT_STARTED', tasks(' ', ' ') + planReport('PASS'), []],
    ['EXECUTE / IN_PROGRESS', tasks('x', ' ') + planReport('PASS'), []],
    ['PLAN / NOT_STARTED', tasks(' ', ' ') + planReport('FAIL'), []],
    ['EVALUATE_EXECUTION / NOT_STARTED', tasks('x', 'x') + planReport('PASS'), []],
    ['FIX / NOT_STARTED', tasks('x', 'x') + planReport('PASS'), [executionReport('FAIL')]],
    ['COMPLETE / NOT_STARTED', tasks('x', 'x') + planReport('PASS'), [executionReport('PASS')]],
    ['EXECUTE / IN_PROGRESS', tasks('x', ' ') + planReport('PASS'), [executionReport('PASS')]],
  ] as const)('infers %s from the folder (case %#)', (expected, plan, reports) => {
    expect(stateOf(plan, ...reports)).toBe(expected);
  });

  it('infers each state of the table from the folder and leaves every other byte alone [FMT-22]', () => {
    const cases: readonly [FolderFacts, string][] = [
      [{}, 'PLAN/NOT_STARTED'],
      [{ tasks: { total: 0, done: 0, started: 0 } }, 'PLAN/NOT_STARTED'],
      [{ tasks: { total: 2, done: 0, started: 0 } }, 'EVALUATE_PLAN/NOT_STARTED'],
      [{ tasks: { total: 2, done: 1, started: 0 } }, 'EXECUTE/IN_PROGRESS'],
      [{ tasks: { total: 2, done: 0, started: 1 } }, 'EXECUTE/IN_PROGRESS'],
      [{ tasks: { total: 2, done: 0, started: 0 }, planVerdict: 'PASS' }, 'EXECUTE/NOT_STARTED'],
      [{ tasks: { total: 2, done: 2, started: 0 }, planVerdict: 'PASS' }, 'EVALUATE_EXECUTION/NOT_STARTED'],
      [{ tasks: { total: 2, done: 2, started: 0 }, executionVerdict: 'FAIL' }, 'FIX/NOT_STARTED'],
      [{ tasks: { total: 2, done: 2, started: 0 }, executionVerdict: 'PASS' }, 'COMPLETE/NOT_STARTED'],
    ];
    const unloaded = v1.slice(0, v1.lastIndexOf('\n}'));
    for (const [facts, expected] of cases) {
      const { text, from, to } = migrateMetadata(v1, facts);
      const file = JSON.parse(text) as { version: number; loop_state: Record<string, unknown> };
      expect(`${String(file.loop_state['current_step'])}/${String(file.loop_state['step_status'])}`).toBe(expected);
      expect({ from, to, version: file.version }).toEqual({ from: 1, to: 3, version: 3 });
      expect(text.startsWith(unloaded)).toBe(true);
    }
    for (const status of ['complete', 'completed', 'done', 'archived']) {
      const { text } = migrateMetadata(JSON.stringify({ status }), { tasks: { total: 2, done: 1, started: 0 } });
      expect(JSON.parse(text)).toMatchObject({
        status,
        loop_state: { current_step: 'COMPLETE', step_status: 'PASSED' },
      });
    }
  });

  it('warns about work on a plan that nobody evaluated, and about what contradicts itself', () => {
    const messages = (facts: FolderFacts, finished = false) =>
      inferLoopState(facts, { finished }).findings.map(({ severity, message }) => `${severity}: ${message}`);
    const begun = { total: 2, done: 1, started: 0 };
    expect(messages({ tasks: begun })).toEqual([expect.stringMatching(/^warning: .*no report/)]);
    expect(messages({ tasks: begun, planVerdict: 'FAIL' })).toEqual([expect.stringContaining('failed')]);
    expect(messages({ tasks: begun, planVerdict: 'PASS' })).toEqual([]);
    expect(messages({ tasks: begun, planVerdict: 'PASS', executionVerdict: 'PASS' })).toHaveLength(1);
    expect(messages({ tasks: begun }, true)).toEqual([expect.stringContaining('1 of 2 tasks are open')]);
  });

  it('keeps a loop that has no version, and takes missing names from the folder', () => {
    const { text, from } = migrateMetadata('{"loop_state":{"current_step":"PARALLEL_EXECUTE","mine":1}}', {
      trackId: 'a_1',
    });
    expect(from).toBe(1);
    expect(JSON.parse(text)).toMatchObject({
      track_id: 'a_1',
      status: 'in_progress',
      loop_state: { current_step: 'EXECUTE', step_status: 'NOT_STARTED', mine: 1 },
    });
  });

  it('counts the fix cycles of the plan', () => {
    const plan = `${tasks('x')}\n## Fix Phase (Cycle 1)\n\n- [x] a\n\n## Fix Phase (Cycle 2)\n\n- [x] b\n`;
    const { text } = migrateMetadata(v1, folderFacts('a', { plan, reports: [executionReport('FAIL')] }));
    expect(JSON.parse(text)).toMatchObject({ loop_state: { current_step: 'FIX', fix_cycle_count: 2 } });
  });
});

const v2 = {
  version: 2,
  mine: 'stays',
  depends_on: ['base_1'],
  status: 'active',
  lead_consultations: [{ timestamp: '2026-01-01', question: 'q', escalate_to: 'user', own: true }],
  parallel_state: { failed_workers: 1, parallel_groups_executed: ['pg-1'] },
  loop_state: {
    current_step: 'NOT_STARTED',
    step_status: 'BOARD_REVIEW',
    first: 1,
    checkpoints: { ENRICH: { status: 'PASSED' }, PARALLEL_EXECUTE: { status: 'PASSED' } },
    board_sessions: [
      { session_id: 's1', verdict: 'APPROVED', note: 'kept' },
      { verdict: 'REJECTED', note: 'no id' },
      { session_id: 's2', verdict: 'APPROVED' },
    ],
  },
  board_sessions: [{ session_id: 's1', verdict: 'REJECTED' }],
  last: 1,
};

describe('migration from version 2', () => {
  it('moves and renames what version 3 has elsewhere, keeps the rest and names the backup, once [FMT-23]', () => {
    for (const indent of [undefined, 2, '\t'] as const) {
      const before = JSON.stringify(v2, undefined, indent);
      const first = migrateMetadata(before, { tasks: { total: 1, done: 1, started: 0 } });
      expect(first).toMatchObject({ from: 2, to: 3, backupName: 'metadata.json.v2.bak' });
      expect(JSON.parse(first.text)).toEqual({
        version: 3,
        mine: 'stays',
        dependencies: ['base_1'],
        status: 'active',
        lead_consultations: [{ timestamp: '2026-01-01', question: 'q', escalated_to: 'user', own: true }],
        loop_state: {
          current_step: 'PLAN',
          step_status: 'IN_PROGRESS',
          step_started_at: null,
          fix_cycle_count: 0,
          max_fix_cycles: 3,
          first: 1,
          checkpoints: { ENRICH: { status: 'PASSED' }, EXECUTE: { status: 'PASSED' } },
          parallel_state: { failed_workers: 1, parallel_groups_completed: ['pg-1'] },
        },
        board_sessions: [
          { session_id: 's1', verdict: 'REJECTED', note: 'kept' },
          { verdict: 'REJECTED', note: 'no id' },
          { session_id: 's2', verdict: 'APPROVED' },
        ],
        last: 1,
        discovered_work: [],
        blockers: [],
      });
      const again = migrateMetadata(first.text);
      expect(again).toMatchObject({ text: first.text, from: 3 });
      expect(again).not.toHaveProperty('backupName');
    }
  });

  it('keeps the order of unknown keys and what their text looks like', () => {
    const before = '{ "z": 1.0, "version": 2, "a": [ ],\n  "loop_state": { "q": "\\u0041", "current_step": "PLAN" } }';
    const { text } = migrateMetadata(before);
    expect(text).toContain(
      '{ "z": 1.0, "version": 3, "a": [ ],\n  "loop_state": { "q": "\\u0041", "current_step": "PLAN"',
    );
  });
});

describe('a file that is not to be migrated', () => {
  it.each([
    '{"version":3,"loop_state":{"current_step":"NOT_STARTED"}}',
    '{"version":4}',
    '{"version":"7"}',
    '{',
    '[]',
    '',
  ])('comes back as it is: %s', (text) => {
    expect(migrateMetadata(text)).toMatchObject({ text });
    expect(migrateMetadata(text)).not.toHaveProperty('backupName');
  });
});

it('takes a version that is no number for none, whatever it is made of', () => {
  expect(migrateMetadata('{"version":{"toString":0}}').from).toBe(migrateMetadata('{}').from);
});

it('migrates any object once, without losing an unknown key', () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  const known = fc.record(
    {
      version: json,
      status: json,
      loop_state: fc.oneof(
        json,
        fc.record({ board_sessions: json, parallel_state: json, checkpoints: json }, { requiredKeys: [] }),
      ),
      parallel_state: json,
      board_sessions: json,
      blockers: json,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      known,
      fc.dictionary(
        fc.string().map((key) => `own ${key}`),
        json,
      ),
      (file, own) => {
        const before = JSON.stringify({ ...own, ...file });
        const first = migrateMetadata(before, { trackId: 'a' });
        const second = migrateMetadata(first.text, { trackId: 'a' });
        expect(second.text).toBe(first.text);
        expect(JSON.parse(first.text)).toMatchObject(JSON.parse(JSON.stringify(own)) as object);
      },
    ),
  );
});

describe('verdicts of reports', () => {
  it('are those of the last report of each kind, not words of prose, tables or code', () => {
    const facts = folderFacts('a', {
      plan: [
        tasks('x'),
        'Verdict: FAIL is a word here.',
        '## Plan Evaluation Report',
        '| Pass | Verdict |',
        '| --- | --- |',
        '| Verdict | FAIL |',
        '```\nVerdict: FAIL\n```',
        'Initial verdict was FAIL.',
        '**Verdict: PASS.** Well done.',
        '## Other',
        'Verdict: FAIL',
      ].join('\n\n'),
      reports: [
        '# Execution Evaluation Report\n\n## Verdict: FAIL\n',
        '# Evaluation Report\r\n\r\n- **Verdict**: `PASSED`\r\n',
      ],
    });
    expect(facts).toMatchObject({ planVerdict: 'PASS', executionVerdict: 'PASS' });
  });
});
