import { agentNameOf } from '@conductor/core/dispatch';
import { parseMetadata, parseOptions, parseRecommendation } from '@conductor/core/files';
import { defineEvaluator } from '@conductor/core/plugin';
import type { Agents } from '@conductor/core/plugin';
import type { Assignment, EventEnvelope, Json, Outcome, Workspace } from '@conductor/core/ports';
import { memoryWorkspace } from '@conductor/store/memory';
import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine, TestEngineOptions } from './create-test-engine.js';
import { dataOf, facts, steeredWorkers } from './scenario.js';

const planOfA =
  '# Plan\n\n## Phase 1: Work\n\n- [ ] Task 1.1: Write a.txt\n    - **Acceptance**: it is there\n    - **Files**: `a.txt`\n';
const goal = { goal: 'A file' };

type Play = (assignment: Assignment) => Outcome | string | Promise<Outcome | string>;

/** One agent for all roles that keeps what it was asked; workers write their files, the planner answers a plan. */
function oneAgent(plays: Partial<Record<Assignment['role'], Play>> = {}) {
  const calls: Assignment[] = [];
  const agent = async (
    assignment: Assignment,
    { workspace }: { workspace: { write(path: string, text: string): Promise<void> } },
  ) => {
    calls.push(assignment);
    const play = plays[assignment.role];
    if (play) return play(assignment);
    if (assignment.role === 'planner')
      return { status: 'done', summary: 'Planned', answer: { plan: planOfA } } as const;
    if ('task' in assignment)
      for (const file of assignment.task.files) await workspace.write(file, `attempt ${assignment.attempt}\n`);
    return 'Done';
  };
  return { calls, agents: agent satisfies Agents };
}

/** Finds fault once, so that a fix cycle is run. */
function faultyOnce() {
  let seen = 0;
  return defineEvaluator({
    id: 'acme/once',
    evaluate: () => {
      seen += 1;
      return seen === 1
        ? { verdict: 'FAIL', findings: [{ severity: 'error', message: 'a.txt is wrong', path: 'a.txt' }] }
        : { verdict: 'PASS', findings: [], passes: [{ id: 'a', title: 'A', verdict: 'PASS' }] };
    },
  });
}

const inputOf = ({ input }: Assignment) => input as Readonly<Record<string, Json>>; // what the engine hands out is an object

async function completed(test: TestEngine, input: Parameters<TestEngine['api']['tracks']['create']>[0]) {
  const { id } = await test.api.tracks.create(input);
  await test.api.tracks.run(id);
  return { id, track: await test.clock.runUntil(test.api.tracks.waitFor(id)) };
}

describe('the family of agents', () => {
  it.each([
    [true, ['superpowers:writing-plans', 'superpowers:executing-plans', 'superpowers:systematic-debugging']],
    [false, ['loop-planner', 'loop-executor', 'loop-fixer']],
  ])('with the flag %s plans, executes and fixes as %j', async (superpower, names) => {
    const { calls, agents } = oneAgent();
    const test = await createTestEngine({ agents, plugins: [faultyOnce()] });
    const { id, track } = await completed(test, { ...goal, superpower });
    expect(track.lifecycle).toBe('completed');
    expect(calls.map((call) => inputOf(call)['agent'])).toEqual(names);
    const { metadata } = parseMetadata((await test.read(`conductor/tracks/${id}/metadata.json`)) ?? '');
    expect(metadata?.superpowerEnhanced).toBe(superpower);
    const { PLAN, EXECUTE, FIX } = metadata?.loopState?.checkpoints ?? {};
    expect([PLAN?.agent, EXECUTE?.agent, FIX?.agent]).toEqual(names);
    await test.close();
  });

  it('is chosen by the flag, superpowers where nothing is said, and evaluators are the same for both [LOOP-13]', async () => {
    const started = async (superpower: boolean | undefined) => {
      const { calls, agents } = oneAgent();
      const test = await createTestEngine({ agents, plugins: [faultyOnce()] });
      const { id } = await completed(test, { ...goal, ...(superpower !== undefined && { superpower }) });
      const steps = (await facts(test, id, 'step.started')).map(dataOf);
      await test.close();
      for (const call of calls) expect(inputOf(call)['agent']).toBe(agentNameOf(call.step, superpower ?? true));
      return new Map(steps.map(({ step, agent }) => [step, agent]));
    };
    const [superpowers, legacy, unsaid] = [await started(true), await started(false), await started(undefined)];
    expect(unsaid).toEqual(superpowers);
    const pairs = [...superpowers].map(([step, agent]) => [step, agent, legacy.get(step)]);
    expect(pairs).toEqual(
      expect.arrayContaining([
        ['PLAN', 'superpowers:writing-plans', 'loop-planner'],
        ['EVALUATE_PLAN', 'loop-plan-evaluator', 'loop-plan-evaluator'],
        ['EXECUTE', 'superpowers:executing-plans', 'loop-executor'],
        ['EVALUATE_EXECUTION', 'loop-execution-evaluator', 'loop-execution-evaluator'],
        ['FIX', 'superpowers:systematic-debugging', 'loop-fixer'],
      ]),
    );
  });

  it('is not switched under the hands of an agent, but between two steps; the next agent is of the other family', async () => {
    const workers = steeredWorkers();
    workers.hold('1.1');
    const test = await createTestEngine({ agents: workers.agents });
    const { tracks } = test.api;
    const { id } = await tracks.create({ ...goal, tasks: [{ id: '1.1', text: 'Write a', files: ['a.txt'] }] });
    await tracks.run(id, { until: 'EVALUATE_PLAN' });
    await tracks.waitFor(id);
    await tracks.update(id, { superpower: false });
    await tracks.run(id);
    await tracks.waitFor(id, ({ stepStatus, step }) => step === 'EXECUTE' && stepStatus === 'IN_PROGRESS');
    await expect(tracks.update(id, { superpower: true })).rejects.toMatchObject({ code: 'INVALID_STATE' });
    workers.letGo('1.1');
    await tracks.waitFor(id, 'completed');
    expect(workers.calls.map((call) => inputOf(call)['agent'])).toEqual(['loop-executor']);
    await test.close();
  });
});

describe('what an agent of the families is handed', () => {
  it('resumes at the first task that is not done, whatever the metadata says', async () => {
    const workers = steeredWorkers();
    const test = await createTestEngine({ agents: workers.agents });
    const plan = planOfA.replace('- [ ] Task 1.1: Write a.txt', '- [x] Task 1.0: Before\n- [ ] Task 1.1: Write a.txt');
    const { id } = await test.api.tracks.create({ ...goal, plan });
    await test.api.tracks.run(id, { until: 'EXECUTE' });
    await test.api.tracks.waitFor(id);
    expect(workers.calls.map((call) => ('task' in call ? call.task.id : ''))).toEqual(['1.1']);
    expect(inputOf(workers.calls[0] as Assignment)).toMatchObject({
      trackFolder: `conductor/tracks/${id}`,
      mode: 'SEQUENTIAL',
      openTasks: 1,
    });
    await test.close();
  });
});

describe('EXECUTE', () => {
  /** A track that somebody else has brought to EXECUTE: there is no evaluation in its folder. */
  const begun = (plan: string) => ({
    'conductor/tracks/greet_20250102/plan.md': plan,
    'conductor/tracks/greet_20250102/metadata.json': JSON.stringify({
      version: 3,
      track_id: 'greet_20250102',
      loop_state: { current_step: 'EXECUTE', step_status: 'IN_PROGRESS', checkpoints: {} },
    }),
  });
  const id = 'greet_20250102';
  const running = async (plan: string, plugins: TestEngineOptions = {}) => {
    const workers = steeredWorkers();
    const test = await createTestEngine({ agents: workers.agents, files: begun(plan), ...plugins });
    expect(await test.api.tracks.get(id)).toMatchObject({ step: 'EXECUTE' });
    await test.api.tracks.run(id, { until: 'EXECUTE' });
    const track = await test.clock.runUntil(test.api.tracks.waitFor(id));
    return { test, workers, track, all: await facts(test, id) };
  };
  const cyclic = `${planOfA}- [ ] Task 1.2: Write b.txt <!-- deps: 1.3 -->\n    - **Acceptance**: it is there\n    - **Files**: \`b.txt\`\n- [ ] Task 1.3: Write c.txt <!-- deps: 1.2 -->\n    - **Acceptance**: it is there\n    - **Files**: \`c.txt\`\n`;

  it('never starts without a passed plan evaluation: it is asked for first, and while it fails nothing is executed [LOOP-20]', async () => {
    const good = await running(planOfA);
    const types = good.all.map(({ type }) => type);
    const evaluated = good.all.findIndex(
      ({ type, data }) => type === 'step.passed' && (data as { step?: string }).step === 'EVALUATE_PLAN',
    );
    expect(good.track).toMatchObject({ step: 'EVALUATE_EXECUTION', progress: { done: 1, total: 1 } });
    expect(evaluated).toBeGreaterThan(0);
    expect(types.indexOf('task.started')).toBeGreaterThan(evaluated);
    await good.test.close();

    const bad = await running(cyclic);
    expect(bad.track).toMatchObject({ step: 'PLAN', lastStop: 'error' }); // back to a planner, whom nobody has handed in
    expect(bad.all.map(({ type }) => type)).not.toContain('task.started');
    expect(bad.workers.calls).toEqual([]);
    await bad.test.close();
  });

  it('goes on at once where a report of the folder says that the plan has passed', async () => {
    const { test, all } = await running(`${planOfA}\n## Plan Evaluation Report\n\nVerdict: PASS\n`);
    const steps = all.filter(({ type }) => type === 'step.started').map((event) => dataOf(event)['step']);
    expect(steps).not.toContain('EVALUATE_PLAN');
    expect(all.map(({ type }) => type)).toContain('task.started');
    await test.close();
  });
});

describe('BRAINSTORM', () => {
  const answer = {
    options: [
      { name: 'One file', pros: 'simple' },
      { name: 'Two files', cons: 'more' },
    ],
    recommendation: { option: 'One file', reasons: ['it is enough'] },
  };
  const architecture = { ...goal, type: 'architecture' } as const;

  it('runs its agent before PLAN where it was asked for, keeps options and recommendation, and PLAN builds on them [LOOP-21]', async () => {
    const { calls, agents } = oneAgent({ scribe: () => ({ status: 'done', summary: 'Thought about it', answer }) });
    const test = await createTestEngine({ agents });
    const { id } = await test.api.tracks.create({ ...architecture, brainstorm: true });
    expect(await test.api.tracks.get(id)).toMatchObject({ step: 'BRAINSTORM', stepStatus: 'NOT_STARTED' });
    await test.api.tracks.run(id, { until: 'PLAN' });
    await test.api.tracks.waitFor(id);
    expect(calls.map((call) => [call.step, inputOf(call)['agent']])).toEqual([
      ['BRAINSTORM', 'superpowers:brainstorming'],
      ['PLAN', 'superpowers:writing-plans'],
    ]);
    const folder = `conductor/tracks/${id}/brainstorm`;
    const options = await test.read(`${folder}/options.md`);
    const recommendation = await test.read(`${folder}/recommendation.md`);
    expect(parseOptions(options ?? '').map(({ name }) => name)).toEqual(['One file', 'Two files']);
    expect(parseRecommendation(recommendation ?? '')).toEqual({ option: 'One file', reasons: ['it is enough'] });
    expect(inputOf(calls[1] as Assignment)['brainstorm']).toEqual({ options, recommendation });
    const steps = (await facts(test, id, 'step.started')).map((event) => dataOf(event)['step']);
    expect(steps).toEqual(['BRAINSTORM', 'PLAN']);
    // Optional: without being asked for, for another type, or in the other family there is none.
    const firstStep = async (input: object) =>
      (await test.api.tracks.get((await test.api.tracks.create({ ...goal, ...input })).id)).step;
    expect(await firstStep({ type: 'architecture' })).toBe('PLAN');
    expect(await firstStep({ type: 'creative', brainstorm: true })).toBe('BRAINSTORM');
    await expect(test.api.tracks.create({ ...goal, type: 'bugfix', brainstorm: true })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    await expect(
      test.api.tracks.create({ ...architecture, brainstorm: true, superpower: false }),
    ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await test.close();
  });

  it('takes the files that its agent has written itself', async () => {
    const test: TestEngine = await createTestEngine({
      agents: async (assignment, { workspace }) => {
        if (assignment.role !== 'scribe') return { status: 'done', summary: 'Planned', answer: { plan: planOfA } };
        const folder = `${inputOf(assignment)['trackFolder'] as string}/brainstorm`;
        await workspace.write(`${folder}/options.md`, '# Options\n\n## Option 1: One\n\nText.\n');
        await workspace.write(`${folder}/recommendation.md`, '# Recommendation\n\n**Option**: One\n');
        return 'Written';
      },
    });
    const { id } = await test.api.tracks.create({ ...architecture, brainstorm: true });
    await test.api.tracks.run(id, { until: 'BRAINSTORM' });
    const track = await test.api.tracks.waitFor(id);
    expect(track).toMatchObject({ step: 'PLAN', stepStatus: 'NOT_STARTED' });
    expect(await test.read(`conductor/tracks/${id}/brainstorm/options.md`)).toContain('Text.');
    await test.close();
  });

  it('has not passed without options or a recommendation: it is tried again, then a person is asked', async () => {
    const { calls, agents } = oneAgent({ scribe: () => 'I had no idea' });
    const test = await createTestEngine({ agents });
    const { track } = await completed(test, { ...architecture, brainstorm: true, limits: { maxEffectTries: 2 } });
    expect(calls.map(({ role }) => role)).toEqual(['scribe', 'scribe']);
    expect(track).toMatchObject({ step: 'BRAINSTORM', stepStatus: 'BLOCKED', lastStop: 'awaiting' });
    await test.close();
  });

  it('is left out when the track goes back to the other family before it has begun', async () => {
    const { calls, agents } = oneAgent();
    const test = await createTestEngine({ agents });
    const { id } = await test.api.tracks.create({ ...architecture, brainstorm: true });
    await test.api.tracks.update(id, { superpower: false });
    await test.api.tracks.run(id, { until: 'PLAN' });
    await test.api.tracks.waitFor(id);
    expect(calls.map((call) => inputOf(call)['agent'])).toEqual(['loop-planner']);
    await test.close();
  });
});

describe('an agent that fails', () => {
  const asked = async (options: TestEngineOptions, input: object = {}) => {
    const test = await createTestEngine(options);
    const { id, track } = await completed(test, { ...goal, ...input });
    const { items } = await test.api.approvals.list();
    return { test, id, track, items };
  };

  it.each([
    [2, 'VALIDATION_FAILED'],
    [3, 'FILE_NOT_FOUND'],
  ] as const)(
    'at PLAN with exit code %i is asked once, and a person is told what is missing',
    async (exitCode, code) => {
      const { calls, agents } = oneAgent({
        planner: () => ({
          status: 'failed',
          summary: 'Something is missing',
          exitCode,
          error: { code, message: 'Something is missing', retryable: false },
        }),
      });
      const { test, track, items } = await asked({ agents });
      expect(calls).toHaveLength(1);
      expect(track).toMatchObject({ step: 'PLAN', stepStatus: 'BLOCKED', lastStop: 'awaiting' });
      expect(items).toMatchObject([{ kind: 'INPUT_MISSING', status: 'pending' }]);
      await test.close();
    },
  );

  it('at PLAN because it is blocked blocks the step: no second try, a person is asked', async () => {
    const { calls, agents } = oneAgent({
      planner: () => ({ status: 'blocked', summary: 'Another track first', exitCode: 4 }),
    });
    const { test, id, track, items } = await asked({ agents });
    expect(calls).toHaveLength(1);
    expect(track).toMatchObject({ step: 'PLAN', stepStatus: 'BLOCKED' });
    expect(items).toHaveLength(1);
    const { metadata } = parseMetadata((await test.read(`conductor/tracks/${id}/metadata.json`)) ?? '');
    expect(metadata?.loopState?.checkpoints?.PLAN?.status).toBe('BLOCKED');
    await test.close();
  });

  it.each([2, 3] as const)(
    'at a task with exit code %i loses no attempt: the task waits for a person, others go on',
    async (exitCode) => {
      const workers = steeredWorkers();
      workers.play('1.1', () => ({ status: 'failed', summary: 'Where is it?', exitCode }));
      const { test, id, track, items } = await asked(
        { agents: workers.agents },
        {
          tasks: [
            { id: '1.1', text: 'Write a', files: ['a.txt'] },
            { id: '1.2', text: 'Write b', files: ['b.txt'] },
          ],
        },
      );
      expect(workers.of('1.1')).toHaveLength(1);
      expect(workers.of('1.2')).toHaveLength(1);
      expect(await facts(test, id, 'task.failed')).toEqual([]);
      expect(track).toMatchObject({ step: 'EXECUTE', stepStatus: 'BLOCKED' });
      expect(items).toMatchObject([{ kind: 'INPUT_MISSING' }]);
      expect(items[0]?.summary).toContain('Where is it?');
      await test.close();
    },
  );
});

/** A workspace that notes what is written through it; `inner` are the same files, unwatched. */
function watchedWorkspace(clock: FakeClock) {
  const inner = memoryWorkspace({ clock });
  const wrote = new Map<string, string>();
  const note = (path: string, bytes: Uint8Array) => wrote.set(path, new TextDecoder().decode(bytes));
  return {
    inner,
    wrote,
    workspace: {
      ...inner,
      create: (path, bytes, o) => (note(path, bytes), inner.create(path, bytes, o)),
      replace: (path, bytes, o) => (note(path, bytes), inner.replace(path, bytes, o)),
    } satisfies Workspace,
  };
}

describe('the orchestrator', () => {
  /** Executors of the port, with hands of their own: what the engine's workspace is asked to write, the engine writes. */
  const executors = (files: Workspace): { agents: Agents; roles: string[] } => {
    const roles: string[] = [];
    const run = async (assignment: Assignment): Promise<Outcome> => {
      roles.push(assignment.role);
      if (assignment.role === 'planner') return { status: 'done', summary: 'Planned', answer: { plan: planOfA } };
      if ('task' in assignment)
        for (const path of assignment.task.files)
          await files.replace(path, new TextEncoder().encode(`attempt ${assignment.step}\n`));
      return { status: 'done', summary: 'Done' };
    };
    const capabilities = { resume: false, structured: true, usage: false, cancel: true, edits: true, process: false };
    return { roles, agents: { driver: { port: 'executor', name: 'hands', version: '1', api: 1, capabilities }, run } };
  };
  const effectOf = (event: EventEnvelope) => dataOf(event)['effect'];

  it('writes no plan, no code and no evaluation itself: behind each is an effect of an agent, a gate or a person [LOOP-24]', async () => {
    const clock = new FakeClock();
    const { workspace, wrote, inner } = watchedWorkspace(clock);
    const { agents, roles } = executors(inner);
    const test = await createTestEngine({ agents, plugins: [faultyOnce()], ports: { workspace, clock } });
    const { id, track } = await completed(test, goal);
    expect(track).toMatchObject({ lifecycle: 'completed', fixCycles: 1 });
    expect(roles).toEqual(['planner', 'worker', 'fixer']);
    const all = await facts(test, id);
    const begun = new Set(all.filter(({ type }) => type === 'effect.started').map(effectOf));

    // Code: nothing that the engine wrote lies outside its documents.
    expect([...wrote.keys()].filter((path) => !path.startsWith('conductor/'))).toEqual([]);
    // Plans: the text is the planner's; the engine only adds marks, and the tasks that evaluators' findings name.
    const written = all.filter(({ type }) => type === 'plan.submitted' || type === 'plan.edited');
    const [shortReports, plans] = [true, false].map((wanted) =>
      written.filter((event) => (dataOf(event)['cause'] === 'report') === wanted),
    ) as [EventEnvelope[], EventEnvelope[]]; // two of them
    expect(plans.map(({ type }) => type)).toEqual(['plan.submitted', 'plan.edited']);
    // A short report says what gates said, once for each evaluation.
    expect(shortReports).toHaveLength(
      all.filter(
        ({ type, data }) =>
          /^step\.(?:passed|failed)$/u.test(type) && String((data as { step: unknown }).step).startsWith('EVALUATE'),
      ).length,
    );
    expect(begun).toContain(effectOf(plans[0] as EventEnvelope));
    expect(dataOf(plans[0])).toMatchObject({ text: { text: planOfA } });
    expect(dataOf(plans[1])).toMatchObject({ cause: 'fix', ops: ['add task Fix 1'] });
    const edited = (dataOf(plans[1])['text'] as { text: string }).text;
    expect(edited.startsWith(planOfA.trimEnd())).toBe(true);
    expect(edited.slice(planOfA.length)).toContain('a.txt is wrong');
    // Evaluations: each was asked for, and answered by a gate that is named.
    const reports = all.filter(({ type }) => type === 'evaluation.reported');
    expect(reports.length).toBeGreaterThan(0);
    for (const report of reports) {
      expect(begun).toContain(effectOf(report));
      expect(dataOf(report)['evaluator']).not.toBe('engine');
    }
    // Work: every completed task was reported by a worker of its run.
    for (const done of all.filter(({ type }) => type === 'task.completed')) {
      const { runId } = dataOf(done);
      const reported = all.find(
        ({ type, data }) => type === 'task.reported' && (data as { runId?: unknown }).runId === runId,
      );
      expect(reported).toBeDefined();
    }
    await test.close();
  });

  it('stops where nobody was handed in: it neither plans nor works in their place', async () => {
    const test = await createTestEngine({});
    const { id, track } = await completed(test, goal);
    expect(track).toMatchObject({ step: 'PLAN', lastStop: 'error' });
    expect(await facts(test, id, 'plan.submitted')).toEqual([]);
    await test.api.tracks.cancel(id);
    const planned = await completed(test, { ...goal, plan: planOfA });
    expect(planned.track).toMatchObject({ step: 'EXECUTE', lastStop: 'error' });
    expect(await test.read('a.txt')).toBeUndefined();
    await test.close();
  });
});
