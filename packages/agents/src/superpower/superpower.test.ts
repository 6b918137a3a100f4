import { describe, expect, it } from 'vitest';
import { ConductorError } from '@conductor/core';
import type { Assignment } from '@conductor/core/ports';
import { agentCallOf } from './agent-call.js';
import { agentOutcome, refusedCall } from './agent-outcome.js';
import type { AgentEnd } from './agent-outcome.js';
import { verdictWords } from './spoken-verdict.js';

const trackFolder = 'conductor/tracks/greet_20260101';
const base = {
  effect: 'e',
  idempotencyKey: 'k',
  trackId: 'greet_20260101',
  runId: 'run_1',
  attempt: 1,
  recovery: 0,
  folder: '/project',
  deadlineMs: 60_000,
  idleMs: 60_000,
} as const;
const task = { id: '2.3', gen: 1, title: 'Greet', phase: 2, type: 'code', dependsOn: [], files: [], shareable: false };

const assignments = {
  planner: (agent: string): Assignment => ({
    ...base,
    role: 'planner',
    step: 'PLAN',
    input: { agent, trackFolder, goal: 'Greet' },
  }),
  worker: (agent: string, mode = 'SEQUENTIAL'): Assignment => ({
    ...base,
    role: 'worker',
    step: 'EXECUTE',
    task,
    input: { agent, trackFolder, mode },
  }),
  fixer: (agent: string): Assignment => ({
    ...base,
    role: 'fixer',
    step: 'FIX',
    task: { ...task, id: 'Fix 1' },
    input: { agent, trackFolder },
  }),
  scribe: (agent: string): Assignment => ({
    ...base,
    role: 'scribe',
    step: 'BRAINSTORM',
    input: { agent, trackFolder, goal: 'Which way?' },
  }),
};

describe('an assignment as a call', () => {
  it.each([
    ['superpowers:writing-plans', assignments.planner, 'spec.md'],
    ['loop-planner', assignments.planner, 'spec.md'],
    ['superpowers:executing-plans', assignments.worker, 'plan.md'],
    ['loop-executor', assignments.worker, 'plan.md'],
    ['superpowers:systematic-debugging', assignments.fixer, 'evaluation-report.md'],
    ['loop-fixer', assignments.fixer, 'evaluation-report.md'],
  ])('goes to %s with the same parameters as to its twin, and names its input file', (agent, assignment, input) => {
    const call = agentCallOf(assignment(agent));
    expect(call).toMatchObject({ agent, trackFolder, input: `${trackFolder}/${input}` });
    expect(call.arguments).toContain(`--metadata=${trackFolder}/metadata.json`);
    expect(call.arguments).toContain('--track-id=greet_20260101');
  });

  it('of a worker names its task as the first one to run, and the mode of the run', () => {
    const { arguments: list } = agentCallOf(assignments.worker('superpowers:executing-plans'));
    expect(list).toEqual(expect.arrayContaining(['--mode=sequential', '--resume-from=2.3']));
  });

  it('of a brainstorm has its own folder, and no file that must be there', () => {
    const call = agentCallOf(assignments.scribe('superpowers:brainstorming'));
    expect(call.input).toBeUndefined();
    expect(call.arguments).toEqual([
      '--context=Which way?',
      `--output-dir=${trackFolder}/brainstorm/`,
      '--track-id=greet_20260101',
      '--options-count=3',
    ]);
  });

  it('keeps its default documents beside the tracks', () => {
    const call = agentCallOf({
      ...assignments.planner('loop-planner'),
      input: { agent: 'loop-planner', trackFolder: '.conductor/tracks/x' },
    });
    expect(call.arguments).toContain(
      '--context-files=.conductor/tech-stack.md,.conductor/workflow.md,.conductor/product.md',
    );
  });

  it('is refused for a role that the families have no agent for', () => {
    const critic: Assignment = { ...base, role: 'critic', step: 'EVALUATE_PLAN', input: {} };
    expect(() => agentCallOf(critic)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    expect(() => agentCallOf(assignments.planner('loop-fixer'))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});

const spoken = (...lines: string[]) => {
  const words = verdictWords();
  for (const line of lines) words.add(line);
  return words.verdict();
};

describe('words of a free text', () => {
  it.each([
    ['done', 'VERDICT: PASS'],
    ['done', '**VERDICT:** PASS'],
    ['done', 'TASKS COMPLETED: 7/7'],
    ['done', '- FIXES APPLIED: 2'],
    ['failed', 'VERDICT: FAIL'],
    ['failed', 'TASKS COMPLETED: 6/7'],
    ['blocked', 'BLOCKED: needs a key'],
    ['failed', 'ERROR: no network'],
  ])('say %s by "%s"', (status, line) => {
    expect(spoken('some text', line, 'some more')).toEqual({ status, line });
  });

  it.each([
    ['error: TS2345'],
    ['no VERDICT: PASS here'],
    ['VERDICT: MAYBE'],
    ['TASKS COMPLETED: all'],
    ['FIXES APPLIED: none'],
  ])('say nothing by "%s"', (line) => {
    expect(spoken(line)).toBeUndefined();
  });

  it('let a failure stand until a later verdict takes it back', () => {
    expect(spoken('ERROR: x', 'TASKS COMPLETED: 2/2')?.status).toBe('failed');
    expect(spoken('VERDICT: PASS', 'BLOCKED: x')?.status).toBe('blocked');
    expect(spoken('ERROR: retrying', 'VERDICT: PASS')?.status).toBe('done');
  });

  it('are found in linear time', () => {
    expect(spoken(`${'*'.repeat(1_000_000)}VERDICT: PASS`)).toBeUndefined();
  });
});

const end = (parts: Partial<AgentEnd>): AgentEnd => ({
  agent: 'superpowers:writing-plans',
  exitCode: 0,
  tail: '',
  ...parts,
});

describe('the outcome of an agent', () => {
  it.each([
    [0, 'worker', { status: 'done', exitCode: 0 }],
    [1, 'worker', { status: 'failed', exitCode: 1, error: { code: 'EXECUTOR_ERROR', retryable: true } }],
    [1, 'planner', { status: 'failed', exitCode: 1, error: { code: 'EXECUTOR_ERROR', retryable: false } }],
    [2, 'planner', { status: 'failed', exitCode: 2, error: { code: 'VALIDATION_FAILED', retryable: false } }],
    [3, 'planner', { status: 'failed', exitCode: 3, error: { code: 'FILE_NOT_FOUND', retryable: false } }],
    [4, 'planner', { status: 'blocked', exitCode: 4 }],
    [127, 'planner', { status: 'failed', error: { code: 'EXECUTOR_ERROR', retryable: true } }],
    [null, 'planner', { status: 'failed', error: { code: 'EXECUTOR_ERROR', retryable: true } }],
  ] as const)('with exit code %s for a %s is that code, passed through', (exitCode, role, outcome) => {
    const answer = { verdict: 'PASS', summary: 'fine' };
    expect(agentOutcome(end({ exitCode, answer, signal: 'SIGKILL' }), role)).toMatchObject(outcome);
  });

  it('with code 0 counts by the one-line JSON, before any word', () => {
    const spokenFail = spoken('VERDICT: FAIL');
    expect(
      agentOutcome(end({ answer: { verdict: 'PASS', summary: 'ok' }, spoken: spokenFail }), 'planner').status,
    ).toBe('done');
    for (const verdict of ['FAIL', 'FAILED', 'ERROR'])
      expect(agentOutcome(end({ answer: { verdict, summary: 'no' } }), 'planner').status).toBe('failed');
    expect(agentOutcome(end({ answer: { verdict: 'BLOCKED', summary: 'x' } }), 'planner').status).toBe('blocked');
    expect(agentOutcome(end({ answer: { verdict: 'GREAT' } }), 'planner').error?.code).toBe('ANSWER_INVALID');
    expect(agentOutcome(end({ answer: { status: 'done', summary: 'x' } }), 'planner').status).toBe('done');
    expect(agentOutcome(end({ answer: { status: 'failed', summary: 'x' } }), 'planner').exitCode).toBeUndefined();
  });

  it('counts by words where there is no JSON, and by files in doubt; without any of them it is no success', () => {
    expect(agentOutcome(end({ spoken: spoken('VERDICT: PASS') }), 'planner').status).toBe('done');
    expect(agentOutcome(end({ spoken: spoken('ERROR: x') }), 'planner').status).toBe('failed');
    expect(agentOutcome(end({ spoken: spoken('BLOCKED: x') }), 'planner').status).toBe('blocked');
    expect(agentOutcome(end({ checkpoint: 'PASSED' }), 'planner').status).toBe('done');
    expect(agentOutcome(end({ checkpoint: 'IN_PROGRESS' }), 'planner').error?.code).toBe('EXECUTOR_NO_OUTCOME');
  });

  it('tells a failure in the own words of the agent, else by the end of its output', () => {
    const of = (parts: Partial<AgentEnd>) => agentOutcome(end({ exitCode: 2, ...parts }), 'planner').summary;
    expect(of({ answer: { verdict: 'FAIL', summary: 'Where is --spec?' } })).toContain(
      '(exit code 2): Where is --spec?',
    );
    expect(of({ spoken: spoken('ERROR: no --spec') })).toContain('ERROR: no --spec');
    expect(of({ tail: 'usage: …\n' })).toContain('usage: …');
    expect(of({})).toBe('superpowers:writing-plans a parameter is missing (exit code 2)');
  });

  it('of a call that cannot begin is the code that the agent would have ended with', () => {
    expect(refusedCall(new ConductorError('FILE_NOT_FOUND', 'x')).exitCode).toBe(3);
    expect(refusedCall(new ConductorError('VALIDATION_FAILED', 'x')).exitCode).toBe(2);
    expect(refusedCall(new ConductorError('PATH_UNSAFE', 'x')).exitCode).toBe(2);
    expect(refusedCall(new Error('x')).exitCode).toBeUndefined();
  });
});
