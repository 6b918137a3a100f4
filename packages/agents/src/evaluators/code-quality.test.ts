import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '@conductor/core';
import type { EvaluatorContext, FileHandle } from '@conductor/core/plugin';
import { sequentialIds } from '@conductor/core/testing';
import { memoryWorkspace } from '@conductor/store/memory';
import { CodeQualityOptions, evalCodeQuality, evaluateCodeQuality, failingLines } from './code-quality.js';
import { detectCommands } from './project-commands.js';
import { commandRunner } from './run-command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conductor-quality-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;

function filesOf(files: Files): EvaluatorContext<unknown>['files'] {
  const workspace = memoryWorkspace({ files });
  return async function* (glob) {
    for await (const { path, bytes } of workspace.list(glob)) {
      const read = async () => (await workspace.read(path)) ?? new Uint8Array();
      yield { path, bytes, read, text: async () => new TextDecoder().decode(await read()) } satisfies FileHandle;
    }
  };
}

async function evaluate(files: Files, options: Partial<CodeQualityOptions> = {}) {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const run = commandRunner({ clock: systemClock(), ids: sequentialIds(), killGraceMs: 100 });
  const ran: string[] = [];
  const evaluation = await evaluateCodeQuality({
    options: CodeQualityOptions.parse(options),
    signal: new AbortController().signal,
    files: filesOf(files),
    command: (file, args = [], { timeoutMs = 60_000 } = {}) => {
      ran.push([file, ...args].join(' '));
      return run({ file, args, cwd: folder, timeoutMs, tailBytes: 65_536 });
    },
  });
  return {
    ...evaluation,
    ran,
    verdicts: Object.fromEntries((evaluation.passes ?? []).map((pass) => [pass.id, pass.verdict])),
  };
}

const manifest = (scripts: Readonly<Record<string, string>>) => JSON.stringify({ name: 'x', scripts });
const passingTest = `import { test } from 'node:test';\ntest('adds', () => {});\n`;
const failingTest = `import { test } from 'node:test';\nimport assert from 'node:assert/strict';\ntest('adds', () => assert.equal(1 + 1, 3));\n`;

describe('detectCommands', () => {
  const commands = async (files: Files) => Object.fromEntries(await detectCommands({ files: filesOf(files) }));
  const scripts = { build: 'b', typecheck: 't', lint: 'l', test: 'x', deploy: 'never' };

  it.each([
    ['npm, without a lock file', {}, ['npm', 'run', '-s']],
    ['npm', { 'package-lock.json': '{}' }, ['npm', 'run', '-s']],
    ['pnpm', { 'pnpm-lock.yaml': '' }, ['pnpm', 'run']],
    ['yarn', { 'yarn.lock': '' }, ['yarn', 'run']],
  ])('runs the four scripts by %s, and no other', async (_name, lockfile, run) => {
    expect(await commands({ 'package.json': manifest(scripts), ...lockfile })).toEqual({
      build: [...run, 'build'],
      typecheck: [...run, 'typecheck'],
      lint: [...run, 'lint'],
      test: [...run, 'test'],
    });
  });

  it.each([['a.test.js'], ['src/b.test.mjs'], ['test/c.js'], ['lib/d-test.cjs']])(
    'finds that node runs %s',
    async (path) => expect(await commands({ [path]: '' })).toEqual({ test: ['node', '--test'] }),
  );

  it('takes the placeholder of npm init for no test', async () => {
    const placeholder = manifest({ test: 'echo "Error: no test specified" && exit 1' });
    expect(await commands({ 'package.json': placeholder })).toEqual({});
  });

  it('finds nothing where there is nothing, and in scripts that are none', async () => {
    expect(await commands({ 'README.md': '' })).toEqual({});
    expect(await commands({ 'package.json': '{"scripts":["build"]}' })).toEqual({});
    expect(await commands({ 'package.json': '{"scripts":{"build":1}}' })).toEqual({});
    expect(await commands({ 'package.json': '[]' })).toEqual({});
  });

  it('does not take a broken manifest for an empty one', async () => {
    await expect(commands({ 'package.json': '{' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

describe('eval-code-quality', () => {
  it('is a plugin of ours with options that have defaults', () => {
    expect(evalCodeQuality).toMatchObject({ kind: 'evaluator', id: 'eval-code-quality', apiVersion: 1 });
    expect(CodeQualityOptions.parse({})).toEqual({ maxLines: 12 });
    expect(CodeQualityOptions.safeParse({ commands: { test: [] } }).success).toBe(false);
    expect(CodeQualityOptions.safeParse({ comands: {} }).success).toBe(false);
  });

  it('passes what passes and says what the project does not have', async () => {
    const { verdict, findings, verdicts } = await evaluate({ 'a.test.mjs': passingTest });
    expect([verdict, findings]).toEqual(['PASS', []]);
    expect(verdicts).toEqual({
      build: 'NOT_CONFIGURED',
      typecheck: 'NOT_CONFIGURED',
      lint: 'NOT_CONFIGURED',
      test: 'PASS',
    });
  });

  it('fails on a test that fails, with the command, the place and the first lines that say why', async () => {
    const { verdict, findings, verdicts } = await evaluate({ 'a.test.mjs': failingTest });
    expect(verdict).toBe('FAIL');
    expect(verdicts['test']).toBe('FAIL');
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      severity: 'error',
      code: 'COMMAND_FAILED',
      message: '`node --test` ended with exit code 1',
      item: 'test',
    });
    expect(findings[0]?.evidence?.length).toBeLessThanOrEqual(12);
    expect(findings[0]?.evidence?.join('\n')).toMatch(/2 !== 3|AssertionError|strictly equal/);
  });

  it('is NA, never PASS, where nothing is configured', async () => {
    const { verdict, findings, ran } = await evaluate({ 'README.md': 'hello' });
    expect([verdict, findings, ran]).toEqual(['NA', [], []]);
  });

  it('is NA, never PASS, where the command ran no test', async () => {
    const { verdict, verdicts } = await evaluate(
      { 'src/x.js': '' },
      { commands: { test: ['node', '--test', 'src/none/'] } },
    );
    expect(verdicts['test']).not.toBe('PASS');
    expect(verdict).not.toBe('PASS');
    const empty = await evaluate({}, { commands: { test: ['echo', '# tests 0'] } });
    expect([empty.verdict, empty.verdicts['test']]).toEqual(['NA', 'NOT_CONFIGURED']);
  });

  it('runs the scripts of the project in their order, all of them also after a failure', async () => {
    const scripts = {
      test: 'echo tested',
      build: 'echo "src/a.ts(3,5): error TS2322: no" && exit 2',
      lint: 'echo linted',
    };
    const { verdict, ran, verdicts, findings } = await evaluate({ 'package.json': manifest(scripts) });
    expect(ran).toEqual(['npm run -s build', 'npm run -s lint', 'npm run -s test']);
    expect(verdict).toBe('FAIL');
    expect(verdicts).toEqual({ build: 'FAIL', typecheck: 'NOT_CONFIGURED', lint: 'PASS', test: 'PASS' });
    expect(findings[0]).toMatchObject({ path: 'src/a.ts', line: 3, column: 5 });
  });

  it('runs the commands of its options instead, others than the four included', async () => {
    const commands = { test: ['true'], audit: ['sh', '-c', 'echo "1 vulnerability" && exit 1'] };
    const { verdict, ran, verdicts } = await evaluate({ 'package.json': manifest({ build: 'exit 1' }) }, { commands });
    expect(ran).toEqual(['true', 'sh -c echo "1 vulnerability" && exit 1']);
    expect(verdict).toBe('FAIL');
    expect(verdicts).toMatchObject({ build: 'NOT_CONFIGURED', test: 'PASS', audit: 'FAIL' });
  });

  it('fails on a program that is missing and on one that does not end', async () => {
    const { findings } = await evaluate(
      {},
      { commands: { build: ['no-such-program'], test: ['sleep', '1000'] }, timeoutMs: 200 },
    );
    expect(findings.map(({ code, item }) => [code, item])).toEqual([
      ['COMMAND_MISSING', 'build'],
      ['COMMAND_FAILED', 'test'],
    ]);
    expect(findings[1]?.message).toMatch(/^`sleep 1000` was not done after \d+ ms$/);
  });
});

describe('failingLines', () => {
  it('shows the first lines that speak of a failure, not the counts', () => {
    const tail =
      'ok 1\n\u001b[31mnot ok 2 - adds\u001b[0m\n  error: expected 3\n# fail 1\n Tests  1 failed | 2 passed\nbye\n';
    expect(failingLines(tail, 5)).toEqual(['not ok 2 - adds', '  error: expected 3']);
  });

  it('shows the last lines where none speaks of one', () => {
    expect(failingLines('a\nb\n\nc\n', 2)).toEqual(['b', 'c']);
    expect(failingLines('', 2)).toEqual([]);
  });
});
