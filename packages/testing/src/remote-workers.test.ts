import { ConductorError } from '@conductor/core';
import { defineEvaluator } from '@conductor/core/plugin';
import type { Artifacts, BusMessage, Content, LeaseKeeper, MessageBus, Store } from '@conductor/core/ports';
import { FakeClock, sequentialIds } from '@conductor/core/testing';
import { runWorker } from '@conductor/engine/remote';
import type { WorkerEvent, WorkerPorts, WorkerSettings, WorkerSummary } from '@conductor/engine/remote';
import { memoryBus } from '@conductor/bus';
import { leaseKeeper } from '@conductor/store';
import { memoryArtifacts, memoryStore, memoryWorkspace } from '@conductor/store/memory';
import { exportLog, importLog } from '@conductor/store/transfer';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import type { TestEngine, TestEngineOptions } from './create-test-engine.js';
import { memoryClones } from './memory-clones.js';
import type { MemoryClones } from './memory-clones.js';
import { dataOf, deadKeeper, facts, steeredWorkers } from './scenario.js';

const one = { goal: 'One file', tasks: [{ text: 'Write a', files: ['a.txt'] }] };
const three = {
  goal: 'Three files',
  tasks: ['a', 'b', 'c'].map((name) => ({ text: `Write ${name}`, files: [`${name}.txt`] })),
};
const leaseMs = 6000;

/** Several machines on one log: each has a clone and handles of its own. */
interface Machines {
  readonly clock: FakeClock;
  readonly clones: MemoryClones;
  engine(o?: TestEngineOptions): Promise<TestEngine>;
  worker(settings: WorkerSettings, o?: Partial<WorkerPorts>): RunningWorker;
  /** Facts of all runs on other machines, oldest first. */
  runFacts(
    type?: string,
  ): Promise<readonly { readonly type: string; readonly stream: string; readonly data: unknown }[]>;
  close(): Promise<void>;
}

interface RunningWorker {
  readonly events: readonly WorkerEvent[];
  stop(): Promise<WorkerSummary>;
}

async function machines(bus?: MessageBus): Promise<Machines> {
  const clock = new FakeClock();
  const ids = sequentialIds();
  const store = memoryStore({ clock, ids });
  const workspace = memoryWorkspace({ clock, files: { 'README.md': '# A project\n' } });
  const clones = await memoryClones(clock, workspace);
  const keeper: LeaseKeeper = leaseKeeper({ leases: store.leases, clock });
  const open: (() => Promise<unknown>)[] = [];
  return {
    clock,
    clones,
    async engine({ ports, ...o } = {}) {
      const { repository, exchange } = clones;
      const shared = { clock, ids, store, workspace, repository, exchange, ...(bus && { bus }) };
      const test = await createTestEngine({ agents: { worker: 'remote' }, ...o, ports: { ...shared, ...ports } });
      open.push(test.close);
      return test;
    },
    worker(settings, o = {}) {
      const events: WorkerEvent[] = [];
      const end = new AbortController();
      const done = runWorker(
        { store, leaseKeeper: keeper, folders: clones.folders, clock, ids, bus, ...o },
        { onEvent: (event) => void events.push(event), ...settings },
        { signal: end.signal },
      );
      const stop = async () => {
        end.abort(new DOMException('Stopped', 'AbortError'));
        return done;
      };
      open.push(stop);
      return { events, stop };
    },
    async runFacts(type) {
      const all = [];
      for await (const page of store.readAll({ kinds: ['run'] })) all.push(...page);
      return all.filter((event) => type === undefined || event.type === type);
    },
    async close() {
      for (const end of open.reverse()) await end();
      await store.close();
    },
  };
}

/** A store with the same log, as `conductor export` and `import` make it. */
async function imported(store: Store, clock: FakeClock): Promise<Store> {
  const artifacts = memoryArtifacts({ clock });
  const parts: Uint8Array[] = [];
  await exportLog({ store, artifacts }, (bytes) => void parts.push(bytes.slice()));
  const target = memoryStore({ clock });
  await importLog({ store: target, artifacts }, async function* () {
    yield* parts;
  });
  return target;
}

const types = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type);

describe('a task for another machine', () => {
  it('is offered in the commit that starts it, claimed by a worker, and comes in as a branch that the engine verified', async () => {
    const world = await machines();
    const engine = await world.engine();
    const workers = steeredWorkers();
    const worker = world.worker({ agents: workers.agents });
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await engine.api.tracks.waitFor(id, 'completed');

    const [started] = await facts(engine, id, 'task.started');
    const all = await engine.events();
    const offered = all.find(({ type }) => type === 'run.offered');
    expect(offered?.commit).toBe(started?.commit);
    expect(dataOf(started)).toMatchObject({ executor: 'remote', isolation: 'worktree', base: 'c1' });
    expect(types(await world.runFacts())).toEqual(['run.offered', 'run.claimed', 'run.reported']);
    const [completed] = await facts(engine, id, 'task.completed');
    expect(dataOf(completed)).toMatchObject({ files: ['a.txt'], commit: 'c3' });
    expect(await engine.read('a.txt')).toBe('Write a\n');
    expect([...world.clones.remote.keys()]).toEqual([]);
    expect(worker.events.map(({ type, status }) => [type, status])).toEqual([
      ['claimed', undefined],
      ['reported', 'done'],
    ]);
    expect(await worker.stop()).toEqual({ tasks: 1, failed: 0 });
    await world.close();
  });

  it('is done by one of the workers that are woken for it', async () => {
    const world = await machines();
    const engine = await world.engine();
    const workers = steeredWorkers();
    const all = [1, 2, 3, 4].map(() => world.worker({ agents: workers.agents }));
    const { id } = await engine.api.tracks.create(three);
    await engine.api.tracks.run(id);
    await engine.api.tracks.waitFor(id, 'completed');
    const claims = await world.runFacts('run.claimed');
    expect(claims).toHaveLength(3);
    expect(new Set(claims.map(({ stream }) => stream)).size).toBe(3);
    expect(workers.calls).toHaveLength(3);
    expect(all.reduce((sum, { events }) => sum + events.length, 0)).toBe(6);
    expect(await engine.read('c.txt')).toBe('Write c\n');
    await world.close();
  });

  it('is found without any message, by whoever looks at the log', async () => {
    const bus = memoryBus();
    const silent: MessageBus = {
      ...bus,
      publish: async (_: readonly BusMessage[]) => {},
      queue: { push: async () => {}, take: bus.queue?.take ?? (() => [] as never) },
    };
    const world = await machines(silent);
    const engine = await world.engine();
    const workers = steeredWorkers();
    world.worker({ agents: workers.agents });
    await world.clock.settle();
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await engine.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    await world.clock.settle();
    expect(workers.calls).toHaveLength(0);
    await world.clock.runUntil(engine.api.tracks.waitFor(id, 'completed'));
    expect(workers.calls).toHaveLength(1);
    await world.close();
  });

  it('wakes one worker by the work queue', async () => {
    const world = await machines(memoryBus());
    const engine = await world.engine();
    const workers = steeredWorkers();
    world.worker({ agents: workers.agents });
    await world.clock.settle();
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await engine.api.tracks.waitFor(id, 'completed');
    expect(workers.calls).toHaveLength(1);
    await world.close();
  });

  it('goes to workers that have the role and an agent for its type', async () => {
    const world = await machines();
    const engine = await world.engine();
    const [fixers, coders] = [steeredWorkers(), steeredWorkers()];
    world.worker({ agents: fixers.agents, roles: ['fixer'] });
    world.worker({ agents: { worker: { docs: fixers.agents.worker } } });
    world.worker({ agents: { worker: 'remote' } });
    world.worker({ agents: coders.agents });
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await engine.api.tracks.waitFor(id, 'completed');
    expect([fixers.calls.length, coders.calls.length]).toEqual([0, 1]);
    await world.close();
  });

  it('is a fix as well as a task of the plan', async () => {
    const world = await machines();
    const strict = defineEvaluator({
      id: 'acme/strict',
      async evaluate({ changed }) {
        for await (const file of changed('a.txt'))
          if ((await file.text()) === 'Right\n') return { verdict: 'PASS', findings: [] };
        return { verdict: 'FAIL', findings: [{ severity: 'error', message: 'a.txt is wrong' }] };
      },
    });
    const engine = await world.engine({ plugins: [strict] });
    const workers = steeredWorkers();
    workers.play('Fix 1', async (_, { workspace }) => {
      await workspace.write('a.txt', 'Right\n');
      return 'Fixed a';
    });
    world.worker({ agents: workers.agents });
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await engine.api.tracks.waitFor(id, 'completed');
    expect(workers.calls.map(({ role }) => role)).toEqual(['worker', 'fixer']);
    expect(await engine.read('a.txt')).toBe('Right\n');
    await world.close();
  });

  it('brings what its agent printed: whole where machines share artifacts, and its end where they share none', async () => {
    const text = Array.from({ length: 20_000 }, (_, line) => `line ${line}`).join('\n');
    const agents: WorkerSettings['agents'] = {
      worker: async (_assignment, { workspace }) => {
        await workspace.write('a.txt', 'a');
        return { status: 'done', summary: 'Wrote a.txt', transcript: { text } };
      },
    };
    const transcriptOf = async (artifacts?: Artifacts, put = artifacts?.put) => {
      const world = await machines();
      const engine = await world.engine(artifacts && { ports: { artifacts } });
      world.worker({ agents }, artifacts && put && { artifacts: { ...artifacts, put } });
      const { id } = await engine.api.tracks.create(one);
      await engine.api.tracks.run(id);
      await engine.api.tracks.waitFor(id, 'completed');
      const [reported] = await facts(engine, id, 'task.reported');
      const { transcript } = dataOf(reported) as { transcript: Content };
      const shown =
        'text' in transcript
          ? transcript.text
          : await new Response((await engine.api.artifacts.get(transcript.artifact)).body).text();
      await world.close();
      return shown;
    };
    expect(await transcriptOf(memoryArtifacts({ clock: new FakeClock() }))).toBe(text);
    const end = `…\n${text.slice(-65_536)}`;
    expect(await transcriptOf()).toBe(end);
    const full = () => Promise.reject(new ConductorError('STORE_FULL', 'No room'));
    expect(await transcriptOf(memoryArtifacts({ clock: new FakeClock() }), full)).toBe(end);
  });

  it('that names no files brings in all that its agent changed, and nothing of ours', async () => {
    const world = await machines();
    const engine = await world.engine();
    const workers = steeredWorkers();
    workers.play('1.1', async (_, { workspace }) => {
      for (const path of ['b.txt', 'c.txt', 'conductor/notes.md']) await workspace.write(path, 'Hello\n');
      return 'Wrote three';
    });
    world.worker({ agents: workers.agents });
    const { id } = await engine.api.tracks.create({ goal: 'Anything', tasks: [{ text: 'Do something' }] });
    await engine.api.tracks.run(id);
    await engine.api.tracks.waitFor(id, 'completed');
    const [completed] = await facts(engine, id, 'task.completed');
    expect(dataOf(completed)).toMatchObject({ files: ['b.txt', 'c.txt'] });
    expect(await engine.read('conductor/notes.md')).toBeUndefined();
    await world.close();
  });

  it('is refused before anything is written where no worker could hand over its work', async () => {
    const world = await machines();
    const engine = await world.engine({ ports: { exchange: undefined } });
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await engine.engine.ended(id);
    const [stopped] = await facts(engine, id, 'loop.stopped');
    expect(dataOf(stopped)).toMatchObject({ reason: 'error', error: { code: 'CAPABILITY_MISSING' } });
    expect(await facts(engine, id, 'task.started')).toEqual([]);
    await world.close();
  });
});

describe('a worker', () => {
  it('that dies loses its task to another one: same attempt, same key, and what it still says is refused', async () => {
    const world = await machines();
    const engine = await world.engine();
    const [dying, other] = [steeredWorkers(), steeredWorkers()];
    dying.hold('1.1');
    const dead = world.worker({ agents: dying.agents }, { leaseKeeper: deadKeeper });
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await world.clock.settle();
    expect(dying.calls).toHaveLength(1);
    world.worker({ agents: other.agents });
    await world.clock.advance(leaseMs + 1);
    await world.clock.runUntil(engine.api.tracks.waitFor(id, 'completed'));

    const [first, second] = [...dying.calls, ...other.calls];
    expect(second).toMatchObject({ attempt: 1, recovery: 1, idempotencyKey: first?.idempotencyKey });
    expect(second?.runId).not.toBe(first?.runId);
    expect((await facts(engine, id, 'task.interrupted')).map(dataOf)).toMatchObject([{ reason: 'leaseLost' }]);

    const before = await engine.store.head();
    dying.letGo('1.1');
    await world.clock.settle();
    expect(await engine.store.head()).toBe(before);
    expect(dead.events.at(-1)).toMatchObject({ type: 'lost' });
    expect(await engine.read('a.txt')).toBe('Write a\n');
    await world.close();
  });

  it('that was frozen past its lease writes nothing when it goes on, though nobody has taken its place yet', async () => {
    const world = await machines();
    const engine = await world.engine({ ports: { leaseKeeper: deadKeeper } });
    const workers = steeredWorkers();
    workers.hold('1.1');
    const frozen = world.worker({ agents: workers.agents }, { leaseKeeper: deadKeeper });
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await world.clock.settle();
    await world.clock.advance(leaseMs + 1);
    workers.letGo('1.1');
    await world.clock.settle();
    expect(frozen.events.at(-1)).toMatchObject({ type: 'lost' });
    expect(await world.runFacts('run.reported')).toEqual([]);
    expect(await engine.read('a.txt')).toBeUndefined();
    await world.close();
  });

  it('that is stopped gives back what it has not done, and that costs no attempt and no recovery', async () => {
    const world = await machines();
    const engine = await world.engine();
    const [stopped, other] = [steeredWorkers(), steeredWorkers()];
    stopped.hold('1.1');
    const worker = world.worker({ agents: stopped.agents });
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await world.clock.settle();
    expect(await worker.stop()).toEqual({ tasks: 0, failed: 0 });
    expect(worker.events.at(-1)).toMatchObject({ type: 'released' });
    world.worker({ agents: other.agents });
    await engine.api.tracks.waitFor(id, 'completed');
    expect(other.calls).toMatchObject([{ attempt: 1, recovery: 0 }]);
    expect((await world.runFacts('run.released')).map(({ data }) => data)).toEqual([{ reason: 'stopped' }]);
    await world.close();
  });

  it('whose machine cannot do a task gives it back and rests, and another one does it', async () => {
    const world = await machines();
    const engine = await world.engine();
    const [poor, other] = [steeredWorkers(), steeredWorkers()];
    poor.play('1.1', () => ({
      status: 'failed',
      summary: 'No such program',
      error: { code: 'COMMAND_MISSING', message: 'No such program', retryable: false },
    }));
    world.worker({ agents: poor.agents });
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await world.clock.settle();
    world.worker({ agents: other.agents });
    await engine.api.tracks.waitFor(id, 'completed');
    expect([poor.calls.length, other.calls.length]).toEqual([1, 1]);
    expect(await facts(engine, id, 'task.failed')).toEqual([]);
    await world.close();
  });

  it.each(['failed', 'cancelled'] as const)(
    'whose agent %s a task costs an attempt, as on the same machine',
    async (status) => {
      const world = await machines();
      const engine = await world.engine();
      const workers = steeredWorkers();
      let tries = 0;
      workers.play('1.1', async (_, { workspace }) => {
        tries += 1;
        if (tries === 1) return { status, summary: 'Not today' };
        await workspace.write('a.txt', 'At last\n');
        return 'Did it';
      });
      const worker = world.worker({ agents: workers.agents });
      const { id } = await engine.api.tracks.create(one);
      await engine.api.tracks.run(id);
      await engine.api.tracks.waitFor(id, 'completed');
      expect(workers.calls.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(await worker.stop()).toEqual({ tasks: 2, failed: 1 });
      await world.close();
    },
  );

  it.each(['conductor/tracks/x/plan.md', 'other.txt'])(
    'hands over the files of its task and nothing else: a branch with %s does not come in',
    async (path) => {
      const world = await machines();
      const engine = await world.engine();
      const workers = steeredWorkers();
      const greedy: WorkerPorts['folders'] = {
        ...world.clones.folders,
        async open(o) {
          const folder = await world.clones.folders.open(o);
          return {
            ...folder,
            async handOver(work) {
              await folder.workspace.replace(path, new TextEncoder().encode('Mine\n'));
              return folder.handOver({ ...work, paths: [...work.paths, path] });
            },
          };
        },
      };
      world.worker({ agents: workers.agents }, { folders: greedy });
      const { id } = await engine.api.tracks.create(one);
      await engine.api.tracks.run(id);
      await engine.engine.ended(id);
      const failed = (await facts(engine, id, 'task.failed')).map(dataOf);
      expect(failed.map(({ reason }) => reason)).toEqual(['WORK_UNPROVEN', 'WORK_UNPROVEN', 'WORK_UNPROVEN']);
      expect(String(failed[0]?.['message'])).toContain(path);
      expect(await engine.read(path)).toBeUndefined();
      expect(await engine.read('a.txt')).toBeUndefined();
      await world.close();
    },
  );

  it('whose work meets a change that came in since begins again from there', async () => {
    const world = await machines();
    const engine = await world.engine();
    const workers = steeredWorkers();
    workers.hold('1.1');
    world.worker({ agents: workers.agents });
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await world.clock.settle();
    await engine.workspace.replace('a.txt', new TextEncoder().encode('Of a person\n'));
    await world.clones.repository.commit({ paths: ['a.txt'], message: 'mine', key: 'mine' });
    workers.letGo('1.1');
    await engine.api.tracks.waitFor(id, 'completed');
    expect((await facts(engine, id, 'task.failed')).map(dataOf)).toMatchObject([{ reason: 'MERGE_CONFLICT' }]);
    expect(await engine.read('a.txt')).toBe('Write a\n');
    await world.close();
  });
});

describe('a worker whose commit is in doubt', () => {
  it.each(['run.claimed', 'run.reported'])('asks again, and does the task once: %s', async (doubted) => {
    const world = await machines();
    const engine = await world.engine();
    const workers = steeredWorkers();
    const { store } = engine;
    let doubts = 0;
    const unsure: Store = {
      ...store,
      async commit(commit, o) {
        const result = await store.commit(commit, o);
        if (commit.appends.every(({ events }) => events.every(({ type }) => type !== doubted))) return result;
        doubts += 1;
        throw new ConductorError('COMMIT_UNKNOWN', 'The line was cut');
      },
    };
    const worker = world.worker({ agents: workers.agents }, { store: unsure });
    const { id } = await engine.api.tracks.create(one);
    await engine.api.tracks.run(id);
    await world.clock.runUntil(engine.api.tracks.waitFor(id, 'completed'));
    await world.clock.advance(1000);
    expect([doubts, workers.calls.length]).toEqual([1, 1]);
    expect(types(await world.runFacts())).toEqual(['run.offered', 'run.claimed', 'run.reported']);
    expect(types(worker.events)).toEqual(['claimed', 'reported']);
    await world.close();
  });
});

describe('an engine', () => {
  it('that dies is followed by one that takes what was reported meanwhile, and pays no agent twice', async () => {
    const world = await machines();
    const workers = steeredWorkers();
    workers.hold('1.1');
    const first = await world.engine({ ports: { leaseKeeper: deadKeeper } });
    world.worker({ agents: workers.agents });
    const { id } = await first.api.tracks.create(one);
    await first.api.tracks.run(id);
    await world.clock.settle();
    await world.clock.advance(leaseMs + 1);
    workers.letGo('1.1');
    await world.clock.settle();
    expect(types(await world.runFacts())).toEqual(['run.offered', 'run.claimed', 'run.reported']);
    expect(await facts(first, id, 'task.reported')).toEqual([]);

    const second = await world.engine();
    await second.api.tracks.run(id);
    await second.api.tracks.waitFor(id, 'completed');
    expect(workers.calls).toHaveLength(1);
    expect(await facts(second, id, 'task.interrupted')).toEqual([]);
    expect(await second.read('a.txt')).toBe('Write a\n');
    await world.close();
  });

  it('that dies is followed by one that takes over the runs at work, and those that nobody has claimed', async () => {
    const world = await machines();
    const workers = steeredWorkers();
    workers.hold('1.1');
    const first = await world.engine({ ports: { leaseKeeper: deadKeeper } });
    world.worker({ agents: workers.agents });
    const { id } = await first.api.tracks.create(three);
    await first.api.tracks.run(id);
    await world.clock.settle();
    await world.clock.advance(leaseMs + 1);

    const second = await world.engine();
    await second.api.tracks.run(id);
    await world.clock.settle();
    workers.letGo('1.1');
    await second.api.tracks.waitFor(id, 'completed');
    expect(workers.calls.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    expect(new Set(workers.calls.map(({ effect }) => effect)).size).toBe(3);
    expect(await world.runFacts('run.offered')).toHaveLength(3);
    expect(await world.runFacts('run.released')).toEqual([]);
    await world.close();
  });

  it('that goes on in a store that its log was imported into makes the runs be found that nobody has claimed', async () => {
    const world = await machines();
    const first = await world.engine({ ports: { leaseKeeper: deadKeeper } });
    const { id } = await first.api.tracks.create(one);
    await first.api.tracks.run(id);
    await world.clock.settle();
    const moved = await imported(first.store, world.clock);

    const keeper = leaseKeeper({ leases: moved.leases, clock: world.clock });
    const second = await world.engine({ ports: { store: moved, leaseKeeper: keeper } });
    const workers = steeredWorkers();
    world.worker({ agents: workers.agents }, { store: moved, leaseKeeper: keeper });
    await second.api.tracks.run(id);
    await world.clock.runUntil(second.api.tracks.waitFor(id, 'completed'));
    expect(workers.calls.map(({ attempt }) => attempt)).toEqual([1]);
    await world.close();
    await moved.close();
  });

  it('that stops takes its runs back: their agents are ended, and a later engine offers the tasks again', async () => {
    const world = await machines();
    const workers = steeredWorkers();
    workers.hold('1.1');
    const first = await world.engine();
    const worker = world.worker({ agents: workers.agents });
    const { id } = await first.api.tracks.create(one);
    await first.api.tracks.run(id);
    await world.clock.settle();
    await first.close();
    await world.clock.settle();
    expect((await world.runFacts('run.released')).map(({ data }) => data)).toEqual([{ reason: 'withdrawn' }]);
    expect(worker.events.at(-1)).toMatchObject({ type: 'lost' });

    workers.letGo('1.1');
    const second = await world.engine();
    await second.api.tracks.run(id);
    await second.api.tracks.waitFor(id, 'completed');
    expect(workers.calls).toMatchObject([
      { attempt: 1, recovery: 0 },
      { attempt: 1, recovery: 0 },
    ]);
    await world.close();
  });
});
