import { parseMetadata } from '@conductor/core/files';
import { parsePlan } from '@conductor/core/plan';
import { defineEvaluator } from '@conductor/core/plugin';
import type { CommandEvidence, Finding } from '@conductor/core/plugin';
import type { Assignment, EventEnvelope, Json, Outcome, Repository, RunCommand } from '@conductor/core/ports';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine, TestEngineOptions } from './create-test-engine.js';
import { dataOf, facts, steeredWorkers } from './scenario.js';

const two = {
  goal: 'Two files',
  tasks: [
    { id: '1.1', text: 'Write a', files: ['a.txt'] },
    { id: '1.2', text: 'Write b', files: ['b.txt'], dependsOn: ['1.1'] },
  ],
};
const inputOf = ({ input }: Assignment) => input as Readonly<Record<string, Json>>; // what the engine hands out is an object

async function run(
  test: TestEngine,
  input: Parameters<TestEngine['api']['tracks']['create']>[0],
  until?: 'PLAN' | 'EXECUTE',
) {
  const { id } = await test.api.tracks.create(input);
  await test.api.tracks.run(id, until === undefined ? {} : { until });
  return { id, track: await test.clock.runUntil(test.api.tracks.waitFor(id)) };
}

const planOf = async (test: TestEngine, id: string) => (await test.read(`conductor/tracks/${id}/plan.md`)) ?? '';

/** Waits for a file to say something: views follow the commit that they show. */
async function says(test: TestEngine, path: string, words: string): Promise<string> {
  for (let turns = 0; turns < 1000; turns += 1) {
    const text = (await test.read(path)) ?? '';
    if (text.includes(words)) return text;
    await test.clock.turn();
  }
  throw new Error(`${path} never said ${words}: ${await test.read(path)}`);
}

/** What happened, in order, as the executor's surroundings see it. */
function surroundings(test: () => TestEngine) {
  const story: string[] = [];
  const committed = new Set<string>();
  let exitCode = 0;
  const repository = {
    status: async () => {
      const changed: string[] = [];
      for (const path of ['a.txt', 'b.txt'])
        if (!committed.has(path) && (await test().read(path)) !== undefined) changed.push(path);
      return { kind: 'ready', head: 'base', branch: 'main', changed };
    },
    async commit({ paths, message }) {
      for (const path of paths) committed.add(path);
      story.push(`commit ${message.split('\n')[0]}: ${paths.join(' ')}`);
      return { sha: String(story.length).padEnd(40, 'c0ffee1') };
    },
    findKey: async () => undefined,
    changes: async () => [],
  } as Partial<Repository> as Repository; // what a shared workspace asks for
  const runCommand: RunCommand = async ({ file, args }) => {
    story.push(`check ${[file, ...args].join(' ')} -> ${exitCode}`);
    return {
      id: 'e',
      at: '2026-01-01T00:00:00.000Z',
      kind: 'command',
      command: [file, ...args],
      exitCode,
      timedOut: false,
      tail: '1 failing\n',
      durationMs: 1,
    } satisfies CommandEvidence;
  };
  return { story, ports: { repository, runCommand }, fail: (code: number) => (exitCode = code) };
}

describe('an executor', () => {
  it('has its task marked ~ while it works and x when it is done, one commit per task, the tests before each of them [AGT-04]', async () => {
    const workers = steeredWorkers();
    const around = surroundings(() => test);
    const marks: string[] = [];
    for (const id of ['1.1', '1.2'])
      workers.play(id, async (assignment, { workspace }) => {
        const path = `conductor/tracks/${assignment.trackId}/plan.md`;
        const text = await says(test, path, `[~] Task ${id}`);
        marks.push([...text.matchAll(/\[(.)\] Task (\S+):/gu)].map(([, mark, task]) => `${task}${mark}`).join(' '));
        around.story.push(`work ${id}`);
        const [file = ''] = 'task' in assignment ? assignment.task.files : [];
        await workspace.write(file, `${id}\n`);
        return `Wrote ${file}`;
      });
    const test: TestEngine = await createTestEngine({
      agents: workers.agents,
      afterTask: ['npm', 'test'],
      ports: around.ports,
    });
    const { id } = await run(test, two, 'EXECUTE');
    expect(marks).toEqual(['1.1~ 1.2 ', '1.1x 1.2~']);
    expect(around.story).toEqual([
      'work 1.1',
      'check npm test -> 0',
      `commit feat(${id}): Task 1.1 - Write a: a.txt`,
      'work 1.2',
      'check npm test -> 0',
      `commit feat(${id}): Task 1.2 - Write b: b.txt`,
    ]);
    const tasks = parsePlan(await planOf(test, id)).plan.phases.flatMap((phase) => phase.tasks);
    expect(tasks.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(new Set(tasks.map(({ commit }) => commit)).size).toBe(2);
    await test.close();
  });

  it('commits nothing with failing tests: its attempt has failed, and the next one is told why', async () => {
    const workers = steeredWorkers();
    const around = surroundings(() => test);
    around.fail(1);
    const test: TestEngine = await createTestEngine({
      agents: workers.agents,
      afterTask: ['npm', 'test'],
      ports: around.ports,
    });
    const { id, track } = await run(test, { ...two, limits: { maxTaskAttempts: 2 } });
    expect(around.story).toEqual(['check npm test -> 1', 'check npm test -> 1']);
    expect((await facts(test, id, 'task.failed')).map((event) => dataOf(event)['reason'])).toEqual([
      'COMMAND_FAILED',
      'COMMAND_FAILED',
    ]);
    expect(inputOf(workers.of('1.1')[1] as Assignment)['previousFailure']).toContain(
      'npm test ended with exit code 1: 1 failing',
    );
    expect(track).toMatchObject({ stepStatus: 'BLOCKED' });
    await test.close();
  });

  it('whose host runs no commands proves nothing by calling itself done', async () => {
    const test = await createTestEngine({ agents: steeredWorkers().agents, afterTask: ['npm', 'test'] });
    const { id } = await run(test, { ...two, limits: { maxTaskAttempts: 1 } }, 'EXECUTE');
    expect(dataOf((await facts(test, id, 'task.failed'))[0])).toMatchObject({ reason: 'CAPABILITY_MISSING' });
    await test.close();
  });

  it('writes down what it discovers, and nobody does it: in plan.md, metadata.json and the log, not as a task [AGT-05]', async () => {
    const workers = steeredWorkers();
    workers.play('1.1', async (_assignment, { workspace }) => {
      await workspace.write('a.txt', 'a\n');
      const discovered = [
        { description: 'The cache leaks', reason: 'Seen while writing a', recommendation: 'create new track' },
        'b.txt needs\na header',
      ];
      return { status: 'done', summary: 'Wrote a', answer: { discovered } };
    });
    const test = await createTestEngine({ agents: workers.agents });
    const { id, track } = await run(test, two, 'EXECUTE');
    expect(track.progress).toMatchObject({ total: 2, done: 2 });
    expect(workers.calls).toHaveLength(2);
    expect((await facts(test, id, 'work.discovered')).map((event) => dataOf(event)['description'])).toEqual([
      'The cache leaks',
      'b.txt needs\na header',
    ]);
    const { plan } = parsePlan(await planOf(test, id));
    expect(plan.discovered).toHaveLength(2);
    expect(plan.phases.flatMap((phase) => phase.tasks).map((task) => task.id)).toEqual(['1.1', '1.2']);
    expect(await planOf(test, id)).toContain(
      '## Discovered Work\n\n- The cache leaks\n    - **Reason**: Seen while writing a\n    - **Recommendation**: create new track\n- b.txt needs a header',
    );
    const { metadata } = parseMetadata((await test.read(`conductor/tracks/${id}/metadata.json`)) ?? '');
    expect(metadata?.discoveredWork).toHaveLength(2);
    await test.close();
  });

  it('keeps what it discovers although the plan is edited meanwhile', async () => {
    const workers = steeredWorkers();
    workers.play('1.1', async (assignment, { workspace }) => {
      await workspace.write('a.txt', 'a\n');
      const { plan } = await test.api.plans.get(assignment.trackId);
      expect(plan.phases).toHaveLength(1);
      await test.api.plans.edit(assignment.trackId, [{ do: 'addPhase', title: 'Later' }]);
      return { status: 'done', summary: 'Wrote a', answer: { discovered: ['More'] } };
    });
    const test: TestEngine = await createTestEngine({ agents: workers.agents });
    const { id } = await run(test, two, 'EXECUTE');
    const { plan } = parsePlan(await planOf(test, id));
    expect(plan.phases.map(({ title }) => title)).toContain('Later');
    expect(plan.discovered).toHaveLength(1);
    await test.close();
  });

  it('ends with a summary that says whether business documents must follow, why and which, in its words or its answer [AGT-07]', async () => {
    const published =
      'Did it.\n\n- **Business Doc Sync Required**: Yes\n- **Reason**: New price\n- **Documents**: product.md, prompts.md';
    const businessDocuments = ['product.md', 'prompts.md'];
    const said: readonly Pick<Outcome, 'summary' | 'answer'>[] = [
      { summary: published },
      { summary: 'Did it', answer: { businessSyncRequired: true, businessSyncReason: 'New price', businessDocuments } },
    ];
    for (const report of said) {
      const workers = steeredWorkers();
      workers.play('1.1', async (_assignment, { workspace }) => {
        await workspace.write('a.txt', 'a\n');
        return { status: 'done', ...report };
      });
      const test = await createTestEngine({ agents: workers.agents });
      const { id } = await run(test, two, 'EXECUTE');
      const passed = (await facts(test, id, 'step.passed')).map(dataOf).find(({ step }) => step === 'EXECUTE');
      expect(passed?.['facts']).toMatchObject({
        tasksCompleted: 2,
        tasksTotal: 2,
        businessSyncRequired: true,
        businessReasons: ['New price'],
        businessDocuments,
      });
      const { metadata } = parseMetadata((await test.read(`conductor/tracks/${id}/metadata.json`)) ?? '');
      expect(metadata?.loopState?.checkpoints?.EXECUTE?.notes).toBe(
        'Tasks Completed: 2/2\nBusiness Doc Sync Required: Yes\nReason: New price\nDocuments: product.md, prompts.md',
      );
      // The flag is what leads to the synchronisation.
      await test.api.tracks.run(id);
      const track = await test.clock.runUntil(test.api.tracks.waitFor(id));
      expect(track.step).toBe('BUSINESS_SYNC');
      await test.close();
    }
  });

  it('says No where nothing was flagged, and names what is blocked and discovered', async () => {
    const workers = steeredWorkers();
    workers.play('1.2', () => ({ status: 'blocked', summary: 'No key' }));
    workers.play('1.1', async (_assignment, { workspace }) => {
      await workspace.write('a.txt', 'a\n');
      return { status: 'done', summary: 'Business Doc Sync Required: No', answer: { discovered: ['More'] } };
    });
    const test = await createTestEngine({ agents: workers.agents });
    const { id } = await run(test, two, 'EXECUTE');
    const failed = (await facts(test, id, 'step.failed')).map(dataOf).find(({ step }) => step === 'EXECUTE');
    expect(failed?.['facts']).toMatchObject({
      notes: 'Tasks Completed: 1/2\nBlocked: 1.2\nDiscovered Work: 1\nBusiness Doc Sync Required: No',
    });
    await test.close();
  });
});

/** Finds these faults at its first look, and none at the next. */
function faulty(findings: readonly Finding[]) {
  let looked = 0;
  return defineEvaluator({
    id: 'acme/faulty',
    evaluate: () => {
      looked += 1;
      return looked === 1
        ? { verdict: 'FAIL', findings: [...findings] }
        : { verdict: 'PASS', findings: [], passes: [{ id: 'a', title: 'A', verdict: 'PASS' }] };
    },
  });
}

const faults: readonly Finding[] = [
  { severity: 'error', message: 'TypeError: x is not a function', path: 'a.txt', line: 3, hint: 'Call it by its name' },
  { severity: 'error', message: 'b.txt has no end', path: 'b.txt' },
  { severity: 'warning', message: 'a.txt could be shorter', path: 'a.txt' },
];
const errors = JSON.stringify({
  version: 1,
  errors: [
    { id: 'err-001', pattern: '(a+)+$', solution: 'never' },
    {
      id: 'err-002',
      pattern: 'typeerror: \\w+ is not a function',
      solution: 'Import it',
      code_fix: 'import { x }',
      problem: 'Not imported',
    },
    { id: 'err-003', pattern: 'is not a function', solution: 'The second best' },
  ],
});

function fixing(options: Partial<TestEngineOptions> = {}) {
  const workers = steeredWorkers();
  const findings = [...faults];
  return {
    workers,
    open: () =>
      createTestEngine({
        agents: workers.agents,
        plugins: [faulty(findings)],
        files: { 'conductor/knowledge/errors.json': errors },
        ...options,
      }),
  };
}

const fixes = (workers: ReturnType<typeof steeredWorkers>) => workers.calls.filter(({ role }) => role === 'fixer');

describe('a fixer', () => {
  it('gets one task per issue with the solution that is known for it, and no new scope [AGT-08]', async () => {
    const { workers, open } = fixing();
    let refused: unknown;
    workers.play('Fix 1', async (assignment, { workspace }) => {
      await workspace.write('c.txt', 'more\n').catch((error: unknown) => (refused = error));
      await workspace.write('a.txt', 'mended\n');
      return {
        status: 'done',
        summary: 'Mended',
        answer: { discovered: ['c.txt would be nice'], plan: assignment.trackId },
      };
    });
    const test = await open();
    const { id, track } = await run(test, two);
    expect(track).toMatchObject({ lifecycle: 'completed', fixCycles: 1 });
    const tasks = fixes(workers);
    // One per failing finding, and none for the warning.
    expect(tasks.map((call) => ('task' in call ? [call.task.id, call.task.files] : []))).toEqual([
      ['Fix 1', ['a.txt']],
      ['Fix 2', ['b.txt']],
    ]);
    // The first pattern that fits, in whatever case; one that cannot be used stops nobody.
    expect(tasks.map((call) => inputOf(call)['knownSolution'])).toEqual([
      {
        id: 'err-002',
        pattern: 'typeerror: \\w+ is not a function',
        problem: 'Not imported',
        solution: 'Import it',
        codeFix: 'import { x }',
      },
      null,
    ]);
    // No new scope: other files are refused, what it found is written down, and no task is made of it.
    expect(refused).toMatchObject({ code: 'PATH_UNSAFE' });
    expect(await test.read('c.txt')).toBeUndefined();
    const { plan } = parsePlan(await planOf(test, id));
    expect(plan.discovered).toHaveLength(1);
    expect(plan.phases.flatMap((phase) => phase.tasks).map((task) => task.id)).toEqual([
      '1.1',
      '1.2',
      'Fix 1',
      'Fix 2',
    ]);
    await test.close();
  });

  it.each([['{ not json'], ['[]'], ['{"errors": 3}']])(
    'goes on without help when the known errors read %s',
    async (text) => {
      const { workers, open } = fixing({ files: { 'conductor/knowledge/errors.json': text } });
      const test = await open();
      const { track } = await run(test, two);
      expect(track.lifecycle).toBe('completed');
      expect(fixes(workers).map((call) => inputOf(call)['knownSolution'])).toEqual([null, null]);
      await test.close();
    },
  );

  it('works in a fix phase of its cycle: a heading, and one task per issue with the issue, its files, mark and commit [AGT-09]', async () => {
    const { workers, open } = fixing();
    const test = await open();
    const { id } = await run(test, two);
    expect(fixes(workers).map(({ step }) => step)).toEqual(['FIX', 'FIX']);
    const text = await planOf(test, id);
    const phase = text.slice(text.indexOf('## Fix Phase'));
    expect(phase).toMatch(/^## Fix Phase \(Cycle 1\)\n\n- \[x\] Fix 1: TypeError: x is not a function\n/u);
    expect(phase).toContain('    - **Issue**: TypeError: x is not a function (a.txt:3) - Call it by its name\n');
    expect(phase).toContain('- [x] Fix 2: b.txt has no end\n');
    const parsed = parsePlan(text).plan.phases.at(-1);
    expect(parsed).toMatchObject({ kind: 'fix', cycle: 1 });
    expect(parsed?.tasks.map((task) => [task.id, task.state, task.files])).toEqual([
      ['Fix 1', 'done', ['a.txt']],
      ['Fix 2', 'done', ['b.txt']],
    ]);
    await test.close();
  });
});

const dag = `## Dependency Graph

\`\`\`yaml
dag:
  nodes:
    - id: "1.1"
      name: "Write a"
      type: code
      files: ["a.txt"]
      depends_on: []
      phase: 1
    - id: "1.2"
      name: "Write b"
      type: code
      files: ["b.txt"]
      depends_on: []
      phase: 1
    - id: "1.3"
      name: "Write c"
      type: code
      files: ["c.txt"]
      depends_on: []
      phase: 1
  parallel_groups:
    - id: pg-1
      tasks: ["1.1", "1.2", "1.3"]
      conflict_free: true
\`\`\`
`;
const task = (id: string, name: string, mark = ' ') =>
  `- [${mark}] Task ${id}: Write ${name}\n    - **Acceptance**: it is there\n    - **Files**: \`${name}.txt\`\n`;
const draft = (tasks: string, graph = '') =>
  `# Plan\n\n${graph === '' ? '' : `${graph}\n`}## Phase 1: Work\n\n${tasks}`;

describe('a planner', () => {
  /** Answers one plan after the other, and keeps what it was told. */
  const planner = (...plans: readonly string[]) => {
    const asked: Assignment[] = [];
    const answer = async (assignment: Assignment): Promise<Outcome> => {
      asked.push(assignment);
      return {
        status: 'done',
        summary: 'Planned',
        answer: { plan: plans[Math.min(asked.length, plans.length) - 1] ?? '' },
      };
    };
    return { asked, agents: { planner: answer, worker: steeredWorkers().agents.worker } };
  };
  const failures = (events: readonly EventEnvelope[]) =>
    events.map((event) => [dataOf(event)['reason'], dataOf(event)['message']]);

  it('keeps what is done, is told where it overlaps, and writes the dag block: a plan that does not is not worked by [AGT-01]', async () => {
    const old = draft(`${task('1.1', 'a', 'x')}${task('1.2', 'shared')}`);
    const { asked, agents } = planner(
      draft(task('2.1', 'b')), // drops what is done: asked again at once
      draft(`${task('1.1', 'a', 'x')}${task('1.2', 'shared')}`), // overlaps a live track: fails its evaluation
      draft(`${task('1.1', 'a', 'x')}${task('1.2', 'b')}${task('1.3', 'c')}`, dag.replace('"1.3"]', '"1.4"]')), // a dag that is not of its tasks
      draft(`${task('1.1', 'a', 'x')}${task('1.2', 'b')}${task('1.3', 'c')}`, dag),
    );
    const test = await createTestEngine({ agents });
    const { tracks, plans } = test.api;
    const other = await tracks.create({ goal: 'Another', plan: draft(task('1.1', 'shared')) });
    const { id } = await tracks.create({ goal: 'Files', plan: old });
    await tracks.run(other.id, { until: 'PLAN' });
    await tracks.waitFor(other.id);
    await tracks.pause(other.id);
    await tracks.run(id, { until: 'EVALUATE_PLAN' });
    await test.clock.runUntil(tracks.waitFor(id));
    await tracks.run(id, { until: 'EXECUTE' });
    const track = await test.clock.runUntil(tracks.waitFor(id));

    expect(failures(await facts(test, id, 'effect.failed'))).toEqual([
      ['ANSWER_INVALID', 'The plan drops what is done: 1.1'],
    ]);
    expect(inputOf(asked[0] as Assignment)['doneTasks']).toEqual([{ id: '1.1', title: 'Write a' }]);
    const found = asked.map((call) =>
      (inputOf(call)['findings'] as unknown as readonly Finding[])
        .filter(({ severity }) => severity === 'error')
        .map(({ code }) => code),
    );
    expect(found).toEqual([
      ['PLAN_OVERLAP_LIVE'],
      ['PLAN_OVERLAP_LIVE'],
      ['PLAN_OVERLAP_LIVE'],
      ['PLAN_DAG_MEMBER_UNKNOWN'],
    ]);
    expect(track).toMatchObject({ step: 'EVALUATE_EXECUTION', mode: 'PARALLEL' });
    const { plan } = await plans.get(id);
    expect(plan.dag).toMatchObject({ nodes: [{ id: '1.1' }, { id: '1.2' }, { id: '1.3' }] });
    // The done task stayed done: nobody did it again.
    expect((await facts(test, id, 'task.started')).map((event) => dataOf(event)['taskId'])).toEqual(['1.2', '1.3']);
    expect(await planOf(test, id)).toContain('- [x] Task 1.1: Write a');
    await test.close();
  });

  it('may not make another task of one that is done', async () => {
    const { agents } = planner(draft(`${task('1.1', 'b', 'x')}${task('1.2', 'c')}`));
    const test = await createTestEngine({ agents });
    const { tracks } = test.api;
    const { id } = await tracks.create({
      goal: 'Files',
      plan: draft(`${task('1.1', 'a', 'x')}`),
      limits: { maxEffectTries: 1 },
    });
    await tracks.run(id, { until: 'PLAN' });
    await tracks.waitFor(id);
    const { revision } = await tracks.get(id);
    const next = { step: 'PLAN', status: 'NOT_STARTED' };
    const data = { step: 'EVALUATE_PLAN', visit: 1, rule: 'T11', next };
    await test.store.commit({
      appends: [{ stream: `track/${id}`, expectedVersion: revision, events: [{ type: 'step.failed', v: 1, data }] }],
      meta: { at: '2026-01-01T00:00:00.000Z', actor: { kind: 'user', id: 'someone' } },
    });
    await tracks.run(id);
    await test.clock.runUntil(tracks.waitFor(id));
    expect(failures(await facts(test, id, 'effect.failed'))).toEqual([
      ['ANSWER_INVALID', 'The plan drops what is done: 1.1'],
    ]);
    await test.close();
  });
});
