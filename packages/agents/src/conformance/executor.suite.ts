import { describe, expect, it } from 'vitest';
import { systemClock } from '@conductor/core';
import { silentLogger } from '@conductor/core/ports';
import type { Assignment, Executor, Outcome, ProcessRecord, Progress, RunContext } from '@conductor/core/ports';
import { processFacts } from '../node/host-facts.js';

/**
 * What an executor under test is made to do. A note is progress with that `note`.
 * - `answer`: done, summary `all done`, answer `{"n":1}` · `fail`: fails in its own way · `silent`: ends and says nothing
 * - `wordy`: done with a summary of 100,000 characters · `count`: notes `1` to `5`, then as `answer`
 * - `hang`: note `started`, then nothing for ever; ends when asked
 * The rest only for executors with the capability `process`:
 * - `talk`: speaks for ever · `stubborn`: as `hang`, and ignores the request to end
 * - `family`: starts a process that lives on, notes its pid, then as `hang` · `leave`: the same, then as `answer`
 */
export type Behaviour = 'answer' | 'fail' | 'silent' | 'wordy' | 'count' | 'hang' | ProcessBehaviour;
export type ProcessBehaviour = 'talk' | 'stubborn' | 'family' | 'leave';

export interface ExecutorSuiteOptions {
  /** Folder to work in; default: the current one. */
  readonly folder?: string | undefined;
}

/** A run under watch. */
interface Watched {
  readonly outcome: Promise<Outcome>;
  readonly controller: AbortController;
  readonly events: string[];
  readonly records: ProcessRecord[];
  /** Resolves with the first note. */
  readonly firstNote: Promise<string>;
}

/** The contract of the Executor port, with real time and, where there are any, real processes. */
export function executorSuite(
  name: string,
  make: (behaviour: Behaviour) => Executor | Promise<Executor>,
  { folder = '.' }: ExecutorSuiteOptions = {},
): void {
  const assignmentOf = (limits: { readonly idleMs?: number; readonly deadlineMs?: number }): Assignment => ({
    role: 'worker',
    effect: 'suite_20260101:EXECUTE:t1:1',
    idempotencyKey: 'project_1/suite_20260101:EXECUTE:t1:1',
    trackId: 'suite_20260101',
    step: 'EXECUTE',
    runId: 'run_1',
    attempt: 1,
    recovery: 0,
    folder,
    input: {},
    deadlineMs: 600_000,
    idleMs: 600_000,
    ...limits,
    task: {
      id: 't1',
      gen: 1,
      title: 'The task of the suite',
      phase: 1,
      type: 'code',
      dependsOn: [],
      files: [],
      shareable: false,
    },
  });

  async function watch(
    behaviour: Behaviour,
    o: { readonly idleMs?: number; readonly deadlineMs?: number; readonly spawned?: () => Promise<void> } = {},
  ): Promise<Watched> {
    const { spawned, ...limits } = o;
    const executor = await make(behaviour);
    const controller = new AbortController();
    const events: string[] = [];
    const records: ProcessRecord[] = [];
    let noted = (_note: string) => {};
    const firstNote = new Promise<string>((resolve) => (noted = resolve));
    const context: RunContext = {
      signal: controller.signal,
      logger: silentLogger,
      clock: systemClock(),
      async report(progress: Progress) {
        // A slow listener must not change the order.
        for (let turns = 0; turns < 20; turns += 1) await systemClock().turn();
        if (progress.note === undefined) return;
        events.push(progress.note);
        noted(progress.note);
      },
      async spawned(record) {
        records.push(record);
        await spawned?.();
      },
      async extend() {},
    };
    const outcome = executor.run(assignmentOf(limits), context).finally(() => events.push('outcome'));
    outcome.catch(() => {});
    return { outcome, controller, events, records, firstNote };
  }

  const capabilities = async () => (await make('answer')).driver.capabilities;
  const isRunning = (pid: number) => processFacts(pid)?.zombie === false;
  const timeout = { status: 'failed', error: { code: 'EXECUTOR_TIMEOUT', retryable: true } };

  describe(`Executor contract: ${name}`, () => {
    it('says what it is', async () => {
      const { driver } = await make('answer');
      expect(driver).toMatchObject({ port: 'executor', api: 1 });
      expect(driver.name).not.toBe('');
      expect(Object.isFrozen(driver)).toBe(true);
    });

    it('answers with its outcome', async () => {
      const { outcome, events } = await watch('answer');
      expect(await outcome).toMatchObject({ status: 'done', summary: 'all done', answer: { n: 1 } });
      expect(events).toEqual(['outcome']);
    });

    it('answers a failure with its code, and whether it may be tried again', async () => {
      const { outcome } = await watch('fail');
      const error = { code: expect.any(String) as string, message: expect.any(String) as string };
      expect(await outcome).toMatchObject({ status: 'failed', error });
      expect((await outcome).error?.retryable).toBeTypeOf('boolean');
    });

    it('never takes silence for success', async () => {
      expect(await (await watch('silent')).outcome).toMatchObject({ status: 'failed' });
    });

    it('keeps its summary short', async () => {
      const { status, summary } = await (await watch('wordy')).outcome;
      expect(status).toBe('done');
      expect(summary.length).toBeLessThanOrEqual(4096);
    });

    it('tells its progress in order, all of it before the outcome', async () => {
      const { outcome, events } = await watch('count');
      expect((await outcome).status).toBe('done');
      expect(events).toEqual(['1', '2', '3', '4', '5', 'outcome']);
    });

    it('starts nothing under a signal that has aborted', async () => {
      const executor = await make('count');
      const calls: string[] = [];
      const context: RunContext = {
        signal: AbortSignal.abort(new Error('enough')),
        logger: silentLogger,
        clock: systemClock(),
        report: async () => void calls.push('report'),
        spawned: async () => void calls.push('spawned'),
        extend: async () => {},
      };
      expect((await executor.run(assignmentOf({}), context)).status).toBe('cancelled');
      expect(calls).toEqual([]);
    });

    it('answers cancelled after an abort, once', async () => {
      const { outcome, controller, firstNote, events } = await watch('hang');
      await firstNote;
      controller.abort(new Error('enough'));
      expect((await outcome).status).toBe('cancelled');
      controller.abort(new Error('again'));
      await systemClock().turn();
      expect(events).toEqual(['started', 'outcome']);
    });
  });

  describe(`Executor contract for processes: ${name}`, () => {
    const processIt = (title: string, work: () => Promise<void>) =>
      it(title, async () => {
        if ((await capabilities()).process) await work();
      });

    processIt('lets the command begin only when its record is durable', async () => {
      let durable = () => {};
      const waiting = new Promise<void>((resolve) => (durable = resolve));
      const { outcome, records, events } = await watch('count', { spawned: () => waiting });
      while (records.length === 0) await systemClock().turn();
      for (let turns = 0; turns < 50; turns += 1) await systemClock().sleep(1);
      expect(events).toEqual([]);
      durable();
      expect((await outcome).status).toBe('done');
      expect(events).toEqual(['1', '2', '3', '4', '5', 'outcome']);
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({ groupId: expect.any(Number) as number, host: expect.any(String) as string });
    });

    processIt('runs nothing when its record cannot be kept', async () => {
      const { outcome, records, events } = await watch('count', {
        spawned: () => Promise.reject(new Error('disk full')),
      });
      expect(await outcome).toMatchObject({ status: 'failed' });
      expect(events).toEqual(['outcome']);
      expect(isRunning(records[0]?.groupId ?? 0)).toBe(false);
    });

    processIt('can be cancelled while its record is being kept', async () => {
      const { outcome, records, controller, events } = await watch('count', { spawned: () => new Promise(() => {}) });
      while (records.length === 0) await systemClock().turn();
      controller.abort(new Error('enough'));
      expect((await outcome).status).toBe('cancelled');
      expect(events).toEqual(['outcome']);
      expect(isRunning(records[0]?.groupId ?? 0)).toBe(false);
    });

    it.each(['family', 'stubborn'] as const)('leaves no process behind after an abort (%s)', async (behaviour) => {
      if (!(await capabilities()).process) return;
      const { outcome, controller, firstNote, records } = await watch(behaviour);
      const pid = Number(await firstNote);
      controller.abort(new Error('enough'));
      expect((await outcome).status).toBe('cancelled');
      expect(isRunning(records[0]?.groupId ?? 0)).toBe(false);
      if (behaviour === 'family') expect(isRunning(pid)).toBe(false);
    });

    processIt('leaves no process behind after a success', async () => {
      const { outcome, firstNote } = await watch('leave');
      expect(await outcome).toMatchObject({ status: 'done', summary: 'all done' });
      expect(isRunning(Number(await firstNote))).toBe(false);
    });

    processIt('ends what is silent for too long', async () => {
      const { outcome, records } = await watch('hang', { idleMs: 100 });
      expect(await outcome).toMatchObject(timeout);
      expect(isRunning(records[0]?.groupId ?? 0)).toBe(false);
    });

    processIt('ends what is not done in time, however much it speaks', async () => {
      const { outcome, records } = await watch('talk', { deadlineMs: 200 });
      expect(await outcome).toMatchObject(timeout);
      expect(isRunning(records[0]?.groupId ?? 0)).toBe(false);
    });
  });
}
