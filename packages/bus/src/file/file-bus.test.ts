import { ConductorError } from '@conductor/core';
import { queueBusMessage, progressMessage, type QueueMessage } from '@conductor/core/files';
import type { Json, MessageBus, Workspace } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { memoryWorkspace } from '@conductor/store/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryBus } from '../memory-bus.js';
import { messageBusSuite } from '../message-bus.suite.js';
import { fileBus } from './file-bus.js';

const folderOf = (trackId: string) => `conductor/tracks/${trackId}`;
const bus = 'conductor/tracks/x/.message-bus';

messageBusSuite('file', async ({ clock, maxAttempts }) =>
  fileBus({ workspace: memoryWorkspace({ clock }), folderOf, clock, limits: { maxAttempts } }),
);

let counter = 0;
/** A line of ours: with a `ref`, as `publishedMessages` makes them. */
function line(
  type: string,
  source: string,
  payload: Record<string, Json>,
  fields: Partial<QueueMessage> = {},
): QueueMessage {
  counter += 1;
  const timestamp = '2026-01-01T00:00:00.000Z';
  return { id: `msg-${counter}`, type, source, timestamp, payload, ref: `track/x@${counter}`, ...fields };
}
const dispatch = (task: string, worker: string) =>
  line('WORKER_DISPATCHED', 'orchestrator', { worker_id: worker, task_id: task, parallel_group: null });
const lock = (worker: string, path: string) =>
  line('FILE_LOCK', worker, { filepath: path, lock_type: 'exclusive', expires_at: '2026-01-01T00:30:00.000Z' });
const unlock = (worker: string, path: string) => line('FILE_UNLOCK', worker, { filepath: path });
const complete = (task: string, worker: string, unblocks: string[] = []) =>
  line('TASK_COMPLETE', worker, { task_id: task, commit_sha: 'abc', files_modified: [], unblocks });
const failed = (task: string, worker: string) =>
  line('TASK_FAILED', worker, { task_id: task, error: 'no', stack_trace: '' });

interface Opened {
  readonly bus: MessageBus;
  readonly clock: FakeClock;
  readonly workspace: Workspace;
  publish(...lines: readonly QueueMessage[]): Promise<void>;
  text(path: string): Promise<string | undefined>;
  json(path: string): Promise<Json>;
  names(glob: string): Promise<readonly string[]>;
}

function open(files: Record<string, string> = {}, over?: (workspace: Workspace) => Workspace): Opened {
  const clock = new FakeClock();
  const workspace = memoryWorkspace({ clock, files });
  return reopen({ clock, workspace }, over);
}

function reopen({ clock, workspace }: Pick<Opened, 'clock' | 'workspace'>, over = (same: Workspace) => same): Opened {
  const opened = fileBus({ workspace: over(workspace), folderOf, clock });
  const text = async (path: string) => {
    const bytes = await workspace.read(path.startsWith('conductor') ? path : `${bus}/${path}`);
    return bytes && new TextDecoder().decode(bytes);
  };
  return {
    bus: opened,
    clock,
    workspace,
    publish: (...lines) => opened.publish(lines.map((one) => queueBusMessage('x', one))),
    text,
    json: async (path) => JSON.parse((await text(path)) ?? 'null') as Json,
    async names(glob) {
      const found: string[] = [];
      for await (const { path } of workspace.list(`${bus}/${glob}`)) found.push(path.slice(bus.length + 1));
      return found.filter((name) => !name.endsWith('.keep'));
    },
  };
}
const idsIn = (queue: string | undefined) =>
  (queue ?? '').split('\n').filter(Boolean).map((row) => (JSON.parse(row) as { id: string }).id); // prettier-ignore

describe('the folder of a file bus', () => {
  it('is made once, with BUS_INIT, and what is there is never touched [BUS-06] [RES-07]', async () => {
    const first = open();
    await first.publish(unlock('w', 'a'));
    const made = ['.gitignore', 'locks.json', 'queue.jsonl', 'worker-status.json', 'events/.keep', 'board/.keep'];
    for (const name of made) expect([name, typeof (await first.text(name))]).toEqual([name, 'string']);
    expect(await first.text('.gitignore')).toBe(
      '.gitignore\nqueue.jsonl\nlocks.json\nworker-status.json\n.locks.lock/\nevents/\nboard/\n',
    );
    expect(JSON.parse((await first.text('queue.jsonl'))?.split('\n')[0] ?? '')).toEqual({
      id: 'msg-init',
      type: 'BUS_INIT',
      source: 'conductor',
      timestamp: '2026-01-01T00:00:00.000Z',
      payload: { track_path: 'conductor/tracks/x', version: '1.0' },
    });

    const before = await first.text('queue.jsonl');
    const second = reopen(first);
    await second.publish(unlock('w', 'b'));
    expect((await second.text('queue.jsonl'))?.startsWith(before ?? '-')).toBe(true);
    expect((await second.text('queue.jsonl'))?.match(/BUS_INIT/g)).toHaveLength(1);

    const foreign = { 'queue.jsonl': '{"half', 'locks.json': '{"a.ts": "worker-9"}', '.gitignore': 'mine\n' };
    const kept = open(Object.fromEntries(Object.entries(foreign).map(([name, text]) => [`${bus}/${name}`, text])));
    await kept.publish(failed('1.1', 'w'));
    expect((await kept.text('queue.jsonl'))?.startsWith('{"half\n{')).toBe(true);
    expect([await kept.text('locks.json'), await kept.text('.gitignore')]).toEqual([foreign['locks.json'], 'mine\n']);
  });

  it('has nothing to do with other topics', async () => {
    const opened = open();
    await opened.bus.publish([{ id: 'm', topic: 'track/x/progress', body: 1, at: '2026-01-01T00:00:00.000Z' }]);
    expect(await opened.text('queue.jsonl')).toBeUndefined();
  });

  it('refuses a body that is no line before anybody sees it', async () => {
    const opened = open();
    const reader = opened.bus.subscribe('**');
    const refused = opened.bus.publish([
      { id: 'm', topic: 'track/x/queue', body: { type: 'X' }, at: '2026-01-01T00:00:00.000Z' },
    ]);
    await expect(refused).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await opened.publish(unlock('w', 'a'));
    const next = await reader[Symbol.asyncIterator]().next();
    expect(next.value).toMatchObject({ topic: 'track/x/queue', body: { type: 'FILE_UNLOCK' } });
  });
});

describe('queue.jsonl', () => {
  it('gets every line once, in order, however often it is told and by whichever process', async () => {
    const opened = open();
    const lines = ['a', 'b', 'c'].map((path) => unlock('w', path));
    await Promise.all([
      opened.publish(...lines.slice(0, 2)),
      opened.publish(...lines),
      opened.publish(...lines.slice(1)),
    ]);
    await reopen(opened).publish(...lines, unlock('w', 'd'));
    expect(idsIn(await opened.text('queue.jsonl'))).toEqual([
      'msg-init',
      ...lines.map(({ id }) => id),
      `msg-${counter}`,
    ]);
  });

  it('is written by one at a time: what comes during a write is in the next one, together', async () => {
    const appended: string[][] = [];
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const opened = open({}, (workspace) => ({
      ...workspace,
      async append(path, text) {
        appended.push(idsIn(text));
        if (appended.length === 1) await gate;
        return workspace.append(path, text);
      },
    }));
    const [first, second, third] = [unlock('w', 'a'), unlock('w', 'b'), unlock('w', 'c')] as const;
    const writes = [opened.publish(first)];
    for (let turn = 0; turn < 50 && appended.length === 0; turn += 1) await opened.clock.turn();
    writes.push(opened.publish(second), opened.publish(third));
    for (let turn = 0; turn < 50; turn += 1) await opened.clock.turn();
    expect(appended).toEqual([[first.id]]);
    letGo();
    await Promise.all(writes);
    expect(appended).toEqual([[first.id], [second.id, third.id]]);
  });

  it('is complete when close returns', async () => {
    const opened = open();
    const writing = opened.publish(dispatch('1', 'w1'), complete('1', 'w1'));
    await Promise.resolve();
    await opened.bus.close();
    expect(await opened.names('events/*')).toEqual(['events/TASK_COMPLETE_1.event']);
    await writing;
  });

  it('holds a PROGRESS of one worker at most every 5 seconds', async () => {
    const opened = open();
    await opened.publish(dispatch('1', 'w1'), dispatch('2', 'w2'));
    const beat = (workerId: string, taskId: string, percent: number) =>
      progressMessage({ projectId: 'p', workerId, taskId, percent, at: opened.clock.instant() });
    for (let second = 0; second < 11; second += 1) {
      await opened.publish(beat('w1', '1', second), beat('w2', '2', second));
      await opened.clock.advance(1000);
    }
    const rows = (await opened.text('queue.jsonl'))?.split('\n').filter((row) => row.includes('"PROGRESS"')) ?? [];
    expect(rows.filter((row) => row.includes('"w1"'))).toHaveLength(3);
    expect(await opened.json('worker-status.json')).toMatchObject({
      w1: { progress_pct: 10, last_heartbeat: '2026-01-01T00:00:10.000Z', started_at: '2026-01-01T00:00:00.000Z' },
    });
  });
});

describe('locks.json', () => {
  it('holds what our workers hold, beside what others hold', async () => {
    const foreign = { worker_id: 'worker-py-20260101000000', expires_at: '2026-01-01T00:10:00Z', pid: 7 };
    const opened = open({ [`${bus}/locks.json`]: JSON.stringify({ 'docs/a.md': foreign, odd: 5 }) });
    await opened.publish(
      dispatch('1', 'w1'),
      lock('w1', 'src/a.ts'),
      lock('w1', './src/b.ts'),
      lock('w1', '../escape'),
    );
    const ours = { worker_id: 'w1', acquired_at: '2026-01-01T00:00:00.000Z', expires_at: '2026-01-01T00:30:00.000Z' };
    const kept = { 'docs/a.md': { ...foreign, expires_at: '2026-01-01T00:10:00.000Z' }, odd: 5 };
    expect(await opened.json('locks.json')).toEqual({ ...kept, 'src/a.ts': ours, 'src/b.ts': ours });
    await opened.publish(unlock('w1', 'src/a.ts'), unlock('w1', 'src/b.ts'));
    expect(await opened.json('locks.json')).toEqual(kept);
  });

  it('is not written when nothing changes in it', async () => {
    const written: string[] = [];
    const opened = open({}, (workspace) => ({
      ...workspace,
      replace: (path, bytes, o) => (written.push(path), workspace.replace(path, bytes, o)),
    }));
    await opened.publish(dispatch('1', 'w1'), lock('w1', 'a'), unlock('w1', 'a'));
    expect(written.filter((path) => path.endsWith('locks.json'))).toEqual([]);
    await opened.publish(lock('w1', 'b'), line('TASK_BLOCKED', 'orchestrator', { task_id: '2', reason: 'no' }));
    expect(written.filter((path) => path.endsWith('locks.json'))).toHaveLength(1);
  });

  it('leaves a living foreign lock where ours would be, and takes the place of an expired one', async () => {
    const held = (minute: string) => ({
      'src/a.ts': { worker_id: 'py', expires_at: `2026-01-01T00:${minute}:00.000Z` },
    });
    const opened = open({ [`${bus}/locks.json`]: JSON.stringify(held('05')) });
    await opened.publish(dispatch('1', 'w1'), lock('w1', 'src/a.ts'));
    expect(await opened.json('locks.json')).toEqual(held('05'));
    await opened.clock.advance(5 * 60_000);
    await opened.publish(lock('w1', 'src/b.ts'));
    expect(await opened.json('locks.json')).toMatchObject({ 'src/a.ts': { worker_id: 'w1' } });
  });

  it('is changed under the published mutex only', async () => {
    const opened = open();
    const mutex = await opened.workspace.mutex(`${bus}/.locks.lock`);
    const writing = opened.publish(dispatch('1', 'w1'), lock('w1', 'src/a.ts'));
    for (let turn = 0; turn < 50; turn += 1) await opened.clock.turn();
    expect(await opened.json('locks.json')).toEqual({});
    await mutex.release();
    await opened.clock.advance(100);
    await writing;
    expect(await opened.json('locks.json')).toHaveProperty(['src/a.ts']);
  });
});

describe('worker-status.json', () => {
  it('follows a worker from its dispatch to its end, and leaves others alone', async () => {
    const opened = open({
      [`${bus}/worker-status.json`]: '{"py": {"task_id": "9", "status": "RUNNING", "progress_pct": 5}}',
    });
    const status = async () => {
      const workers = (await opened.json('worker-status.json')) as Record<
        string,
        { status: string; progress_pct: number }
      >;
      return Object.entries(workers).map(([id, { status: word, progress_pct }]) => `${id} ${word} ${progress_pct}`);
    };
    await opened.publish(dispatch('1', 'w1'), dispatch('2', 'w2'));
    expect(await status()).toEqual(['py RUNNING 5', 'w1 RUNNING 0', 'w2 RUNNING 0']);
    await opened.publish(line('BLOCKED', 'w1', { task_id: '1', waiting_for: 'w2', resource: 'a' }));
    expect(await status()).toContain('w1 BLOCKED 0');
    await opened.publish(lock('w1', 'a'));
    expect(await status()).toContain('w1 RUNNING 0');
    await opened.publish(complete('1', 'w1'), failed('2', 'w2'));
    expect(await status()).toEqual(['py RUNNING 5', 'w1 COMPLETE 100', 'w2 FAILED 0']);
  });

  it('ends a worker without a last word when its task is dispatched again, and its locks', async () => {
    const opened = open();
    await opened.publish(dispatch('1', 'w1'), lock('w1', 'a'), dispatch('1', 'w2'));
    expect(await opened.json('worker-status.json')).toMatchObject({
      w1: { status: 'FAILED' },
      w2: { status: 'RUNNING' },
    });
    expect(await opened.json('locks.json')).toEqual({});
  });

  it('keeps the last 200 finished workers', async () => {
    const opened = open();
    const story = Array.from({ length: 300 }, (_, n) => [dispatch(`${n}`, `w${n}`), complete(`${n}`, `w${n}`)]).flat();
    await opened.publish(...story, dispatch('last', 'wl'));
    const ids = Object.keys((await opened.json('worker-status.json')) as object);
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([201, 'w100', 'wl']);
  });

  it('is written again when somebody else wrote at the same moment', async () => {
    let intruded = false;
    const opened = open({}, (workspace) => ({
      ...workspace,
      async replace(path, bytes, o) {
        if (path.endsWith('worker-status.json') && !intruded) {
          intruded = true;
          const foreign = '{"py": {"task_id": "9", "status": "RUNNING", "progress_pct": 5}}';
          await workspace.replace(path, new TextEncoder().encode(foreign));
        }
        return workspace.replace(path, bytes, o);
      },
    }));
    await opened.publish(dispatch('1', 'w1'));
    expect(Object.keys((await opened.json('worker-status.json')) as object)).toEqual(['py', 'w1']);
  });
});

describe('events/', () => {
  it('loses the events of a task before it is tried again [BUS-08]', async () => {
    const opened = open();
    await opened.publish(dispatch('1.1', 'w1'), failed('1.1', 'w1'), complete('1.2', 'w2', ['2.1']));
    const [done, ready, failure] = ['TASK_COMPLETE_1.2.event', 'DEP_READY_2.1.event', 'TASK_FAILED_1.1.event'];
    expect(await opened.names('events/*')).toEqual([`events/${ready}`, `events/${done}`, `events/${failure}`]);
    expect(await opened.text(`events/${failure}`)).toBe('no');
    await opened.publish(dispatch('1.1', 'w3'));
    expect(await opened.names('events/*')).toEqual([`events/${ready}`, `events/${done}`]);
    await opened.publish(complete('1.1', 'w3'));
    expect(await opened.text('events/TASK_COMPLETE_1.1.event')).toBe('abc');
  });

  it('are the last thing that a message changes', async () => {
    const order: string[] = [];
    const opened = open({}, (workspace) => ({
      ...workspace,
      append: (path, text) => (order.push('queue'), workspace.append(path, text)),
      replace: (path, bytes, o) => (order.push(path.split('/').at(-1) ?? ''), workspace.replace(path, bytes, o)),
    }));
    await opened.publish(dispatch('1', 'w'), lock('w', 'a'), complete('1', 'w'));
    expect(order).toEqual(['queue', 'locks.json', 'worker-status.json', 'TASK_COMPLETE_1.event']);
  });
});

describe('board/', () => {
  const session = (id: string) => ({
    session_id: id,
    checkpoint: 'EVALUATE_PLAN',
    title: 'Plan of x',
    directors: ['CA', 'CSO'],
    started_at: '2026-01-01T00:00:00.000Z',
  });
  const assess = (id: string, director = 'CA') =>
    line('BOARD_ASSESS', director, {
      director,
      verdict: 'CONCERNS',
      score: 6,
      concerns: [],
      recommendations: [],
      ...session(id),
    });
  const discuss = (id: string) =>
    line('BOARD_DISCUSS', 'CA', {
      from: 'CA',
      to: 'ALL',
      type: 'AGREE',
      message: 'yes',
      changes_my_verdict: false,
      round: 2,
      ...session(id),
    });
  const vote = (id: string, director = 'CA') =>
    line('BOARD_VOTE', director, { director, final_verdict: 'APPROVE', confidence: 1, conditions: [], ...session(id) });
  const resolve = (id: string) => {
    const resolution = {
      verdict: 'APPROVED',
      vote_summary: { CA: 'APPROVE' },
      conditions: [],
      dissent: [],
      minutes: `# ${id}\n`,
    };
    return line('BOARD_RESOLVE', 'orchestrator', { ...resolution, ...session(id) });
  };

  it('shows every phase of the session', async () => {
    const opened = open();
    const phases = async () => {
      const file = (await opened.json('board/session-b1.json')) as {
        status: string;
        phases: Record<string, { status: string }>;
      };
      return [file.status, ...Object.values(file.phases).map(({ status }) => status)];
    };
    await opened.publish(assess('b1'), assess('b1', 'CSO'));
    expect(await phases()).toEqual(['ASSESSING', 'IN_PROGRESS', 'NOT_STARTED', 'NOT_STARTED', 'NOT_STARTED']);
    await opened.publish(discuss('b1'));
    expect(await phases()).toEqual(['DISCUSSING', 'PASSED', 'IN_PROGRESS', 'NOT_STARTED', 'NOT_STARTED']);
    await opened.publish(vote('b1'));
    expect(await phases()).toEqual(['VOTING', 'PASSED', 'PASSED', 'IN_PROGRESS', 'NOT_STARTED']);
    await opened.publish(resolve('b1'));
    expect(await phases()).toEqual(['COMPLETE', 'PASSED', 'PASSED', 'PASSED', 'PASSED']);
    expect(await opened.json('board/session-b1.json')).toMatchObject({
      session_id: 'b1',
      checkpoint: 'EVALUATE_PLAN',
      proposal: 'Plan of x',
      directors: ['CA', 'CSO'],
      phases: { assess: { complete: 2, of: 2 }, discuss: { rounds: 2, max_rounds: 3 }, vote: { complete: 1, of: 2 } },
      verdict: 'APPROVED',
      vote_summary: { CA: 'APPROVE' },
    });
    expect(await opened.json('board/assessments.json')).toMatchObject({
      CA: { score: 6 },
      CSO: { verdict: 'CONCERNS' },
    });
    expect(await opened.json('board/votes.json')).toMatchObject({ CA: { final_verdict: 'APPROVE' } });
    expect((await opened.text('board/discussion.jsonl'))?.trim().split('\n')).toHaveLength(1);
    expect(await opened.text('board/resolution.md')).toBe('# b1\n');
    expect(await opened.names('events/*')).toEqual(['events/BOARD_RESOLVE_b1.event']);
  });

  it('keeps everything of a session when the next one begins [BRD-11]', async () => {
    const opened = open();
    await opened.publish(assess('b1'), discuss('b1'), vote('b1'), resolve('b1'));
    const before = await opened.text('board/session-b1.json');
    await reopen(opened).publish(assess('b2', 'CSO'));
    expect(await opened.text('board/session-b1.json')).toBe(before);
    expect(before).toContain('"assessments"');
    expect(await opened.text('board/resolution-b1.md')).toBe('# b1\n');
    expect(Object.keys((await opened.json('board/assessments.json')) as object)).toEqual(['CSO']);
    expect([await opened.json('board/votes.json'), await opened.text('board/discussion.jsonl')]).toEqual([{}, '']);
  });

  it('puts aside what a board of another program left', async () => {
    const opened = open({
      [`${bus}/board/assessments.json`]: '{"CA": {"score": 2}}',
      [`${bus}/board/votes.json`]: '{}',
    });
    await opened.publish(assess('b1'));
    expect(await opened.json('board/assessments-before-b1.json')).toEqual({ CA: { score: 2 } });
    expect(await opened.text('board/votes-before-b1.json')).toBeUndefined();
  });

  it('makes no file from a session id that is no name', async () => {
    const opened = open();
    await opened.publish(assess('../../evil'), assess('__proto__'));
    expect(await opened.names('board/session*')).toEqual(['board/session-__proto__.json']);
  });
});

describe('a file bus whose disk or process fails', () => {
  const story = [
    dispatch('1.1', 'w1'),
    lock('w1', 'src/a.ts'),
    failed('1.1', 'w1'),
    unlock('w1', 'src/a.ts'),
    dispatch('1.1', 'w2'),
    lock('w2', 'src/b.ts'),
    complete('1.1', 'w2', ['2.1']),
    dispatch('2.1', 'w3'),
    lock('w3', 'src/a.ts'),
  ];
  const contents = async (opened: Opened) => {
    const names = [...(await opened.names('*')), ...(await opened.names('events/*'))];
    const texts = await Promise.all(names.map(async (name) => [name, await opened.text(name)] as const));
    return texts.filter(([name]) => !name.startsWith('events/FILE_UNLOCK'));
  };

  it('says BUS_FAILED, keeps what it owes, and writes it with the next message', async () => {
    let broken = false;
    const opened = open({}, (workspace) => ({
      ...workspace,
      async replace(path, bytes, o) {
        if (broken) throw new Error('no space left on device');
        return workspace.replace(path, bytes, o);
      },
    }));
    await opened.publish(dispatch('1', 'w1'));
    broken = true;
    await expect(opened.publish(complete('1', 'w1'))).rejects.toMatchObject({ code: 'BUS_FAILED' });
    broken = false;
    await opened.publish(dispatch('2', 'w2'));
    expect(await opened.json('worker-status.json')).toMatchObject({ w1: { status: 'COMPLETE' }, w2: {} });
    expect(await opened.names('events/*')).toEqual(['events/TASK_COMPLETE_1.event']);
  });

  it('ends, after a crash at any write and the same messages again, with the files of a run without a crash', async () => {
    const smooth = open();
    for (const one of story) await smooth.publish(one);
    const expected = await contents(smooth);

    await fc.assert(
      fc.asyncProperty(fc.nat(45), fc.integer({ min: 1, max: 4 }), async (writes, batch) => {
        let left = writes;
        const mortal = (workspace: Workspace): Workspace => {
          const write = () => {
            if (left-- <= 0) throw new Error('killed');
          };
          return {
            ...workspace,
            append: async (path, text) => (write(), workspace.append(path, text)),
            create: async (path, bytes) => (write(), workspace.create(path, bytes)),
            replace: async (path, bytes, o) => (write(), workspace.replace(path, bytes, o)),
            remove: async (path) => (write(), workspace.remove(path)),
          };
        };
        const crashed = open({}, mortal);
        for (let from = 0; from < story.length; from += batch) {
          const died = await crashed.publish(...story.slice(from, from + batch)).catch(() => 'died');
          if (died) break;
        }
        const next = reopen(crashed);
        await next.publish(...story);
        expect(await contents(next)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a file bus over another bus', () => {
  it('tells both, and writes the files also while the other one is down', async () => {
    const clock = new FakeClock();
    const workspace = memoryWorkspace({ clock });
    const other = memoryBus({ clock });
    const reader = other.subscribe('track/x/queue')[Symbol.asyncIterator]();
    let isDown = false;
    const over: MessageBus = {
      ...other,
      async publish(messages, o) {
        if (isDown) throw new ConductorError('BUS_FAILED', 'down');
        await other.publish(messages, o);
      },
    };
    const both = fileBus({ workspace, folderOf, clock, over });
    expect(both.driver.name).toBe('file+memory');
    const lines = [complete('1', 'w'), complete('2', 'w')].map((each) => queueBusMessage('x', each));
    await both.publish(lines.slice(0, 1));
    expect((await reader.next()).value?.id).toBe(lines[0]?.id);
    isDown = true;
    await expect(both.publish(lines.slice(1))).rejects.toMatchObject({ code: 'BUS_FAILED' });
    const queue = new TextDecoder().decode(await workspace.read(`${bus}/queue.jsonl`));
    for (const { id } of lines) expect(queue).toContain(id);
    await both.close();
    expect((await reader.next()).done).toBe(true);
  });
});
