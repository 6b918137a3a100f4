import { describe, expect, it } from 'vitest';
import {
  formatWorkerStatus,
  parseWorkerStatus,
  staleWorkers,
  updateWorker,
  type WorkerStatus,
} from './worker-status.js';
import { parseWorkerId, workerIdOf } from './worker-id.js';

const worker = (fields: Partial<WorkerStatus> = {}): WorkerStatus => ({
  taskId: '1.1',
  status: 'RUNNING',
  progressPct: 0,
  extra: {},
  ...fields,
});

describe('worker-status.json', () => {
  it('reads COMPLETED as COMPLETE, keeps started_at through updates and refuses other words [BUS-16]', () => {
    const text = JSON.stringify({
      w1: { task_id: '1.1', status: 'COMPLETED', progress_pct: 100, started_at: '2026-02-01T12:00:00', model: 'x' },
      w2: { task_id: '1.2', status: 'SLEEPING', progress_pct: 0 },
      w3: { task_id: '1.3', status: 'RUNNING', progress_pct: 101 },
    });
    const read = parseWorkerStatus(text);
    expect(read.entries.get('w1')).toEqual(
      worker({ status: 'COMPLETE', progressPct: 100, startedAt: '2026-02-01T12:00:00.000Z', extra: { model: 'x' } }),
    );
    expect(read.findings.map(({ code }) => code)).toEqual(['FILE_DAMAGED', 'FILE_DAMAGED']);

    const again = updateWorker(read.entries, 'w1', {
      taskId: '1.1',
      status: 'RUNNING',
      startedAt: '2026-02-01T13:00:00.000Z',
    });
    expect(again.get('w1')).toMatchObject({ status: 'RUNNING', startedAt: '2026-02-01T12:00:00.000Z' });
    expect(JSON.parse(formatWorkerStatus({ ...read, entries: again }))).toMatchObject({
      w1: { worker_id: 'w1', status: 'RUNNING', model: 'x' },
      w2: { status: 'SLEEPING' },
    });
  });

  it('writes the times that are known and no others', () => {
    const beat = '2026-02-01T12:00:00.000Z';
    const entries = new Map([['w', worker({ lastHeartbeat: beat })]]);
    const written = JSON.parse(formatWorkerStatus({ entries, unread: new Map() })) as object;
    expect(written).toEqual({
      w: { worker_id: 'w', task_id: '1.1', status: 'RUNNING', progress_pct: 0, last_heartbeat: beat },
    });
  });

  it('registers an unknown worker as running', () => {
    const started = updateWorker(new Map(), 'w', { taskId: '2.1', startedAt: '2026-02-01T12:00:00.000Z' });
    expect(started.get('w')).toEqual(worker({ taskId: '2.1', startedAt: '2026-02-01T12:00:00.000Z' }));
  });
});

describe('staleWorkers', () => {
  it('names running workers without a sign of life for more than 10 minutes, longest first [BUS-17]', () => {
    const workers = new Map([
      ['very silent', worker({ lastHeartbeat: '2026-02-01T11:59:59.999Z' })],
      ['fresh', worker({ lastHeartbeat: '2026-02-01T12:00:00.000Z' })],
      ['silent', worker({ lastHeartbeat: '2026-02-01T11:59:59.999Z', startedAt: '2026-02-01T12:09:00.000Z' })],
      ['never heard', worker({ startedAt: '2026-02-01T11:00:00.000Z' })],
      ['as silent', worker({ lastHeartbeat: '2026-02-01T11:59:59.999Z' })],
      ['done', worker({ status: 'COMPLETE', lastHeartbeat: '2026-02-01T01:00:00.000Z' })],
      ['unknown', worker()],
    ]);
    expect(staleWorkers(workers, '2026-02-01T12:10:00.000Z')).toEqual([
      { workerId: 'never heard', silentMs: 4_200_000 },
      { workerId: 'as silent', silentMs: 600_001 },
      { workerId: 'silent', silentMs: 600_001 },
      { workerId: 'very silent', silentMs: 600_001 },
    ]);
  });
});

describe('worker ids', () => {
  it('are read back with a stamp of seconds or of milliseconds', () => {
    const id = workerIdOf('2.3', '2026-02-01T12:34:56.789Z');
    expect(id).toBe('worker-2.3-20260201123456789');
    expect(parseWorkerId(id)).toEqual({ taskId: '2.3', stamp: '20260201123456789' });
    expect(parseWorkerId('worker-auth-login-20260201123456')).toEqual({
      taskId: 'auth-login',
      stamp: '20260201123456',
    });
    expect(parseWorkerId('orchestrator')).toBeUndefined();
  });

  it('are safe as a folder name', () => {
    expect(workerIdOf('../../x y', '2026-02-01T12:34:56.789Z')).toBe('worker-..-..-x-y-20260201123456789');
  });
});
