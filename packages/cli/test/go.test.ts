import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { valid } from './answers.js';
import { commandLine, planOf } from './command-line.js';
import type { CommandLine, Document } from './command-line.js';

let line: CommandLine;
beforeEach(async () => {
  line = await commandLine();
  await line.run('init');
});
afterEach(() => line.remove());

interface Failure {
  readonly code: string;
  readonly hint?: string;
  readonly details: { readonly options?: readonly { trackId?: string; intent?: string; label: string }[] };
}
const errorOf = (document: Document) => valid('error', document)['error'] as Failure;
const trackOf = (document: Document) =>
  document['track'] as { id: string; name: string; type: string; lifecycle: string };
const fileOf = (path: string) => readFile(join(line.dir, path), 'utf8');
const specOf = (id: string) => fileOf(`conductor/tracks/${id}/spec.md`);

/** One program for all roles: a scribe with the goal's words, a planner with one task, a worker that writes its file. */
const everybody = `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
const { role, task, input } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
const done = (summary, answer) => console.log(JSON.stringify({ status: 'done', summary, answer }));
if (role === 'scribe') {
  const spec = '# Export\\n\\n## Requirements\\n\\n- R1: ' + input.goal + '\\n\\n## Acceptance Criteria\\n\\n- export.csv exists\\n';
  done('Wrote the spec', existsSync('no-spec') ? {} : { spec });
} else if (role === 'planner') {
  done('Planned', { plan: ${JSON.stringify(planOf('export.csv'))} });
} else {
  for (const file of task.files) writeFileSync(file, 'a;b\\n');
  done('Wrote ' + task.files.join(', '));
}
`;

async function agents(...roles: readonly string[]): Promise<void> {
  await line.write('agent.mjs', everybody);
  const named = roles.map((role) => [role, { command: ['node', 'agent.mjs'] }]);
  await line.write('conductor.config.json', JSON.stringify({ agents: Object.fromEntries(named) }));
}

async function newTrack(name: string, ...more: readonly string[]): Promise<string> {
  return trackOf((await line.json('new', name, ...more)).last).id;
}

describe('go from two programs at once', () => {
  it('makes one track for one goal: the other one goes on with it', async () => {
    await agents('default');
    const both = await Promise.all([1, 2].map(async () => line.json('go', 'Fix the export of reports', '--no-run')));
    const results = both.map(({ last }) => valid('go', last));
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(results.map((result) => result['action']).toSorted()).toEqual(['created', 'resumed']);
    expect(new Set(results.map((result) => trackOf(result).id)).size).toBe(1);
    expect(valid('list', (await line.json('list')).last)['tracks']).toHaveLength(1);
  });
});

describe('go with a goal', () => {
  it('reads intent and complexity, makes the track with its files, and runs it to COMPLETE [CMD-01]', async () => {
    await agents('scribe', 'planner', 'worker');
    const { documents, last, exitCode } = await line.json('go', 'Fix the export of reports as CSV');
    expect(valid('go', last)).toMatchObject({
      kind: 'result',
      action: 'created',
      intent: 'bugfix',
      complexity: 'minor',
      stop: 'completed',
      track: { type: 'bugfix', lifecycle: 'completed', name: 'Fix the export of reports as CSV' },
      approvals: [],
    });
    expect(exitCode).toBe(0);
    const [first, ...rest] = documents.slice(0, -1);
    expect(valid('go', first ?? {})).toMatchObject({
      kind: 'status',
      action: 'created',
      track: { lifecycle: 'draft' },
    });
    for (const document of rest) valid('event', document);
    expect(rest.length).toBeGreaterThan(5);

    const { id } = trackOf(last);
    expect(await specOf(id)).toContain('R1: Fix the export of reports as CSV');
    expect(JSON.parse(await fileOf(`conductor/tracks/${id}/metadata.json`))).toMatchObject({
      version: 3,
      type: 'bugfix',
      superpower_enhanced: true,
    });
    expect(await fileOf('conductor/tracks.md')).toContain(id);
    expect(await fileOf('export.csv')).toBe('a;b\n');

    // A goal that fits a track in progress, or else a planned one, goes on with it; several are a question, and so is an unclear goal.
    const planned = await newTrack('Printer queue', '--goal', 'Jobs of the printer queue are listed');
    const again = await line.json('go', 'List the jobs in the queue of the printer', '--no-run');
    expect(valid('go', again.last)).toMatchObject({ action: 'resumed', track: { id: planned } });
    const other = await newTrack('Printer queue colours');
    const asked = await line.json('go', 'Clear the printer queue');
    expect([errorOf(asked.last).code, asked.exitCode]).toEqual(['GOAL_AMBIGUOUS', 4]);
    expect(errorOf(asked.last).details.options).toMatchObject([
      { trackId: planned },
      { trackId: other },
      { intent: 'feature' },
    ]);
    const unclear = await line.json('go', 'Fix or refactor the prefix of orders');
    expect(errorOf(unclear.last).details.options?.flatMap(({ intent }) => intent ?? [])).toEqual([
      'bugfix',
      'refactor',
    ]);
    const answered = await line.json('go', 'Fix or refactor the prefix of orders', '--intent', 'refactor', '--no-run');
    expect(valid('go', answered.last)).toMatchObject({
      action: 'created',
      intent: 'refactor',
      track: { type: 'refactor' },
    });
    // By whole words: a prefix is no fix.
    const prefix = await line.json('go', 'Prefix invoices with the year', '--no-run');
    expect(prefix.last).toMatchObject({ intent: 'feature' });
  });

  it('stops before the run with --no-run, and the spec says what is to be filled in when nobody writes it', async () => {
    const { last, exitCode } = await line.json('go', 'Reports are downloaded as CSV', '--no-run');
    expect(valid('go', last)).toMatchObject({ action: 'created', track: { lifecycle: 'draft' } });
    expect(last).not.toHaveProperty('stop');
    expect(exitCode).toBe(0);
    const spec = await specOf(trackOf(last).id);
    expect(spec).toContain('- Reports are downloaded as CSV');
    expect(spec).toContain('To be filled in');
  });

  it('lets an agent for everything do without a spec, and tells of a scribe that gives none where the goal is kept', async () => {
    await line.write('no-spec', '');
    await agents('default');
    const stood = await line.json('go', 'Reports are downloaded as CSV', '--no-run');
    expect(await specOf(trackOf(stood.last).id)).toContain('To be filled in');
    await agents('scribe');
    const { last, exitCode } = await line.json('go', 'Invoices are archived by month', '--no-run');
    expect([errorOf(last).code, exitCode]).toEqual(['ANSWER_INVALID', 1]);
    const [, id = ''] = /conductor run (\S+)/u.exec(errorOf(last).hint ?? '') ?? [];
    expect(await specOf(id)).toContain('Invoices are archived by month');
  });

  it('says what is missing when nobody can plan, keeps the track, and goes on with it when it is called again', async () => {
    const first = await line.json('go', 'Reports are downloaded as CSV');
    expect([errorOf(first.last).code, first.exitCode]).toEqual(['EXECUTOR_MISSING', 3]);
    await agents('planner', 'worker');
    const second = await line.json('go', 'Download reports as CSV');
    expect(valid('go', second.last)).toMatchObject({ action: 'resumed', stop: 'completed' });
    expect((await line.json('list', '--all')).last['tracks']).toHaveLength(1);
  });

  it('asks when the goal is in the scope of another track, by a file or by a task', async () => {
    await line.write('plan.md', planOf('src/orders.ts'));
    const id = await newTrack('Bookkeeping', '--plan', 'plan.md');
    const { last, exitCode } = await line.json('go', 'Round the prices in src/orders.ts');
    expect([errorOf(last).code, exitCode]).toEqual(['GOAL_AMBIGUOUS', 4]);
    expect(errorOf(last).details.options).toMatchObject([{ trackId: id }, { intent: 'feature' }]);
  });

  it('prints the question with the exact commands that answer it', async () => {
    const id = await newTrack('Printer queue');
    await newTrack('Printer queue colours');
    const goal = "Clear the printer's queue of the printer";
    const { stderr, exitCode } = await line.run('go', goal);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('error GOAL_AMBIGUOUS: "Clear the printer\'s queue of the printer" fits 2 tracks');
    expect(stderr).toContain(`    conductor go --track ${id}`);
    expect(stderr).toContain("    conductor go 'Clear the printer'\\''s queue of the printer' --intent feature");
  });

  it('says that a track which is there keeps its own goal, unless it was made for this one', async () => {
    await line.json('go', 'Jobs of the printer queue are listed', '--no-run');
    const own = 'The track goes on with its own goal.';
    const same = await line.run('go', 'Jobs of the printer queue are listed', '--no-run');
    expect(same.stdout).toContain('Going on with track');
    expect(same.stderr).not.toContain(own);
    const other = await line.run('go', 'Sort the jobs of the printer queue', '--no-run');
    expect(other.stderr).toContain(own);
    expect(other.stderr).toMatch(/conductor\/tracks\/jobs-of-the-printer-queue-are-listed_\d{8}\/spec\.md/u);
  });

  it('tells how a new track comes to its turn beside the active one', async () => {
    await line.write('plan.md', planOf('a.txt'));
    await agents('planner', 'worker');
    const active = await newTrack('Files', '--plan', 'plan.md');
    await line.run('run', active, '--until', 'plan');
    const { last, exitCode } = await line.json('go', 'Reports are downloaded as CSV');
    expect([errorOf(last).code, exitCode]).toEqual(['ACTIVE_TRACK_EXISTS', 5]);
    expect(errorOf(last).hint).toMatch(/conductor switch reports-are-downloaded-as-csv_\d{8}/u);
  });

  it('tells in plain lines what it begins with and how it ends', async () => {
    await agents('planner', 'worker');
    const { stdout, exitCode } = await line.run('go', 'Reports are downloaded as CSV');
    expect(stdout).toMatch(/^New track (\S+) \(feature, minor\)\n {2}conductor\/tracks\/\1\/spec\.md\n/u);
    expect(stdout).toMatch(/^Track \S+ is complete: 1 of 1 tasks in 0:\d\d$/mu);
    expect(exitCode).toBe(0);
  });

  it.each([
    ['10 MB', 'fix '.repeat(2_500_000), 'TOO_LARGE', 2],
    ['control characters alone', '\u0000\u0007\u001b[31m', 'VALIDATION_FAILED', 2],
    ['emoji alone', '🚀🚀', 'VALIDATION_FAILED', 2],
    ['nothing to work on', 'fix it', 'GOAL_AMBIGUOUS', 4],
  ])('refuses a goal of %s, and makes nothing', async (_name, goal, code, exit) => {
    const { last, exitCode } = await line.json('go', goal);
    expect([errorOf(last).code, exitCode]).toEqual([code, exit]);
    expect((await line.json('list', '--all')).last['tracks']).toEqual([]);
  });

  it.each([
    ['a path', '../../etc/passwd; rm -rf /', /^etc-passwd-rm-rf_\d{8}$/u],
    ['Japanese', 'ログイン画面を修正する', /^track_\d{8}$/u],
    ['escape sequences', 'Show \u001b[31mred\u001b[0m orders', /^show-red-orders_\d{8}$/u],
  ])('makes a track in its own folder from %s', async (_name, goal, id) => {
    const { last } = await line.json('go', goal, '--no-run');
    expect(trackOf(last).id).toMatch(id);
    expect(existsSync(join(line.dir, 'conductor/tracks', trackOf(last).id, 'spec.md'))).toBe(true);
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    expect(trackOf(last).name).not.toMatch(/[\u0000-\u001f]/u);
  });

  it.each([
    ['an unknown intent', ['x', '--intent', 'lunch'], 'USAGE', 2],
    ['an intent without a goal', ['--intent', 'bugfix'], 'USAGE', 2],
    ['an intent beside a track', ['x', '--intent', 'bugfix', '--track', 'a'], 'USAGE', 2],
    ['a track that is not there', ['--track', 'nothing'], 'TRACK_NOT_FOUND', 3],
  ])('refuses %s', async (_name, argv, code, exit) => {
    const { last, exitCode } = await line.json('go', ...argv);
    expect([errorOf(last).code, exitCode]).toEqual([code, exit]);
  });
});

describe('go without a goal', () => {
  it('goes on with the active track to its end; without one it asks by a usage error with what to type [CMD-02]', async () => {
    const none = await line.json('go');
    expect([errorOf(none.last).code, none.exitCode]).toEqual(['USAGE', 2]);
    expect(errorOf(none.last).hint).toBe('conductor go "<what shall be true afterwards>"');

    await agents('planner', 'worker');
    await line.write('plan.md', planOf('a.txt'));
    const id = await newTrack('Files', '--plan', 'plan.md');
    expect((await line.json('go')).exitCode).toBe(2); // a draft is not active
    await line.run('run', id, '--until', 'plan');
    const { last, exitCode } = await line.json('go', 'continue');
    expect(valid('go', last)).toMatchObject({
      action: 'resumed',
      intent: 'feature',
      stop: 'completed',
      track: { id, lifecycle: 'completed' },
    });
    expect(exitCode).toBe(0);
    expect((await line.json('go')).exitCode).toBe(2);
  });

  it('goes on with the track that is named, and lifts its pause; a paused one is named where none is active', async () => {
    await agents('planner', 'worker');
    await line.write('plan.md', planOf('a.txt'));
    const id = await newTrack('Files', '--plan', 'plan.md');
    await line.run('run', id, '--until', 'plan');
    await line.run('pause', id);
    const none = await line.json('go');
    expect([errorOf(none.last).hint, none.exitCode]).toEqual([`conductor go --track ${id}`, 2]);
    const { last } = await line.json('go', '--track', id.slice(0, 4));
    expect(valid('go', last)).toMatchObject({ action: 'resumed', stop: 'completed', track: { id } });
    const ended = await line.json('go', '--track', id);
    expect([errorOf(ended.last).code, ended.exitCode]).toEqual(['TRACK_ENDED', 5]);
  });
});
