import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtInAuthority, parseAuthorityMatrix, parseTracksIndex } from '@conductor/core/files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandGroups } from '../src/commands/index.js';
import { codeOf, valid } from './answers.js';
import { commandLine, configOf, planOf, writingWorker } from './command-line.js';
import type { CommandLine } from './command-line.js';

let line: CommandLine;
beforeEach(async () => {
  line = await commandLine();
});
afterEach(() => line.remove());

/** A project with a track of these files and a worker that writes them; the id of the track. */
async function project(...files: readonly string[]): Promise<string> {
  await line.write('conductor.config.json', configOf('node', 'worker.mjs'));
  await line.write('worker.mjs', writingWorker);
  await line.write('plan.md', planOf(...files));
  const { last } = await line.json('new', 'Files', '--plan', 'plan.md');
  return (last['track'] as { id: string }).id; // validated by its own test
}

/** What it does stands in the file `mood`; what it spoils is found by the evaluation of the spec's deliverables. */
const moodyWorker = `import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
const { task } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
const mood = readFileSync('mood', 'utf8');
const answers = { fail: { status: 'failed', summary: 'It does not build' }, ask: { status: 'blocked', summary: 'Which one?' } };
if (!(mood in answers)) for (const file of task.files) writeFileSync(file, 'Hello\\n');
if (mood === 'spoil' && task.id === '1.2') rmSync('a.txt');
if (mood === 'spoil' && task.id.startsWith('Fix')) rmSync('a.txt', { force: true });
console.log(JSON.stringify({ ...(answers[mood] ?? { status: 'done', summary: 'Done' }), usage: { inputTokens: 5 } }));
`;

describe('init', () => {
  it('makes the documents of a project once; where they are it shows the status and writes nothing [CMD-03]', async () => {
    const first = valid('init', (await line.json('init')).last);
    const documents = [
      'tracks.md',
      'index.md',
      'decision-log.md',
      'workflow.md',
      'authority-matrix.md',
      'knowledge/patterns.md',
      'knowledge/errors.json',
    ].map((name) => `conductor/${name}`);
    expect(first['created']).toEqual(['.conductor/', ...documents]);
    expect(first['status']).toBeUndefined();
    await line.write('conductor/tracks.md', '# Mine\n');
    await rm(join(line.dir, 'conductor/index.md'));
    const second = valid('init', (await line.json('setup')).last);
    expect(second['created']).toEqual([]);
    expect(second['kept']).toContain('conductor/tracks.md');
    expect(second['status']).toMatchObject({ others: [] });
    expect(await readFile(join(line.dir, 'conductor/tracks.md'), 'utf8')).toBe('# Mine\n');
    expect(existsSync(join(line.dir, 'conductor/index.md'))).toBe(false);
  });

  it('ends with the command that begins the work, with the folder where that is another one', async () => {
    const next = async (...argv: readonly string[]) => (await line.run(...argv)).stdout.trimEnd().split('\n').at(-1);
    expect(await next('init')).toBe('Next: conductor go "<what shall be true afterwards>"');
    const other = join(line.dir, 'other');
    expect(await next('init', 'other')).toBe(`Next: conductor go -C ${other} "<what shall be true afterwards>"`);
  });

  it('leaves the documents of another tool as they are, and makes only its own state beside them', async () => {
    await mkdir(join(line.dir, 'conductor/tracks/old_20250101'), { recursive: true });
    await line.write('conductor/product.md', '# Theirs\n');
    const { last, exitCode } = await line.json('init');
    expect(valid('init', last)).toMatchObject({
      created: ['.conductor/'],
      kept: ['conductor/product.md', 'conductor/tracks/'],
      status: { others: [] },
    });
    expect(readdirSync(join(line.dir, 'conductor')).toSorted()).toEqual(['product.md', 'tracks']);
    expect(exitCode).toBe(0);
  });

  it('writes documents that say what is built in, in the forms that are read', async () => {
    await line.run('init');
    const matrix = await readFile(join(line.dir, 'conductor/authority-matrix.md'), 'utf8');
    expect(parseAuthorityMatrix(matrix)).toEqual({ rows: builtInAuthority, findings: [] });
    const index = await readFile(join(line.dir, 'conductor/index.md'), 'utf8');
    for (const part of ['**Last Updated**', '## Current Focus', '## Recent Completions', '## System Health'])
      expect(index).toContain(part);
    expect(parseTracksIndex(await readFile(join(line.dir, 'conductor/tracks.md'), 'utf8')).findings).toEqual([]);
  });

  it('makes a repository only when it is asked to', async () => {
    await line.run('init');
    expect(existsSync(join(line.dir, '.git'))).toBe(false);
    await line.run('init', 'other', '--git-init');
    expect(existsSync(join(line.dir, 'other/.git'))).toBe(true);
  });
});

describe('new', () => {
  it('creates folder, spec, metadata and the row in the registry [CMD-04]', async () => {
    await line.run('init');
    const { last, exitCode } = await line.json(
      'new',
      'Readable slugs',
      '--goal',
      'Crème gives creme',
      '--priority',
      'P1',
    );
    const { track, files } = valid('new', last) as { track: { id: string; priority: string }; files: string[] };
    expect(exitCode).toBe(0);
    expect(track).toMatchObject({ priority: 'P1', lifecycle: 'draft' });
    expect(track.id).toMatch(/^readable-slugs_\d{8}$/u);
    expect(last['complexity']).toMatch(/^(?:minor|moderate|major)$/u);
    const folder = `conductor/tracks/${track.id}`;
    expect(files).toEqual([`${folder}/spec.md`, `${folder}/metadata.json`]);
    expect(await readFile(join(line.dir, folder, 'spec.md'), 'utf8')).toContain('Crème gives creme');
    expect(JSON.parse(await readFile(join(line.dir, folder, 'metadata.json'), 'utf8'))).toMatchObject({
      version: 3,
      track_id: track.id,
      name: 'Readable slugs',
      status: 'new',
    });
    const { rows } = parseTracksIndex(await readFile(join(line.dir, 'conductor/tracks.md'), 'utf8'));
    expect(rows).toMatchObject([{ trackId: track.id, name: 'Readable slugs' }]);
  });

  it('has agents of the superpowers family that plan at once, unless a flag says otherwise', async () => {
    await line.run('init');
    const made = async (...flags: readonly string[]) => {
      const { track } = (await line.json('new', 'Readable slugs', '--type', 'architecture', ...flags)).last as {
        readonly track: { readonly id: string };
      };
      const text = await readFile(join(line.dir, `conductor/tracks/${track.id}/metadata.json`), 'utf8');
      const { superpower_enhanced, loop_state } = JSON.parse(text) as Readonly<
        Record<string, { current_step?: string }>
      >;
      return [superpower_enhanced, loop_state?.current_step];
    };
    expect(await made()).toEqual([true, 'PLAN']);
    expect(await made('--legacy')).toEqual([false, 'PLAN']);
    expect(await made('--brainstorm')).toEqual([true, 'BRAINSTORM']);
    const refused = await line.json('new', 'x', '--type', 'architecture', '--legacy', '--brainstorm');
    expect([codeOf(valid('error', refused.last)), refused.exitCode]).toEqual(['VALIDATION_FAILED', 2]);
  });

  it.each([
    ['nothing to go by', ['new'], 'USAGE', 2],
    ['an unknown priority', ['new', 'x', '--priority', 'P9'], 'USAGE', 2],
    ['a limit that is no number', ['new', 'x', '--limit', 'maxWorkers=many'], 'USAGE', 2],
    ['a spec that is not there', ['new', 'x', '--spec', 'none.md'], 'FILE_NOT_FOUND', 3],
  ])('refuses %s', async (_name, argv, code, exit) => {
    await line.run('init');
    const { last, exitCode } = await line.json(...argv);
    expect([codeOf(valid('error', last)), exitCode]).toEqual([code, exit]);
  });
});

describe('run', () => {
  it('runs the only open track to its end and tells each event', async () => {
    const id = await project('a.txt', 'b.txt');
    const { documents, last, exitCode } = await line.json('run');
    for (const document of documents.slice(0, -1)) valid('event', document);
    expect(valid('run', last)).toMatchObject({
      stop: 'completed',
      track: { id, lifecycle: 'completed' },
      approvals: [],
    });
    expect(existsSync(join(line.dir, String(last['report'])))).toBe(true);
    expect(exitCode).toBe(0);
  });

  const ends = [
    ['the end', 'ok', [], { stop: 'completed', track: { lifecycle: 'completed' } }, 0],
    [
      'a limit of fix cycles',
      'spoil',
      [],
      { stop: 'awaiting', track: { step: 'EVALUATE_EXECUTION', fixCycles: 3 } },
      4,
    ],
    ['work that cannot be done', 'fail', [], { stop: 'awaiting', track: { step: 'EXECUTE' } }, 4],
    ['a question of the worker', 'ask', [], { stop: 'awaiting', track: { step: 'EXECUTE' } }, 4],
    ['the end of a budget', 'ok', ['--budget-tokens', '1'], { stop: 'budget', track: { step: 'EXECUTE' } }, 4],
    ['the step that was named', 'ok', ['--until', 'execute'], { stop: 'stopped', track: { progress: { done: 2 } } }, 0],
  ] as const;

  it.each(ends)(
    'implements a track up to %s, and says why it stopped [CMD-05]',
    async (_name, mood, flags, end, exit) => {
      const id = await project('a.txt', 'b.txt');
      await line.write('mood', mood);
      await line.write('worker.mjs', moodyWorker);
      const { last, exitCode } = await line.json('implement', id, ...flags);
      expect(valid('run', last)).toMatchObject(end);
      expect(exitCode).toBe(exit);
      const asked = (last['approvals'] as { summary: string; options: unknown[] }[]).map(
        ({ options }) => options.length > 0,
      );
      expect(asked).toEqual(last['stop'] === 'awaiting' ? [true] : []);
    },
  );

  it('says in plain lines of at most 80 columns what happens, and where the report lies', async () => {
    const id = await project('a.txt');
    const { stdout, exitCode } = await line.run('run', id.slice(0, 8));
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}Task 1\.1 begins: Write a\.txt$/mu);
    expect(stdout).toMatch(/^Track \S+ is complete: 1 of 1 tasks in 0:\d\d$/mu);
    expect(stdout).toContain(`conductor/tracks/${id}/completion-report.md`);
    const lines = stdout.split('\n').filter((shown) => /^\d\d:/u.test(shown));
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(exitCode).toBe(0);
  });

  it('stops after the step it is told, exits 0, and goes on from there', async () => {
    await project('a.txt');
    const { last, exitCode } = await line.json('run', '--until', 'evaluate-plan');
    expect(valid('run', last)).toMatchObject({
      stop: 'stopped',
      track: { lifecycle: 'active', progress: { done: 0 } },
    });
    expect(exitCode).toBe(0);
    expect((await line.json('run')).last).toMatchObject({ stop: 'completed' });
  });

  it('runs one task and leaves the others', async () => {
    await project('a.txt', 'b.txt');
    const { last, exitCode } = await line.json('run', '--task', '1.1');
    expect(last).toMatchObject({ stop: 'stopped', track: { progress: { done: 1, total: 2 } } });
    expect(exitCode).toBe(0);
    expect(existsSync(join(line.dir, 'b.txt'))).toBe(false);
  });

  it('makes the number of workers a rule of the track', async () => {
    const id = await project('a.txt', 'b.txt', 'c.txt');
    await line.run('run', '--max-workers', '1');
    const { documents } = await line.json('log', id, '--type', 'track.configured');
    expect(documents[0]).toMatchObject({ event: { data: { limits: { maxWorkers: 1 } } } });
  });

  it.each([
    ['an unknown step', ['--until', 'LUNCH']],
    ['no workers', ['--max-workers', '0']],
    ['half a token', ['--budget-tokens', '1.5']],
    ['a negative price', ['--budget-usd', '-1']],
    ['endless minutes', ['--budget-minutes', 'Infinity']],
  ])('refuses %s', async (_name, argv) => {
    await project('a.txt');
    const { last, exitCode } = await line.json('run', ...argv);
    expect([codeOf(valid('error', last)), exitCode]).toEqual(['USAGE', 2]);
  });

  it('prints the question it stopped with, and the exact commands that answer it', async () => {
    await project('a.txt');
    await line.write('conductor.config.json', configOf('node', '-e', 'process.exit(1)'));
    const { stdout, exitCode } = await line.run('run');
    expect(exitCode).toBe(4);
    const commands = [...stdout.matchAll(/conductor (approve approval_\S+ --choice \S+)$/gmu)].map(
      ([, command]) => command ?? '',
    );
    expect(commands.map((command) => command.split(' ').at(-1))).toEqual(['retry', 'skip', 'fail']);

    const listed = valid('approvals', (await line.json('approvals')).last);
    expect(listed['approvals']).toHaveLength(1);
    const answered = await line.json(...(commands[0] ?? '').split(' '));
    expect(valid('approve', answered.last)).toMatchObject({
      approval: { status: 'approved', choice: 'retry' },
      resumable: true,
    });
    const again = await line.json(...(commands[0] ?? '').split(' '));
    expect([codeOf(again.last), again.exitCode]).toEqual(['APPROVAL_DECIDED', 5]);

    await line.write('conductor.config.json', configOf('node', 'worker.mjs'));
    expect((await line.json('run')).last).toMatchObject({ stop: 'completed' });
  });

  it('exits 1 for a track that a person gave up', async () => {
    await project('a.txt');
    await line.write('conductor.config.json', configOf('node', '-e', 'process.exit(1)'));
    const { last } = await line.json('run');
    const [approval] = (last as { approvals: { id: string }[] }).approvals;
    await line.run('approve', approval?.id ?? '', '--choice', 'fail');
    const { last: end, exitCode } = await line.json('run');
    expect([exitCode, (end as { track?: { lifecycle?: string } }).track?.lifecycle ?? codeOf(end)]).toEqual([
      1,
      'failed',
    ]);
  });
});

describe('pause, resume, cancel', () => {
  it('pauses once, says so when it is paused already, and runs only after resume', async () => {
    await project('a.txt');
    await line.run('run', '--until', 'plan');
    expect(valid('pause', (await line.json('pause', '--reason', 'Lunch')).last)).toMatchObject({
      track: { lifecycle: 'paused' },
    });
    const again = await line.run('pause', 'files');
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('already paused')]);
    const refused = await line.json('run', 'files');
    expect([codeOf(refused.last), refused.exitCode]).toEqual(['TRACK_PAUSED', 4]);
    const lifted = await line.json('resume', 'files', '--no-run');
    expect(valid('resume', lifted.last)).toMatchObject({ track: { lifecycle: 'active' } });
    const resumed = await line.json('resume');
    expect(valid('resume', resumed.last)).toMatchObject({ stop: 'completed' });
  });

  it('cancels for good', async () => {
    const id = await project('a.txt');
    expect(valid('cancel', (await line.json('cancel', id)).last)).toMatchObject({ track: { lifecycle: 'cancelled' } });
    const refused = await line.json('run', id);
    expect([codeOf(refused.last), refused.exitCode]).toEqual(['TRACK_ENDED', 5]);
  });
});

describe('status', () => {
  it('shows every field with its symbol, for people at 80 columns [CMD-06]', async () => {
    const id = await project('a.txt', 'b.txt');
    await line.json('new', 'Another one', '--goal', 'Later');
    await line.run('run', id, '--task', '1.1');
    const document = valid('status', (await line.json('status', id)).last);
    expect(document).toMatchObject({
      track: { id, fixCycles: 0 },
      progress: { total: 2, done: 1 },
      agent: 'superpowers:executing-plans',
      superpower: true,
      pending: [{ id: '1.2', text: 'Write b.txt', state: 'pending' }],
      others: [{ name: 'Another one' }],
    });
    expect(document['next']).toMatchObject({ do: 'work' });
    const { stdout } = await line.run('status', id);
    for (const part of [
      `▸ ${id} (active)`,
      '▸ EXECUTE in progress',
      '1 of 2',
      'superpowers:executing-plans (superpowers)',
      'Fix cycles',
      'work: 1 task is ready',
      '· 1.2',
      '· another-one',
      '✓ complete',
      '✗ failed',
      '! blocked',
    ]) {
      expect(stdout).toContain(part);
    }
    await line.write('worker.mjs', 'console.log(JSON.stringify({ status: "failed", summary: "No" }))');
    await line.run('run', id);
    const stuck = (await line.run('status', id)).stdout;
    for (const part of ['! EXECUTE blocked', '1 of 2 (1 failed)', '! 1.2', 'Questions', 'conductor approve '])
      expect(stuck).toContain(part);
    const widths = `${stdout}${stuck}`
      .split('\n')
      .filter((shown) => !shown.includes('conductor approve '))
      .map((shown) => [...shown].length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });

  it('ends a watch that cannot begin with an error line, as every stream', async () => {
    await line.run('init');
    const { last, exitCode } = await line.json('status', 'nope', '--watch');
    expect([last['kind'], codeOf(valid('error', last)), exitCode]).toEqual(['error', 'TRACK_NOT_FOUND', 3]);
  });

  it('has an answer for a project without tracks', async () => {
    await line.run('init');
    expect(valid('status', (await line.json('status')).last)).toMatchObject({ others: [], approvals: [] });
    expect((await line.run('status')).stdout).toContain('Next: conductor go "');
  });
});

describe('list and log', () => {
  it('lists open tracks page by page, and ended ones when they are asked for', async () => {
    await line.run('init');
    for (const name of ['One', 'Two', 'Three']) await line.run('new', name, '--goal', name);
    await line.run('cancel', 'one');
    const first = valid('list', (await line.json('list', '--limit', '1')).last);
    const second = await line.json('list', '--limit', '1', '--cursor', String(first['nextCursor']));
    const ids = [first, second.last].flatMap(({ tracks }) => (tracks as { name: string }[]).map(({ name }) => name));
    expect(new Set(ids)).toEqual(new Set(['Two', 'Three']));
    expect((await line.json('list', '--all')).last['tracks']).toHaveLength(3);
    expect((await line.json('list', '--lifecycle', 'cancelled')).last['tracks']).toHaveLength(1);
    expect((await line.run('list', '--lifecycle', 'failed')).stdout).toBe(
      'No track fits. All of them: conductor list --all\n',
    );
    expect((await line.run('list', '--lifecycle', 'lunch')).exitCode).toBe(2);
  });

  it('tells the whole log, its end, or what fits, one line each', async () => {
    const id = await project('a.txt');
    await line.run('run');
    const all = await line.json('log');
    const seqs = all.documents
      .slice(0, -1)
      .map((document) => (valid('event', document) as { event: { seq: number } }).event.seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(valid('log', all.last)).toMatchObject({ lastSeq: seqs.at(-1) });
    const tail = await line.json('log', id, '--tail', '3');
    expect(tail.documents.slice(0, -1).map((document) => (document as { event: { seq: number } }).event.seq)).toEqual(
      seqs.slice(-3),
    );
    const tasks = await line.run('log', '--type', 'task.*');
    expect(
      tasks.stdout
        .trim()
        .split('\n')
        .every((shown) => / task\./u.test(shown) && shown.length <= 80),
    ).toBe(true);
  });
});

describe('plan', () => {
  it('shows, checks and marks a file without a project around it', async () => {
    await line.write('my-plan.md', planOf('a.txt', 'b.txt'));
    valid('plan-show', (await line.json('plan', 'show', 'my-plan.md')).last);
    expect(valid('plan-check', (await line.json('plan', 'check', 'my-plan.md')).last)).toMatchObject({ ok: true });
    const marked = await line.json('plan', 'mark', 'my-plan.md', '1.2', 'done', '--commit', 'abc1234');
    expect(valid('plan-mark', marked.last)).toMatchObject({ before: 'pending', after: 'done' });
    expect(await readFile(join(line.dir, 'my-plan.md'), 'utf8')).toContain('- [x] Task 1.2');
    expect(existsSync(join(line.dir, '.conductor'))).toBe(false);
  });

  it('exits 1 for a plan with errors, and names the line', async () => {
    await line.write(
      'cycle.md',
      `${planOf('a.txt', 'b.txt')}\n\`\`\`yaml\ndag:\n  nodes:\n    - { id: '1.1', depends_on: ['1.2'] }\n    - { id: '1.2', depends_on: ['1.1'] }\n\`\`\`\n`,
    );
    const { last, exitCode } = await line.json('plan', 'check', 'cycle.md');
    expect(valid('plan-check', last)).toMatchObject({ ok: false });
    expect(exitCode).toBe(1);
  });

  it("marks a task of a track's own plan through the log", async () => {
    const id = await project('a.txt');
    const { exitCode } = await line.run('plan', 'mark', `conductor/tracks/${id}/plan.md`, '1.1', 'skipped');
    expect(exitCode).toBe(0);
    const { documents } = await line.json('log', id, '--type', 'task.marked');
    expect(documents).toHaveLength(2);
  });
});

describe('doctor', () => {
  it('finds a fresh project sound', async () => {
    await project('a.txt');
    const { last, exitCode } = await line.json('doctor');
    expect(valid('doctor', last)).toMatchObject({ ok: true });
    expect(last['checks']).toContainEqual(expect.objectContaining({ id: 'tracks', message: '1 track folds' }));
    expect(exitCode).toBe(0);
  });
});

describe('doctor --fix', () => {
  it('writes the files of a track that are missing, and leaves what a person has written', async () => {
    const id = await project('a.txt');
    const folder = `conductor/tracks/${id}`;
    await rm(join(line.dir, folder, 'metadata.json'));
    await line.write(`${folder}/notes.md`, 'Mine\n');
    const spec = `${await readFile(join(line.dir, folder, 'spec.md'), 'utf8')}\nMine too.\n`;
    await line.write(`${folder}/spec.md`, spec);
    const { last, exitCode } = await line.json('doctor', '--fix');
    expect(valid('doctor', last)).toMatchObject({ ok: true, fixed: { tracks: [id] } });
    expect(JSON.parse(await readFile(join(line.dir, folder, 'metadata.json'), 'utf8'))).toMatchObject({ track_id: id });
    expect(await readFile(join(line.dir, folder, 'spec.md'), 'utf8')).toBe(spec);
    expect(await readFile(join(line.dir, folder, 'notes.md'), 'utf8')).toBe('Mine\n');
    expect(exitCode).toBe(0);
    expect((await line.run('doctor', '--fix')).stdout).toMatch(/^Compared the files of 1 tracks? with the log\nok /u);
  });
});

describe('every command', () => {
  it.each([
    ['no command at all', [], 'USAGE', 2],
    ['half a command', ['plan'], 'USAGE', 2],
    ['an unknown command', ['dance'], 'USAGE', 2],
    ['an unknown flag', ['list', '--polish'], 'USAGE', 2],
    ['a missing argument', ['approve'], 'USAGE', 2],
    ['too many arguments', ['list', 'one', 'two'], 'USAGE', 2],
    ['a folder without a project', ['status'], 'PROJECT_NOT_FOUND', 3],
  ])('answers %s with one document', async (_name, argv, code, exit) => {
    const { documents, exitCode, stderr } = await line.json(...argv);
    expect(documents).toHaveLength(1);
    expect([codeOf(valid('error', documents[0] ?? {})), exitCode]).toEqual([code, exit]);
    expect(stderr).toBe('');
  });

  it('refuses a configuration that is not there', async () => {
    await line.run('init');
    const { last, exitCode } = await line.json('status', '--config', 'none.json');
    expect([codeOf(last), exitCode]).toEqual(['FILE_NOT_FOUND', 3]);
  });

  it('says an error for people on stderr, with a hint', async () => {
    const { stdout, stderr } = await line.run('status');
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error PROJECT_NOT_FOUND: .+\nhint: .+\n$/u);
  });

  it('prints help and version', async () => {
    expect(await line.run('--version')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/u),
    });
    expect((await line.run('run', '--help')).stdout).toContain('--until <step>');
  });

  it('fits with its help into 80 columns', async () => {
    for (const { name } of commandGroups.flatMap(([, specs]) => specs)) {
      const lines = (await line.run(...name.split(' '), '--help')).stdout.split('\n');
      expect([name, lines.filter(({ length }) => length > 80)]).toEqual([name, []]);
    }
  });

  it('takes the project from -C, from anywhere', async () => {
    const id = await project('a.txt');
    await mkdir(join(line.dir, 'elsewhere'));
    await writeFile(join(line.dir, 'elsewhere', 'x'), '');
    expect((await line.json('status', '-C', line.dir)).last).toMatchObject({ track: { id } });
  });

  it.each([
    ['unknown', 'nope', /There is no track nope/u],
    ['ambiguous', 'sa', /may be/u],
  ])('refuses an %s track', async (_name, wanted, message) => {
    await line.run('init');
    await line.run('new', 'same one', '--goal', 'x');
    await line.run('new', 'same two', '--goal', 'x');
    const { last, exitCode } = await line.json('run', wanted);
    expect([codeOf(last), exitCode]).toEqual(['TRACK_NOT_FOUND', 3]);
    expect((last['error'] as { message: string }).message).toMatch(message);
  });
});
