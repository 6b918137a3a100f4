import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts, planned } from '../testing/track-facts.js';
import type { Action } from './actions.js';
import type { TrackCommand } from './commands.js';
import { trackEvent } from './events.js';
import { steps, stepStatuses } from './model.js';
import type { TrackState } from './model.js';
import { loopFacts, nextAction } from './next-action.js';
import { track } from './track.js';

const id = 'greet_20260101';
const later = '2026-01-02T00:00:00.000Z';
const stateOf = (...events: readonly NewEvent[]): TrackState => given(track, id, [...facts.live(), ...events]).state;
/** What is owed; ready tasks as the plain set that it is to whoever asks. */
const next = (...events: readonly NewEvent[]): Action => plain(nextAction(stateOf(...events)));
const plain = (action: Action): Action => (action.do === 'work' ? { ...action, ready: new Set(action.ready) } : action);
const resumed = (parts: object = {}) =>
  trackEvent('loop.resumed', { owner: 'e2', host: 'h', epoch: 2, previous: 'x', ...parts });
const effectStarted = (effect: string) => trackEvent('effect.started', { effect, role: 'x', executor: 'x', try: 1 });
const effectFailed = (effect: string, parts: object = {}) =>
  trackEvent('effect.failed', { effect, reason: 'x', message: '', final: false, ...parts });
const reported = (effect: string, verdict: 'PASS' | 'FAIL' | 'NA' = 'PASS') =>
  trackEvent('evaluation.reported', { visit: 1, evaluator: 'x', effect, verdict, findings: [], evidence: [] });
const taskReported = (taskId: string) =>
  trackEvent('task.reported', { taskId, runId: `run-${taskId}`, summary: '', changed: [] });
const asked = (approvalId: string, parts: object = {}) =>
  trackEvent('decision.requested', {
    approvalId,
    reason: 'FIX_LIMIT',
    subject: '',
    summary: '',
    options: [],
    ...parts,
  });
const answered = (approvalId: string) =>
  trackEvent('decision.given', { approvalId, outcome: 'approved', leadsTo: 'extend', by: 'mo' });
const blocker = trackEvent('blocker.raised', { blockerId: 'k', step: 'PLAN', description: 'x' });
const exhausted = trackEvent('budget.exhausted', { kind: 'usd', limit: 1, spent: 1 });
const two = facts.plan(planned('1'), planned('2'));

/** The command that performs an action of the loop's table itself. */
function commandOf(action: Action): TrackCommand | undefined {
  if (action.do === 'start')
    return { name: 'step.start', data: { step: action.step, visit: action.visit, rule: action.rule } };
  if (action.do === 'close')
    return {
      name: action.outcome === 'pass' ? 'step.pass' : 'step.fail',
      data: { step: action.step, visit: action.visit },
    };
  if (action.do !== 'escalate') return undefined;
  const { reason, rule } = action;
  return {
    name: 'decision.request',
    data: { approvalId: 'a', reason, subject: '', summary: '', options: [], blockerId: 'k', rule },
  };
}

describe('what is owed', () => {
  it('is something that decide accepts, in every state of the loop; a pair without a rule is told, not guessed [LOOP-02]', () => {
    const unknown: string[] = [];
    for (const step of steps) {
      for (const status of stepStatuses) {
        for (const events of [
          [],
          [two],
          [facts.plan(planned('1')), facts.failed('1', 3)],
          [facts.plan(planned('1', { dependsOn: ['1'] }))],
          [blocker],
          [blocker, trackEvent('blocker.resolved', { blockerId: 'k', how: '' })],
        ]) {
          const state = stateOf(...events, ...facts.at(step, status));
          const action = nextAction(state);
          if (action.do === 'none') {
            unknown.push(action.because);
            const context = { at: later, actor: { kind: 'engine', id: 'e' } } as const;
            const guesses: readonly TrackCommand[] = [
              { name: 'step.start', data: { step, visit: 1, rule: '' } },
              { name: 'step.fail', data: { step, visit: 1 } },
            ];
            for (const guess of guesses)
              expect(() => track.decide(state, guess, context)).toThrow(
                expect.objectContaining({ code: 'INVALID_STATE' }) as Error,
              );
          }
          const command = commandOf(action);
          if (command)
            expect(
              track.decide(state, command, { at: later, actor: { kind: 'engine', id: 'e' } }),
              `${step} ${status}`,
            ).not.toEqual([]);
        }
      }
    }
    expect([...new Set(unknown)]).toEqual([
      'no rule for BRAINSTORM / FAILED',
      'no rule for BRAINSTORM / SKIPPED',
      'no rule for PLAN / SKIPPED',
      'no rule for EVALUATE_PLAN / SKIPPED',
      'no rule for EXECUTE / SKIPPED',
      'no rule for EVALUATE_EXECUTION / SKIPPED',
      'no rule for FIX / SKIPPED',
      'no rule for BUSINESS_SYNC / FAILED',
    ]);
  });

  it('is nothing without a run, and nothing to a log that is newer than we are', () => {
    expect(nextAction(given(track, id, []).state)).toEqual({ do: 'none', because: 'no run holds the track' });
    expect(next(trackEvent('loop.stopped', { reason: 'stopped' }))).toEqual({
      do: 'none',
      because: 'no run holds the track',
    });
    expect(next({ ...trackEvent('track.readied', {}), v: 2 })).toEqual({
      do: 'none',
      because: 'the log holds events of a newer version',
    });
  });

  it('is, in this order: recover, stop, apply, settle, mind the limits, then the table', () => {
    const effect = `${id}/EXECUTE/1/lead`;
    const recover = [effectStarted(effect)];
    const pause = [trackEvent('track.paused', { mode: 'now' })];
    const apply = [asked('a'), answered('a')];
    const settle = [two, facts.started('1'), taskReported('1')];
    const start = facts.at('EXECUTE', 'IN_PROGRESS');
    expect(next(...start, ...recover, ...settle, ...apply, exhausted, resumed(), ...pause)).toMatchObject({
      do: 'recover',
      effect,
    });
    expect(next(...start, ...settle, ...apply, exhausted, ...pause)).toEqual({ do: 'stop', reason: 'paused' });
    expect(next(...start, ...settle, ...apply, exhausted)).toEqual({ do: 'apply', approvalId: 'a' });
    expect(next(...start, ...settle, exhausted)).toMatchObject({
      do: 'settle',
      taskId: '1',
      runId: 'run-1',
      effect: `${id}/EXECUTE/1@1/1`,
    });
    expect(next(...start, two, exhausted)).toEqual({ do: 'stop', reason: 'budget' });
    expect(next(...start, two)).toMatchObject({ do: 'work' });
  });

  it('after a crash is the recovery of every effect of an earlier owner, with the process that may still run', () => {
    const process = { host: 'h', bootId: 'b', groupId: 7, startedAt: later };
    const effect = `${id}/PLAN/1/planner`;
    const spawned = (name: string, runId: string) => trackEvent('process.spawned', { effect: name, runId, process });
    expect(next(...facts.at('PLAN', 'IN_PROGRESS'), effectStarted(effect), resumed())).toEqual({
      do: 'recover',
      effect,
    });
    expect(next(...facts.at('PLAN', 'IN_PROGRESS'), effectStarted(effect), spawned(effect, 'r'), resumed())).toEqual({
      do: 'recover',
      effect,
      process,
    });
    const task = [two, ...facts.at('FIX', 'IN_PROGRESS'), facts.started('2')];
    expect(next(...task, resumed())).toEqual({ do: 'recover', taskId: '2', effect: `${id}/FIX/2@1/1` });
    expect(next(...task, spawned('x', 'run-2'), resumed())).toEqual({
      do: 'recover',
      taskId: '2',
      effect: `${id}/FIX/2@1/1`,
      process,
    });
    expect(next(...task, taskReported('2'), resumed())).toMatchObject({ do: 'settle', taskId: '2' });
    expect(next(...task, facts.started('1'))).toEqual({ do: 'wait' });
    const before = [facts.created(), two, facts.started('1'), ...facts.live().slice(1)];
    expect(nextAction(given(track, id, before).state)).toMatchObject({ do: 'recover', taskId: '1' });
  });

  it('in a pause is to stop, at once or when what runs has ended and is settled', () => {
    const running = [two, ...facts.at('EXECUTE', 'IN_PROGRESS'), facts.started('1')];
    const drain = trackEvent('track.paused', { mode: 'drain' });
    expect(next(...running, trackEvent('track.paused', { mode: 'now' }))).toEqual({ do: 'stop', reason: 'paused' });
    expect(next(...running, drain)).toEqual({ do: 'wait' });
    expect(next(...running, taskReported('1'), drain)).toMatchObject({ do: 'settle' });
    expect(next(...running, taskReported('1'), facts.completed('1'), drain)).toEqual({ do: 'stop', reason: 'paused' });
    expect(next(...facts.at('PLAN', 'IN_PROGRESS'), effectStarted('e'), drain)).toEqual({ do: 'wait' });
    expect(next(drain, trackEvent('track.resumed', {}))).toMatchObject({ do: 'start' });
  });

  it('of a track that is not active any more is to stop, and says why', () => {
    expect(next(trackEvent('track.cancelled', {}))).toEqual({ do: 'stop', reason: 'cancelled' });
    expect(next(trackEvent('track.failed', {}))).toEqual({ do: 'stop', reason: 'error' });
    expect(next(trackEvent('track.failed', {}), trackEvent('track.retried', {}))).toEqual({
      do: 'stop',
      reason: 'stopped',
    });
    expect(next(...facts.at('COMPLETE', 'PASSED'))).toEqual({ do: 'stop', reason: 'completed' });
  });

  it('at the end of a budget or of what was asked for is to stop, but not before what runs has ended', () => {
    const running = [two, ...facts.at('EXECUTE', 'IN_PROGRESS'), facts.started('1')];
    expect(next(...running, exhausted)).toEqual({ do: 'wait' });
    const until = [
      ...facts.at('PLAN', 'IN_PROGRESS'),
      resumed({ until: 'PLAN' }),
      trackEvent('step.passed', {
        step: 'PLAN',
        visit: 1,
        rule: 'T6',
        next: { step: 'EVALUATE_PLAN', status: 'NOT_STARTED' },
      }),
    ];
    expect(next(...until)).toEqual({ do: 'stop', reason: 'stopped' });
    expect(next(...until, effectStarted('e'))).toEqual({ do: 'wait' });
    expect(next(...until.slice(0, -1))).toMatchObject({ do: 'ask', role: 'planner' });
    const one = [two, resumed({ task: '2' }), ...facts.at('EXECUTE', 'IN_PROGRESS')];
    expect(next(...one)).toMatchObject({ do: 'work', ready: new Set(['2']) });
    for (const end of [
      facts.completed('2'),
      facts.failed('2', 3),
      trackEvent('task.blocked', { taskId: '2', reason: '' }),
    ])
      expect(next(...one, facts.started('2'), end)).toEqual({ do: 'stop', reason: 'stopped' });
    expect(next(...one, facts.started('2'), facts.failed('2', 1))).toMatchObject({ do: 'work', ready: new Set(['2']) });
    expect(
      next(
        facts.plan(planned('1'), planned('2', { dependsOn: ['1'] })),
        resumed({ task: '2' }),
        ...facts.at('EXECUTE', 'IN_PROGRESS'),
      ),
    ).toEqual({ do: 'stop', reason: 'blocked' });
  });
});

describe('PLAN', () => {
  const effect = `${id}/PLAN/1/planner`;
  const there = facts.at('PLAN', 'IN_PROGRESS');
  const submitted = trackEvent('plan.submitted', {
    revision: 1,
    text: { text: '' },
    textHash: 'h',
    model: { title: '', tasks: [] },
    effect,
  });

  it('asks the planner, waits, and passes with his plan', () => {
    expect(next(...there)).toEqual({ do: 'ask', role: 'planner', effect, step: 'PLAN', visit: 1 });
    expect(next(...there, effectStarted(effect))).toEqual({ do: 'wait' });
    expect(next(...there, effectStarted(effect), submitted)).toEqual({
      do: 'close',
      step: 'PLAN',
      visit: 1,
      outcome: 'pass',
    });
  });

  it('tries again under a new key, after the delay, and fails with the last try', () => {
    expect(next(...there, effectStarted(effect), effectFailed(effect))).toMatchObject({
      do: 'ask',
      effect: `${effect}/2`,
    });
    const delayed = [...there, effectStarted(effect), effectFailed(effect, { retryAt: later })];
    expect(next(...delayed)).toEqual({ do: 'wait', until: later, timer: `retry:${effect}` });
    expect(next(...delayed, trackEvent('timer.fired', { timerId: `retry:${effect}`, due: later }))).toMatchObject({
      do: 'ask',
      effect: `${effect}/2`,
    });
    expect(next(...there, effectStarted(effect), effectFailed(effect, { final: true }))).toMatchObject({
      do: 'close',
      outcome: 'fail',
    });
  });

  it('takes a plan that a person handed in, but not while the planner works on his', () => {
    expect(next(two, ...there)).toMatchObject({ do: 'close', outcome: 'pass' });
    expect(next(...there, effectStarted(effect), two)).toEqual({ do: 'wait' });
    expect(next(...there, effectStarted(effect), two, effectFailed(effect, { final: true }))).toMatchObject({
      do: 'close',
      outcome: 'pass',
    });
  });

  it('needs another plan than the one that was rejected', () => {
    const rejected = trackEvent('step.failed', {
      step: 'EVALUATE_PLAN',
      visit: 1,
      rule: 'T11',
      next: { step: 'PLAN', status: 'NOT_STARTED' },
    });
    expect(next(two, rejected, ...there)).toMatchObject({ do: 'ask', role: 'planner' });
    expect(
      next(
        two,
        rejected,
        ...there,
        trackEvent('plan.edited', { ...(two.data as object), revision: 2, base: 1, ops: [], cause: 'person' } as never),
      ),
    ).toMatchObject({ do: 'close', outcome: 'pass' }); // the payload of the submitted plan, edited
  });
});

describe('an evaluation', () => {
  const base = `${id}/EVALUATE_EXECUTION/1`;
  const at = (...asks: string[][]) => facts.at('EVALUATE_EXECUTION', 'IN_PROGRESS', { asks, boardId: 'b' });
  const convened = trackEvent('board.convened', { boardId: 'b', checkpoint: 'x', kind: 'quick' });
  const concluded = (verdict: string) =>
    trackEvent('board.concluded', { boardId: 'b', verdict, summary: '', conditions: [] });

  it('asks the gates of a stage side by side, and the next stage when all have passed', () => {
    const stages = at(['a', 'acme/b'], ['c']);
    expect(next(...stages)).toMatchObject({ do: 'ask', role: 'a', effect: `${base}/a` });
    expect(next(...stages, effectStarted(`${base}/a`))).toMatchObject({
      do: 'ask',
      role: 'acme/b',
      effect: `${base}/acme:b`,
    });
    const both = [...stages, effectStarted(`${base}/a`), effectStarted(`${base}/acme:b`)];
    expect(next(...both)).toEqual({ do: 'wait' });
    expect(next(...both, reported(`${base}/a`))).toEqual({ do: 'wait' });
    expect(next(...both, reported(`${base}/a`), reported(`${base}/acme:b`, 'NA'))).toMatchObject({
      do: 'ask',
      role: 'c',
    });
    expect(next(...both, reported(`${base}/a`), reported(`${base}/acme:b`, 'NA'), reported(`${base}/c`))).toMatchObject(
      { do: 'close', outcome: 'pass' },
    );
  });

  it('fails with the first stage that holds a FAIL, once the whole stage has answered', () => {
    const stages = at(['a', 'b'], ['c']);
    expect(next(...stages, effectStarted(`${base}/b`), reported(`${base}/a`, 'FAIL'))).toEqual({ do: 'wait' });
    expect(next(...stages, reported(`${base}/a`, 'FAIL'), reported(`${base}/b`))).toMatchObject({
      do: 'close',
      outcome: 'fail',
    });
  });

  it('fails when nothing could be judged, when nothing was asked, and when its work was reopened meanwhile', () => {
    expect(next(...at(['a']), reported(`${base}/a`, 'NA'))).toMatchObject({ do: 'close', outcome: 'fail' });
    expect(next(...at())).toMatchObject({ do: 'close', outcome: 'fail' });
    expect(next(two, ...at(['a']), reported(`${base}/a`))).toMatchObject({ do: 'close', outcome: 'fail' });
    expect(
      next(two, ...facts.at('EVALUATE_PLAN', 'IN_PROGRESS', { asks: [['a']] }), reported(`${id}/EVALUATE_PLAN/1/a`)),
    ).toMatchObject({ do: 'close', outcome: 'pass' });
  });

  it('waits for the retry of one gate while another one runs', () => {
    const stage = [
      ...at(['a', 'b']),
      effectStarted(`${base}/a`),
      effectStarted(`${base}/b`),
      effectFailed(`${base}/a`, { retryAt: later }),
    ];
    expect(next(...stage)).toEqual({ do: 'wait', until: later, timer: `retry:${base}/a` });
    const sooner = effectFailed(`${base}/b`, { retryAt: '2026-01-01T12:00:00.000Z' });
    expect(next(...stage, sooner)).toMatchObject({ timer: `retry:${base}/b` });
    const last = effectFailed(`${base}/b`, { retryAt: '2026-01-03T00:00:00.000Z' });
    expect(next(...stage, last)).toMatchObject({ timer: `retry:${base}/a` });
  });

  it('holds its board until that has concluded; its verdict is the gate', () => {
    const board = at(['board:quick', 'a']);
    expect(next(...board)).toEqual({ do: 'board', boardId: 'b', form: 'quick' });
    expect(next(...board, convened)).toEqual({ do: 'board', boardId: 'b', form: 'quick' });
    expect(next(...at(['board:full']))).toEqual({ do: 'board', boardId: 'b', form: 'full' });
    expect(next(...board, convened, concluded('APPROVED'))).toMatchObject({ do: 'ask', role: 'a' });
    expect(next(...board, convened, concluded('REJECTED'), reported(`${base}/a`))).toMatchObject({
      do: 'close',
      outcome: 'fail',
    });
    expect(next(...board, convened, concluded('ESCALATE'))).toMatchObject({
      do: 'escalate',
      reason: 'BOARD_ESCALATED',
      rule: 'T9',
    });
    expect(next(...facts.at('EVALUATE_PLAN', 'IN_PROGRESS', { asks: [['board:full']] }))).toEqual({ do: 'wait' });
  });
});

describe('EXECUTE', () => {
  const at = (mode: 'PARALLEL' | 'SEQUENTIAL') => facts.at('EXECUTE', 'IN_PROGRESS', { mode });
  const waited = (taskId: string) => trackEvent('lease.waited', { taskId, keys: [], holders: [] });

  it('offers what is ready and as many slots as are free', () => {
    expect(next(two, ...at('PARALLEL'))).toEqual({ do: 'work', step: 'EXECUTE', ready: new Set(['1', '2']), slots: 5 });
    expect(next(two, ...at('PARALLEL'), facts.started('1'))).toMatchObject({ ready: new Set(['2']), slots: 4 });
    expect(next(two, ...facts.at('FIX', 'IN_PROGRESS'))).toMatchObject({ do: 'work', step: 'FIX', slots: 5 });
    expect(
      next(trackEvent('track.configured', { limits: { maxWorkers: 1 } }), two, ...at('PARALLEL'), facts.started('1')),
    ).toEqual({ do: 'wait' });
  });

  it('one after the other offers one slot, and nobody overtakes a task that waits for its files', () => {
    expect(next(two, ...at('SEQUENTIAL'))).toMatchObject({ slots: 1 });
    expect(next(two, ...at('SEQUENTIAL'), facts.started('1'))).toEqual({ do: 'wait' });
    expect(next(two, ...at('SEQUENTIAL'), waited('1'))).toEqual({ do: 'wait' });
    expect(next(two, ...at('PARALLEL'), waited('1'))).toMatchObject({ do: 'work', ready: new Set(['2']) });
  });

  it('waits for retries, and closes when nothing is left to do or nothing can be done', () => {
    const failed = [facts.plan(planned('1')), ...at('PARALLEL'), facts.started('1')];
    expect(next(...failed, facts.failed('1', 1, { retryAt: later }))).toEqual({
      do: 'wait',
      until: later,
      timer: 'retry:1',
    });
    expect(
      next(two, ...at('PARALLEL'), facts.started('1'), facts.started('2'), facts.failed('1', 1, { retryAt: later })),
    ).toEqual({ do: 'wait', until: later, timer: 'retry:1' });
    expect(next(...failed, facts.completed('1'))).toMatchObject({ do: 'close', outcome: 'pass' });
    expect(next(...failed, facts.failed('1', 3))).toMatchObject({ do: 'close', outcome: 'fail' });
    expect(next(...at('PARALLEL'))).toMatchObject({ do: 'close', outcome: 'pass' });
  });

  it('keeps independent tasks going when another one has failed for good', () => {
    const state = stateOf(
      facts.plan(planned('1'), planned('2', { dependsOn: ['1'] }), planned('3')),
      ...at('PARALLEL'),
      facts.started('1'),
      facts.failed('1', 3),
    );
    expect(plain(nextAction(state))).toMatchObject({ do: 'work', ready: new Set(['3']) });
    const failed = given(track, id, [
      ...facts.live(),
      facts.plan(planned('1'), planned('3')),
      ...at('PARALLEL'),
      facts.failed('1', 3),
    ]);
    const { state: left } = failed
      .when({ name: 'step.fail', data: { step: 'EXECUTE', visit: 1 } })
      .then(['step.failed']);
    expect(nextAction(left)).toEqual({ do: 'start', step: 'EXECUTE', visit: 2, rule: 'T17' });
  });

  it('follows the table anew when its failure was mended by hand', () => {
    const state = stateOf(facts.plan(planned('1')), ...facts.at('EXECUTE', 'FAILED'), facts.marked('1', 'skipped'));
    expect(nextAction(state)).toMatchObject({ do: 'close', step: 'EXECUTE', outcome: 'fail' });
  });
});

describe('the other steps', () => {
  it('BUSINESS_SYNC asks the scribe; one who gives up blocks the track instead of leaving it without a rule', () => {
    const effect = `${id}/BUSINESS_SYNC/1/scribe`;
    const there = facts.at('BUSINESS_SYNC', 'IN_PROGRESS');
    expect(next(...there)).toMatchObject({ do: 'ask', role: 'scribe', effect });
    expect(next(...there, reported(effect))).toMatchObject({ do: 'close', outcome: 'pass' });
    expect(next(...there, effectStarted(effect), effectFailed(effect, { final: true }))).toMatchObject({
      do: 'escalate',
      reason: 'TRACK_BLOCKED',
      rule: 'T30',
    });
    expect(next(...facts.at('BRAINSTORM', 'IN_PROGRESS'))).toMatchObject({ do: 'ask', role: 'scribe' });
  });

  it('COMPLETE finishes its parts in their order, each once', () => {
    const done: NewEvent[] = [
      ...facts.at('COMPLETE', 'IN_PROGRESS'),
      trackEvent('track.completed', { criteria: [], report: { text: '' } }),
    ];
    const parts: string[] = [];
    for (let action = next(...done); action.do === 'finish'; action = next(...done)) {
      expect(action.effect).toBe(`${id}/COMPLETE/1/${action.part}`);
      parts.push(action.part);
      done.push(trackEvent('completion.recorded', { part: action.part, effect: action.effect }));
    }
    expect(parts).toEqual(['commit', 'report', 'retrospective', 'cleanup']);
    expect(next(...done)).toMatchObject({ do: 'close', step: 'COMPLETE', outcome: 'pass' });
  });

  it('a blocked one waits for its answers, asks when there is none, and starts again when nothing blocks it', () => {
    const blocked = facts.at('PLAN', 'BLOCKED');
    expect(next(...blocked, blocker, asked('a'), asked('b'))).toEqual({ do: 'await', approvals: ['a', 'b'] });
    expect(next(...blocked, blocker)).toMatchObject({ do: 'escalate', reason: 'TRACK_BLOCKED', rule: 'T30' });
    expect(next(...blocked)).toEqual({ do: 'start', step: 'PLAN', visit: 2, rule: 'T31' });
  });
});

describe('the facts for the table', () => {
  const factsOf = (...events: readonly NewEvent[]) => {
    const of = loopFacts(stateOf(...events));
    const { brainstorm, mode, revisionsLeft, fixCyclesLeft } = of;
    const { businessSyncRequired, runnable, retriesUsedUp, activeBlocker } = of;
    return {
      brainstorm,
      mode,
      revisionsLeft,
      fixCyclesLeft,
      businessSyncRequired,
      runnable,
      retriesUsedUp,
      activeBlocker,
    };
  };

  it('are read off the state', () => {
    expect(factsOf()).toEqual({
      brainstorm: false,
      mode: 'SEQUENTIAL',
      revisionsLeft: true,
      fixCyclesLeft: true,
      businessSyncRequired: false,
      runnable: false,
      retriesUsedUp: false,
      activeBlocker: false,
    });
    expect(
      factsOf(two, blocker, facts.failed('1', 3), ...facts.at('BRAINSTORM', 'IN_PROGRESS', { mode: 'PARALLEL' })),
    ).toMatchObject({ brainstorm: true, mode: 'PARALLEL', runnable: true, retriesUsedUp: true, activeBlocker: true });
    expect(factsOf(trackEvent('track.configured', { limits: { maxFixCycles: 0, maxPlanRevisions: 0 } }))).toMatchObject(
      { revisionsLeft: false, fixCyclesLeft: false },
    );
    expect(factsOf(two, trackEvent('task.blocked', { taskId: '1', reason: '' })).retriesUsedUp).toBe(true);
  });
});
