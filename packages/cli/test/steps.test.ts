import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, valid } from './answers.js';
import { commandLine, planOf } from './command-line.js';
import type { CommandLine, Document } from './command-line.js';

let line: CommandLine;
beforeEach(async () => {
  line = await commandLine();
});
afterEach(() => line.remove());

const hintOf = (document: Document) => (document['error'] as { hint?: string } | undefined)?.hint;

/** One agent for every role, as a person would write it: it says which role it was asked to play. */
const agent = `import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
const { role, step, task } = JSON.parse(readFileSync(process.env.CONDUCTOR_ASSIGNMENT, 'utf8'));
appendFileSync(process.env.CONDUCTOR_ROOT + '/calls.log', [role, step, task?.id ?? '-'].join(' ') + '\\n');
const answer = role === 'planner' ? { plan: readFileSync('planned.md', 'utf8') } : {};
if (existsSync('refuse')) { console.log(JSON.stringify({ status: 'failed', summary: 'It does not build' })); process.exit(0); }
for (const file of task?.files ?? []) writeFileSync(file, 'Hello\\n');
console.log(JSON.stringify({ status: 'done', summary: 'Did ' + (task?.id ?? role), answer, usage: { inputTokens: 5 } }));
`;

/** A project whose agent plays every role, and a track without a plan; its id. */
async function project(...files: readonly string[]): Promise<string> {
  await line.write(
    'conductor.config.json',
    JSON.stringify({ agents: { default: { command: ['node', 'agent.mjs'] } } }),
  );
  await line.write('agent.mjs', agent);
  await line.write('planned.md', planOf(...files));
  const { last } = await line.json('new', 'Files', '--goal', 'The files are there');
  return (last['track'] as { id: string }).id; // validated by its own test
}

const calls = async () => (await readFile(join(line.dir, 'calls.log'), 'utf8')).trim().split('\n');

describe('step', () => {
  it('takes one step after the other, each ending with verdict, summary and files changed', async () => {
    const id = await project('a.txt', 'b.txt');
    const told: (readonly [string, number, Document])[] = [];
    for (const step of ['plan', 'evaluate-plan', 'execute', 'evaluate-execution']) {
      const { last, exitCode, documents } = await line.json('step', step, id);
      for (const document of documents.slice(0, -1)) valid('event', document);
      told.push([step, exitCode, valid('step', last)]);
    }
    expect(told).toMatchObject([
      [
        'plan',
        0,
        { verdict: 'PASS', summary: 'The plan has 2 tasks', filesChanged: 1, track: { id, step: 'EVALUATE_PLAN' } },
      ],
      ['evaluate-plan', 0, { verdict: 'PASS', filesChanged: 0, track: { step: 'EXECUTE', progress: { done: 0 } } }],
      [
        'execute',
        0,
        {
          verdict: 'PASS',
          summary: '2 tasks completed, 0 failed',
          filesChanged: 2,
          tasks: { started: 2, completed: 2, failed: 0 },
          track: { step: 'EVALUATE_EXECUTION' },
        },
      ],
      ['evaluate-execution', 0, { verdict: 'PASS', track: { step: 'COMPLETE', lifecycle: 'active' } }],
    ]);
    expect(await calls()).toEqual(['planner PLAN -', 'worker EXECUTE 1.1', 'worker EXECUTE 1.2']);
  });

  it.each([
    ['fix', 'PLAN', 'conductor step plan '],
    ['execute', 'PLAN', 'conductor step plan '],
    ['brainstorm', 'PLAN', 'conductor step plan '],
  ])('refuses %s while the track stands at %s, and starts nothing', async (step, at, hint) => {
    const id = await project('a.txt');
    const { last, exitCode } = await line.json('step', step, id);
    expect([codeOf(valid('error', last)), exitCode]).toEqual(['INVALID_STATE', 5]);
    expect(last).toMatchObject({ error: { details: { step: at, allowed: [at] } } });
    expect(hintOf(last)).toBe(`${hint}${id}`);
    expect(existsSync(join(line.dir, 'calls.log'))).toBe(false);
  });

  it('exits 1 with FAIL for a step that failed, and the fixer is the step after it', async () => {
    const id = await project('a.txt');
    await line.run('run', id, '--until', 'evaluate-plan');
    await line.run('step', 'execute', id);
    await rm(join(line.dir, 'a.txt'));
    const failed = await line.json('step', 'evaluate-execution', id);
    expect([valid('step', failed.last)['verdict'], failed.exitCode]).toEqual(['FAIL', 1]);
    expect(failed.last).toMatchObject({ track: { step: 'FIX', fixCycles: 1 } });
    const fixed = await line.json('loop-fixer', id);
    expect(valid('step', fixed.last)).toMatchObject({
      verdict: 'PASS',
      tasks: { completed: 1 },
      track: { step: 'EVALUATE_EXECUTION' },
    });
  });

  it('exits 1 for tasks that could not be done, whose reason it tells', async () => {
    const id = await project('a.txt');
    await line.run('run', id, '--until', 'evaluate-plan');
    await line.write('refuse', '');
    const { last, exitCode } = await line.json('step', 'execute', id);
    expect(valid('step', last)).toMatchObject({ verdict: 'FAIL', tasks: { started: 3, completed: 0, failed: 1 } });
    expect(exitCode).toBe(1);
  });

  it('exits 4 where the run stopped before the end of the step, and goes on from there', async () => {
    const id = await project('a.txt', 'b.txt');
    await line.run('run', id, '--until', 'evaluate-plan');
    const { last, exitCode } = await line.json('step', 'execute', id, '--budget-tokens', '1');
    expect(valid('step', last)).toMatchObject({
      verdict: 'FAIL',
      stop: 'budget',
      summary: 'EXECUTE is not over: the budget is used up',
      tasks: { started: 1, completed: 1 },
    });
    expect(exitCode).toBe(4);
    expect((await line.json('step', 'execute', id)).last).toMatchObject({ verdict: 'PASS', tasks: { started: 1 } });
  });

  it.each([
    ['an unknown step', ['step', 'lunch', 'files'], 'USAGE', 2],
    ['no track', ['step', 'plan'], 'USAGE', 2],
    ['a track that is not there', ['step', 'plan', 'nope'], 'TRACK_NOT_FOUND', 3],
    ['half a token', ['step', 'plan', 'files', '--budget-tokens', '1.5'], 'USAGE', 2],
  ])('refuses %s', async (_name, argv, code, exit) => {
    await project('a.txt');
    const { last, exitCode } = await line.json(...argv);
    expect([codeOf(valid('error', last)), exitCode]).toEqual([code, exit]);
  });

  it('exits 3 where nobody was handed in for the step', async () => {
    const id = await project('a.txt');
    const { last, exitCode } = await line.json('step', 'plan', id, '--config', 'none');
    expect([codeOf(valid('error', last)), exitCode]).toEqual(['EXECUTOR_MISSING', 3]);
  });

  it('says for people what came out, and what to type next', async () => {
    const id = await project('a.txt');
    const { stdout } = await line.run('step', 'plan', id);
    expect(stdout).toMatch(/^PLAN PASS: The plan has 1 task$/mu);
    expect(stdout).toContain(`Next: conductor step evaluate-plan ${id}`);
  });
});

describe('other names of the steps', () => {
  it('takes each step by the names that commands of the published agents have [CMD-09]', async () => {
    const id = await project('a.txt', 'b.txt');
    const tried: (readonly [string, unknown, unknown])[] = [];
    const take = async (...argv: readonly string[]) => {
      const { last } = await line.json(...argv);
      const { step } = (last['track'] ?? {}) as { readonly step?: string }; // absent from an error
      tried.push([argv[0] ?? '', last['verdict'] ?? codeOf(last), step]);
      return last;
    };
    await take('brainstorm');
    await take('loop-planner', id);
    await take('loop-plan-evaluator', id);
    await take('task-worker', id, '1.1');
    const dispatched = await take('parallel-dispatcher', id);
    await rm(join(line.dir, 'a.txt'));
    await take('loop-execution-evaluator', id);
    await take('loop-fixer', id);
    await take('loop-execution-evaluator', id);
    await line.run('run', id);
    const second = (await line.json('new', 'Second', '--goal', 'x')).last['track'] as { readonly id: string }; // as above
    await take('write-plan');
    await line.run('loop-plan-evaluator', second.id);
    await take('loop-executor', second.id, '--budget-tokens', '1');
    await take('execute-plan');
    expect(tried).toEqual([
      ['brainstorm', 'INVALID_STATE', undefined],
      ['loop-planner', 'PASS', 'EVALUATE_PLAN'],
      ['loop-plan-evaluator', 'PASS', 'EXECUTE'],
      ['task-worker', 'PASS', 'EXECUTE'],
      ['parallel-dispatcher', 'PASS', 'EVALUATE_EXECUTION'],
      ['loop-execution-evaluator', 'FAIL', 'FIX'],
      ['loop-fixer', 'PASS', 'EVALUATE_EXECUTION'],
      ['loop-execution-evaluator', 'PASS', 'COMPLETE'],
      ['write-plan', 'PASS', 'EVALUATE_PLAN'],
      ['loop-executor', 'FAIL', 'EXECUTE'],
      ['execute-plan', 'PASS', 'EVALUATE_EXECUTION'],
    ]);
    expect(dispatched).toMatchObject({ tasks: { started: 1, completed: 1, failed: 0 } });
    const needTrack = tried.map(([name]) => name).filter((name) => !/^(?:brain|write|execute)/u.test(name));
    for (const name of needTrack) expect([name, (await line.run(name)).exitCode]).toEqual([name, 2]);
    expect((await line.run('task-worker', id)).exitCode).toBe(2);
  });
});

describe('task run', () => {
  it('works off one task, leaves the others, and says what it came to', async () => {
    const id = await project('a.txt', 'b.txt');
    await line.run('run', id, '--until', 'evaluate-plan');
    const early = await line.json('task', 'run', id, '1.2');
    expect([codeOf(early.last), early.exitCode]).toEqual(['PREREQUISITES_UNMET', 4]);
    const { last, exitCode } = await line.json('task', 'run', id, '1.1');
    expect(valid('task-run', last)).toMatchObject({
      verdict: 'PASS',
      task: '1.1',
      summary: 'Did 1.1',
      filesChanged: 1,
      track: { progress: { done: 1, total: 2 } },
    });
    expect(exitCode).toBe(0);
    expect([existsSync(join(line.dir, 'a.txt')), existsSync(join(line.dir, 'b.txt'))]).toEqual([true, false]);

    const again = await line.json('task', 'run', id, '1.1');
    expect(valid('task-run', again.last)).toMatchObject({ verdict: 'PASS', summary: 'Task 1.1 is already done' });
    expect((await calls()).filter((call) => call.startsWith('worker'))).toEqual(['worker EXECUTE 1.1']);
  });

  it('exits 1 with the reason of the agent when it cannot be done', async () => {
    const id = await project('a.txt');
    await line.run('run', id, '--until', 'evaluate-plan');
    await line.write('refuse', '');
    const { last, exitCode } = await line.json('task', 'run', id, '1.1');
    expect(valid('task-run', last)).toMatchObject({ verdict: 'FAIL', summary: 'It does not build' });
    expect(exitCode).toBe(1);
  });

  it.each([
    ['a task that is not in the plan', '9.9', 'TASK_NOT_FOUND'],
    ['a name of a prototype', '__proto__', 'TASK_NOT_FOUND'],
  ])('refuses %s before anything runs', async (_name, task, code) => {
    const id = await project('a.txt');
    await line.run('step', 'plan', id);
    const { last, exitCode } = await line.json('task', 'run', id, task);
    expect([codeOf(last), exitCode]).toEqual([code, 3]);
    const run = await line.json('run', id, '--task', task);
    expect([codeOf(run.last), run.exitCode]).toEqual([code, 3]);
  });

  it('refuses a track that has no plan yet', async () => {
    const id = await project('a.txt');
    const { last, exitCode } = await line.json('task', 'run', id, '1.1');
    expect([codeOf(last), exitCode]).toEqual(['PLAN_NOT_FOUND', 3]);
  });
});

describe('run --until and --task', () => {
  it('stop at once, and start nothing, where the step or the task is behind the track already', async () => {
    const id = await project('a.txt', 'b.txt');
    await line.run('run', id, '--task', '1.1');
    const before = await calls();
    for (const goal of [
      ['--until', 'plan'],
      ['--until', 'evaluate-plan'],
      ['--task', '1.1'],
    ]) {
      const { last, exitCode } = await line.json('run', id, ...goal);
      expect([goal, exitCode]).toEqual([goal, 0]);
      expect(valid('run', last)).toMatchObject({ stop: 'stopped', track: { step: 'EXECUTE', progress: { done: 1 } } });
    }
    expect(await calls()).toEqual(before);
    expect((await line.json('run', id, '--until', 'execute')).last).toMatchObject({ track: { progress: { done: 2 } } });
  });
});

describe('ready, activate, switch, retry, archive', () => {
  it('makes a draft ready, then active, and says so when it is already', async () => {
    const id = await project('a.txt');
    expect(valid('ready', (await line.json('ready', id)).last)).toMatchObject({ track: { lifecycle: 'ready' } });
    expect(valid('activate', (await line.json('activate', id)).last)).toMatchObject({ track: { lifecycle: 'active' } });
    const again = await line.run('activate', id);
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('already active')]);
  });

  it('switches: the active track is paused in favour of the other', async () => {
    const first = await project('a.txt');
    const second = ((await line.json('new', 'Second', '--goal', 'x')).last['track'] as { id: string }).id;
    await line.run('activate', first);
    const refused = await line.json('activate', second);
    expect([codeOf(refused.last), refused.exitCode]).toEqual(['ACTIVE_TRACK_EXISTS', 5]);
    const { last } = await line.json('switch', second, '--reason', 'More urgent');
    expect(valid('switch', last)).toMatchObject({ track: { id: second, lifecycle: 'active' }, suspended: first });
    expect((await line.json('show', first)).last).toMatchObject({ track: { lifecycle: 'paused' } });
  });

  it('retries what failed and archives what is over, and nothing else', async () => {
    const id = await project('a.txt');
    for (const command of ['retry', 'archive']) {
      await line.run('activate', id);
      const { last, exitCode } = await line.json(command, id);
      expect([command, codeOf(last), exitCode]).toEqual([command, 'INVALID_STATE', 5]);
    }
    await line.run('cancel', id);
    expect(valid('archive', (await line.json('archive', id)).last)).toMatchObject({ track: { lifecycle: 'archived' } });
  });
});

describe('show, config show and approve --run', () => {
  it('shows all about a track in lines of at most 80 columns', async () => {
    const id = await project('a.txt');
    expect(valid('show', (await line.json('show', id)).last)).toMatchObject({ track: { id, step: 'PLAN' } });
    const { stdout } = await line.run('show', id);
    for (const part of [id, 'feature, P2', 'draft', 'PLAN not started', `conductor/tracks/${id}`, 'run: a draft'])
      expect(stdout).toContain(part);
    expect(Math.max(...stdout.split('\n').map((shown) => [...shown].length))).toBeLessThanOrEqual(80);
  });

  it('tells where each value comes from, and masks what is secret', async () => {
    await line.remove();
    line = await commandLine({
      CONDUCTOR_LIMITS__MAX_FIX_CYCLES: '1',
      CONDUCTOR_STORE: 'postgres://ann:sk-5@db/app',
    });
    const worker = {
      command: ['node', 'w.mjs', '--api-key', 'sk-1', '--token=sk-2', 'http://me:sk-3@host/'],
      env: { KEY: 'sk-4' },
    };
    const limits = { maxWorkers: 2, maxFixCycles: 7 };
    await line.write('conductor.config.json', JSON.stringify({ agents: { worker }, limits, bus: 'me:sk-bus@host' }));
    const { last, stdout } = await line.json('config', 'show');
    const { settings, file } = valid('config-show', last) as { file: string; settings: { name: string }[] };
    const of = (name: string) => settings.find((setting) => setting.name === name);
    expect(of('store')).toEqual({ name: 'store', value: 'postgres://ann:***@db/app', origin: 'CONDUCTOR_STORE' });
    expect(of('bus')).toEqual({ name: 'bus', value: '***@host', origin: file });
    expect(of('git')).toEqual({ name: 'git', value: 'auto', origin: 'default' });
    expect(of('limits.maxWorkers')).toMatchObject({ value: 2, origin: file });
    expect(of('limits.maxFixCycles')).toMatchObject({ value: 1, origin: 'CONDUCTOR_LIMITS__MAX_FIX_CYCLES' });
    expect(of('limits.maxIterations')).toMatchObject({ value: 50, origin: 'default' });
    expect(of('agents.worker')).toMatchObject({
      value: {
        command: ['node', 'w.mjs', '--api-key', '***', '--token=***', 'http://me:***@host/'],
        env: { KEY: '***' },
      },
    });
    expect(`${stdout}${(await line.run('config', 'show')).stdout}`).not.toContain('sk-');
    const flag = await line.json('config', 'show', '--agent', 'mine');
    expect(flag.last['settings']).toContainEqual({ name: 'agents', value: 'mine', origin: '--agent' });
  });

  it('needs a project and a configuration that can be read', async () => {
    expect((await line.json('config', 'show')).exitCode).toBe(3);
    await line.write('conductor.config.json', '{"agent": 1}');
    const { last, exitCode } = await line.json('config', 'show');
    expect([codeOf(last), exitCode]).toEqual(['CONFIG_INVALID', 2]);
  });

  it('answers a question and goes on with the track at once', async () => {
    const id = await project('a.txt');
    await line.write('refuse', '');
    await line.run('run', id);
    const { documents: asked } = await line.json('approvals');
    const [approval] = (asked[0] as { approvals: { id: string }[] }).approvals;
    await line.write('agent.mjs', agent.replaceAll("existsSync('refuse')", 'false'));
    const { documents, last, exitCode } = await line.json('approve', approval?.id ?? '', '--choice', 'retry', '--run');
    expect(valid('approve', documents[0] ?? {})).toMatchObject({ kind: 'status', approval: { status: 'approved' } });
    expect(valid('run', last)).toMatchObject({ stop: 'completed', track: { id } });
    expect(exitCode).toBe(0);
  });
});
