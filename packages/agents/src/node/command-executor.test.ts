import { mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '@conductor/core';
import { silentLogger } from '@conductor/core/ports';
import type { Assignment, Outcome, Progress, RunContext } from '@conductor/core/ports';
import { executorSuite } from '../conformance/executor.suite.js';
import type { Behaviour } from '../conformance/executor.suite.js';
import { commandExecutor } from './command-executor.js';
import type { CommandExecutorOptions } from './command-executor.js';

const answer = `echo '{"status":"done","summary":"all done","answer":{"n":1}}'`;
const started = `echo '{"note":"started"}'`;
const scripts: Readonly<Record<Behaviour, string>> = {
  answer,
  fail: 'echo oops >&2; exit 3',
  silent: 'echo working; exit 0',
  wordy: `printf '{"summary":"%0100000d"}\\n' 0`,
  count: `for i in 1 2 3 4 5; do echo "{\\"progress\\":{\\"percent\\":$i,\\"note\\":\\"$i\\"}}"; done; ${answer}`,
  hang: `${started}; exec sleep 1000`,
  talk: 'while :; do echo talking; sleep 0.01; done',
  stubborn: `trap '' TERM; ${started}; while :; do sleep 0.05; done`,
  family: `sleep 1000 & echo "{\\"note\\":\\"$!\\"}"; wait`,
  leave: `sleep 1000 & echo "{\\"note\\":\\"$!\\"}"; ${answer}`,
};

executorSuite('command', (behaviour) =>
  commandExecutor({ id: 'sh', command: ['sh', '-c', scripts[behaviour]], limits: { killGraceMs: 200 } }),
);

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'conductor-command-')));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const assignment = (): Assignment => ({
  role: 'worker',
  effect: 'greet:EXECUTE:t1:2',
  idempotencyKey: 'project_1/greet:EXECUTE:t1:2',
  trackId: 'greet_20260101',
  step: 'EXECUTE',
  runId: 'run_1',
  attempt: 2,
  recovery: 0,
  folder,
  input: { spec: 'Be kind' },
  deadlineMs: 60_000,
  idleMs: 60_000,
  task: { id: 't1', gen: 1, title: 'Greet', phase: 1, type: 'code', dependsOn: [], files: ['a.ts'], shareable: false },
});

async function run(
  script: string,
  options: Partial<CommandExecutorOptions> = {},
): Promise<{ readonly outcome: Outcome; readonly told: readonly Progress[]; readonly spawned: number }> {
  const told: Progress[] = [];
  let spawned = 0;
  const context: RunContext = {
    signal: new AbortController().signal,
    logger: silentLogger,
    clock: systemClock(),
    report: async (progress) => void told.push(progress),
    spawned: async () => void (spawned += 1),
    extend: async () => {},
  };
  const executor = commandExecutor({ id: 'sh', command: ['sh', '-c', script], ...options });
  const outcome = await executor.run(assignment(), context);
  return { outcome, told, spawned };
}

describe('what a command is told', () => {
  it('has its assignment in a private file that is gone afterwards', async () => {
    const temporary = join(folder, 'tmp');
    const script = `stat -c %a "$CONDUCTOR_ASSIGNMENT" "$(dirname "$CONDUCTOR_ASSIGNMENT")" >mode; cp "$CONDUCTOR_ASSIGNMENT" copy; [ "$1" = "$CONDUCTOR_ASSIGNMENT" ] && ${answer}`;
    const { outcome } = await run('', { command: ['sh', '-c', script, 'sh', '{assignment}'], temporary });
    expect(outcome.status).toBe('done');
    expect(JSON.parse(await readFile(join(folder, 'copy'), 'utf8'))).toEqual(assignment());
    expect(await readFile(join(folder, 'mode'), 'utf8')).toBe('600\n700\n');
    expect(await readdir(temporary)).toEqual([]);
  });

  it('has a prompt when it wants one', async () => {
    const script = `cp "$CONDUCTOR_PROMPT" copy; cmp "$1" "$CONDUCTOR_PROMPT" && ${answer}`;
    await run('', { command: ['sh', '-c', script, 'sh', '{prompt}'], prompt: true });
    expect(await readFile(join(folder, 'copy'), 'utf8')).toContain('# Task t1: Greet');
  });

  it('works in the folder, with names for all that identifies its work', async () => {
    const { outcome } = await run(
      `printf '{"summary":"%s %s %s %s %s %s"}' "$PWD" "$CONDUCTOR_ROOT" "$CONDUCTOR_IDEMPOTENCY_KEY" "$CONDUCTOR_TRACK" "$CONDUCTOR_TASK" "$CONDUCTOR_ATTEMPT"`,
      { root: '/the/root' },
    );
    expect(outcome.summary).toBe(`${folder} /the/root project_1/greet:EXECUTE:t1:2 greet_20260101 t1 2`);
  });

  it('sees no variable that nobody has passed', async () => {
    const { outcome } = await run(
      `env -0 | cut -z -d= -f1 | tr '\\0' ' ' | xargs -I{} printf '{"summary":"%s"}' '{}'`,
      {
        env: { MODEL_KEY: 'x' },
      },
    );
    const names = outcome.summary.trim().split(' ');
    expect(names).toContain('MODEL_KEY');
    expect(names).toContain('PATH');
    const known =
      /^(?:CONDUCTOR_[A-Z_]+|MODEL_KEY|PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.+|TZ|TERM|COLORTERM|NO_COLOR|CI|TMPDIR|XDG_.+|SSL_.+|NODE_EXTRA_CA_CERTS|.+_(?:PROXY|proxy)|PWD|OLDPWD|SHLVL|_)$/;
    expect(names.filter((name) => !known.test(name))).toEqual([]);
  });

  it('reads an empty stdin', async () => {
    expect((await run(`[ -z "$(cat)" ] && ${answer}`)).outcome.status).toBe('done');
  });

  it('gets its arguments as they are, without a shell', async () => {
    const { outcome } = await run('', { command: ['printf', '{"summary":"%s|%s|%s"}', '$HOME', 'a b', '; exit 1'] });
    expect(outcome.summary).toBe('$HOME|a b|; exit 1');
  });
});

describe('what a command answers', () => {
  it('counts by its last answer, whatever it says after it', async () => {
    const { outcome } = await run(
      `echo '{"status":"failed","summary":"first"}'; echo '{"summary":"second"}'; echo '{"type":"log"}'; echo bye`,
    );
    expect(outcome).toMatchObject({ status: 'done', summary: 'second' });
  });

  it('counts without a newline at its end, and never from stderr', async () => {
    expect((await run(`printf '{"summary":"x"}'`)).outcome.status).toBe('done');
    expect((await run(`echo '{"summary":"x"}' >&2`)).outcome).toMatchObject({ error: { code: 'EXECUTOR_NO_OUTCOME' } });
  });

  it('is no success with another exit code than 0', async () => {
    const { outcome } = await run(`echo '{"status":"done","summary":"all fine"}'; echo broken pipe >&2; exit 7`);
    expect(outcome).toMatchObject({
      status: 'failed',
      summary: expect.stringMatching(/^sh ended with exit code 7: .*broken pipe$/) as string,
      error: { code: 'EXECUTOR_ERROR', retryable: true },
    });
  });

  it('keeps what it says of its own failure', async () => {
    const { outcome } = await run(`echo '{"status":"blocked","summary":"Need a key"}'; exit 2`);
    expect(outcome).toMatchObject({ status: 'blocked', summary: 'Need a key' });
  });

  it('names the signal that ended it', async () => {
    expect((await run('kill -9 $$')).outcome.summary).toBe('sh was ended by SIGKILL');
  });

  it('may be no answer at all for a plain program', async () => {
    const { outcome } = await run(`printf 'one\\n\\033[32mtwo\\033[0m\\n\\n'`, { plain: true });
    expect(outcome).toMatchObject({ status: 'done', summary: 'two' });
    expect((await run('true', { plain: true })).outcome).toEqual({ status: 'done', summary: 'Done' });
    expect((await run('false', { plain: true })).outcome.status).toBe('failed');
  });

  it('is half an answer when its line is too long, and so none', async () => {
    const { outcome, told } = await run(`printf '{"summary":"%0200d"}\\n' 0`, { limits: { outputLineBytes: 100 } });
    expect(outcome).toMatchObject({ error: { code: 'EXECUTOR_NO_OUTCOME' } });
    expect(told[0]?.output).toMatch(/^\{"summary":"0+… \(cut\)$/);
  });
});

describe('what a command says', () => {
  it('is kept as transcript, the beginning and the end of it when it is too much', async () => {
    const { outcome } = await run(`echo begin; seq 1 100000; echo end; ${answer}`, { limits: { outputBytes: 1000 } });
    const transcript = outcome.transcript as { readonly text: string };
    expect(transcript.text.length).toBeLessThan(1100);
    expect(transcript.text).toMatch(/^begin\n1\n[\s\S]*bytes left out[\s\S]*end\n\{"status":"done".*\n$/);
  });

  it('is told as progress, together where it comes faster than it is heard', async () => {
    const { told } = await run(`seq 1 5000; ${answer}`);
    const lines = told.flatMap(({ output }) => output?.split('\n') ?? []);
    expect(lines[0]).toBe('1');
    expect(lines.at(-1)).toBe('5000');
    expect(told.length).toBeLessThan(5000);
  });
});

describe('a command that cannot run', () => {
  it.each([
    ['no-such-program-anywhere', 'COMMAND_MISSING'],
    ['./no-such-file', 'COMMAND_MISSING'],
    ['', 'COMMAND_MISSING'],
    ['./not-executable', 'COMMAND_MISSING'],
    ['./', 'COMMAND_MISSING'],
  ])('is said to be missing: %j', async (program, code) => {
    await writeFile(join(folder, 'not-executable'), '#!/bin/sh\n');
    const { outcome, spawned } = await run('', { command: [program] });
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code, retryable: false, hint: expect.any(String) as string },
    });
    expect(spawned).toBe(0);
  });

  it('is found below its folder by a relative path', async () => {
    await writeFile(join(folder, 'agent.sh'), `#!/bin/sh\n${answer}\n`, { mode: 0o755 });
    expect((await run('', { command: ['./agent.sh'] })).outcome.status).toBe('done');
  });

  it('says that its folder is gone', async () => {
    await rm(folder, { recursive: true });
    expect((await run(answer)).outcome).toMatchObject({ status: 'failed', error: { code: 'WORKSPACE_GONE' } });
  });

  it('cannot be declared without a program', () => {
    expect(() => commandExecutor({ id: 'x', command: [] })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it('does not mistake a program that ends with 127 for a missing one', async () => {
    expect((await run('exit 127')).outcome).toMatchObject({ error: { code: 'EXECUTOR_ERROR' } });
  });
});

it('leaves no file of a run in the temporary folder', async () => {
  const temporary = join(folder, 'tmp');
  await run(answer, { temporary });
  await run('exit 1', { temporary });
  expect((await stat(temporary)).isDirectory()).toBe(true);
  expect(await readdir(temporary)).toEqual([]);
});
