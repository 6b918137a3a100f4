import { formatQueueLine } from '@conductor/core/files';
import type { Json } from '@conductor/core/ports';
import { memoryWorkspace } from '@conductor/store/memory';
import { describe, expect, it } from 'vitest';
import { monitor } from './monitor.js';

const folder = 'conductor/tracks/x';
const now = '2026-02-01T12:00:00.000Z';

const row = (id: string, type: string, source: string, payload: Record<string, Json>) =>
  formatQueueLine({ id, type, source, timestamp: now, payload });
const blocked = (source: string, waiting_for: string, resource: string | null = null) =>
  row(`b-${source}`, 'BLOCKED', source, { task_id: '9', waiting_for, resource });

function look(files: { readonly queue: string; readonly locks?: Json; readonly workers?: Json }) {
  const workspace = memoryWorkspace({
    files: {
      [`${folder}/.message-bus/queue.jsonl`]: files.queue,
      [`${folder}/.message-bus/locks.json`]: JSON.stringify(files.locks ?? {}),
      [`${folder}/.message-bus/worker-status.json`]: JSON.stringify(files.workers ?? {}),
    },
  });
  return monitor(workspace, folder, { now });
}

describe('monitor', () => {
  it('counts messages, shows workers, stale ones, locks, the last five messages and the board', async () => {
    const turns = [
      row('1', 'BOARD_ASSESS', 'CA', {
        director: 'CA',
        verdict: 'APPROVE',
        score: 8,
        concerns: [],
        recommendations: [],
      }),
      row('2', 'BOARD_VOTE', 'CA', { director: 'CA', final_verdict: 'APPROVE', confidence: 1, conditions: [] }),
      row('3', 'BOARD_VOTE', 'CSO', { director: 'CSO', final_verdict: 'REJECT', confidence: 1, conditions: [] }),
    ];
    const beats = ['4', '5', '6', '7'].map((id) => row(id, 'PROGRESS', 'w1', { task_id: '1', progress_pct: 5 }));
    const report = await look({
      queue: `${[...turns, ...beats].join('')}{"torn`,
      locks: {
        'a.ts': { worker_id: 'w1', expires_at: '2026-02-01T12:00:00.001Z' },
        'b.ts': { worker_id: 'w2', expires_at: now },
      },
      workers: {
        w1: { task_id: '1', status: 'RUNNING', progress_pct: 5, last_heartbeat: '2026-02-01T11:48:59Z' },
        w2: { task_id: '2', status: 'COMPLETED', progress_pct: 100 },
      },
    });
    expect(report).toMatchObject({
      folder,
      at: now,
      messages: 7,
      counts: [
        { type: 'PROGRESS', count: 4 },
        { type: 'BOARD_VOTE', count: 2 },
        { type: 'BOARD_ASSESS', count: 1 },
      ],
      workers: [
        { workerId: 'w1', taskId: '1', status: 'RUNNING', progressPct: 5 },
        { workerId: 'w2', taskId: '2', status: 'COMPLETE', progressPct: 100 },
      ],
      stale: [{ workerId: 'w1', minutes: 11 }],
      locks: { active: [{ path: 'a.ts', workerId: 'w1' }], expired: [{ path: 'b.ts', workerId: 'w2' }] },
      board: {
        sessionId: 'board-20260201-120000',
        assessments: 1,
        votes: 2,
        of: 5,
        tally: { approve: 1, reject: 1, abstain: 0 },
      },
      findings: [{ code: 'QUEUE_TORN' }],
    });
    expect(report.lastMessages.map(({ id }) => id)).toEqual(['3', '4', '5', '6', '7']);
    expect(report.deadlock).toBeUndefined();
  });

  it('finds a deadlock through locks, tasks and workers', async () => {
    const locks = { 'x.ts': { worker_id: 'w2', expires_at: '2026-02-01T13:00:00Z' } };
    const worker = (task_id: string) => ({ task_id, status: 'RUNNING', progress_pct: 0 });
    const workers = { w1: worker('1.1'), w2: worker('1.2'), w3: worker('1.3') };
    const waits = [blocked('w1', 'file_lock', 'x.ts'), blocked('w2', '1.3'), blocked('w3', 'w1')];
    expect((await look({ queue: waits.join(''), locks, workers })).deadlock).toEqual(['w1', 'w2', 'w3']);

    const named = [blocked('w1', 'FILE_UNLOCK_x.ts'), blocked('w2', 'w9, w1')];
    expect((await look({ queue: named.join(''), locks, workers })).deadlock).toEqual(['w1', 'w2']);
  });

  it('sees no deadlock where a worker has spoken since, or has stopped', async () => {
    const waits = [blocked('w1', 'w2'), blocked('w2', 'w1')].join('');
    expect((await look({ queue: waits })).deadlock).toEqual(['w1', 'w2']);
    const spoke = row('s', 'PROGRESS', 'w1', { task_id: '1', progress_pct: 1 });
    expect((await look({ queue: waits + spoke })).deadlock).toBeUndefined();
    const stopped = { w2: { task_id: '2', status: 'FAILED', progress_pct: 0 } };
    expect((await look({ queue: waits, workers: stopped })).deadlock).toBeUndefined();
  });

  it('refuses a folder without a bus, and stops on abort', async () => {
    const workspace = memoryWorkspace();
    await expect(monitor(workspace, folder, { now })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    const reason = new Error('enough');
    await expect(monitor(workspace, folder, { now, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
