import { defineEvaluator } from '@conductor/core/plugin';
import { parseMetadata } from '@conductor/core/files';
import type { BusMessage, ProcessRecord, Workspace } from '@conductor/core/ports';
import type { EnginePorts } from '@conductor/engine';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import { deadKeeper, facts, steeredWorkers } from './scenario.js';

const one = { goal: 'One file', tasks: [{ text: 'Write a', files: ['a.txt'] }] };
const leaseMs = 6000;

describe('commands of evaluators', () => {
  it('are on record before they begin, and ended by the engine that takes over, before they are run again', async () => {
    const order: string[] = [];
    const twoCommands = defineEvaluator({
      id: 'acme/two-commands',
      async evaluate({ command }) {
        await Promise.all([command('build'), command('lint')]);
        return { verdict: 'PASS', findings: [] };
      },
    });
    let group = 100;
    const runCommand =
      (ends: boolean): EnginePorts['runCommand'] =>
      async ({ file, args, spawned }) => {
        const record: ProcessRecord = {
          host: 'here',
          bootId: 'boot',
          groupId: ++group,
          startedAt: '2026-01-01T00:00:00.000Z',
        };
        await spawned?.(record);
        order.push(`${file} begins as ${record.groupId}`);
        if (!ends) await new Promise(() => {}); // its engine is gone before it ends
        return {
          id: `evidence_${record.groupId}`,
          at: record.startedAt,
          kind: 'command',
          command: [file, ...args],
          exitCode: 0,
          timedOut: false,
          tail: '',
          durationMs: 1,
        };
      };
    const processes: EnginePorts['processes'] = {
      host: 'here',
      bootId: 'boot',
      end: async ({ groupId }) => {
        order.push(`${groupId} is ended`);
        return 'ended';
      },
    };
    const { agents } = steeredWorkers();
    const base = await createTestEngine();
    const first = await createTestEngine({
      agents,
      plugins: [twoCommands],
      ports: { ...base.ports, leaseKeeper: deadKeeper, processes, runCommand: runCommand(false) },
    });
    const { id } = await first.api.tracks.create(one);
    await first.api.tracks.run(id);
    await first.api.tracks.waitFor(id, () => order.length === 2);
    await first.clock.advance(leaseMs + 1);

    const second = await createTestEngine({
      agents,
      plugins: [twoCommands],
      ports: { ...base.ports, processes, runCommand: runCommand(true) },
    });
    await second.api.tracks.run(id);
    await second.api.tracks.waitFor(id, 'completed');
    expect(order).toEqual([
      'build begins as 101',
      'lint begins as 102',
      '101 is ended',
      '102 is ended',
      'build begins as 103',
      'lint begins as 104',
    ]);
    await second.close();
  });
});

/** The same workspace, telling which files were written through it. */
function watchedWorkspace(workspace: Workspace): { readonly workspace: Workspace; readonly wrote: string[] } {
  const wrote: string[] = [];
  return {
    wrote,
    workspace: {
      ...workspace,
      async replace(path, bytes, o) {
        wrote.push(path);
        return workspace.replace(path, bytes, o);
      },
    },
  };
}

describe('files', () => {
  it('that an engine left behind its log when it died are written by the next one that opens', async () => {
    const base = await createTestEngine();
    const disk = { gone: false };
    const dying: Workspace = {
      ...base.workspace,
      replace: (...args) => (disk.gone ? new Promise(() => {}) : base.workspace.replace(...args)),
      create: (...args) => (disk.gone ? new Promise(() => {}) : base.workspace.create(...args)),
    };
    const first = await createTestEngine({ ports: { ...base.ports, workspace: dying } });
    disk.gone = true;
    first.api.tracks.create({ ...one, name: 'Lost' }).catch(() => {});
    await first.clock.settle();
    const [created] = await first.events().then((all) => all.filter(({ type }) => type === 'track.created'));
    const id = created?.stream.slice('track/'.length) ?? '';
    expect(await base.read(`conductor/tracks/${id}/spec.md`)).toBeUndefined();

    const { store } = base;
    const reaping = { ...store, leases: { ...store.leases, reap: async () => ['owner_gone'] } };
    const second = await createTestEngine({ ports: { ...base.ports, store: reaping } });
    expect(await second.read(`conductor/tracks/${id}/spec.md`)).toContain('One file');
    expect(await second.read(`conductor/tracks/${id}/plan.md`)).toContain('Write a');
    expect(await second.read('conductor/tracks.md')).toContain(id);
    expect(parseMetadata((await second.read(`conductor/tracks/${id}/metadata.json`)) ?? '').metadata?.name).toBe(
      'Lost',
    );
    await second.close();
  });

  it('of a track are written by the engine that runs it, also after another one has changed the track', async () => {
    const workers = steeredWorkers();
    workers.hold('1.1');
    const first = await createTestEngine({ agents: workers.agents });
    const { id } = await first.api.tracks.create(one);
    await first.api.tracks.run(id);
    await first.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    await first.clock.settle();
    const watched = watchedWorkspace(first.workspace);
    const second = await createTestEngine({ ports: { ...first.ports, workspace: watched.workspace } });
    await second.api.tracks.update(id, { name: 'Another name' });
    await first.clock.settle();
    expect(watched.wrote).toEqual([]);
    expect(await first.read(`conductor/tracks/${id}/metadata.json`)).toContain('Another name');
    workers.letGo('1.1');
    await first.api.tracks.waitFor(id, 'completed');
    expect(await facts(first, id, 'edit.noted')).toEqual([]);
    await second.close();
    await first.close();
  });

  it('are not left behind for good by another tool that holds metadata.json while the run ends', async () => {
    const workers = steeredWorkers();
    workers.hold('1.1');
    const test = await createTestEngine({ agents: workers.agents });
    const { id } = await test.api.tracks.create(one);
    await test.api.tracks.run(id);
    await test.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    const lock = await test.workspace.mutex(`conductor/tracks/${id}/.metadata.lock`);
    workers.letGo('1.1');
    const status = async () =>
      parseMetadata((await test.read(`conductor/tracks/${id}/metadata.json`)) ?? '').metadata?.status;
    await test.api.tracks.waitFor(id, 'completed');
    await test.clock.settle();
    expect(await status()).toBe('in_progress');
    await lock.release();
    await test.clock.advance(1000);
    expect(await status()).toBe('complete');
    await test.close();
  });
});

describe('a bus', () => {
  it('that failed is told what it missed, in order, with the next line', async () => {
    const base = await createTestEngine();
    const bus = base.ports.bus;
    const told: BusMessage[] = [];
    let failing = true;
    const flaky = {
      ...bus,
      async publish(messages: readonly BusMessage[]) {
        if (failing) throw new Error('no disk');
        told.push(...messages);
      },
    } as EnginePorts['bus'];
    const workers = steeredWorkers();
    workers.hold('1.1');
    const test = await createTestEngine({ agents: workers.agents, ports: { ...base.ports, bus: flaky } });
    const { id } = await test.api.tracks.create(one);
    await test.api.tracks.run(id);
    await test.api.tracks.waitFor(id, (track) => track.progress.running === 1);
    failing = false;
    workers.letGo('1.1');
    await test.api.tracks.waitFor(id, 'completed');
    await test.close();
    const words = told.map(({ body }) => (body as { type: string }).type);
    const seen = ['PLAN_COMPLETE', 'PLAN_EVAL_COMPLETE', 'TASK_COMPLETE', 'EXECUTE_COMPLETE'];
    expect(words.filter((word) => seen.includes(word))).toEqual(seen);
    expect(new Set(told.map((message) => message.id)).size).toBe(told.length);
  });
});
