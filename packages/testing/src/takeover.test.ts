import { ConductorError } from '@conductor/core';
import { leaseKeeper } from '@conductor/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine } from './create-test-engine.js';
import { aborted, dataOf, deadKeeper, facts, replayed, steeredWorkers, watchedStore } from './scenario.js';

const leaseMs = 6000;
const two = {
  goal: 'Two files',
  tasks: [
    { id: '1.1', text: 'Write a', files: ['a.txt'] },
    { id: '1.2', text: 'Write b', files: ['b.txt'], dependsOn: ['1.1'] },
  ],
};

/** An engine that dies while its worker is at task 1.1: nobody closes it, its lease runs out, its worker goes on. */
async function dying() {
  const old = steeredWorkers();
  old.hold('1.1', '1.2');
  const base = await createTestEngine({ files: {} });
  const watched = watchedStore(base.store);
  const first = await createTestEngine({
    agents: old.agents,
    ports: { ...base.ports, store: watched.store, leaseKeeper: deadKeeper },
  });
  const { id } = await first.api.tracks.create(two);
  await first.api.tracks.run(id);
  await first.api.tracks.waitFor(id, (track) => track.progress.running === 1);
  return { first, id, old, wrote: watched.wrote, ports: base.ports };
}

/** The engine that takes over once the lease is over. */
async function successor(first: TestEngine, ports: TestEngine['ports']) {
  const workers = steeredWorkers();
  await first.clock.advance(leaseMs + 1);
  const second = await createTestEngine({ agents: workers.agents, ports });
  return { second, workers };
}

describe('taking over', () => {
  it('starts the same attempt of an interrupted task again, under the same effect and told so', async () => {
    const { first, id, old, ports } = await dying();
    const { second, workers } = await successor(first, ports);
    await second.api.tracks.run(id);
    await second.api.tracks.waitFor(id, 'completed');
    const [before, after] = [old.of('1.1')[0], workers.of('1.1')[0]];
    expect(after).toMatchObject({
      effect: before?.effect,
      idempotencyKey: before?.idempotencyKey,
      attempt: 1,
      recovery: 1,
    });
    expect(after?.runId).not.toBe(before?.runId);
    expect((await facts(second, id, 'task.interrupted')).map(dataOf)).toEqual([
      { taskId: '1.1', runId: before?.runId, reason: 'engineLost', recoveries: 1 },
    ]);
    await second.close();
  });

  it('lets nothing of the old engine into the log once another has taken the track', async () => {
    const { first, id, old, wrote, ports } = await dying();
    const { second, workers } = await successor(first, ports);
    workers.hold('1.1');
    await second.api.tracks.run(id);
    await second.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    const [taken] = await facts(second, id, 'loop.resumed');
    old.letGo('1.1', '1.2');
    await first.clock.settle();
    workers.letGo('1.1');
    await second.api.tracks.waitFor(id, 'completed');
    expect(wrote.filter(({ seq }) => seq > (taken?.seq ?? 0))).toEqual([]);
    const completed = (await facts(second, id, 'task.completed')).map((event) => dataOf(event)['runId']);
    expect(completed).toEqual([workers.of('1.1')[0]?.runId, workers.of('1.2')[0]?.runId]);
    await second.close();
  });

  it('is refused by the store itself when it hears of nothing and its own time runs out', async () => {
    const base = await createTestEngine();
    const watched = watchedStore(base.store);
    const deaf: typeof base.store = {
      ...watched.store,
      // oxlint-disable-next-line require-yield -- that it never tells anything is the point
      async *follow({ signal }) {
        if (signal) await aborted(signal);
      },
    };
    const old = steeredWorkers();
    old.hold('1.1');
    const first = await createTestEngine({
      agents: old.agents,
      ports: { ...base.ports, store: deaf, leaseKeeper: deadKeeper },
    });
    const { id } = await base.api.tracks.create(two);
    await first.api.tracks.run(id, { budget: { wallMs: 2 * leaseMs } });
    await base.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    const { second, workers } = await successor(first, base.ports);
    workers.hold('1.1');
    await second.api.tracks.run(id);
    await second.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    const [taken] = await facts(second, id, 'loop.resumed');
    await first.clock.advance(2 * leaseMs); // the wall time of the old run is over, and it would say so
    expect(await facts(second, id, 'budget.exhausted')).toEqual([]);
    expect(watched.wrote.filter(({ seq }) => seq > (taken?.seq ?? 0))).toEqual([]);
    workers.letGo('1.1');
    await second.api.tracks.waitFor(id, 'completed');
    await second.close();
    await base.close();
  });

  it('never lets a stale token write, however the two engines are interleaved', async () => {
    const step = fc.constantFrom('old works', 'time', 'take over', 'new works', 'turn');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (script) => {
        const { first, id, old, wrote, ports } = await dying();
        const workers = steeredWorkers();
        workers.hold('1.1', '1.2');
        const second = await createTestEngine({ agents: workers.agents, ports });
        for (const what of script) {
          if (what === 'old works') old.letGo('1.1', '1.2');
          if (what === 'new works') workers.letGo('1.1', '1.2');
          if (what === 'time') await first.clock.advance(leaseMs / 2);
          if (what === 'turn') await first.clock.turn();
          if (what === 'take over') await second.api.tracks.run(id).catch(expectHeldOrEnded);
        }
        const [taken] = await facts(second, id, 'loop.resumed');
        old.letGo('1.1', '1.2');
        workers.letGo('1.1', '1.2');
        await first.clock.advance(leaseMs + 1);
        await second.api.tracks.run(id).catch(expectHeldOrEnded);
        await second.api.tracks.waitFor(id, 'completed');
        const tookOver = taken ?? (await facts(second, id, 'loop.resumed'))[0];
        expect(wrote.filter(({ seq }) => tookOver !== undefined && seq > tookOver.seq)).toEqual([]);
        const done = (await facts(second, id, 'task.completed')).map((event) => dataOf(event)['taskId']);
        expect(done).toEqual(['1.1', '1.2']);
        expect(await second.api.tracks.get(id)).toEqual(await replayed(second, id));
        await second.close();
      }),
      { numRuns: 12 },
    );
  });

  it('gives a track to exactly one of two engines that want it at once', async () => {
    const workers = steeredWorkers();
    workers.hold('1.1');
    const first = await createTestEngine({ agents: workers.agents });
    const second = await createTestEngine({ agents: workers.agents, ports: first.ports });
    const { id } = await first.api.tracks.create(two);
    const race = await Promise.allSettled([first.api.tracks.run(id), second.api.tracks.run(id)]);
    expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = race.find((result) => result.status === 'rejected');
    expect(ConductorError.is(refused?.reason, 'TRACK_HELD')).toBe(true);
    expect(await facts(first, id, 'loop.started')).toHaveLength(1);
    await first.close();
    await second.close();
  });

  it('ends its workers and writes nothing more when its lease cannot be renewed', async () => {
    const workers = steeredWorkers();
    workers.hold('1.1');
    const base = await createTestEngine();
    const store = {
      ...base.store,
      leases: { ...base.store.leases, renew: () => Promise.reject(new ConductorError('STORE_BUSY', 'No answer')) },
    };
    const first = await createTestEngine({
      agents: workers.agents,
      ports: { ...base.ports, store, leaseKeeper: leaseKeeper({ leases: store.leases, clock: base.clock }) },
    });
    const { id } = await first.api.tracks.create(two);
    await first.api.tracks.run(id);
    await first.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    let ended = false;
    workers.play('1.1', () => ((ended = true), { status: 'cancelled', summary: 'Ended' }));
    await first.clock.advance(leaseMs + 1);
    workers.letGo('1.1');
    await first.clock.settle();
    expect(ended).toBe(false); // it was aborted before it could be let go
    expect(await facts(first, id, 'task.reported')).toEqual([]);
    const second = await createTestEngine({ agents: steeredWorkers().agents, ports: base.ports });
    await second.api.tracks.run(id);
    await second.api.tracks.waitFor(id, 'completed');
    await second.close();
    await first.close();
  });

  it('interrupts its tasks when it is closed, and the next engine goes on without a lost attempt', async () => {
    const workers = steeredWorkers();
    workers.hold('1.1');
    const first = await createTestEngine({ agents: workers.agents });
    const { id } = await first.api.tracks.create(two);
    await first.api.tracks.run(id);
    await first.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    await first.close();
    expect(await first.read(`conductor/tracks/${id}/plan.md`)).toContain('Task 1.1');
    const [interrupted] = await facts(first, id, 'task.interrupted');
    expect(dataOf(interrupted)).toMatchObject({ taskId: '1.1', recoveries: 0 });
    expect(dataOf((await facts(first, id, 'loop.stopped'))[0])).toMatchObject({ reason: 'stopped' });
    workers.letGo('1.1');
    const second = await createTestEngine({ agents: workers.agents, ports: first.ports });
    await second.api.tracks.run(id);
    await second.api.tracks.waitFor(id, 'completed');
    expect(workers.of('1.1').map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(new Set(workers.of('1.1').map(({ effect }) => effect)).size).toBe(1);
    await second.close();
  });

  it('runs a task again that a crash left in progress, with the same attempt [RES-04]', async () => {
    const workers = steeredWorkers();
    workers.hold('1.1');
    const base = await createTestEngine();
    const first = await createTestEngine({ agents: workers.agents, ports: { ...base.ports, leaseKeeper: deadKeeper } });
    const { id } = await first.api.tracks.create(two);
    await first.api.tracks.run(id);
    await first.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    await first.clock.settle();
    expect(await base.read(`conductor/tracks/${id}/plan.md`)).toMatch(/^- \[~\] .*1\.1/mu);

    await base.clock.advance(leaseMs + 1);
    const later = steeredWorkers();
    const second = await createTestEngine({ agents: later.agents, ports: base.ports });
    await second.api.tracks.run(id);
    await second.clock.runUntil(second.api.tracks.waitFor(id, 'completed'));
    expect(later.of('1.1').map(({ attempt }) => attempt)).toEqual([1]);
    expect(await base.read(`conductor/tracks/${id}/plan.md`)).toMatch(/^- \[x\] .*1\.1/mu);
    await second.close();
  });

  it('never runs a task again that is done [RES-02]', async () => {
    const workers = steeredWorkers();
    workers.hold('1.2');
    const first = await createTestEngine({ agents: workers.agents });
    const { id } = await first.api.tracks.create(two);
    await first.api.tracks.run(id);
    await first.api.tracks.waitFor(id, (track) => track.progress.done === 1 && track.progress.running === 1);
    await first.close();
    expect(await first.read(`conductor/tracks/${id}/plan.md`)).toContain('[x] Task 1.1');
    const later = steeredWorkers();
    const second = await createTestEngine({ agents: later.agents, ports: first.ports });
    await second.api.tracks.run(id);
    await second.api.tracks.waitFor(id, 'completed');
    expect(later.calls.map((call) => 'task' in call && call.task.id)).toEqual(['1.2']);
    await second.close();
  });

  it('lets a run end by itself when it is closed to drain', async () => {
    const workers = steeredWorkers();
    workers.hold('1.1');
    const test = await createTestEngine({ agents: workers.agents });
    const { id } = await test.api.tracks.create(two);
    await test.api.tracks.run(id);
    await test.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    const closed = test.engine.close({ mode: 'drain' });
    workers.letGo('1.1');
    await closed;
    expect(await facts(test, id, 'task.interrupted')).toEqual([]);
    expect(await facts(test, id, 'track.completed')).toHaveLength(1);
  });

  it('ends a run whose lease it was just taking when it is closed, and takes up no other', async () => {
    const base = await createTestEngine();
    let closed: Promise<void> | undefined;
    const store: typeof base.store = {
      ...base.store,
      async commit(commit, o) {
        const starts = commit.appends.some(({ events }) => events.some(({ type }) => type === 'loop.started'));
        if (starts) closed = test.close();
        return base.store.commit(commit, o);
      },
    };
    const workers = steeredWorkers();
    workers.hold('1.1');
    const test = await createTestEngine({ agents: workers.agents, ports: { ...base.ports, store } });
    const { id } = await test.api.tracks.create(two);
    await test.api.tracks.run(id);
    await closed;
    expect((await facts(test, id)).at(-1)).toMatchObject({ type: 'loop.stopped', data: { reason: 'stopped' } });
    await expect(test.api.tracks.run(id)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

function expectHeldOrEnded(error: unknown): void {
  if (!ConductorError.is(error, 'TRACK_HELD', 'TRACK_ENDED')) throw error;
}
