import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts, planned } from '../testing/track-facts.js';
import type { TrackCommand } from './commands.js';
import { taskEffect } from './effects.js';
import { trackEvent } from './events.js';
import type { TrackState } from './model.js';
import { track } from './track.js';

const id = 'greet_20260101';
const plan = facts.plan(
  planned('1'),
  planned('2', { dependsOn: ['1'] }),
  planned('3', { dependsOn: ['2'] }),
  planned('4'),
);
const on = (...events: readonly NewEvent[]) =>
  given(track, id, [...facts.live(), plan, ...facts.at('EXECUTE', 'IN_PROGRESS'), ...events]);
const start = (taskId: string, runId = `run-${taskId}`): TrackCommand => ({
  name: 'task.start',
  data: { taskId, runId, executor: 'worker', files: [], isolation: 'shared' },
});
const report = (runId = 'run-1'): TrackCommand => ({
  name: 'task.report',
  data: { taskId: '1', runId, summary: 'did it', changed: [] },
});
const complete = (runId = 'run-1', commit?: string): TrackCommand => ({
  name: 'task.complete',
  data: { taskId: '1', runId, files: [], summary: 'did it', ...(commit && { commit }) },
});
const fail = (parts: object = {}): TrackCommand => ({
  name: 'task.fail',
  data: { taskId: '1', runId: 'run-1', reason: 'EXECUTOR_ERROR', message: 'no', ...parts },
});
const interrupt = (reason: string, runId = 'run-1'): TrackCommand => ({
  name: 'task.interrupt',
  data: { taskId: '1', runId, reason },
});
const block = (runId?: string, taskId = '1'): TrackCommand => ({
  name: 'task.block',
  data: { taskId, reason: 'impossible', ...(runId && { runId }) },
});
const mark = (state: 'pending' | 'done' | 'blocked' | 'skipped', parts: object = {}): TrackCommand => ({
  name: 'task.mark',
  data: { taskId: '1', state, source: 'person', ...parts },
});
const interrupted = (recoveries: number) =>
  trackEvent('task.interrupted', { taskId: '1', runId: 'run-1', recoveries, reason: 'engineLost' });
const reported = trackEvent('task.reported', { taskId: '1', runId: 'run-1', summary: 'did it', changed: [] });
const stopped = trackEvent('loop.stopped', { reason: 'x' });
const task = (state: TrackState, taskId = '1') => state.plan?.tasks.get(taskId);
const effectOf = (state: TrackState) => taskEffect(id, 'EXECUTE', task(state) ?? expect.fail('no task 1'));

describe('a task', () => {
  it('is isolated as long as a clone of its own is where it works', () => {
    const elsewhere: TrackCommand = {
      name: 'task.start',
      data: { taskId: '1', runId: 'run-1', executor: 'remote', files: [], isolation: 'worktree', base: 'c0ffee' },
    };
    const { state } = on().when(elsewhere).then(['task.started']);
    expect(task(state)?.isolated).toBe(true);
    const started = trackEvent('task.started', { ...elsewhere.data, gen: 1, attempt: 1 });
    expect(task(on(started, interrupted(1)).state)).not.toHaveProperty('isolated');
    expect(task(on().when(start('1')).then(['task.started']).state)).not.toHaveProperty('isolated');
  });

  it('starts when it is ready, with the attempt and generation that it is in', () => {
    const { events, state } = on().when(start('1')).then(['task.started']);
    expect(events[0]?.data).toMatchObject({ taskId: '1', gen: 1, attempt: 1, runId: 'run-1' });
    expect(events[0]?.data).not.toHaveProperty('recovery');
    expect(task(state)).toMatchObject({ status: 'running', runId: 'run-1', epoch: 1 });
    expect(state.budget.attempts).toBe(1);
    expect(
      on(facts.started('1'), facts.failed('1', 1)).when(start('1')).then(['task.started']).events[0]?.data,
    ).toMatchObject({ attempt: 2 });
    expect(
      on(facts.started('1'), interrupted(2)).when(start('1')).then(['task.started']).events[0]?.data,
    ).toMatchObject({ attempt: 1, recovery: 2 });
  });

  it('does not start twice, before its dependencies, below a task that failed, before its retry, or unknown', () => {
    on(facts.started('1')).when(start('1', 'run-x')).then('INVALID_STATE');
    on(facts.started('1'), facts.completed('1')).when(start('1')).then('INVALID_STATE');
    on().when(start('2')).then('INVALID_STATE');
    on(facts.failed('1', 3), facts.marked('2', 'done')).when(start('3')).then('INVALID_STATE');
    on(facts.started('1'), facts.failed('1', 1, { retryAt: '2026' }))
      .when(start('1'))
      .then('INVALID_STATE');
    on().when(start('9')).then('TASK_NOT_FOUND');
    on(stopped).when(start('1')).then('INVALID_STATE');
    given(track, id, facts.live()).when(start('1')).then('TASK_NOT_FOUND');
  });

  it('starts only inside EXECUTE and FIX: nothing is built before its plan has passed [LOOP-20]', () => {
    for (const [step, status, allowed] of [
      ['EXECUTE', 'IN_PROGRESS', true],
      ['FIX', 'IN_PROGRESS', true],
      ['EXECUTE', 'NOT_STARTED', false],
      ['EXECUTE', 'FAILED', false],
      ['PLAN', 'IN_PROGRESS', false],
      ['EVALUATE_PLAN', 'IN_PROGRESS', false],
      ['EVALUATE_EXECUTION', 'IN_PROGRESS', false],
      ['COMPLETE', 'IN_PROGRESS', false],
    ] as const) {
      given(track, id, [...facts.live(), plan, ...facts.at(step, status)])
        .when(start('1'))
        .then(allowed ? ['task.started'] : 'INVALID_STATE');
    }
  });

  it('that waits for its files starts once they are there; it waits once', () => {
    const wait: TrackCommand = { name: 'lease.wait', data: { taskId: '1', keys: ['a'], holders: ['x'] } };
    const waiting = trackEvent('lease.waited', wait.data);
    const { state } = on().when(wait).then(['lease.waited']);
    expect([[...(state.plan?.ready ?? [])], [...(state.plan?.waiting ?? [])]]).toEqual([['4'], ['1']]);
    on(waiting).when(wait).then([]);
    expect(on(waiting).when(start('1')).then(['task.started']).state.plan?.waiting.size).toBe(0);
    on(stopped).when(wait).then('INVALID_STATE');
    on()
      .when({ name: 'lease.wait', data: { ...wait.data, taskId: '9' } })
      .then('TASK_NOT_FOUND');
  });

  it('is not called waiting when more than its files is missing', () => {
    const waiting = trackEvent('lease.waited', { taskId: '1', keys: [], holders: [] });
    for (const events of [
      [facts.marked('1', 'done'), waiting],
      [waiting, facts.marked('1', 'skipped')],
      [trackEvent('lease.waited', { taskId: '2', keys: [], holders: [] })],
    ])
      expect(on(...events).state.plan?.waiting.size).toBe(0);
    const reopened = on(
      facts.marked('1', 'done'),
      trackEvent('lease.waited', { taskId: '2', keys: [], holders: [] }),
      facts.marked('1', 'pending'),
    );
    expect([reopened.state.plan?.waiting.size, reopened.state.plan?.ready.has('2')]).toEqual([0, false]);
  });

  it('forgets its wait when a new run begins, and asks again', () => {
    const waiting = trackEvent('lease.waited', { taskId: '1', keys: [], holders: [] });
    const { plan: after } = on(
      waiting,
      trackEvent('loop.resumed', { owner: 'e', host: 'h', epoch: 2, previous: 'x' }),
    ).state;
    expect([[...(after?.ready ?? [])].sort(), after?.waiting.size]).toEqual([['1', '4'], 0]);
  });

  it('may get further files while it runs', () => {
    const extend = (runId: string): TrackCommand => ({
      name: 'lease.extend',
      data: { taskId: '1', runId, keys: ['b'] },
    });
    on(facts.started('1')).when(extend('run-1')).then(['lease.extended']);
    on(facts.started('1')).when(extend('run-0')).then('INVALID_STATE');
    on(facts.started('1'), stopped).when(extend('run-1')).then('INVALID_STATE');
  });

  it('is reported, then completed; both count once', () => {
    const claimed = on(facts.started('1')).when(report()).then(['task.reported']).state;
    expect(task(claimed)).toMatchObject({ status: 'reported', note: 'did it' });
    on(facts.started('1'), reported).when(report()).then([]);
    const done = on(facts.started('1'), reported).when(complete('run-1', 'sha')).then(['task.completed']).state;
    expect(task(done)).toMatchObject({ status: 'done', commit: 'sha', note: 'did it' });
    expect(task(done)).not.toHaveProperty('runId');
    expect([...(done.plan?.ready ?? [])].sort()).toEqual(['2', '4']);
    on(facts.started('1'), facts.completed('1')).when(complete()).then([]);
    expect(on(facts.started('1')).when(complete()).then(['task.completed']).state.plan?.open).toBe(3);
  });

  it('does not hear a run that is not its current one', () => {
    const stale: readonly TrackCommand[] = [
      report('run-0'),
      complete('run-0'),
      fail({ runId: 'run-0' }),
      interrupt('engineLost', 'run-0'),
      block('run-0'),
    ];
    for (const command of stale) {
      on(facts.started('1')).when(command).then('INVALID_STATE');
      on(facts.started('1', 'run-0'), interrupted(1)).when(command).then('INVALID_STATE');
      on(facts.started('1', 'run-0'), interrupted(1), facts.started('1')).when(command).then('INVALID_STATE');
    }
  });

  it('and its results need a run of the track', () => {
    for (const command of [report(), complete(), fail(), block('run-1')])
      on(facts.started('1'), stopped).when(command).then('INVALID_STATE');
    on(facts.started('1'), stopped).when(interrupt('stopped')).then(['task.interrupted']);
    for (const command of [report(), complete(), fail(), interrupt('stopped'), block('run-1')])
      given(track, id, facts.live()).when(command).then('TASK_NOT_FOUND');
  });
});

describe('a task that fails', () => {
  it('is tried three times; the third failure is final and pauses what depends on it', () => {
    const first = on(facts.started('1'))
      .when(fail({ retryAt: '2026' }))
      .then([
        {
          type: 'task.failed',
          data: {
            taskId: '1',
            runId: 'run-1',
            reason: 'EXECUTOR_ERROR',
            message: 'no',
            attempt: 1,
            final: false,
            retryAt: '2026',
          },
        },
      ]);
    expect(task(first.state)).toMatchObject({ status: 'pending', failures: 1, retryTimer: 'retry:1', note: 'no' });
    const second = on(facts.started('1'), facts.failed('1', 1), facts.started('1')).when(fail()).then(['task.failed']);
    expect(task(second.state)).toMatchObject({ status: 'pending', failures: 2 });
    expect(second.state.plan?.ready.has('1')).toBe(true);
    const twice = [
      facts.started('1'),
      facts.failed('1', 1),
      facts.started('1'),
      facts.failed('1', 2),
      facts.started('1'),
    ];
    const third = on(...twice)
      .when(fail({ retryAt: '2026' }))
      .then([
        {
          type: 'task.failed',
          data: { taskId: '1', runId: 'run-1', reason: 'EXECUTOR_ERROR', message: 'no', attempt: 3, final: true },
        },
      ]);
    expect(task(third.state)).toMatchObject({ status: 'failed', failures: 3 });
    expect([
      task(third.state, '2')?.pausedBy,
      task(third.state, '3')?.pausedBy,
      task(third.state, '4')?.pausedBy,
    ]).toEqual([1, 1, 0]);
    expect([...(third.state.plan?.ready ?? [])]).toEqual(['4']);
    expect(third.state.timers.size).toBe(0);
  });

  it('has as many attempts as its track allows', () => {
    const once = given(track, id, [
      ...facts.live({ maxTaskAttempts: 1 }),
      plan,
      ...facts.at('EXECUTE', 'IN_PROGRESS'),
      facts.started('1'),
    ]);
    expect(once.when(fail()).then(['task.failed']).events[0]?.data).toMatchObject({ attempt: 1, final: true });
  });

  it('and is marked by a person starts its count again, and lets the others go', () => {
    const failed = on(facts.started('1'), facts.failed('1', 3));
    const { state } = failed.when(mark('pending')).then(['task.marked']);
    expect(task(state)).toMatchObject({ status: 'pending', failures: 0 });
    expect([task(state, '2')?.pausedBy, state.plan?.ready.has('1')]).toEqual([0, true]);
    expect([...(failed.when(mark('skipped')).then(['task.marked']).state.plan?.ready ?? [])].sort()).toEqual([
      '2',
      '4',
    ]);
  });
});

describe('the key of an attempt', () => {
  it('stays the same when the attempt is interrupted, and differs for every other one, whatever comes between', () => {
    const ways: readonly (readonly [NewEvent[], boolean])[] = [
      [[interrupted(1)], true],
      [[facts.failed('1', 1)], false],
      [[facts.completed('1'), facts.marked('1', 'pending')], false],
      [[trackEvent('task.blocked', { taskId: '1', reason: '' }), facts.marked('1', 'pending')], false],
      [
        [
          trackEvent('task.blocked', { taskId: '1', reason: '' }),
          facts.marked('1', 'skipped'),
          facts.marked('1', 'pending'),
        ],
        false,
      ],
      [[facts.failed('1', 1), facts.marked('1', 'skipped'), facts.marked('1', 'pending')], false],
    ];
    for (const [between, same] of ways) {
      const before = effectOf(on(facts.started('1')).state);
      const after = effectOf(on(facts.started('1'), ...between).state);
      expect(after === before, between.map(({ type }) => type).join(' ')).toBe(same);
    }
  });

  it('is never used again after a person started the count again', () => {
    const keys = new Set<string>();
    const events: NewEvent[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        keys.add(effectOf(on(...events).state));
        const { events: decided } = on(...events)
          .when(start('1'))
          .then(['task.started']);
        events.push(...decided);
        const { events: failed } = on(...events)
          .when(fail())
          .then(['task.failed']);
        expect(failed[0]?.data).toMatchObject({ attempt: round * 3 + attempt, final: attempt === 3 });
        events.push(...failed);
      }
      events.push(facts.marked('1', 'pending'));
    }
    expect(keys.size).toBe(9);
  });
});

describe('a task that is interrupted', () => {
  it('loses no attempt; the sixth loss of its engine or lease is its failure', () => {
    for (const reason of ['engineLost', 'leaseLost']) {
      const fifth = on(facts.started('1'), interrupted(4), facts.started('1'))
        .when(interrupt(reason))
        .then([{ type: 'task.interrupted', data: { taskId: '1', runId: 'run-1', reason, recoveries: 5 } }]);
      expect(task(fifth.state)).toMatchObject({ status: 'pending', failures: 0, recoveries: 5 });
      const sixth = on(facts.started('1'), interrupted(5), facts.started('1'))
        .when(interrupt(reason))
        .then([
          {
            type: 'task.failed',
            data: {
              taskId: '1',
              runId: 'run-1',
              attempt: 1,
              reason: 'RECOVERY_LIMIT',
              message: `Interrupted 6 times: ${reason}`,
              final: true,
            },
          },
        ]);
      expect(task(sixth.state)).toMatchObject({ status: 'failed', failures: 1, recoveries: 0 });
    }
  });

  it('by a stop or a question is not counted, however often', () => {
    for (const reason of ['stopped', 'question']) {
      on(facts.started('1'), interrupted(5), facts.started('1'))
        .when(interrupt(reason))
        .then([{ type: 'task.interrupted', data: { taskId: '1', runId: 'run-1', reason, recoveries: 5 } }]);
      on(
        facts.started('1'),
        interrupted(5),
        trackEvent('track.configured', { limits: { maxRecoveries: 1 } }),
        facts.started('1'),
      )
        .when(interrupt(reason))
        .then(['task.interrupted']);
    }
  });
});

describe('a task that cannot be done', () => {
  it('is blocked by the run that says so, and by nobody afterwards', () => {
    expect(task(on(facts.started('1')).when(block('run-1')).then(['task.blocked']).state)).toMatchObject({
      status: 'blocked',
      note: 'impossible',
    });
    expect(on(facts.started('1')).when(block('run-1')).then(['task.blocked']).state.plan?.ready.has('2')).toBe(false);
    on(facts.started('1'), trackEvent('task.blocked', { taskId: '1', reason: '' }))
      .when(block('run-1'))
      .then([]);
    on().when(block()).then(['task.blocked']);
    on(facts.started('1')).when(block()).then('INVALID_STATE');
    on(facts.started('1'), facts.completed('1')).when(block()).then('INVALID_STATE');
    on().when(block(undefined, '9')).then('TASK_NOT_FOUND');
  });
});

describe('a mark of a person', () => {
  it('opens no task again once the work has passed its evaluation, but may still close one', () => {
    for (const step of ['BUSINESS_SYNC', 'COMPLETE', 'EVALUATE_EXECUTION'] as const) {
      const there = (...events: readonly NewEvent[]) => on(...events, ...facts.at(step, 'IN_PROGRESS'));
      const opened = step === 'EVALUATE_EXECUTION' ? ['task.marked'] : 'INVALID_STATE';
      there(facts.marked('1', 'done')).when(mark('pending')).then(opened);
      there(facts.marked('1', 'done')).when(mark('blocked')).then(opened);
      there(facts.marked('1', 'done')).when(mark('skipped')).then(['task.marked']);
      there(facts.marked('1', 'skipped')).when(mark('done')).then(['task.marked']);
    }
  });

  it('changes a task that does not run, with the commit that it names', () => {
    expect(
      task(
        on()
          .when(mark('done', { commit: 'sha' }))
          .then(['task.marked']).state,
      ),
    ).toMatchObject({ status: 'done', commit: 'sha' });
    expect(task(on().when(mark('blocked')).then(['task.marked']).state)?.status).toBe('blocked');
    on().when(mark('pending')).then([]);
    on(facts.started('1')).when(mark('done')).then('INVALID_STATE');
    on(facts.started('1'), reported).when(mark('skipped')).then('INVALID_STATE');
    on(trackEvent('track.cancelled', {})).when(mark('done')).then('TRACK_ENDED');
    given(track, id, facts.live()).when(mark('done')).then('TASK_NOT_FOUND');
    expect(given(track, id, [...facts.live(), facts.marked('1', 'done')]).state.plan).toBeUndefined();
  });
});
