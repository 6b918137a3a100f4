import { defineEvaluator } from '@conductor/core/plugin';
import type { ProcessRecord } from '@conductor/core/ports';
import type { EnginePorts } from '@conductor/engine';
import { describe, expect, it } from 'vitest';
import { createTestEngine } from './create-test-engine.js';
import { deadKeeper, steeredWorkers } from './scenario.js';

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
