import { describe, expect, it } from 'vitest';
import { systemClock } from '@conductor/core';
import { silentLogger } from '@conductor/core/ports';
import type { Assignment, Progress } from '@conductor/core/ports';
import { scriptedExecutor } from './scripted-executor.js';

const told: Progress[] = [];
const context = {
  signal: new AbortController().signal,
  logger: silentLogger,
  clock: systemClock(),
  report: async (progress: Progress) => void told.push(progress),
  spawned: async () => {},
  extend: async () => {},
};
// Only what a script looks at.
const worker = (task: string, attempt = 1) =>
  ({ role: 'worker', step: 'EXECUTE', attempt, task: { id: task } }) as Assignment;
const planner = { role: 'planner', step: 'PLAN', attempt: 1 } as Assignment;

describe('scriptedExecutor', () => {
  it('answers by the first line that fits', async () => {
    const executor = scriptedExecutor([
      { task: 't1', attempt: 1, answer: { status: 'failed', summary: 'not yet' } },
      { task: 't1', answer: 'now' },
      { role: 'planner', answer: { status: 'done', summary: 'planned', answer: { plan: 1 } } },
      { step: 'EXECUTE', answer: ({ attempt }) => `attempt ${attempt}` },
    ]);
    const answers = [];
    for (const one of [worker('t1'), worker('t1', 2), planner, worker('t2', 3)])
      answers.push(await executor.run(one, context));
    expect(answers.map(({ summary }) => summary)).toEqual(['not yet', 'now', 'planned', 'attempt 3']);
    expect(answers[0]).toMatchObject({ status: 'failed', error: { code: 'EXECUTOR_ERROR' } });
    expect(executor.assignments.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 3]);
  });

  it('uses a line as often as it says', async () => {
    const executor = scriptedExecutor([
      { times: 2, answer: 'twice' },
      { times: 1, answer: 'once' },
    ]);
    const summaries = [];
    for (let run = 0; run < 4; run += 1) summaries.push((await executor.run(planner, context)).summary);
    expect(summaries).toEqual(['twice', 'twice', 'once', expect.stringContaining('no line for the planner')]);
  });

  it('does not retry what nobody has written down', async () => {
    expect(await scriptedExecutor([]).run(worker('t9', 2), context)).toMatchObject({
      status: 'failed',
      summary: 'The script has no line for the worker of task t9, step EXECUTE, attempt 2',
      error: { code: 'EXECUTOR_NO_OUTCOME', retryable: false },
    });
  });

  it('tells its progress first', async () => {
    told.length = 0;
    await scriptedExecutor([{ progress: [{ percent: 10 }, { note: 'half' }], answer: 'x' }]).run(planner, context);
    expect(told).toEqual([{ percent: 10 }, { note: 'half' }]);
  });
});
