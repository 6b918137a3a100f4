import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '@conductor/core';
import { parseSuperpowerErrors } from '@conductor/core/files';
import { silentLogger } from '@conductor/core/ports';
import type { Assignment, Logger, Outcome } from '@conductor/core/ports';
import { executorSuite } from '../conformance/executor.suite.js';
import type { Behaviour } from '../conformance/executor.suite.js';
import { superpowerExecutor } from './superpower-executor.js';

const answer = `echo '{"status":"done","summary":"all done","answer":{"n":1}}'`;
const started = `echo '{"note":"started"}'`;
const scripts: Readonly<Record<Behaviour, string>> = {
  answer,
  fail: 'echo oops >&2; exit 1',
  silent: 'echo working; exit 0',
  wordy: `printf '{"summary":"%0100000d"}\\n' 0`,
  count: `for i in 1 2 3 4 5; do echo "{\\"progress\\":{\\"percent\\":$i,\\"note\\":\\"$i\\"}}"; done; ${answer}`,
  hang: `${started}; exec sleep 1000`,
  talk: 'while :; do echo talking; sleep 0.01; done',
  stubborn: `trap '' TERM; ${started}; while :; do sleep 0.05; done`,
  family: `sleep 1000 & echo "{\\"note\\":\\"$!\\"}"; wait`,
  leave: `sleep 1000 & echo "{\\"note\\":\\"$!\\"}"; ${answer}`,
};

const track = 'conductor/tracks/greet_20260101';
let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'conductor-superpower-')));
  await mkdir(join(root, track), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const write = (path: string, text: string) => writeFile(join(root, path), text);
const read = (path: string) => readFile(join(root, path), 'utf8');
const checkpoints = (all: object) =>
  JSON.stringify({ version: 3, track_id: 'greet_20260101', loop_state: { checkpoints: all } });

function planner(agent = 'superpowers:writing-plans'): Assignment {
  return {
    role: 'planner',
    effect: 'greet/PLAN/1/planner',
    idempotencyKey: 'project_1/greet/PLAN/1/planner',
    trackId: 'greet_20260101',
    step: 'PLAN',
    runId: 'run_1',
    attempt: 1,
    recovery: 0,
    folder: root,
    input: { agent, trackFolder: track, goal: 'Greet' },
    deadlineMs: 60_000,
    idleMs: 60_000,
  };
}

/** Runs a shell script as the program, and keeps what it was warned of. */
async function call(script: string, assignment: Assignment = planner()) {
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (message) => void warnings.push(message), with: () => logger };
  let spawned = 0;
  const executor = superpowerExecutor({ id: 'program', command: ['sh', '-c', script, '{agent}'] });
  const outcome: Outcome = await executor.run(assignment, {
    signal: new AbortController().signal,
    logger,
    clock: systemClock(),
    report: async () => {},
    spawned: async () => void (spawned += 1),
    extend: async () => {},
  });
  return { outcome, warnings, spawned };
}

const pass = `echo '{"verdict":"PASS","summary":"planned","files_changed":1}'`;

describe('a superpower executor', () => {
  it('calls the program with the published command line, below the root', async () => {
    await write(`${track}/spec.md`, '# Greet');
    const { outcome } = await call(
      `echo "$0" >called; for a in "$@"; do echo "$a" >>called; done; echo "$CONDUCTOR_AGENT" >>called; ${pass}`,
    );
    expect(outcome).toMatchObject({ status: 'done', summary: 'planned', exitCode: 0 });
    expect((await read('called')).trim().split('\n')).toEqual([
      'superpowers:writing-plans',
      `--spec=${track}/spec.md`,
      `--output-dir=${track}/`,
      '--track-id=greet_20260101',
      `--metadata=${track}/metadata.json`,
      '--context-files=conductor/tech-stack.md,conductor/workflow.md,conductor/product.md',
      '--format=markdown',
      '--include-dag=true',
      'superpowers:writing-plans',
    ]);
  });

  it('looks for the input file before the call: without it nothing is started, and it is code 3 [LOOP-17]', async () => {
    const { outcome, spawned } = await call(`touch started; ${pass}`);
    expect(outcome).toMatchObject({
      status: 'failed',
      exitCode: 3,
      error: { code: 'FILE_NOT_FOUND', retryable: false },
    });
    expect(outcome.summary).toContain(`${track}/spec.md`);
    expect(spawned).toBe(0);
    await expect(read('started')).rejects.toThrow('ENOENT');
    await write(`${track}/spec.md`, '# Greet');
    expect((await call(pass)).outcome.status).toBe('done');
    await rm(join(root, track, 'spec.md'));
    await mkdir(join(root, track, 'spec.md'));
    expect((await call(pass)).outcome.exitCode).toBe(3);
  });

  it('takes no input through a link that leads out of the project', async () => {
    await symlink('/etc/hostname', join(root, track, 'spec.md'));
    expect((await call(pass)).outcome).toMatchObject({ status: 'failed', exitCode: 2, error: { code: 'PATH_UNSAFE' } });
  });

  it.each([
    [1, { status: 'failed', exitCode: 1 }],
    [2, { status: 'failed', exitCode: 2 }],
    [3, { status: 'failed', exitCode: 3 }],
    [4, { status: 'blocked', exitCode: 4 }],
  ] as const)(
    'passes exit code %i through, whatever the program says, and keeps it in the log of the track',
    async (code, expected) => {
      await write(`${track}/spec.md`, '# Greet');
      const { outcome } = await call(`echo 'ERROR: no luck'; ${pass}; exit ${code}`);
      expect(outcome).toMatchObject(expected);
      await call(`echo "second"; exit ${code}`);
      const kept = parseSuperpowerErrors(await read(`${track}/superpower-errors.log`));
      expect(kept).toMatchObject([
        { superpower: 'superpowers:writing-plans', exitCode: code },
        {
          superpower: 'superpowers:writing-plans',
          exitCode: code,
          message: expect.stringContaining('second') as string,
        },
      ]);
    },
  );

  it('keeps no log of that name for the agents of the loop', async () => {
    await write(`${track}/spec.md`, '# Greet');
    expect((await call('exit 1', planner('loop-planner'))).outcome.exitCode).toBe(1);
    await expect(read(`${track}/superpower-errors.log`)).rejects.toThrow('ENOENT');
  });

  it('writes its log through no link', async () => {
    await write(`${track}/spec.md`, '# Greet');
    await write('victim', 'mine\n');
    await symlink(join(root, 'victim'), join(root, track, 'superpower-errors.log'));
    const { outcome, warnings } = await call('exit 1');
    expect(outcome.exitCode).toBe(1);
    expect(await read('victim')).toBe('mine\n');
    expect(warnings).toHaveLength(1);
  });

  it('reads the verdict from the one-line JSON, and from words where there is none [LOOP-19]', async () => {
    await write(`${track}/spec.md`, '# Greet');
    await write(`${track}/metadata.json`, checkpoints({ PLAN: { status: 'IN_PROGRESS' } }));
    const status = async (script: string) => (await call(script)).outcome.status;
    expect(await status(`echo 'VERDICT: FAIL'; ${pass}`)).toBe('done');
    expect(await status(`echo 'VERDICT: PASS'; echo '{"verdict":"FAIL","summary":"x"}'`)).toBe('failed');
    expect(await status(`echo 'VERDICT: PASS'`)).toBe('done');
    expect(await status(`echo 'TASKS COMPLETED: 3/3'`)).toBe('done');
    expect(await status(`echo 'FIXES APPLIED: 2'`)).toBe('done');
    expect(await status(`echo 'TASKS COMPLETED: 2/3'`)).toBe('failed');
    expect(await status(`echo 'VERDICT: FAIL'`)).toBe('failed');
    expect(await status(`echo 'ERROR: x'`)).toBe('failed');
    expect(await status(`echo 'BLOCKED: x'`)).toBe('blocked');
    expect(await status(`echo 'I think it went well'`)).toBe('failed');
  });

  it('looks at the checkpoint after a success, and warns when it does not read PASSED [LOOP-18]', async () => {
    await write(`${track}/spec.md`, '# Greet');
    const none = await call(pass);
    expect(none.outcome.status).toBe('done');
    expect(none.warnings).toEqual([expect.stringContaining('checkpoint PLAN reads nothing, not PASSED')]);
    await write(
      `${track}/metadata.json`,
      checkpoints({ PLAN: { status: 'IN_PROGRESS' }, EXECUTE: { status: 'PASSED' } }),
    );
    const other = await call(pass);
    expect(other.outcome.status).toBe('done');
    expect(other.warnings).toEqual([expect.stringContaining('reads IN_PROGRESS')]);
    const sets = `printf '%s' '${checkpoints({ PLAN: { status: 'PASSED' } })}' >${track}/metadata.json; ${pass}`;
    expect((await call(sets)).warnings).toEqual([]);
    expect((await call('exit 1')).warnings).toEqual([]); // of a failure nobody expects one
  });

  it('lets files decide in doubt: a silent program whose checkpoint reads PASSED has passed', async () => {
    await write(`${track}/spec.md`, '# Greet');
    await write(`${track}/metadata.json`, checkpoints({ PLAN: { status: 'PASSED' } }));
    expect((await call('true')).outcome).toMatchObject({ status: 'done', exitCode: 0 });
    await write(`${track}/metadata.json`, '{ not json');
    expect((await call('true')).outcome).toMatchObject({ error: { code: 'EXECUTOR_NO_OUTCOME' } });
  });

  it('expects no passed checkpoint of a step whose other tasks are still open', async () => {
    await write(`${track}/plan.md`, '# Plan');
    await write(`${track}/metadata.json`, checkpoints({ EXECUTE: { status: 'IN_PROGRESS' } }));
    const worker = (openTasks: number): Assignment => ({
      ...planner(),
      role: 'worker',
      step: 'EXECUTE',
      input: { agent: 'superpowers:executing-plans', trackFolder: track, mode: 'PARALLEL', openTasks },
      task: { id: '1.1', gen: 1, title: 'Greet', phase: 1, type: 'code', dependsOn: [], files: [], shareable: false },
    });
    expect((await call(pass, worker(2))).warnings).toEqual([]);
    expect((await call(pass, worker(1))).warnings).toHaveLength(1);
  });

  it('refuses a role that has no command line, without a process', async () => {
    const { outcome, spawned } = await call(pass, { ...planner(), step: 'EVALUATE_PLAN', role: 'critic' });
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'UNSUPPORTED' } });
    expect(spawned).toBe(0);
  });

  it('cannot be declared without a program', () => {
    expect(() => superpowerExecutor({ id: 'x', command: [] })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

describe('as an executor of the port', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'conductor-suite-')));
    await mkdir(join(folder, 'conductor/tracks/suite_20260101'), { recursive: true });
    await writeFile(join(folder, 'conductor/tracks/suite_20260101/plan.md'), '# Plan\n');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  executorSuite('superpower', (behaviour) =>
    superpowerExecutor({
      id: 'sh',
      command: ['sh', '-c', scripts[behaviour]],
      root: folder,
      limits: { killGraceMs: 200 },
    }),
  );
});
