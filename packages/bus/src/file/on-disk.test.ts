import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishedMessages, queueBusMessage, type PublishContext } from '@conductor/core/files';
import type { EventEnvelope, Json } from '@conductor/core/ports';
import { systemClock } from '@conductor/core';
import { FakeClock } from '@conductor/core/testing';
import { fileWorkspace } from '@conductor/store/file';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileBus } from './file-bus.js';
import { monitor } from './monitor.js';

const context: PublishContext = {
  projectId: 'p',
  trackId: 'x',
  workerIdOf: (runId, taskId) => `worker-${taskId}-${runId}`,
  filesOf: () => ['src/a.ts'],
  unblocks: () => ['2.1'],
  dependents: () => ['2.1'],
};

function event(version: number, type: string, data: Json): EventEnvelope {
  const stream = 'track/x';
  const at = '2026-01-01T00:00:00.000Z';
  const actor = { kind: 'engine', id: 'e' } as const;
  return {
    id: `${stream}@${version}`,
    seq: version,
    stream,
    version,
    commit: version,
    at,
    actor,
    correlation: {},
    type,
    v: 1,
    data,
  };
}

describe('a file bus on this machine’s disk', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'conductor-bus-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('turns the story of a task into the published files, twice told or not', async () => {
    const clock = new FakeClock();
    const workspace = fileWorkspace({ root, clock: systemClock() });
    const files = [{ path: 'src/a.ts', mode: 'exclusive' }];
    const started = { taskId: '1.1', gen: 1, attempt: 1, runId: 'r1', executor: 'x', files, isolation: 'shared' };
    const story = [
      event(1, 'task.started', started),
      event(2, 'task.completed', { taskId: '1.1', runId: 'r1', commit: 'abc', files: ['src/a.ts'], summary: '' }),
      event(3, 'task.started', { ...started, taskId: '2.1', runId: 'r2' }),
    ];
    const lines = story.flatMap((one) => publishedMessages(one, context)).map((one) => queueBusMessage('x', one));
    for (let telling = 0; telling < 2; telling += 1) {
      const bus = fileBus({ workspace, folderOf: (id) => `conductor/tracks/${id}`, clock });
      await bus.publish(lines);
      await bus.close();
    }
    const folder = join(root, 'conductor/tracks/x/.message-bus');
    const queue = (await readFile(join(folder, 'queue.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(queue.map((row) => (JSON.parse(row) as { type: string }).type)).toEqual([
      'BUS_INIT',
      'WORKER_DISPATCHED',
      'FILE_LOCK',
      'FILE_UNLOCK',
      'TASK_COMPLETE',
      'WORKER_DISPATCHED',
      'FILE_LOCK',
    ]);
    expect((await readdir(folder)).sort()).toEqual([
      '.gitignore',
      'board',
      'events',
      'locks.json',
      'queue.jsonl',
      'worker-status.json',
    ]);
    expect((await readdir(join(folder, 'events'))).sort()).toEqual([
      '.keep',
      'DEP_READY_2.1.event',
      'FILE_UNLOCK_src%2Fa.ts.event',
      'TASK_COMPLETE_1.1.event',
    ]);
    const report = await monitor(workspace, 'conductor/tracks/x', { now: clock.instant() });
    expect(report).toMatchObject({
      messages: 7,
      workers: [
        { workerId: 'worker-1.1-r1', status: 'COMPLETE' },
        { workerId: 'worker-2.1-r2', status: 'RUNNING' },
      ],
      locks: { active: [{ path: 'src/a.ts', workerId: 'worker-2.1-r2' }] },
      findings: [],
    });
  });
});
