import type { Outcome } from '@conductor/core/ports';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngineOptions } from './create-test-engine.js';
import { aborted, dataOf, facts, replayed, steeredWorkers } from './scenario.js';

const minutes = 60_000;
const failed: Outcome = { status: 'failed', summary: 'It does not work' };
/** 1.1 → 1.2 → 1.3, and 1.4 beside them. */
const chain = {
  goal: 'Four files',
  tasks: [
    { id: '1.1', text: 'Write a', files: ['a.txt'] },
    { id: '1.2', text: 'Write b', files: ['b.txt'], dependsOn: ['1.1'] },
    { id: '1.3', text: 'Write c', files: ['c.txt'], dependsOn: ['1.2'] },
    { id: '1.4', text: 'Write d', files: ['d.txt'] },
  ],
};
const one = { goal: 'A file', tasks: [{ id: '1.1', text: 'Write a', files: ['a.txt'] }] };

async function project(options: TestEngineOptions = {}) {
  const workers = steeredWorkers();
  const test = await createTestEngine({ agents: workers.agents, ...options });
  return {
    ...test,
    test,
    workers,
    create: async (input: Parameters<typeof test.api.tracks.create>[0]) => (await test.api.tracks.create(input)).id,
  };
}

async function stuck() {
  const opened = await project();
  const { api, workers } = opened;
  workers.play('1.1', () => failed);
  const id = await opened.create(chain);
  await api.tracks.run(id);
  const track = await api.tracks.waitFor(id);
  const [question] = (await api.approvals.list()).items;
  if (!question) throw new Error(`Nobody was asked: ${JSON.stringify(track)}`);
  return { ...opened, id, track, question };
}

describe('a task that fails', () => {
  it('is tried three times, then a person is asked [PAR-07]', async () => {
    const { test, workers, id, track, question } = await stuck();
    expect(workers.of('1.1').map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect((await facts(test, id, 'task.failed')).map((event) => dataOf(event)['final'])).toEqual([false, false, true]);
    expect(question).toMatchObject({ kind: 'TASK_LIMIT' });
    expect(question.summary).toContain('It does not work');
    expect(track).toMatchObject({ step: 'EXECUTE', stepStatus: 'BLOCKED' });
    await test.close();
  });

  it('holds back all that need it, also indirectly, and says so on the bus [PAR-05]', async () => {
    const opened = await project();
    const end = new AbortController();
    const told: unknown[] = [];
    const listening = (async () => {
      for await (const { body } of opened.ports.bus?.subscribe('track/**', { signal: end.signal }) ?? [])
        told.push(body);
    })().catch(() => {});
    opened.workers.play('1.1', () => failed);
    const id = await opened.create(chain);
    await opened.api.tracks.run(id);
    await opened.api.tracks.waitFor(id);
    await opened.test.close();
    end.abort();
    await listening;
    const blocked = told
      .map((body) => body as { type?: string; task_id?: string })
      .filter(({ type }) => type?.startsWith('TASK_BLOCKED'));
    expect(JSON.stringify(blocked)).toContain('1.2');
    expect(JSON.stringify(blocked)).toContain('1.3');
    expect(opened.workers.of('1.2')).toEqual([]);
    expect(opened.workers.of('1.3')).toEqual([]);
  });

  it('does not keep independent tasks from going on [PAR-06]', async () => {
    const { test, workers, track } = await stuck();
    expect(workers.of('1.4')).toHaveLength(1);
    expect(track.progress).toMatchObject({ done: 1, failed: 1, total: 4 });
    await test.close();
  });

  it('lets those that waited for it go on after a retry that succeeds [PAR-08]', async () => {
    const { test, api, workers, id, question } = await stuck();
    workers.play('1.1', async (_assignment, { workspace }) => {
      await workspace.write('a.txt', 'a');
      return 'Now it works';
    });
    await api.approvals.decide(question.id, { outcome: 'approved', choice: 'retry' });
    await api.tracks.run(id);
    const track = await api.tracks.waitFor(id, 'completed');
    expect(track.progress).toMatchObject({ done: 4 });
    expect(await api.tracks.get(id)).toEqual(await replayed(test, id));
    await test.close();
  });

  it('can be left out, and its dependents go on', async () => {
    const { test, api, id, question } = await stuck();
    await api.approvals.decide(question.id, { outcome: 'approved', choice: 'skip' });
    await api.tracks.run(id);
    const track = await api.tracks.waitFor(id, 'completed');
    expect(track.progress).toMatchObject({ done: 3, skipped: 1 });
    expect(await test.read(`conductor/tracks/${id}/plan.md`)).toMatch(/\[-\] Task 1\.1/u);
    await test.close();
  });

  it('is marked with its reason when it cannot be done, and the others go on [AGT-06]', async () => {
    const { test, api, workers, create } = await project();
    workers.play('1.1', () => ({ status: 'blocked', summary: 'The service is gone' }));
    const id = await create(chain);
    await api.tracks.run(id);
    const track = await api.tracks.waitFor(id);
    expect(workers.of('1.1')).toHaveLength(1);
    expect(workers.of('1.4')).toHaveLength(1);
    expect(track.progress).toMatchObject({ blocked: 1, done: 1 });
    const plan = await test.read(`conductor/tracks/${id}/plan.md`);
    expect(plan).toMatch(/\[!\] Task 1\.1/u);
    expect(plan).toContain('The service is gone');
    await test.close();
  });

  it('is told why the attempt before it failed', async () => {
    const { test, workers } = await stuck();
    const inputs = workers.of('1.1').map(({ input }) => (input as { previousFailure: unknown }).previousFailure);
    expect(inputs).toEqual([null, 'It does not work', 'It does not work']);
    await test.close();
  });

  it('gives its files back, however it ends [PAR-21]', async () => {
    const ends: [string, Parameters<ReturnType<typeof steeredWorkers>['play']>[1]][] = [
      ['success', async (_a, { workspace }) => (await workspace.write('a.txt', 'a'), 'Done')],
      ['failure', () => failed],
      ['throw', () => Promise.reject(new Error('Boom'))],
      ['block', () => ({ status: 'blocked', summary: 'No' })],
      ['timeout', async (_a, { signal }) => (await aborted(signal), { status: 'cancelled', summary: 'Late' })],
    ];
    for (const [how, play] of ends) {
      const { test, api, workers, create, clock, store } = await project();
      workers.play('1.1', play);
      const id = await create({ ...one, limits: { maxTaskAttempts: 1 } });
      await api.tracks.run(id);
      await clock.runUntil(api.tracks.waitFor(id));
      expect((await store.leases.list()).grants, how).toEqual([]);
      await test.close();
    }
  });
});

describe('an executor', () => {
  const once = async (play: Parameters<ReturnType<typeof steeredWorkers>['play']>[1], limits = {}) => {
    const opened = await project();
    opened.workers.play('1.1', play);
    const id = await opened.create({ ...one, limits: { maxTaskAttempts: 1, ...limits } });
    await opened.api.tracks.run(id);
    const track = await opened.clock.runUntil(opened.api.tracks.waitFor(id));
    const [failure] = await facts(opened.test, id, 'task.failed');
    await opened.test.close();
    return { track, failure: dataOf(failure) };
  };

  it('that throws has failed, with its message', async () => {
    const { failure } = await once(() => Promise.reject(new Error('Boom')));
    expect(failure).toMatchObject({ reason: 'EXECUTOR_ERROR', message: 'Boom' });
  });

  it('that is silent over its limit is ended', async () => {
    const { failure } = await once(async (_assignment, { signal }) => {
      await aborted(signal);
      return { status: 'cancelled', summary: 'Ended' };
    });
    expect(failure).toMatchObject({ reason: 'EXECUTOR_TIMEOUT' });
    expect(failure['message']).toContain('silent');
  });

  it('that reports now and then is ended at its deadline', async () => {
    const { failure } = await once(async (_assignment, { signal, report, clock }) => {
      while (!signal.aborted) {
        await report({ note: 'still at it' });
        await clock.sleep(5 * minutes, { signal }).catch(() => {});
      }
      return 'Too late';
    });
    expect(failure).toMatchObject({ reason: 'EXECUTOR_TIMEOUT' });
    expect(failure['message']).toContain('deadline');
  });

  it('that ignores its signal is abandoned after its grace', async () => {
    const { failure } = await once(() => new Promise<never>(() => {}));
    expect(failure).toMatchObject({ reason: 'EXECUTOR_TIMEOUT' });
  });

  it.each([undefined, null, 42, {}, { status: 'fine', summary: 'x' }, { status: 'done' }, []])(
    'that answers %j has failed, and the run goes on',
    async (answer) => {
      const { track, failure } = await once(() => answer as unknown as Outcome);
      expect(failure).toMatchObject({ reason: 'ANSWER_INVALID' });
      expect(track.lastStop).toBe('awaiting');
    },
  );

  it('may say as much as it likes: the log keeps what fits, the work counts', async () => {
    const { track } = await once(async (_assignment, { workspace }) => {
      await workspace.write('a.txt', 'a');
      return { status: 'done', summary: 'x'.repeat(9 << 20), transcript: { text: 'y'.repeat(9 << 20) } };
    });
    expect(track.lifecycle).toBe('completed');
  });

  it('that claims success without its files has failed', async () => {
    const { failure } = await once(() => 'Done, honestly');
    expect(failure).toMatchObject({ reason: 'WORK_UNPROVEN' });
  });

  it('may not write the files of others', async () => {
    const { failure } = await once(async (_assignment, { workspace }) => {
      await workspace.write('b.txt', 'b');
      return 'Done';
    });
    expect(failure).toMatchObject({ reason: 'PATH_UNSAFE' });
  });
});

describe('a planner', () => {
  const plan = '# Plan\n\n## Phase 1: Work\n\n- [ ] Task 1.1: Write a\n  - **Files**: `a.txt`\n';

  it('that is missing ends the run without a mark, and the same track goes on once there is one', async () => {
    const test = await createTestEngine();
    const { id } = await test.api.tracks.create({ goal: 'A file a.txt' });
    const before = await test.api.tracks.get(id);
    await test.api.tracks.run(id);
    const track = await test.api.tracks.waitFor(id);
    expect(track).toMatchObject({ lastStop: 'error', lifecycle: 'active' });
    const [stopped] = await facts(test, id, 'loop.stopped');
    expect(dataOf(stopped)).toMatchObject({ reason: 'error', error: { code: 'EXECUTOR_MISSING' } });
    expect(track.step).toBe(before.step);
    expect(await facts(test, id, 'effect.failed')).toEqual([]);
    await test.close();
    const workers = steeredWorkers();
    const second = await createTestEngine({
      ports: test.ports,
      agents: { ...workers.agents, planner: async () => ({ status: 'done', summary: 'Planned', answer: { plan } }) },
    });
    await second.api.tracks.run(id);
    expect(await second.api.tracks.waitFor(id, 'completed')).toMatchObject({ lifecycle: 'completed' });
    await second.close();
  });

  it.each([
    ['fails', () => failed],
    ['throws', () => Promise.reject(new Error('No plan today'))],
    ['answers nonsense', () => ({ status: 'done', summary: 'Here', answer: { plan: 42 } }) as Outcome],
    ['answers nothing', () => undefined as unknown as Outcome],
  ])('that %s is asked three times with growing waits, then a person is asked', async (_how, planner) => {
    const test = await createTestEngine({ agents: { planner: async () => planner() } });
    const { id } = await test.api.tracks.create({ goal: 'A file a.txt' });
    const start = test.clock.monotonic();
    await test.api.tracks.run(id);
    const track = await test.clock.runUntil(test.api.tracks.waitFor(id));
    expect((await facts(test, id, 'effect.failed')).map((event) => dataOf(event)['final'])).toEqual([
      false,
      false,
      true,
    ]);
    expect(test.clock.monotonic()).toBeGreaterThan(start);
    expect(track).toMatchObject({ step: 'PLAN', stepStatus: 'BLOCKED' });
    expect((await test.api.approvals.list()).items.map(({ kind }) => kind)).toEqual(['PLAN_FAILED']);
    expect((await facts(test, id, 'step.blocked')).map(dataOf)).toMatchObject([{ rule: 'T7' }]);
    await test.close();
  });
});
