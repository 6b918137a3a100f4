import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanTaskJson } from '@conductor/core/plan';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, valid } from './answers.js';
import { commandLine, planOf } from './command-line.js';
import type { CommandLine } from './command-line.js';
import { planForms } from './plan-forms.js';

let line: CommandLine;
beforeEach(async () => {
  line = await commandLine();
});
afterEach(() => line.remove());

const read = (name: string) => readFile(join(line.dir, name), 'utf8');
const forms = Object.entries(planForms);

describe('plan show', () => {
  it.each(forms)('understands %s', async (_name, { text, shows, finds = [] }) => {
    await line.write('plan.md', text);
    const { last, documents, exitCode, stderr } = await line.json('plan', 'show', 'plan.md');
    const { schemaVersion, findings, ...plan } = valid('plan-show', last) as {
      schemaVersion: number;
      findings: { code: string; line: number; severity: string; message: string; hint: string }[];
    };
    expect(plan).toEqual(shows);
    expect(findings.map(({ code, line: at }) => [code, at])).toEqual(finds);
    for (const finding of findings)
      expect(Object.keys(finding)).toEqual(expect.arrayContaining(['severity', 'message', 'hint']));
    expect([schemaVersion, documents.length, exitCode, stderr]).toEqual([1, 1, 0, '']);
  });

  it('has the fields of a task in one order, and leaves out what the plan does not say', async () => {
    await line.write('plan.md', planForms['phases with everything that a task may say']?.text ?? '');
    const { last } = await line.json('plan', 'show', 'plan.md');
    const phases = last['phases'] as { tasks: PlanTaskJson[] }[];
    expect(Object.keys(last)).toEqual(['schemaVersion', 'title', 'phases', 'findings']);
    expect(phases.flatMap(({ tasks }) => tasks).map((task) => Object.keys(task).join(' '))).toEqual([
      'id text state marker line commit dependsOn files acceptance children',
      'id text state marker line dependsOn files children',
      'id text state marker line dependsOn files children',
      'id text state marker line dependsOn files children',
    ]);
  });

  it('hands over the dag block as it stands there', async () => {
    const dag =
      "```yaml\ndag:\n  nodes:\n    - { id: '1.1', depends_on: [] }\n    - { id: '1.2', depends_on: ['1.1'] }\n```\n";
    await line.write('plan.md', `${planOf('a.txt', 'b.txt')}\n${dag}`);
    const { last } = await line.json('plan', 'show', 'plan.md');
    expect(valid('plan-show', last)['dag']).toMatchObject({
      nodes: [
        { id: '1.1', depends_on: [] },
        { id: '1.2', depends_on: ['1.1'] },
      ],
    });
  });

  it('reads what Windows saves as Unicode', async () => {
    await writeFile(join(line.dir, 'plan.md'), Buffer.from('\uFEFF# P\n\n- [ ] Grüße\n', 'utf16le'));
    const { last } = await line.json('plan', 'show', 'plan.md');
    expect(last).toMatchObject({ title: 'P', phases: [{ tasks: [{ text: 'Grüße', line: 3 }] }], findings: [] });
  });

  it('shows it to people with marks, phases and findings, without the control characters of the file', async () => {
    await line.write(
      'plan.md',
      '# P\u001b[31m\n\n## Phase 1: A\n\n- [x] Task 1.1: One <!-- commit: abc1234 -->\n  - [~] Two\n- [?] Task 1.2: Three\n',
    );
    expect((await line.run('plan', 'show', 'plan.md')).stdout).toBe(`P

Phase 1: A
  [x] 1.1  One  (abc1234)
    [~] 1.1.1  Two
  [?] 1.2  Three
warning PLAN_MARKER_UNKNOWN line 7: The marker [?] has no meaning and is kept
  hint: Use \`[ ]\` pending, \`[~]\` in progress, \`[x]\` done or \`[!]\` blocked.
`);
  });

  it.each([
    ['a file that is not there', 'none.md', 'FILE_NOT_FOUND', 3],
    ['a folder', 'folder', 'FILE_INVALID', 2],
    ['neither a file nor a project', 'slugs', 'FILE_NOT_FOUND', 3],
  ])('refuses %s', async (_name, wanted, code, exit) => {
    await mkdir(join(line.dir, 'folder'));
    for (const command of ['show', 'check', 'graph']) {
      const { last, exitCode } = await line.json('plan', command, wanted);
      expect([command, codeOf(valid('error', last)), exitCode]).toEqual([command, code, exit]);
    }
  });

  it('never executes the configuration beside a file', async () => {
    await line.write(
      'conductor.config.mjs',
      "import { writeFileSync } from 'node:fs';\nwriteFileSync('executed', '');\n",
    );
    await line.write('plan.md', planOf('a.txt'));
    for (const command of ['show', 'check', 'graph'])
      expect((await line.run('plan', command, 'plan.md')).exitCode).toBe(0);
    expect((await line.run('plan', 'mark', 'plan.md', '1.1', 'done')).exitCode).toBe(0);
    expect(readdirSync(line.dir).toSorted()).toEqual(['conductor.config.mjs', 'plan.md']);
  });
});

describe('plan check', () => {
  const cycle = `${planOf('a.txt', 'b.txt')}\n\`\`\`yaml\ndag:\n  nodes:\n    - { id: '1.1', depends_on: ['1.2'] }\n    - { id: '1.2', depends_on: ['1.1'] }\n\`\`\`\n`;
  const doubtful = '# P\n\n- [ ] Write it\n';

  it.each([
    ['a sound plan', planOf('a.txt'), [], 0, true],
    ['warnings', doubtful, [], 0, true],
    ['warnings that shall count', doubtful, ['--strict'], 1, false],
    ['a sound plan, strictly', planOf('a.txt'), ['--strict'], 0, true],
    ['an error', cycle, [], 1, false],
    ['no tasks', '# P\n', [], 1, false],
  ])('exits by what is found: %s', async (_name, text, flags, exit, ok) => {
    await line.write('plan.md', text);
    const { last, exitCode } = await line.json('plan', 'check', 'plan.md', ...flags);
    expect([valid('plan-check', last)['ok'], exitCode]).toEqual([ok, exit]);
    const lines = (last['findings'] as { line?: number }[]).map(({ line: at = 0 }) => at);
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  });

  it.each([
    ['no file', ['plan', 'check']],
    ['two files', ['plan', 'check', 'a.md', 'b.md']],
    ['an unknown flag', ['plan', 'check', 'a.md', '--lenient']],
  ])('exits 2 for %s', async (_name, argv) => {
    const { last, exitCode } = await line.json(...argv);
    expect([codeOf(valid('error', last)), exitCode]).toEqual(['USAGE', 2]);
  });
});

describe('plan mark', () => {
  it.each(forms)('changes one line of a plan with %s', async (_name, { text, marked }) => {
    if (!marked) return;
    const [at, after] = marked;
    await line.write('plan.md', text);
    const { last, exitCode } = await line.json('plan', 'mark', 'plan.md', `line:${at}`, 'done');
    expect(valid('plan-mark', last)).toEqual({
      schemaVersion: 1,
      file: 'plan.md',
      line: at,
      before: 'pending',
      after: 'done',
    });
    expect((await read('plan.md')).split('\n')).toEqual(text.split('\n').with(at - 1, after));
    expect(exitCode).toBe(0);
  });

  it.each([
    ['pending', ' '],
    ['inProgress', '~'],
    ['done', 'x'],
    ['skipped', '-'],
  ])('sets a task to %s by its id, and back', async (state, marker) => {
    const text = '# P\n\n## Phase 1: A\n\n- [x] Task 1.1: One\n- [ ] Task 1.2: Two\n';
    await line.write('plan.md', text);
    const { last } = await line.json('plan', 'mark', 'plan.md', '1.1', state);
    expect(last).toMatchObject({ before: 'done', after: state, line: 5 });
    expect(await read('plan.md')).toBe(text.replace('[x]', `[${marker}]`));
    await line.run('plan', 'mark', 'plan.md', '1.1', 'done');
    expect(await read('plan.md')).toBe(text);
  });

  it('writes commit and note in the style of the file', async () => {
    await line.write('plan.md', '# P\n\n- [x] One <!-- abc1234 -->\n- [ ] Two\n');
    await line.run('plan', 'mark', 'plan.md', 'line:4', 'done', '--commit', 'fed4321', '--note', 'Two is there');
    expect(await read('plan.md')).toMatch(
      /^# P\n\n- \[x\] One <!-- abc1234 -->\n- \[x\] Two <!-- fed4321 -->\n +(?:- )?Two is there\n$/u,
    );
  });

  it('says why a task is blocked, and makes one line of a note, whatever stands in it', async () => {
    await line.write('plan.md', '# P\n\n- [ ] One\n- [ ] Two\n');
    await line.run('plan', 'mark', 'plan.md', 'line:3', 'blocked', '--note', 'No key\n- [ ] more <!-- x');
    const { last } = await line.json('plan', 'show', 'plan.md');
    expect(last).toMatchObject({ phases: [{ tasks: [{ state: 'blocked', children: [] }, { text: 'Two' }] }] });
    expect((await read('plan.md')).split('\n').slice(0, 3)).toEqual(['# P', '', '- [!] One']);
  });

  it('keeps the rights of the file, and leaves nothing beside it', async () => {
    await line.write('plan.md', planOf('a.txt'));
    await chmod(join(line.dir, 'plan.md'), 0o640);
    await line.run('plan', 'mark', 'plan.md', '1.1', 'done');
    expect(statSync(join(line.dir, 'plan.md')).mode & 0o777).toBe(0o640);
    expect(readdirSync(line.dir)).toEqual(['plan.md']);
  });

  it.each([
    ['a state nobody knows', ['plan.md', '1.1', 'perfect'], 'USAGE', 2],
    ['a task that is not there', ['plan.md', '9.9', 'done'], 'TASK_NOT_FOUND', 3],
    ['a line without a task', ['plan.md', 'line:1', 'done'], 'TASK_NOT_FOUND', 3],
    ['a file that is not there', ['none.md', '1.1', 'done'], 'FILE_NOT_FOUND', 3],
    ['a link', ['link.md', '1.1', 'done'], 'PATH_UNSAFE', 2],
    ['what is not UTF-8', ['latin.md', '1.1', 'done'], 'FILE_INVALID', 2],
    ['a blocked task without a reason', ['plan.md', '1.1', 'blocked'], 'EDIT_REFUSED', 5],
    ['what is no commit', ['plan.md', '1.1', 'done', '--commit', 'x -->'], 'EDIT_REFUSED', 5],
  ])('refuses %s, and writes nothing', async (_name, argv, code, exit) => {
    await line.write('plan.md', planOf('a.txt'));
    await symlink('plan.md', join(line.dir, 'link.md'));
    await writeFile(join(line.dir, 'latin.md'), Buffer.from('# P\n\n- [ ] Task 1.1: Gr\u00fc\u00dfe\n', 'latin1'));
    const before = await Promise.all([read('plan.md'), readFile(join(line.dir, 'latin.md'))]);
    const { last, exitCode } = await line.json('plan', 'mark', ...argv);
    expect([codeOf(valid('error', last)), exitCode]).toEqual([code, exit]);
    expect(await Promise.all([read('plan.md'), readFile(join(line.dir, 'latin.md'))])).toEqual(before);
    expect(readdirSync(line.dir).toSorted()).toEqual(['latin.md', 'link.md', 'plan.md']);
  });

  it("goes through the log for a track's own plan, from wherever it is called", async () => {
    await line.run('init', 'project');
    await line.write('plan.md', planOf('a.txt'));
    const { last } = await line.json('new', 'Files', '--plan', 'plan.md', '-C', 'project');
    const { id } = last['track'] as { readonly id: string }; // validated by its own test
    const plan = `project/conductor/tracks/${id}/plan.md`;
    const marked = await line.json('plan', 'mark', plan, '1.1', 'done', '--commit', 'abc1234');
    expect(valid('plan-mark', marked.last)).toMatchObject({ before: 'pending', after: 'done' });
    const status = await line.json('status', '-C', 'project');
    expect(status.last).toMatchObject({ progress: { done: 1, total: 1 } });
    expect(existsSync(join(line.dir, '.conductor'))).toBe(false);
  });

  it('marks the plan of a track that another tool has made, and changes nothing else of it', async () => {
    await line.run('init');
    await mkdir(join(line.dir, 'conductor/tracks/theirs'), { recursive: true });
    const plan = 'conductor/tracks/theirs/plan.md';
    await line.write(plan, '# Theirs\r\n\r\nWords of theirs.\r\n\r\n* [ ] One\r\n* [X] Two\r\n');
    const { exitCode } = await line.run('plan', 'mark', plan, 'line:5', 'done');
    expect([exitCode, await read(plan)]).toEqual([
      0,
      '# Theirs\r\n\r\nWords of theirs.\r\n\r\n* [x] One\r\n* [X] Two\r\n',
    ]);
  });
});

describe('plan graph', () => {
  it('draws what waits for what, with states, levels and the critical path', async () => {
    await line.write(
      'plan.md',
      '# P\n\n## Phase 1: A\n\n- [x] Task 1.1: One\n- [ ] Task 1.2: "Two" <!-- deps: 1.1 -->\n- [ ] Task 1.3: Three <!-- deps: 1.1 -->\n',
    );
    const { last } = await line.json('plan', 'graph', 'plan.md');
    expect(valid('plan-graph', last)).toMatchObject({
      nodes: [
        { id: '1.1', level: 0, state: 'done', critical: true },
        { id: '1.2', level: 1, state: 'pending' },
        { id: '1.3', level: 1, state: 'pending' },
      ],
      edges: [
        ['1.1', '1.2'],
        ['1.1', '1.3'],
      ],
    });
    const { stdout } = await line.run('plan', 'graph', 'plan.md');
    expect(stdout).toBe(`${String(last['mermaid']).trimEnd()}\n`);
    expect(stdout).toMatch(/^flowchart TD\n {2}n0\["1\.1 One"\]:::done\n/u);
    expect(stdout).toContain('n0 --> n1');
    const json = await line.run('plan', 'graph', 'plan.md', '--format', 'json');
    expect(JSON.parse(json.stdout)).toEqual({ nodes: last['nodes'], edges: last['edges'] });
    expect((await line.run('plan', 'graph', 'plan.md', '--format', 'svg')).exitCode).toBe(2);
  });
});
