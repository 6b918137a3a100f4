import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngineOptions } from './create-test-engine.js';
import { dataOf, facts, replayed, steeredWorkers } from './scenario.js';

const two = {
  goal: 'Two files',
  tasks: [
    { id: '1.1', text: 'Write a', files: ['a.txt'] },
    { id: '1.2', text: 'Write b', files: ['b.txt'], dependsOn: ['1.1'] },
  ],
};

/** A track whose first task is at work, and a second engine on the same store. */
async function running(options: TestEngineOptions = {}) {
  const workers = steeredWorkers();
  workers.hold('1.1');
  const test = await createTestEngine({ agents: workers.agents, ...options });
  const other = await createTestEngine({ ports: test.ports });
  const { id } = await test.api.tracks.create(two);
  await test.api.tracks.run(id);
  await test.api.tracks.waitFor(id, (track) => track.progress.running === 1);
  const close = async () => {
    await other.close();
    await test.close();
  };
  return { test, other, id, workers, close };
}

describe('another engine on the same store', () => {
  it('pauses the run at once, and no attempt is lost', async () => {
    const { test, other, id, workers, close } = await running();
    await other.api.tracks.pause(id, { mode: 'now', reason: 'Lunch' });
    expect(await test.api.tracks.waitFor(id)).toMatchObject({ lifecycle: 'paused', lastStop: 'paused' });
    expect((await facts(test, id, 'task.interrupted')).map(dataOf)).toMatchObject([{ taskId: '1.1', recoveries: 0 }]);
    await expect(test.api.tracks.run(id)).rejects.toMatchObject({ code: 'TRACK_PAUSED' });
    workers.letGo('1.1');
    await other.api.tracks.resume(id);
    await test.api.tracks.run(id);
    await test.api.tracks.waitFor(id, 'completed');
    expect(workers.of('1.1').map(({ attempt }) => attempt)).toEqual([1, 1]);
    await close();
  });

  it('lets running tasks end when it pauses to drain, and nothing new begin', async () => {
    const { test, other, id, workers, close } = await running();
    await other.api.tracks.pause(id);
    await test.clock.settle();
    expect((await test.api.tracks.get(id)).progress.running).toBe(1);
    workers.letGo('1.1');
    const track = await test.api.tracks.waitFor(id);
    expect(track).toMatchObject({ lifecycle: 'paused', lastStop: 'paused', progress: { done: 1, running: 0 } });
    expect(workers.of('1.2')).toEqual([]);
    await close();
  });

  it('cancels the run: its workers end, its track is over', async () => {
    const { test, other, id, close } = await running();
    await other.api.tracks.cancel(id);
    expect(await test.api.tracks.waitFor(id)).toMatchObject({ lifecycle: 'cancelled', lastStop: 'cancelled' });
    expect((await test.store.leases.list()).grants).toEqual([]);
    expect(await test.api.tracks.get(id)).toEqual(await replayed(test, id));
    await close();
  });

  it('is told who holds the track when it wants to run it', async () => {
    const { other, id, close } = await running();
    await expect(other.api.tracks.run(id)).rejects.toMatchObject({ code: 'TRACK_HELD', details: { track: id } });
    await close();
  });

  it('cannot make a second track active beside it, and switching changes both in one commit', async () => {
    const { test, other, id, close } = await running();
    const { id: next } = await other.api.tracks.create({ ...two, name: 'Next' });
    await other.api.tracks.move(next, { to: 'ready' });
    await expect(other.api.tracks.move(next, { to: 'active' })).rejects.toMatchObject({ code: 'ACTIVE_TRACK_EXISTS' });
    await other.api.tracks.move(next, { to: 'active', switch: true });
    const [paused] = await facts(test, id, 'track.paused');
    const [activated] = await facts(test, next, 'track.activated');
    expect(paused?.commit).toBe(activated?.commit);
    await close();
  });
});

describe('a run', () => {
  const fresh = async (options: TestEngineOptions = {}, input: object = {}) => {
    const workers = steeredWorkers();
    const test = await createTestEngine({ agents: workers.agents, ...options });
    const { id } = await test.api.tracks.create({ ...two, ...input });
    return { test, id, workers, ...test.api };
  };

  it('needs the tracks that its track depends on', async () => {
    const { test, id, tracks } = await fresh();
    const { id: later } = await tracks.create({ ...two, name: 'Later', dependencies: [id] });
    await expect(tracks.run(later)).rejects.toMatchObject({ code: 'PREREQUISITES_UNMET', details: { tracks: [id] } });
    await tracks.run(id);
    await tracks.waitFor(id, 'completed');
    await tracks.waitFor(id);
    await tracks.run(later);
    expect(await tracks.waitFor(later, 'completed')).toMatchObject({ lifecycle: 'completed' });
    await test.close();
  });

  it('stops after the step it was asked for, and the next one goes on', async () => {
    const { test, id, tracks, workers } = await fresh();
    await tracks.run(id, { until: 'EVALUATE_PLAN' });
    expect(await tracks.waitFor(id)).toMatchObject({ step: 'EXECUTE', stepStatus: 'NOT_STARTED', lastStop: 'stopped' });
    expect(workers.calls).toEqual([]);
    await tracks.run(id);
    expect(await tracks.waitFor(id, 'completed')).toMatchObject({ lifecycle: 'completed' });
    await test.close();
  });

  it('of one task does that task only', async () => {
    const { test, id, tracks, workers } = await fresh();
    await tracks.run(id, { task: '1.1' });
    expect(await tracks.waitFor(id)).toMatchObject({ progress: { done: 1 } });
    expect(workers.calls).toHaveLength(1);
    await tracks.run(id);
    await tracks.waitFor(id, 'completed');
    await test.close();
  });

  it.each([
    ['tokens', { tokens: 100 }, 0],
    ['attempts', { attempts: 1 }, 0],
    ['wallMs', { wallMs: 1000 }, 1000],
  ])('ends when its budget of %s is used up, and the next one has its own', async (kind, budget, ms) => {
    const { test, id, tracks, workers } = await fresh();
    if (ms > 0) workers.hold('1.1');
    workers.play('1.1', async (_assignment, { workspace }) => {
      await workspace.write('a.txt', 'a');
      return { status: 'done', summary: 'Done', usage: { known: true, inputTokens: 60, outputTokens: 60 } };
    });
    await tracks.run(id, { budget });
    await test.clock.advance(ms);
    workers.letGo('1.1');
    expect(await tracks.waitFor(id)).toMatchObject({ lastStop: 'budget', progress: { done: 1 }, lifecycle: 'active' });
    expect((await facts(test, id, 'budget.exhausted')).map(dataOf)).toMatchObject([{ kind }]);
    await tracks.run(id);
    expect(await tracks.waitFor(id, 'completed')).toMatchObject({ lifecycle: 'completed' });
    await test.close();
  });

  it('takes up a spec that was edited, and refuses the plan that was made for the old one', async () => {
    const planner = async () => 'No plan';
    const { test, id, tracks } = await fresh({ agents: { planner, ...steeredWorkers().agents } });
    const path = `conductor/tracks/${id}/spec.md`;
    const text = (await test.read(path)) ?? '';
    await test.workspace.replace(path, new TextEncoder().encode(text.replaceAll('Two files', 'Three files')));
    await tracks.run(id, { until: 'EVALUATE_PLAN' });
    await test.clock.runUntil(tracks.waitFor(id));
    expect(await facts(test, id, 'track.specified')).toHaveLength(1);
    const [failed] = await facts(test, id, 'step.failed');
    expect(dataOf(failed)).toMatchObject({
      step: 'EVALUATE_PLAN',
      findings: expect.arrayContaining([expect.objectContaining({ code: 'PLAN_OUTDATED' })]),
    });
    await test.close();
  });

  it('lets two tasks that write one file wait for each other in order, and says so once', async () => {
    const workers = steeredWorkers();
    const test = await createTestEngine({ agents: workers.agents });
    const files = ['same.txt'];
    const { id } = await test.api.tracks.create({
      goal: 'One file',
      tasks: ['1.1', '1.2', '1.3'].map((name) => ({ id: name, text: `Write ${name}`, files })),
    });
    await test.api.tracks.run(id);
    await test.clock.runUntil(test.api.tracks.waitFor(id));
    const waited = (await facts(test, id, 'lease.waited')).map((event) => dataOf(event)['taskId']);
    expect(new Set(waited).size).toBe(waited.length);
    expect(workers.calls.map((call) => 'task' in call && call.task.id)).toEqual(['1.1', '1.2', '1.3']);
    await test.close();
  });

  it('has never more than five workers at once, however wide the plan is [PAR-03]', async () => {
    const workers = steeredWorkers();
    const names = Array.from({ length: 12 }, (_, index) => `1.${index + 1}`);
    workers.hold(...names);
    const test = await createTestEngine({ agents: workers.agents });
    const { id } = await test.api.tracks.create({
      goal: 'Twelve files',
      tasks: names.map((name) => ({ id: name, text: `Write ${name}`, files: [`${name}.txt`] })),
    });
    await test.api.tracks.run(id);
    let most = 0;
    for (let done = 0; done < names.length; done = (await test.api.tracks.get(id)).progress.done) {
      const { progress } = await test.api.tracks.waitFor(
        id,
        (track) => track.progress.running === Math.min(5, 12 - track.progress.done),
      );
      most = Math.max(most, progress.running);
      const next = workers.calls[progress.done];
      if (next && 'task' in next) workers.letGo(next.task.id);
      await test.api.tracks.waitFor(id, (track) => track.progress.done > progress.done);
    }
    expect(most).toBe(5);
    expect(workers.calls).toHaveLength(12);
    await test.close();
  });
});

describe('a caller', () => {
  it('that is an agent may look but not command, and the refusal is on record', async () => {
    const test = await createTestEngine({ agents: steeredWorkers().agents });
    const { id } = await test.api.tracks.create(two);
    const agent = test.as({ kind: 'agent', id: 'worker-1' });
    expect(await agent.tracks.get(id)).toMatchObject({ id });
    await expect(agent.tracks.run(id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(agent.tracks.cancel(id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const refused = (await test.events()).filter(({ type }) => type === 'action.refused');
    expect(refused.map((event) => dataOf(event)['action'])).toEqual(['track.run', 'track.cancel']);
    expect(refused.map(({ actor }) => actor)).toEqual(Array(2).fill({ kind: 'agent', id: 'worker-1' }));
    await test.close();
  });

  it('is refused when the policy fails, however it fails', async () => {
    const ways = [
      () => Promise.reject(new Error('No policy')),
      () => {
        throw new Error('No policy');
      },
    ];
    for (const authorize of ways) {
      const test = await createTestEngine({ ports: { authorize } });
      await expect(test.api.tracks.create(two)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      expect((await test.events()).filter(({ type }) => type === 'action.refused')).toHaveLength(1);
      await test.close();
    }
  });

  it('that repeats itself with its key does it once, for every kind of write', async () => {
    const test = await createTestEngine({ agents: steeredWorkers().agents });
    const key = { idempotencyKey: 'once' };
    const first = await test.api.tracks.create(two, key);
    expect((await test.api.tracks.create(two, key)).id).toBe(first.id);
    await expect(test.api.tracks.create({ ...two, goal: 'Else' }, key)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
    await test.api.tracks.run(first.id, {}, key);
    await test.api.tracks.waitFor(first.id, 'completed');
    await test.api.tracks.waitFor(first.id);
    const before = (await test.events()).length;
    expect((await test.api.tracks.run(first.id, {}, key)).epoch).toBe(1);
    expect(await test.events()).toHaveLength(before);
    await test.close();
  });
});

describe('onEvent', () => {
  it('hears every fact in order, the last ones too, and its throws cost nothing', async () => {
    const heard: number[] = [];
    const workers = steeredWorkers();
    const onEvent = ({ seq }: { seq: number }) => {
      heard.push(seq);
      throw new Error('Not my day');
    };
    const test = await createTestEngine({ agents: workers.agents, onEvent });
    const { id } = await test.api.tracks.create(two);
    await test.api.tracks.run(id);
    await test.api.tracks.waitFor(id, 'completed');
    await test.close();
    const all = (await test.events()).map(({ seq }) => seq);
    expect(heard).toEqual(all.slice(all.length - heard.length));
    expect(heard.length).toBeGreaterThan(20);
  });
});
