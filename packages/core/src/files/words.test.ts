import { describe, expect, it } from 'vitest';
import type { EventEnvelope, Json } from '../ports/values.js';
import { isOwnMessage } from './message-id.js';
import { QueueMessage } from './queue.js';
import { isQueueType, queuePayload } from './queue-payloads.js';
import { publishedMessages, type PublishContext } from './words.js';

const at = '2026-02-01T12:00:00.000Z';
const board = {
  sessionId: 'board-20260201-115900',
  checkpoint: 'EVALUATE_PLAN',
  title: 'Plan',
  directors: ['CA', 'CSO'],
  startedAt: at,
};
const context: PublishContext = {
  projectId: 'project_1',
  trackId: 'login_20260201',
  workerIdOf: (runId, taskId) => `worker-${taskId}-${runId}`,
  workerOfHolder: (holder) => (holder === 'run/r9' ? 'worker-9' : undefined),
  filesOf: () => ['src/a.ts', 'src/b.ts'],
  unblocks: () => ['2.1'],
  dependents: () => ['2.1', '3.1'],
  groupOf: () => 'pg-1',
  parallel: true,
  board,
};

function event(type: string, data: Json, fields: Partial<EventEnvelope> = {}): EventEnvelope {
  const stream = type.startsWith('board.') ? 'board/b1' : 'track/login_20260201';
  const actor = { kind: 'engine', id: 'e' } as const;
  return {
    id: `${stream}@7`,
    seq: 9,
    stream,
    version: 7,
    commit: 3,
    at,
    actor,
    correlation: {},
    type,
    v: 1,
    data,
    ...fields,
  };
}
const lines = (type: string, data: Json, fields: Partial<EventEnvelope> = {}) =>
  publishedMessages(event(type, data, fields), context);
const told = (type: string, data: Json) => lines(type, data).map((line) => [line.type, line.source, line.payload]);

const started = {
  taskId: '1.1',
  gen: 1,
  attempt: 1,
  runId: 'r1',
  executor: 'x',
  files: [{ path: 'src/a.ts', mode: 'exclusive' }],
  isolation: 'shared',
};
const failed = { taskId: '1.1', runId: 'r1', attempt: 3, reason: 'COMMAND_FAILED', message: 'tests fail', final: true };

describe('publishedMessages', () => {
  it('tells a start as a dispatch and its locks, with 30 minutes to their end', () => {
    expect(told('task.started', started)).toEqual([
      ['WORKER_DISPATCHED', 'orchestrator', { worker_id: 'worker-1.1-r1', task_id: '1.1', parallel_group: 'pg-1' }],
      [
        'FILE_LOCK',
        'worker-1.1-r1',
        { filepath: 'src/a.ts', lock_type: 'exclusive', expires_at: '2026-02-01T12:30:00.000Z' },
      ],
    ]);
  });

  it.each([{ attempt: 2 }, { recovery: 1 }])('tells a start with %o as a retry too', (again) => {
    expect(told('task.started', { ...started, ...again })[0]).toEqual([
      'TASK_RETRY',
      'orchestrator',
      { task_id: '1.1', attempt: again.attempt ?? 1, worker_id: 'worker-1.1-r1' },
    ]);
  });

  it('says so where the group, a commit or the holder of a lock is not known', () => {
    const bare = { ...context, groupOf: undefined, workerOfHolder: undefined, parallel: false };
    const { groupOf: _, workerOfHolder: __, ...without } = bare;
    const payloads = (type: string, data: Json) =>
      publishedMessages(event(type, data), without).map(({ payload }) => payload);
    expect(payloads('task.started', started)[0]).toMatchObject({ parallel_group: null });
    expect(
      publishedMessages(event('task.started', started), { ...context, groupOf: () => undefined })[0]?.payload,
    ).toEqual(payloads('task.started', started)[0]);
    expect(payloads('lease.waited', { taskId: '1', keys: ['file:a'], holders: ['run/r9'] })).toMatchObject([
      { waiting_for: 'run/r9' },
    ]);
    const close = { step: 'EXECUTE', visit: 1, rule: 'T1', next: { step: 'FIX', status: 'NOT_STARTED' } };
    expect(payloads('step.failed', close)).toHaveLength(1);
    const done = { taskId: '1', runId: 'r', files: [], summary: '' };
    expect(payloads('task.completed', done).at(-1)).toMatchObject({ commit_sha: null });
  });

  it('tells the end of a task after its unlocks, with what it unblocks', () => {
    const done = { taskId: '1.1', runId: 'r1', commit: 'abc', files: ['src/a.ts'], summary: 'did it' };
    expect(told('task.completed', done)).toEqual([
      ['FILE_UNLOCK', 'worker-1.1-r1', { filepath: 'src/a.ts' }],
      ['FILE_UNLOCK', 'worker-1.1-r1', { filepath: 'src/b.ts' }],
      [
        'TASK_COMPLETE',
        'worker-1.1-r1',
        { task_id: '1.1', commit_sha: 'abc', files_modified: ['src/a.ts'], unblocks: ['2.1'] },
      ],
    ]);
  });

  it('tells a failure, and the pause of everything behind it only when it is final', () => {
    const types = (data: Json) => told('task.failed', data).map(([type]) => type);
    expect(types(failed)).toEqual(['FILE_UNLOCK', 'FILE_UNLOCK', 'TASK_FAILED', 'TASK_BLOCKED', 'TASK_BLOCKED']);
    expect(types({ ...failed, final: false })).toEqual(['FILE_UNLOCK', 'FILE_UNLOCK', 'TASK_FAILED']);
    expect(told('task.failed', failed)[4]).toEqual([
      'TASK_BLOCKED',
      'orchestrator',
      { task_id: '3.1', blocked_by: '1.1', reason: 'COMMAND_FAILED' },
    ]);
  });

  it('tells other ends of a run by its unlocks', () => {
    expect(told('task.interrupted', { taskId: '1.1', runId: 'r1', recoveries: 1, reason: 'engineLost' })).toHaveLength(
      2,
    );
    expect(told('task.blocked', { taskId: '1.1', runId: 'r1', reason: 'no key' }).map(([type]) => type)).toEqual([
      'FILE_UNLOCK',
      'FILE_UNLOCK',
      'TASK_BLOCKED',
    ]);
    expect(told('task.blocked', { taskId: '1.1', reason: 'no key' })).toHaveLength(1);
  });

  it('tells a wait with the holders behind it, and further locks of a run', () => {
    const waited = { taskId: '1.2', keys: ['file:src/a.ts', 'dir:docs'], holders: ['run/r9', 'foreign/w'] };
    expect(told('lease.waited', waited)).toEqual([
      ['BLOCKED', 'orchestrator', { task_id: '1.2', waiting_for: 'worker-9, foreign/w', resource: 'src/a.ts' }],
      ['BLOCKED', 'orchestrator', { task_id: '1.2', waiting_for: 'worker-9, foreign/w', resource: 'docs' }],
    ]);
    expect(told('lease.extended', { taskId: '1.1', runId: 'r1', keys: ['file:src/c.ts'] })).toMatchObject([
      ['FILE_LOCK', 'worker-1.1-r1', { filepath: 'src/c.ts' }],
    ]);
    expect(told('deadlock.resolved', { cycle: ['a', 'b'], victim: 'a', strategy: 'oldest' })).toEqual([
      ['DEADLOCK_RESOLVED', 'orchestrator', { cycle: ['a', 'b'], victim: 'a', action: 'released_locks' }],
    ]);
  });

  it('tells the end of the steps that other processes wait for', () => {
    const close = { visit: 1, rule: 'T10', next: { step: 'EXECUTE', status: 'NOT_STARTED' } };
    const words = (type: string, step: string) =>
      told(type, { ...close, step }).map(([word, , payload]) => [word, payload]);
    const result = (verdict: string) => ({ track_id: 'login_20260201', result: verdict });
    expect(words('step.passed', 'PLAN')).toEqual([['PLAN_COMPLETE', result('PASS')]]);
    expect(words('step.failed', 'EVALUATE_PLAN')).toEqual([['PLAN_EVAL_COMPLETE', result('FAIL')]]);
    expect(words('step.failed', 'EXECUTE')).toEqual([
      ['EXECUTE_COMPLETE', result('FAIL')],
      ['PARALLEL_COMPLETE', result('FAIL')],
    ]);
    expect(words('step.passed', 'EVALUATE_EXECUTION')).toEqual([['EXEC_EVAL_COMPLETE', result('PASS')]]);
    expect(words('step.passed', 'FIX')).toEqual([['FIX_COMPLETE', result('PASS')]]);
    expect(words('step.passed', 'BRAINSTORM')).toEqual([]);
  });

  it('tells every turn of a board with its session', () => {
    const session = {
      session_id: board.sessionId,
      checkpoint: 'EVALUATE_PLAN',
      title: 'Plan',
      directors: ['CA', 'CSO'],
      started_at: at,
    };
    const assessed = {
      director: 'CA',
      effect: 'e',
      verdict: 'CONCERNS',
      score: 6,
      breakdown: { design: 3 },
      keyPoints: ['k'],
      concerns: ['c'],
      recommendations: [],
      questions: ['CSO: keys?'],
      blocking: false,
    };
    expect(told('board.assessed', assessed)).toEqual([
      [
        'BOARD_ASSESS',
        'CA',
        {
          director: 'CA',
          verdict: 'CONCERNS',
          score: 6,
          breakdown: { design: 3 },
          key_points: ['k'],
          concerns: ['c'],
          recommendations: [],
          questions_for_board: ['CSO: keys?'],
          blocking: false,
          ...session,
        },
      ],
    ]);
    const remark = (message: string) => ({ to: 'ALL', kind: 'AGREE', message, changesMyVerdict: false });
    const discussed = lines('board.discussed', { director: 'CA', round: 1, remarks: [remark('a'), remark('b')] });
    expect(discussed.map(({ payload }) => payload)).toMatchObject([
      { from: 'CA', to: 'ALL', type: 'AGREE', message: 'a', changes_my_verdict: false, round: 1 },
      { message: 'b' },
    ]);
    expect(new Set(discussed.map(({ id }) => id)).size).toBe(2);
    const vote = {
      director: 'CSO',
      verdict: 'REJECT',
      confidence: 0.8,
      conditions: [{ text: 'rotate keys' }],
      dissentNoted: 'no',
    };
    expect(told('board.voted', vote)).toMatchObject([
      [
        'BOARD_VOTE',
        'CSO',
        { final_verdict: 'REJECT', confidence: 0.8, conditions: ['rotate keys'], dissent_noted: 'no' },
      ],
    ]);
    const resolution = {
      verdict: 'APPROVED',
      tally: { approve: 4, reject: 1 },
      conditions: [{ id: 'c1', text: 'rotate keys', director: 'CSO', verify: { kind: 'person', ref: 'x' } }],
      dissent: ['CSO'],
      minutes: { text: '# Minutes' },
    };
    const kept = { ...resolution, minutes: { artifact: 'sha256:00', bytes: 1 } };
    const voteSummary = { CA: 'APPROVE' };
    const [line] = publishedMessages(event('board.resolved', kept), { ...context, board: { ...board, voteSummary } });
    expect(line?.payload).toMatchObject({ vote_summary: voteSummary });
    expect(line?.payload).not.toHaveProperty('minutes');
    expect(told('board.resolved', resolution)).toMatchObject([
      [
        'BOARD_RESOLVE',
        'orchestrator',
        { verdict: 'APPROVED', conditions: ['CSO: rotate keys'], dissent: ['CSO'], minutes: '# Minutes' },
      ],
    ]);
  });

  it('tells a missed turn as ABSTAIN, and silence in a discussion not at all', () => {
    const missed = (phase: string) =>
      told('board.abstained', { director: 'COO', effect: 'e', phase, round: 1, reason: 'timeout' });
    expect(missed('vote')).toMatchObject([
      ['BOARD_VOTE', 'COO', { final_verdict: 'ABSTAIN', confidence: 0, reason: 'timeout' }],
    ]);
    expect(missed('assess')).toMatchObject([['BOARD_ASSESS', 'COO', { verdict: 'ABSTAIN', score: 0 }]]);
    expect(missed('discuss')).toEqual([]);
  });

  it('says nothing of other events, newer versions, broken payloads and boards it does not know', () => {
    expect(told('loop.started', { owner: 'o', epoch: 1, host: 'h' })).toEqual([]);
    expect(told('acme/task.started', started)).toEqual([]);
    expect(told('constructor', {})).toEqual([]);
    expect(told('board.asked', { director: 'CA' })).toEqual([]);
    expect(told('board.voted', { director: 'CA' })).toEqual([]);
    expect(told('deadlock.resolved', { cycle: 'a' })).toEqual([]);
    expect(lines('task.started', started, { v: 2 })).toEqual([]);
    expect(told('task.failed', { taskId: '1.1' })).toEqual([]);
    expect(publishedMessages(event('board.assessed', {}), { ...context, board: undefined })).toEqual([]);
  });

  it('makes lines that fit the published schemas and are known as ours', () => {
    const all = [...lines('task.started', { ...started, attempt: 2 }), ...lines('task.failed', failed)];
    for (const line of all) {
      expect(QueueMessage.parse(line)).toEqual(line);
      expect(isQueueType(line.type) && queuePayload(line, line.type)).toBeTruthy();
      expect(line).toMatchObject({ ref: 'track/login_20260201@7', timestamp: at });
      expect(line.id).toMatch(/^msg-[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect([isOwnMessage('project_1', line), isOwnMessage('project_2', line)]).toEqual([true, false]);
      expect(isOwnMessage('project_1', { ...line, ref: 'track/login_20260201@8' })).toBe(false);
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  it('gives a line told again the same id, also when its teller knows more by then', () => {
    const ids = (more: Partial<PublishContext>) =>
      publishedMessages(event('task.completed', { taskId: '1', runId: 'r', files: [], summary: '' }), {
        ...context,
        ...more,
      }).map(({ id }) => id);
    expect(ids({ unblocks: () => [], filesOf: () => ['src/b.ts'] })).toEqual(ids({}).slice(1));
  });

  it('cuts what would not fit a bus message', () => {
    const files = Array.from({ length: 5000 }, (_, index) => `src/${'x'.repeat(200)}/${index}.ts`);
    const [, , line] = lines('task.completed', { taskId: '1', runId: 'r', files, summary: '' });
    expect(JSON.stringify(line).length).toBeLessThan(60 * 1024);
    expect(queuePayload(line ?? { type: '', payload: {} }, 'TASK_COMPLETE')?.files_modified).toHaveLength(100);
    const breakdown = Object.fromEntries(Array.from({ length: 9000 }, (_, index) => [`criterion ${index}`, index]));
    const assessed = {
      verdict: 'APPROVE',
      score: 9,
      keyPoints: [],
      concerns: [],
      recommendations: [],
      blocking: false,
    };
    const [turn] = lines('board.assessed', { director: 'CA', breakdown, ...assessed });
    expect([turn?.payload['director'], turn?.payload['breakdown']]).toEqual(['CA', undefined]);
    const long = lines('task.failed', { ...failed, message: '😀'.repeat(60_000) });
    expect(JSON.stringify(long)).not.toMatch(/\\ud[89a-f]/i);
  });
});
