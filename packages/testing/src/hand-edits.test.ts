import { describe, expect, it } from 'vitest';
import { atGate, atWork, completed, crashedAtGate, crashedAtWork, edited, idle } from './hand-edits.scenes.js';
import type { Scene } from './hand-edits.scenes.js';

/** When nobody of ours is at work, an edit is a person's; else it is a claim. */
const persons = { 'nobody runs it': idle, 'a run evaluates': atGate, 'a crash came between': crashedAtGate };
const claims = { 'a worker is at work': atWork, 'a worker was, when it crashed': crashedAtWork };

interface Expected {
  readonly facts: readonly string[];
  readonly findings?: readonly string[];
  /** Texts that are in the file afterwards. */
  readonly keeps: readonly string[];
  /** Not a byte of the file is changed. */
  readonly same?: boolean;
}

interface Row {
  readonly edit: string;
  readonly file: 'plan.md' | 'spec.md' | 'tracks.md' | 'metadata.json';
  readonly change: (text: string) => string | Uint8Array | undefined;
  readonly person: Expected;
  readonly claim: Expected;
}

const pathOf = ({ folder }: Scene, file: string) =>
  file === 'tracks.md' ? 'conductor/tracks.md' : `${folder}/${file}`;
const noted = ['edit.noted'];
const latin = (text: string) => new Uint8Array([...new TextEncoder().encode(text), 0xe9, 0x0a]);
const lf = '\n';
const crlf = '\r\n';

const planRows: readonly Omit<Row, 'file'>[] = [
  {
    edit: 'a tick',
    change: (text) => text.replace('[ ] Task 2.1', '[x] Task 2.1'),
    person: { facts: ['edit.noted', 'task.marked'], keeps: ['[x] Task 2.1'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:14'], keeps: ['[ ] Task 2.1'] },
  },
  {
    edit: 'a tick taken back',
    change: (text) => text.replace('[x] Task 1.1', '[ ] Task 1.1'),
    person: { facts: ['edit.noted', 'task.marked'], keeps: ['[ ] Task 1.1'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:7'], keeps: ['[x] Task 1.1'] },
  },
  {
    edit: 'a task blocked with its reason',
    change: (text) => text.replace('[ ] Task 2.1: Write c', '[!] Task 2.1: Write c\n  - **Reason**: No key'),
    person: { facts: ['edit.noted', 'plan.edited', 'task.marked'], keeps: ['[!] Task 2.1', 'No key'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:14'], keeps: ['[ ] Task 2.1', 'No key'] },
  },
  {
    edit: 'a mark that only workers set',
    change: (text) => text.replace('[ ] Task 2.1', '[~] Task 2.1'),
    person: { facts: noted, findings: ['EDIT_REFUSED:14'], keeps: ['[~] Task 2.1'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:14'], keeps: ['[ ] Task 2.1'] },
  },
  {
    edit: 'a mark that nobody knows',
    change: (text) => text.replace('[ ] Task 2.1', '[?] Task 2.1'),
    person: { facts: noted, findings: ['EDIT_REFUSED:14'], keeps: ['[?] Task 2.1'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:14'], keeps: ['[ ] Task 2.1'] },
  },
  {
    edit: 'a new task',
    change: (text) => `${text}- [ ] Task 2.2: Write d\n  - **Files**: d.txt\n`,
    person: { facts: ['edit.noted', 'plan.edited'], keeps: ['[ ] Task 2.2: Write d'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:21'], keeps: ['[ ] Task 2.2: Write d'] },
  },
  {
    edit: 'a task removed',
    change: (text) => text.replace(/- \[ \] Task 2\.1[\s\S]*$/u, '- [ ] Task 2.2: Write d\n'),
    person: { facts: ['edit.noted', 'plan.edited'], keeps: ['Task 2.2: Write d'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:14'], keeps: ['Task 2.2: Write d'] },
  },
  {
    edit: 'phases in another order',
    change: (text) => {
      const [head = '', write = '', check = ''] = text.split(/(?=## Phase)/u);
      return `${head}${check}\n${write.trimEnd()}\n`;
    },
    person: { facts: ['edit.noted', 'plan.edited'], keeps: ['[x] Task 1.1: Write a <!-- commit: abc1234 -->'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:5'], keeps: ['## Phase 2: Check\n\n- [ ] Task 2.1: Write c'] },
  },
  {
    edit: 'other words',
    change: (text) => text.replace('Words of the planner.', 'Words of a person.\n\nDo not forget the tea.'),
    person: { facts: ['edit.noted', 'plan.edited'], keeps: ['Words of a person.', 'the tea.'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:3'], keeps: ['Words of a person.', 'the tea.'] },
  },
  {
    edit: 'words and a tick at once',
    change: (text) => text.replace('[ ] Task 2.1: Write c', '[x] Task 2.1: Write the c'),
    person: { facts: ['edit.noted', 'plan.edited', 'task.marked'], keeps: ['[x] Task 2.1: Write the c'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:14'], keeps: ['[ ] Task 2.1: Write the c'] },
  },
  {
    edit: 'a fence that is not closed',
    change: (text) => text.replace('## Phase 2', '```\n## Phase 2'),
    person: { facts: noted, findings: ['PLAN_FENCE_UNCLOSED:12'], keeps: ['```\n## Phase 2'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:12'], keeps: ['```\n## Phase 2'] },
  },
  {
    edit: 'tasks that wait for each other',
    change: (text) =>
      text.replace('Write b\n', 'Write b <!-- deps: 2.1 -->\n').replace('Write c\n', 'Write c <!-- deps: 1.2 -->\n'),
    person: { facts: noted, findings: ['PLAN_CYCLE:9'], keeps: ['deps: 2.1', 'deps: 1.2'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:9'], keeps: ['deps: 2.1', 'deps: 1.2'] },
  },
  {
    edit: 'no task left',
    change: () => '# Greet\n\nNothing to do.\n',
    person: { facts: noted, findings: ['PLAN_INVALID:1'], keeps: ['Nothing to do.'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:1'], keeps: ['Nothing to do.'] },
  },
  {
    edit: 'other line ends',
    change: (text) => text.replaceAll(lf, crlf),
    person: { facts: ['edit.noted', 'plan.edited'], keeps: [`Words of the planner.${crlf}`] },
    claim: { facts: noted, findings: ['EDIT_NOTED:1'], keeps: [`Words of the planner.${crlf}`] },
  },
  {
    edit: 'bytes that are no text',
    change: latin,
    person: { facts: noted, findings: ['EDIT_REFUSED:1'], keeps: ['Words of the planner.', '\uFFFD'] },
    claim: { facts: noted, findings: ['EDIT_REFUSED:1'], keeps: ['Words of the planner.', '\uFFFD'] },
  },
  {
    edit: 'nothing in it any more',
    change: () => '',
    person: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['Words of the planner.'] },
    claim: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['Words of the planner.'] },
  },
  {
    edit: 'the file deleted',
    change: () => undefined,
    person: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['Words of the planner.'] },
    claim: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['Words of the planner.'] },
  },
];

const specRows: readonly Omit<Row, 'file'>[] = [
  {
    edit: 'other words',
    change: (text) => `${text}\nAlso say goodbye.\n`,
    person: { facts: ['edit.noted', 'track.specified'], keeps: ['Also say goodbye.'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:15'], keeps: ['Also say goodbye.'] },
  },
  {
    edit: 'other line ends',
    change: (text) => text.replaceAll(lf, crlf),
    person: { facts: ['edit.noted', 'track.specified'], keeps: [crlf] },
    claim: { facts: noted, findings: ['EDIT_NOTED:1'], keeps: [crlf] },
  },
  {
    edit: 'bytes that are no text',
    change: latin,
    person: { facts: noted, findings: ['EDIT_REFUSED:1'], keeps: ['Greet', '\uFFFD'] },
    claim: { facts: noted, findings: ['EDIT_REFUSED:1'], keeps: ['Greet', '\uFFFD'] },
  },
  {
    edit: 'the file deleted',
    change: () => undefined,
    person: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['Greet'] },
    claim: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['Greet'] },
  },
];

const listRows: readonly Omit<Row, 'file'>[] = [
  {
    edit: 'another name',
    change: (text) => text.replace('| Greet |', '| Greet them |'),
    person: { facts: ['edit.noted', 'track.configured'], keeps: ['| Greet them |'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:7'], keeps: ['| Greet them |'] },
  },
  {
    edit: 'another date',
    change: (text) => text.replace(/\d{4}-\d\d-\d\d \|/u, '1999-01-01 |'),
    person: { facts: noted, findings: ['EDIT_REFUSED:7'], keeps: ['| 1999-01-01 |'] },
    claim: { facts: noted, findings: ['EDIT_NOTED:7'], keeps: ['| 1999-01-01 |'] },
  },
  {
    edit: 'words around the tables',
    change: (text) => text.replace('# Tracks\n', '# Tracks\n\nOurs, all of them.\n'),
    person: { facts: [], keeps: ['Ours, all of them.', '| Greet |'] },
    claim: { facts: [], keeps: ['Ours, all of them.', '| Greet |'] },
  },
  {
    edit: 'the row removed',
    change: (text) => text.replace(/^\| greet.*\n/mu, ''),
    person: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['| Greet |'] },
    claim: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['| Greet |'] },
  },
  {
    edit: 'the file deleted',
    change: () => undefined,
    person: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['| Greet |'] },
    claim: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['| Greet |'] },
  },
];

const metadataRows: readonly Omit<Row, 'file'>[] = [
  {
    edit: 'another name',
    change: (text) => text.replace('"name": "Greet"', '"name": "Greet them"'),
    person: { facts: ['edit.noted', 'track.configured'], keeps: ['"name": "Greet them"'] },
    claim: { facts: noted, findings: ['METADATA_REFUSED:4'], keeps: ['"name": "Greet them"'] },
  },
  {
    edit: 'a key of another tool',
    change: (text) => text.replace('{', '{\n  "their_key": { "deep": [1, 2] },'),
    person: { facts: ['edit.noted', 'track.configured'], keeps: ['"their_key": { "deep": [1, 2] }'] },
    claim: { facts: noted, findings: ['METADATA_REFUSED:1'], keeps: ['"their_key": { "deep": [1, 2] }'] },
  },
  {
    edit: 'half of it gone',
    change: (text) => text.slice(0, 60),
    person: { facts: noted, findings: ['FILE_DAMAGED:4'], keeps: [], same: true },
    claim: { facts: noted, findings: ['FILE_DAMAGED:4'], keeps: [], same: true },
  },
  {
    edit: 'the file deleted',
    change: () => undefined,
    person: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['"name": "Greet"'] },
    claim: { facts: noted, findings: ['VIEW_DELETED'], keeps: ['"name": "Greet"'] },
  },
];

const rows: readonly Row[] = [
  ...planRows.map((row) => ({ ...row, file: 'plan.md' as const })),
  ...specRows.map((row) => ({ ...row, file: 'spec.md' as const })),
  ...listRows.map((row) => ({ ...row, file: 'tracks.md' as const })),
  ...metadataRows.map((row) => ({ ...row, file: 'metadata.json' as const })),
];

async function holds(row: Row, expected: Expected, scene: Scene): Promise<void> {
  let theirs: string | Uint8Array | undefined;
  const outcome = await edited(scene, pathOf(scene, row.file), (text) => (theirs = row.change(text)));
  await scene.end();
  expect(outcome.facts).toEqual(expected.facts);
  expect(outcome.findings).toEqual(expected.findings ?? []);
  for (const text of expected.keeps) expect(outcome.text).toContain(text);
  if (expected.same) expect(outcome.text).toBe(theirs);
  if (expected.facts.length === 0 || theirs === undefined) return;
  expect(outcome.recorded).toEqual(typeof theirs === 'string' ? new TextEncoder().encode(theirs) : theirs);
}

for (const [when, scene] of Object.entries(persons)) {
  describe(`what a person does to a file while ${when}`, () => {
    it.each(rows)('becomes commands or a finding: $edit in $file', async (row) => {
      await holds(row, row.person, await scene());
    });
  });
}

for (const [when, scene] of Object.entries(claims)) {
  describe(`what is done to a file while ${when}`, () => {
    it.each(rows)('stays, and counts for nothing: $edit in $file', async (row) => {
      await holds(row, row.claim, await scene());
    });
  });
}

describe('a complete track', () => {
  it.each(['evaluation-report.md', 'completion-report.md'])('keeps the words of a person in %s', async (name) => {
    const scene = await completed();
    const outcome = await edited(scene, `${scene.folder}/${name}`, (text) => `${text}\nWell done.\n`);
    expect(outcome).toMatchObject({ facts: noted, disposition: 'applied' });
    expect(outcome.text).toContain('Well done.');
    await scene.end();
  });
});
