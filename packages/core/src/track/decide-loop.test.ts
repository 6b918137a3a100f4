import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts, planned } from '../testing/track-facts.js';
import type { TrackCommand } from './commands.js';
import { trackEvent } from './events.js';
import { steps, stepStatuses } from './model.js';
import type { Step } from './model.js';
import { track } from './track.js';

const id = 'greet_20260101';
const on = (...events: readonly NewEvent[]) => given(track, id, events);
const start = (step: Step, parts: object = {}): TrackCommand => ({
  name: 'step.start',
  data: { step, visit: 0, rule: 'T4', ...parts },
});
const pass = (step: Step): TrackCommand => ({ name: 'step.pass', data: { step, visit: 1 } });
const fail = (step: Step): TrackCommand => ({ name: 'step.fail', data: { step, visit: 1 } });
const run: TrackCommand = { name: 'loop.start', data: { owner: 'engine-2', host: 'there' } };
const reported = (step: Step, evaluator: string, verdict: 'PASS' | 'FAIL' | 'NA'): NewEvent =>
  trackEvent('evaluation.reported', {
    visit: 1,
    evaluator,
    effect: `${id}/${step}/1/${evaluator}`,
    verdict,
    findings: [],
    evidence: [],
  });
const evaluated = (step: Step, verdicts: Readonly<Record<string, 'PASS' | 'FAIL' | 'NA'>>) => [
  ...facts.live(),
  ...facts.at(step, 'IN_PROGRESS', { asks: Object.keys(verdicts).map((gate) => [gate]) }),
  ...Object.entries(verdicts).map(([gate, verdict]) => reported(step, gate, verdict)),
];

describe('a run', () => {
  it('starts with epoch 1, and goes on with the next one under the name of its new owner', () => {
    const first = on(facts.created(), trackEvent('track.readied', {}), trackEvent('track.activated', {})).when(run);
    expect(
      first.then([{ type: 'loop.started', data: { owner: 'engine-2', host: 'there', epoch: 1 } }]).state.run,
    ).toMatchObject({ epoch: 1, iterations: 0, reached: false });
    on(...facts.live())
      .when(run)
      .then([{ type: 'loop.resumed', data: { owner: 'engine-2', host: 'there', epoch: 2, previous: 'engine-1' } }]);
  });

  it('keeps what it was asked for: how far, which task, how much, and the commit before it', () => {
    const { state } = on(...facts.live())
      .when({
        name: 'loop.start',
        data: { owner: 'e', host: 'h', until: 'PLAN', task: '1', budget: { tokens: 5 }, baseline: 'abc' },
      })
      .then(['loop.resumed']);
    expect(state.run).toMatchObject({ until: 'PLAN', onlyTask: '1' });
    expect(state.budget.limits).toEqual({ tokens: 5 });
    expect(state.about.baseline).toBe('abc');
    expect(
      on(
        ...facts.live(),
        trackEvent('loop.resumed', { owner: 'e', host: 'h', epoch: 2, previous: 'x', baseline: 'first' }),
        trackEvent('loop.resumed', { owner: 'e', host: 'h', epoch: 3, previous: 'x', baseline: 'second' }),
      ).state.about.baseline,
    ).toBe('first');
  });

  it('keeps its count of iterations when it goes on, and clears what ended it', () => {
    const stopped = [
      ...facts.live(),
      ...facts.at('PLAN', 'IN_PROGRESS'),
      trackEvent('loop.stopped', { reason: 'awaiting' }),
    ];
    expect(on(...stopped).state.run).toMatchObject({
      iterations: 1,
      stopped: 'awaiting',
      stoppedAt: expect.any(String),
    });
    const { state } = on(...stopped)
      .when(run)
      .then(['loop.resumed']);
    expect(state.run).toMatchObject({ iterations: 1, epoch: 2 });
    expect(state.run).not.toHaveProperty('stopped');
  });

  it('needs an active track', () => {
    on().when(run).then('TRACK_NOT_FOUND');
    on(facts.created()).when(run).then('INVALID_STATE');
    on(...facts.live(), trackEvent('track.paused', { mode: 'drain' }))
      .when(run)
      .then('INVALID_STATE');
    on(...facts.live(), trackEvent('track.cancelled', {}))
      .when(run)
      .then('TRACK_ENDED');
  });

  it('goes on with the completion protocol of a track that is completed already, until that is through', () => {
    const completed = trackEvent('track.completed', { criteria: [], report: { text: '' } });
    on(...facts.live(), ...facts.at('COMPLETE', 'IN_PROGRESS'), completed)
      .when(run)
      .then(['loop.resumed']);
    on(...facts.live(), ...facts.at('COMPLETE', 'PASSED'), completed)
      .when(run)
      .then(['loop.resumed']); // killed before it could say that it had ended
    on(
      ...facts.live(),
      ...facts.at('COMPLETE', 'PASSED'),
      completed,
      trackEvent('loop.stopped', { reason: 'completed' }),
    )
      .when(run)
      .then('TRACK_ENDED');
    on(...facts.live(), ...facts.at('FIX', 'IN_PROGRESS'), completed)
      .when(run)
      .then('TRACK_ENDED');
  });

  it('stops once', () => {
    const stop: TrackCommand = { name: 'loop.stop', data: { reason: 'paused' } };
    const { state } = on(...facts.live(), trackEvent('track.paused', { mode: 'drain' }))
      .when(stop)
      .then(['loop.stopped']);
    expect(state).toMatchObject({ draining: false, run: { stopped: 'paused' } });
    on(...facts.live(), trackEvent('loop.stopped', { reason: 'paused' }))
      .when(stop)
      .then([]);
    on(facts.created()).when(stop).then([]);
  });
});

describe('a step', () => {
  it('starts only where the table says so, and not without a run', () => {
    const may = new Set(['COMPLETE NOT_STARTED', 'EXECUTE FAILED']);
    for (const step of steps) {
      may.add(`${step} NOT_STARTED`).add(`${step} BLOCKED`);
      for (const status of stepStatuses) {
        const there = on(...facts.live(), facts.plan(planned('1')), ...facts.at(step, status));
        const expected = status === 'BLOCKED' ? ['step.reopened', 'step.started'] : ['step.started'];
        there.when(start(step)).then(may.has(`${step} ${status}`) ? expected : 'INVALID_STATE');
        there.when(start(step === 'PLAN' ? 'FIX' : 'PLAN')).then('INVALID_STATE');
      }
    }
    on(facts.created()).when(start('PLAN')).then('INVALID_STATE');
    on(...facts.live(), trackEvent('loop.stopped', { reason: 'stopped' }))
      .when(start('PLAN'))
      .then('INVALID_STATE');
  });

  it('counts its visits itself, and begins each with nothing answered', () => {
    const effect = `${id}/EVALUATE_PLAN/1/critic`;
    const there = on(
      ...facts.live(),
      ...facts.at('EVALUATE_PLAN', 'IN_PROGRESS', {
        asks: [['critic'], ['board:full']],
        boardId: 'b1',
        mode: 'PARALLEL',
        missionId: 'm1',
        agent: 'a',
      }),
      trackEvent('effect.failed', { effect, reason: 'x', message: '', final: false }),
      reported('EVALUATE_PLAN', 'critic', 'PASS'),
      ...facts.at('EVALUATE_PLAN', 'NOT_STARTED'),
    );
    expect(there.state.loop).toMatchObject({ boardId: 'b1', mode: 'PARALLEL', missionId: 'm1' });
    const { state } = there
      .when(start('EVALUATE_PLAN', { visit: 99 }))
      .then([{ type: 'step.started', data: { step: 'EVALUATE_PLAN', visit: 2, rule: 'T4' } }]);
    expect(state.loop).toMatchObject({
      status: 'IN_PROGRESS',
      visits: { EVALUATE_PLAN: 2 },
      asks: [],
      mode: 'PARALLEL',
    });
    expect(state.loop).not.toHaveProperty('boardId');
    expect([state.results.size, state.tries.size]).toEqual([0, 0]);
    expect(state.loop.checkpoints.EVALUATE_PLAN).toMatchObject({
      status: 'IN_PROGRESS',
      startedAt: expect.any(String),
    });
  });

  it('asks a board only with an id for it', () => {
    const there = on(...facts.live(), ...facts.at('EVALUATE_PLAN', 'NOT_STARTED'));
    there.when(start('EVALUATE_PLAN', { asks: [['checks'], ['board:full']] })).then('INVALID_STATE');
    there.when(start('EVALUATE_PLAN', { asks: [['checks'], ['board:full']], boardId: 'b' })).then(['step.started']);
  });

  it('leads where the table leads, whatever the caller thinks', () => {
    const done = [facts.plan(planned('1')), facts.started('1'), facts.completed('1')];
    const leads = (
      events: readonly NewEvent[],
      command: TrackCommand,
      rule: string,
      step: Step,
      status = 'NOT_STARTED',
    ) => {
      const { events: decided, state } = on(...events)
        .when(command)
        .then([command.name === 'step.pass' ? 'step.passed' : 'step.failed']);
      expect(decided[0]?.data).toMatchObject({ rule, next: { step, status } });
      expect(state.loop).toMatchObject({ step, status });
    };
    const at = (step: Step, ...more: readonly NewEvent[]) => [
      ...facts.live(),
      ...more,
      ...facts.at(step, 'IN_PROGRESS'),
    ];
    leads(at('BRAINSTORM'), pass('BRAINSTORM'), 'T3', 'PLAN');
    leads(at('PLAN'), pass('PLAN'), 'T6', 'EVALUATE_PLAN');
    leads(at('PLAN'), fail('PLAN'), 'T7', 'PLAN', 'FAILED');
    leads(evaluated('EVALUATE_PLAN', { checks: 'PASS' }), pass('EVALUATE_PLAN'), 'T10', 'EXECUTE');
    leads(at('EVALUATE_PLAN'), fail('EVALUATE_PLAN'), 'T11', 'PLAN');
    leads(at('EXECUTE', ...done), pass('EXECUTE'), 'T16', 'EVALUATE_EXECUTION');
    leads(at('EXECUTE', facts.plan(planned('1'))), fail('EXECUTE'), 'T17', 'EXECUTE', 'FAILED');
    leads(at('EXECUTE', facts.plan(planned('1', { dependsOn: ['1'] }))), fail('EXECUTE'), 'T17', 'FIX');
    leads(at('EXECUTE', facts.plan(planned('1')), facts.failed('1', 3)), fail('EXECUTE'), 'T17', 'EXECUTE', 'FAILED');
    leads(at('EVALUATE_EXECUTION'), fail('EVALUATE_EXECUTION'), 'T21', 'FIX');
    leads(at('FIX', ...done), pass('FIX'), 'T25', 'EVALUATE_EXECUTION');
    leads(at('FIX'), fail('FIX'), 'T26', 'EVALUATE_EXECUTION');
    leads(at('BUSINESS_SYNC'), pass('BUSINESS_SYNC'), 'T28', 'COMPLETE');
    leads(at('COMPLETE'), pass('COMPLETE'), 'T29', 'COMPLETE', 'PASSED');
    leads([...facts.live(), ...facts.at('BUSINESS_SYNC', 'SKIPPED')], pass('BUSINESS_SYNC'), 'T28', 'COMPLETE');
    leads([...facts.live(), ...facts.at('EXECUTE', 'PASSED')], pass('EXECUTE'), 'T16', 'EVALUATE_EXECUTION');
  });

  it('returns from FIX to the evaluation, whether the fixes worked or not [LOOP-08]', () => {
    for (const command of [pass('FIX'), fail('FIX')]) {
      const { events, state } = on(...facts.live(), ...facts.at('FIX', 'IN_PROGRESS'))
        .when(command)
        .then([command.name === 'step.pass' ? 'step.passed' : 'step.failed']);
      expect(events[0]?.data).toMatchObject({ next: { step: 'EVALUATE_EXECUTION', status: 'NOT_STARTED' } });
      expect(state.loop.fixCycles).toBe(0);
    }
  });

  it('ends only while it is under way, and only where the table knows the pair', () => {
    on(...facts.live(), ...facts.at('PLAN', 'NOT_STARTED'))
      .when(pass('PLAN'))
      .then('INVALID_STATE');
    on(...facts.live(), ...facts.at('PLAN', 'IN_PROGRESS'))
      .when(pass('EXECUTE'))
      .then('INVALID_STATE');
    on(...facts.live(), ...facts.at('PLAN', 'BLOCKED'))
      .when(fail('PLAN'))
      .then('INVALID_STATE');
    on(...facts.live(), ...facts.at('BUSINESS_SYNC', 'IN_PROGRESS'))
      .when(fail('BUSINESS_SYNC'))
      .then('INVALID_STATE');
    on(...facts.live(), ...facts.at('PLAN', 'IN_PROGRESS'), trackEvent('loop.stopped', { reason: 'x' }))
      .when(pass('PLAN'))
      .then('INVALID_STATE');
  });

  it('goes to BUSINESS_SYNC after a pass when a worker flagged a decision, else records that it was skipped [LOOP-11]', () => {
    const passing = evaluated('EVALUATE_EXECUTION', { structural: 'PASS' });
    const skipped = on(...passing)
      .when(pass('EVALUATE_EXECUTION'))
      .then(['step.passed', 'step.skipped']);
    expect(skipped.events[1]?.data).toEqual({
      step: 'BUSINESS_SYNC',
      visit: 0,
      rule: 'T20',
      next: { step: 'COMPLETE', status: 'NOT_STARTED' },
    });
    expect(skipped.state.loop).toMatchObject({
      step: 'COMPLETE',
      status: 'NOT_STARTED',
      checkpoints: { BUSINESS_SYNC: { status: 'SKIPPED' }, EVALUATE_EXECUTION: { status: 'PASSED' } },
    });
    for (const flagged of [true, false]) {
      const answer = trackEvent('task.reported', {
        taskId: '1',
        runId: 'run-1',
        summary: '',
        changed: [],
        answer: { businessSyncRequired: flagged },
      });
      const { state } = on(
        ...facts.live(),
        facts.plan(planned('1')),
        facts.started('1'),
        answer,
        facts.completed('1'),
        ...passing.slice(4),
      )
        .when(pass('EVALUATE_EXECUTION'))
        .then(flagged ? ['step.passed'] : ['step.passed', 'step.skipped']);
      expect(state.loop.step).toBe(flagged ? 'BUSINESS_SYNC' : 'COMPLETE');
    }
  });

  it('passes an evaluation only by its results: all in, none failed, one passed', () => {
    for (const step of ['EVALUATE_PLAN', 'EVALUATE_EXECUTION'] as const) {
      on(...evaluated(step, { a: 'PASS', b: 'FAIL' }))
        .when(pass(step))
        .then('INVALID_STATE');
      on(...evaluated(step, { a: 'NA', b: 'NA' }))
        .when(pass(step))
        .then('INVALID_STATE');
      on(...evaluated(step, { a: 'PASS', b: 'PASS' }).slice(0, -1))
        .when(pass(step))
        .then('INVALID_STATE');
      on(...evaluated(step, {}))
        .when(pass(step))
        .then('INVALID_STATE');
      expect(
        on(...evaluated(step, { a: 'NA', b: 'PASS' }))
          .when(pass(step))
          .then(step === 'EVALUATE_PLAN' ? ['step.passed'] : ['step.passed', 'step.skipped']).events,
      ).not.toEqual([]);
    }
  });

  it('leaves out the fix tasks that an earlier cycle could not do, and no others', () => {
    const events = [
      ...facts.live(),
      facts.plan(planned('1'), planned('Fix 1'), planned('Fix 2'), planned('Fix 3')),
      facts.failed('1', 3),
      facts.failed('Fix 1', 3),
      trackEvent('task.blocked', { taskId: 'Fix 2', reason: 'no' }),
    ];
    const { events: decided } = on(...events, ...facts.at('FIX', 'NOT_STARTED'))
      .when(start('FIX'))
      .then(['step.started', 'task.marked', 'task.marked']);
    expect(decided.slice(1).map(({ data }) => data)).toMatchObject([
      { taskId: 'Fix 1', state: 'skipped', source: 'engine' },
      { taskId: 'Fix 2', state: 'skipped', source: 'engine' },
    ]);
    on(...events, ...facts.at('EXECUTE', 'NOT_STARTED'))
      .when(start('EXECUTE'))
      .then(['step.started']);
    on(...facts.live(), ...facts.at('FIX', 'NOT_STARTED'))
      .when(start('FIX'))
      .then(['step.started']);
  });

  it('keeps the facts that it is closed with, for people', () => {
    const there = on(...facts.live(), ...facts.at('PLAN', 'IN_PROGRESS'));
    const told: TrackCommand = { name: 'step.pass', data: { step: 'PLAN', visit: 1, facts: { planVersion: 1 } } };
    const { checkpoints } = there.when(told).then(['step.passed']).state.loop;
    expect(checkpoints.PLAN).toMatchObject({ status: 'PASSED', facts: { planVersion: 1 } });
    expect(there.when(pass('PLAN')).then(['step.passed']).state.loop.checkpoints.PLAN).not.toHaveProperty('facts');
  });

  it('that a run was to reach is remembered when it closes, however it closes', () => {
    const until = trackEvent('loop.resumed', { owner: 'e', host: 'h', epoch: 2, previous: 'x', until: 'PLAN' });
    expect(
      on(...facts.live(), until, ...facts.at('PLAN', 'IN_PROGRESS'))
        .when(pass('PLAN'))
        .then(['step.passed']).state.run?.reached,
    ).toBe(true);
    expect(
      on(...facts.live(), ...facts.at('PLAN', 'IN_PROGRESS'))
        .when(pass('PLAN'))
        .then(['step.passed']).state.run?.reached,
    ).toBe(false);
  });
});
