import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts, planned } from '../testing/track-facts.js';
import type { TrackCommand } from './commands.js';
import { trackEvent } from './events.js';
import { track } from './track.js';

const id = 'greet_20260101';
const effect = `${id}/PLAN/1/planner`;
const on = (...events: readonly NewEvent[]) =>
  given(track, id, [...facts.live(), ...facts.at('PLAN', 'IN_PROGRESS'), ...events]);
const started = (name = effect, tries = 1) =>
  trackEvent('effect.started', { effect: name, role: 'planner', executor: 'x', try: tries });
const failed = (name = effect, parts: object = {}) =>
  trackEvent('effect.failed', { effect: name, reason: 'x', message: 'no', final: false, ...parts });
const start = (name = effect): TrackCommand => ({
  name: 'effect.start',
  data: { effect: name, role: 'planner', executor: 'x' },
});
const fail = (parts: object = {}): TrackCommand => ({
  name: 'effect.fail',
  data: { effect, reason: 'x', message: 'no', retryable: true, ...parts },
});

describe('an effect', () => {
  it('starts once per try, and knows which try it is', () => {
    expect(
      on()
        .when(start())
        .then([{ type: 'effect.started', data: { effect, role: 'planner', executor: 'x', try: 1 } }])
        .state.effects.get(effect),
    ).toEqual({ effect, role: 'planner', epoch: 1, tries: 1, recoveries: 0 });
    on(started()).when(start()).then('INVALID_STATE');
    on(started(), failed())
      .when(start(`${effect}/2`))
      .then([{ type: 'effect.started', data: { effect: `${effect}/2`, role: 'planner', executor: 'x', try: 2 } }]);
    on(started(), failed(effect, { final: true }))
      .when(start(`${effect}/2`))
      .then('INVALID_STATE');
    on(trackEvent('loop.stopped', { reason: 'x' }))
      .when(start())
      .then('INVALID_STATE');
  });

  it('may fail as often as allowed; the last failure is its result', () => {
    const second = on(started(), failed(), started(`${effect}/2`, 2));
    const again = second.when(fail({ effect: `${effect}/2`, retryAt: '2026-01-02T00:00:00.000Z' })).then([
      {
        type: 'effect.failed',
        data: {
          effect: `${effect}/2`,
          reason: 'x',
          message: 'no',
          final: false,
          retryAt: '2026-01-02T00:00:00.000Z',
        },
      },
    ]);
    expect([...again.state.timers]).toEqual([[`retry:${effect}`, '2026-01-02T00:00:00.000Z']]);
    expect(again.state.results.size).toBe(0);
    const third = on(started(), failed(), started(`${effect}/2`, 2), failed(`${effect}/2`), started(`${effect}/3`, 3));
    const last = third
      .when(fail({ effect: `${effect}/3`, retryAt: '2026-01-02T00:00:00.000Z' }))
      .then([{ type: 'effect.failed', data: { effect: `${effect}/3`, reason: 'x', message: 'no', final: true } }]);
    expect(last.state.results.get(effect)?.verdict).toBe('FAIL');
    expect([last.state.effects.size, last.state.timers.size]).toEqual([0, 0]);
  });

  it('that cannot get better is not tried again', () => {
    on(started())
      .when(fail({ retryable: false }))
      .then([{ type: 'effect.failed', data: { effect, reason: 'x', message: 'no', final: true } }]);
  });

  it('that is not open cannot fail or be interrupted: the news is old', () => {
    on().when(fail()).then([]);
    on()
      .when({ name: 'effect.interrupt', data: { effect, reason: 'engineLost' } })
      .then([]);
  });

  it('that is interrupted is asked again under the same key', () => {
    const { state } = on(started())
      .when({ name: 'effect.interrupt', data: { effect, reason: 'engineLost' } })
      .then([{ type: 'effect.interrupted', data: { effect, reason: 'engineLost', recoveries: 1 } }]);
    expect([state.effects.size, state.tries.size]).toEqual([0, 0]);
    expect(track.nextAction?.(state)).toMatchObject({ do: 'ask', effect });
  });

  it('has the process that runs for it on record, as a task has', () => {
    const process = { host: 'h', bootId: 'b', groupId: 7, startedAt: '2026-01-01T00:00:00.000Z' };
    const record = (name: string, runId = 'r'): TrackCommand => ({
      name: 'process.record',
      data: { effect: name, runId, process },
    });
    expect(on(started()).when(record(effect)).then(['process.spawned']).state.effects.get(effect)?.process).toEqual(
      process,
    );
    const task = on(facts.plan(planned('1')), facts.started('1'))
      .when(record('e', 'run-1'))
      .then(['process.spawned']);
    expect(task.state.plan?.tasks.get('1')?.process).toEqual(process);
    expect(
      on(facts.plan(planned('1')))
        .when(record('e', 'run-1'))
        .then(['process.spawned'])
        .state.plan?.tasks.get('1'),
    ).not.toHaveProperty('process');
    expect(on().when(record('e')).then(['process.spawned']).state.plan).toBeUndefined();
    on(trackEvent('loop.stopped', { reason: 'x' }))
      .when(record(effect))
      .then('INVALID_STATE');
  });

  it('is closed by its verdict, once', () => {
    const report: TrackCommand = {
      name: 'evaluation.report',
      data: { visit: 1, evaluator: 'planner', effect, verdict: 'NA', findings: [], evidence: [], inputHash: 'h' },
    };
    const { state } = on(started()).when(report).then(['evaluation.reported']);
    expect(state.results.get(effect)).toMatchObject({ verdict: 'NA', inputHash: 'h' });
    expect(state.effects.size).toBe(0);
    on(started(), trackEvent('evaluation.reported', report.data)).when(report).then([]);
    on().when(report).then('INVALID_STATE');
    on(started(), trackEvent('loop.stopped', { reason: 'x' }))
      .when(report)
      .then('INVALID_STATE');
  });

  it('has its cost added to what the track has spent; one unknown cost makes the sum unknown', () => {
    const usage = (parts: object) => failed(effect, { usage: { known: true, ...parts } });
    const { spent } = on(
      usage({ inputTokens: 2, costMicros: 5 }),
      usage({ inputTokens: 3, outputTokens: 1, wallMs: 10 }),
    ).state.budget;
    expect(spent).toEqual({ inputTokens: 5, outputTokens: 1, costMicros: 5, wallMs: 10, known: true });
    expect(on(usage({}), usage({ known: false }), usage({})).state.budget.spent.known).toBe(false);
  });
});

describe('a timer', () => {
  it('fires once', () => {
    const fire: TrackCommand = { name: 'timer.fire', data: { timerId: `retry:${effect}`, due: '' } };
    const { state } = on(started(), failed(effect, { retryAt: '2026' }))
      .when(fire)
      .then(['timer.fired']);
    expect(state.timers.size).toBe(0);
    on().when(fire).then([]);
  });

  it('lets the task go that waits for it', () => {
    const waiting = on(facts.plan(planned('1')), facts.started('1'), facts.failed('1', 1, { retryAt: '2026' }));
    expect([waiting.state.plan?.ready.size, waiting.state.timers.get('retry:1')]).toEqual([0, '2026']);
    const { state } = waiting.when({ name: 'timer.fire', data: { timerId: 'retry:1', due: '' } }).then(['timer.fired']);
    expect([...(state.plan?.ready ?? [])]).toEqual(['1']);
    expect(on(trackEvent('timer.fired', { timerId: 'deadline', due: '' })).state.plan).toBeUndefined();
  });
});
