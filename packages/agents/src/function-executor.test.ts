import { describe, expect, it } from 'vitest';
import { ConductorError, systemClock } from '@conductor/core';
import { silentLogger } from '@conductor/core/ports';
import type { Assignment, Outcome, RunContext } from '@conductor/core/ports';
import { executorSuite } from './conformance/executor.suite.js';
import type { Behaviour } from './conformance/executor.suite.js';
import { functionExecutor } from './function-executor.js';
import type { ExecutorFunction } from './function-executor.js';

const done: Outcome = { status: 'done', summary: 'all done', answer: { n: 1 } };

const functions: Partial<Record<Behaviour, ExecutorFunction>> = {
  answer: () => done,
  fail: () => {
    throw new ConductorError('LEASE_HELD', 'somebody else has it');
  },
  silent: () => undefined as unknown as string, // what JavaScript lets a caller do
  wordy: () => 'x'.repeat(100_000),
  async count(_assignment, { report }) {
    for (const note of ['1', '2', '3', '4', '5']) await report({ note });
    return done;
  },
  async hang(_assignment, { report, signal }) {
    await report({ note: 'started' });
    signal.throwIfAborted();
    await new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    return done;
  },
};

executorSuite('function', (behaviour) => functionExecutor(functions[behaviour] ?? (() => done)));

describe('functionExecutor', () => {
  const contextOf = (signal: AbortSignal): RunContext => ({
    signal,
    logger: silentLogger,
    clock: systemClock(),
    report: async () => {},
    spawned: async () => {},
    extend: async () => {},
  });
  // Only what these functions look at.
  const assignment = { role: 'worker' } as Assignment;
  const run = (work: ExecutorFunction) =>
    functionExecutor(work).run(assignment, contextOf(new AbortController().signal));

  it('takes a text for a summary', async () => {
    expect(await run(() => 'wrote it')).toEqual({ status: 'done', summary: 'wrote it' });
  });

  it('keeps the code of an error of ours and calls any other EXECUTOR_ERROR', async () => {
    expect(await run(() => Promise.reject(new ConductorError('DEADLOCK_VICTIM', 'chosen')))).toMatchObject({
      status: 'failed',
      error: { code: 'DEADLOCK_VICTIM', retryable: true },
    });
    expect(await run(() => Promise.reject(new TypeError('a fault')))).toMatchObject({
      summary: 'a fault',
      error: { code: 'EXECUTOR_ERROR', retryable: true },
    });
  });

  it.each([[null], [{}], [{ status: 'great', summary: 'x' }], [42], [[]]])(
    'refuses %j as an answer',
    async (answer) => {
      expect(await run(() => answer as unknown as string)).toMatchObject({
        status: 'failed',
        error: { code: 'ANSWER_INVALID' },
      });
    },
  );

  it('leaves a function behind that ignores the abort', async () => {
    const controller = new AbortController();
    const executor = functionExecutor(() => new Promise(() => {}), { graceMs: 1 });
    const outcome = executor.run(assignment, contextOf(controller.signal));
    controller.abort(new Error('enough'));
    expect((await outcome).status).toBe('cancelled');
  });

  it('says cancelled also when the function answers after the abort', async () => {
    const controller = new AbortController();
    let finish = (_summary: string) => {};
    const executor = functionExecutor(() => new Promise<string>((resolve) => (finish = resolve)));
    const outcome = executor.run(assignment, contextOf(controller.signal));
    controller.abort(new Error('enough'));
    finish('too late');
    expect((await outcome).status).toBe('cancelled');
  });
});
