import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { EventEnvelope } from '@conductor/core/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mainScript, sideEffects, startNode, testFolder } from './quickstart.js';
import type { Ran } from './quickstart.js';
import { expectWhole, facts } from './whole-run.js';
import type { WholeRun } from './whole-run.js';

// The main job, once, from built packages. What is checked is in the log and in the files, never on the screen.
const place = testFolder('main-job');
const folder = join(place.root, 'project');
let ran: Ran;
let whole: WholeRun;
let log: readonly EventEnvelope[];

beforeAll(async () => {
  ran = await startNode([mainScript, folder], { cwd: place.root, temporary: place.temporary }).ended;
  expect(ran.code, `${ran.stdout.join('\n')}\n${ran.stderr}`).toBe(0);
  whole = await expectWhole(folder);
  log = whole.log;
});
afterAll(place.remove);

const indexOf = (found: (event: EventEnvelope) => boolean) => log.findIndex(found);
const npmTest = ['npm', 'run', '-s', 'test'];
const stepEnds = (step: string) =>
  log
    .filter(({ type, data }) => /^step\.(passed|failed)$/.test(type) && (data as { step: string }).step === step)
    .map(({ type }) => type);

describe('the main job', () => {
  it('finds the planted fault in the first plan, goes back to PLAN, and passes the revised one', () => {
    expect(stepEnds('EVALUATE_PLAN')).toEqual(['step.failed', 'step.passed']);
    expect(stepEnds('PLAN')).toEqual(['step.passed', 'step.passed']);
    const [failed] = facts<{ step: string; findings: { message: string }[]; next: { step: string } }>(
      log,
      'step.failed',
    );
    expect(failed?.data.next.step).toBe('PLAN');
    const messages = failed?.data.findings.map(({ message }) => message).join('\n');
    expect(messages).toMatch(/2\.1.*1\.2|1\.2.*2\.1/);
    const [first, second] = facts<{ model: { tasks: { id: string; dependsOn: string[] }[] } }>(log, 'plan.submitted');
    const needs = (plan: typeof first) => plan?.data.model.tasks.find(({ id }) => id === '2.1')?.dependsOn;
    expect([needs(first), needs(second)]).toEqual([['1.1'], ['1.1', '1.2']]);
    expect(second?.data.model.tasks.length).toBeGreaterThanOrEqual(7);
  });

  it('has the board meet on the major plan and approve it with one condition', () => {
    const [board] = facts<{ boardId: string; verdict: string; summary: string; conditions: string[] }>(
      log,
      'board.concluded',
    );
    expect(board?.data.verdict).toBe('APPROVED');
    expect(['5-0', '4-1']).toContain(board?.data.summary);
    expect(board?.data.conditions).toHaveLength(1);
    expect(whole.state.conditions.size).toBe(1);
    const votes = log.filter(({ type, stream }) => type === 'board.voted' && stream === `board/${board?.data.boardId}`);
    expect(votes).toHaveLength(5);
  });

  it('runs three workers at the same time', () => {
    const running = new Map<string, string>();
    const intervals: { readonly from: string; readonly to: string }[] = [];
    for (const { type, at, data } of log) {
      const { runId = '' } = data as { runId?: string };
      if (type === 'task.started') running.set(runId, at);
      if (type === 'task.completed') intervals.push({ from: running.get(runId) ?? at, to: at });
    }
    const together = intervals.map(
      ({ from }) => intervals.filter((other) => other.from <= from && from < other.to).length,
    );
    expect(Math.max(...together)).toBeGreaterThanOrEqual(3);
  });

  it('lets a task wait for a file that another one has', () => {
    const [wait] = facts<{ taskId: string; keys: string[]; holders: string[] }>(log, 'lease.waited');
    expect(wait?.data.keys).toEqual(['file:src/slug.js']);
    const holder = facts<{ taskId: string; runId: string }>(log, 'task.started').find(
      ({ data }) => data.runId === wait?.data.holders[0],
    );
    const ended = indexOf(
      ({ type, data }) => type === 'task.completed' && (data as { taskId: string }).taskId === holder?.data.taskId,
    );
    const begun = indexOf(
      ({ type, data }) => type === 'task.started' && (data as { taskId: string }).taskId === wait?.data.taskId,
    );
    expect(begun).toBeGreaterThan(ended);
  });

  it('tries a failed task again', () => {
    const failures = facts<{ taskId: string; attempt: number; final: boolean }>(log, 'task.failed');
    expect(failures.map(({ data: { taskId, attempt, final } }) => [taskId, attempt, final])).toEqual([
      ['3.2', 1, false],
    ]);
    const attempts = facts<{ taskId: string; attempt: number }>(log, 'task.started')
      .filter(({ data }) => data.taskId === '3.2')
      .map(({ data }) => data.attempt);
    expect(attempts).toEqual([1, 2]);
  });

  it('fails the first evaluation by the tests of the project, fixes, and passes the second', () => {
    expect(stepEnds('EVALUATE_EXECUTION')).toEqual(['step.failed', 'step.passed']);
    expect(stepEnds('FIX')).toEqual(['step.passed']);
    const reports = facts<{
      evaluator: string;
      verdict: string;
      evidence: { command?: string[]; exitCode?: number }[];
    }>(log, 'evaluation.reported').filter(({ data }) => data.evaluator === 'eval-code-quality');
    expect(reports.map(({ data }) => data.verdict)).toEqual(['FAIL', 'PASS']);
    expect(reports[0]?.data.evidence).toContainEqual(expect.objectContaining({ command: npmTest, exitCode: 1 }));
    expect(reports[1]?.data.evidence).toContainEqual(expect.objectContaining({ command: npmTest, exitCode: 0 }));
    expect(whole.state.loop.fixCycles).toBe(1);
  });

  it('verifies the condition of the board', () => {
    const verified = facts<{ met: boolean }>(log, 'condition.verified');
    expect(verified.map(({ data }) => data.met)).toEqual([true]);
  });

  it('does every piece of work once', () => {
    const tasks = sideEffects(folder).filter((line) => line.startsWith('task='));
    expect(tasks).toHaveLength(11); // ten tasks, one of them twice
    expect(new Set(tasks.map((line) => line.replace(/ pid=.*/, ''))).size).toBe(11);
  });

  it('leaves a project whose own tests pass', () => {
    const output = execFileSync('npm', ['test'], { cwd: folder, encoding: 'utf8', timeout: 60_000 }); // throws when one fails
    expect(output).toContain('makes creme-brulee of Crème Brûlée');
    expect(output).toMatch(/fail 0/);
  });
});
