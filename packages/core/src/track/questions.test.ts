import { describe, expect, it } from 'vitest';
import { namedReasons } from '../loop/reasons.js';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { paperShell } from '../testing/paper-shell.js';
import type { PaperShell } from '../testing/paper-shell.js';
import { facts, planned } from '../testing/track-facts.js';
import { trackEvent } from './events.js';
import { nextAction } from './next-action.js';
import { openQuestion, questionOf } from './questions.js';
import { track } from './track.js';

const id = 'greet_20260101';
const three = facts.plan(planned('1'), planned('2'), planned('3'));
const stateOf = (...events: readonly NewEvent[]) => given(track, id, [...facts.live(), ...events]).state;
const next = (...events: readonly NewEvent[]) => nextAction(stateOf(...events));
const blocked = (taskId: string, asks?: (typeof namedReasons)[number]) =>
  trackEvent('task.blocked', { taskId, reason: 'no', ...(asks && { asks }) });
const asked = (approvalId: string, reason: string) =>
  trackEvent('decision.requested', { approvalId, reason, subject: '', summary: '', options: [] });
const answered = (approvalId: string, leadsTo: string) =>
  trackEvent('decision.given', { approvalId, outcome: 'approved', leadsTo, by: 'mo' });
const refused = (approvalId: string, reason: string) => [
  asked(approvalId, reason),
  trackEvent('blocker.raised', { blockerId: `of ${approvalId}`, step: 'EXECUTE', description: 'x' }),
  trackEvent('decision.given', { approvalId, outcome: 'denied', by: 'mo' }),
  trackEvent('decision.used', { approvalId }),
];
const offers = (...events: readonly NewEvent[]) => {
  const action = next(...events);
  return action.do === 'escalate' ? [action.reason, ...action.options.map(({ leadsTo }) => leadsTo)] : action;
};
const fixLimit = [trackEvent('track.configured', { limits: { maxFixCycles: 0 } }), three];

/** Runs a story until it asks about this. */
function until(shell: PaperShell, reason: string): PaperShell {
  while (shell.step()) {
    const action = shell.actions.at(-1);
    if (action?.do === 'escalate' && action.reason === reason) return shell;
  }
  return expect.fail(`never asked about ${reason}`);
}

describe('what an agent names', () => {
  it.each(namedReasons)('%s is what a person is asked, instead of why the task is stuck', (reason) => {
    const started = given(track, id, [
      ...facts.live(),
      three,
      ...facts.at('EXECUTE', 'IN_PROGRESS'),
      facts.started('1'),
    ]);
    const { state } = started
      .when({ name: 'task.block', data: { taskId: '1', runId: 'run-1', reason: `${reason}: shall it be so?` } })
      .then([
        {
          type: 'task.blocked',
          data: { taskId: '1', runId: 'run-1', reason: `${reason}: shall it be so?`, asks: reason },
        },
      ]);
    expect(state.plan?.tasks.get('1')).toMatchObject({ status: 'blocked', asks: reason });
    const done = [facts.marked('2', 'done'), facts.marked('3', 'done')];
    expect(next(three, blocked('1', reason), ...done, ...facts.at('EXECUTE', 'FAILED'))).toMatchObject({ reason });
  });

  it.each(['It is blocked', 'SCOPE', 'scope_change: no', 'Later SCOPE_CHANGE: no', '', ':', 'x'.repeat(1e6)])(
    'is nothing in %#',
    (reason) => {
      given(track, id, [...facts.live(), three])
        .when({ name: 'task.block', data: { taskId: '1', reason } })
        .then([{ type: 'task.blocked', data: { taskId: '1', reason } }]);
    },
  );

  it('by a planner ends its tries at once, as a wrong call does, and is what is asked', () => {
    const effect = `${id}/PLAN/1/planner`;
    const start = [
      ...facts.live(),
      ...facts.at('PLAN', 'IN_PROGRESS'),
      trackEvent('effect.started', { effect, role: 'planner', executor: 'x', try: 1 }),
    ];
    for (const [reason, message, retryable, asks] of [
      ['EXECUTOR_ERROR', 'REQUIREMENT_AMBIGUOUS: which colour?', true, 'REQUIREMENT_AMBIGUOUS'],
      ['FILE_NOT_FOUND', 'spec.md is missing', false, 'INPUT_MISSING'],
      ['VALIDATION_FAILED', '--spec is missing', false, 'INPUT_MISSING'],
    ] as const) {
      const { state } = given(track, id, start)
        .when({ name: 'effect.fail', data: { effect, reason, message, retryable } })
        .then([{ type: 'effect.failed', data: { effect, reason, message, final: true, asks } }]);
      expect(nextAction(state)).toMatchObject({ do: 'close', outcome: 'fail' });
      const failed = given(track, id, [
        ...start,
        trackEvent('effect.failed', { effect, reason, message, final: true, asks }),
      ])
        .when({ name: 'step.fail', data: { step: 'PLAN', visit: 1 } })
        .then(['step.failed']);
      expect(nextAction(failed.state)).toMatchObject({ do: 'escalate', reason: asks, rule: 'T7' });
    }
    given(track, id, start)
      .when({ name: 'effect.fail', data: { effect, reason: 'FILE_NOT_FOUND', message: 'x', retryable: true } })
      .then([{ type: 'effect.failed', data: { effect, reason: 'FILE_NOT_FOUND', message: 'x', final: false } }]);
  });

  it('is asked one thing at a time, and an answer holds for the tasks it was about', () => {
    const stuck = [three, blocked('1', 'SECURITY'), blocked('2'), facts.marked('3', 'done')];
    const failed = facts.at('EXECUTE', 'FAILED');
    expect(next(...stuck, ...failed)).toMatchObject({ reason: 'SECURITY', rule: 'T17' });
    const decided = given(track, id, [
      ...facts.live(),
      ...stuck,
      ...failed,
      asked('a', 'SECURITY'),
      answered('a', 'skip-task'),
    ])
      .when({ name: 'decision.apply', data: { approvalId: 'a' } })
      .then([
        'decision.used',
        { type: 'task.marked', data: { taskId: '1', state: 'skipped', source: 'decision' } },
        'step.reopened',
      ]);
    expect(decided.state.plan?.tasks.get('2')?.status).toBe('blocked');
    expect(next(...stuck, facts.marked('1', 'skipped'), ...failed)).toMatchObject({ reason: 'TASK_LIMIT' });
  });
});

describe('a question', () => {
  it('is about tasks in general where none is stuck, and about the blocker where no run holds the track', () => {
    expect(questionOf(stateOf(three), 'TASK_LIMIT')).toBe('TASK_LIMIT');
    const { state } = given(track, id, [facts.created(), ...refused('a', 'ITERATION_LIMIT')]);
    expect(openQuestion(state)).toBe('TRACK_BLOCKED');
  });
});

describe('options', () => {
  it('are those that make sense: a task to leave out, a plan to send back', () => {
    const failed = facts.at('EVALUATE_EXECUTION', 'FAILED');
    expect(offers(...fixLimit, ...failed)).toEqual(['FIX_LIMIT', 'extend', 'retry', 'fail-track']);
    expect(offers(...fixLimit, blocked('1'), ...failed)).toEqual([
      'FIX_LIMIT',
      'extend',
      'retry',
      'skip-task',
      'fail-track',
    ]);
    const done = [facts.marked('2', 'done'), facts.marked('3', 'done')];
    expect(offers(three, blocked('1', 'SCOPE_CHANGE'), ...done, ...facts.at('EXECUTE', 'FAILED'))).toEqual([
      'SCOPE_CHANGE',
      'replan',
      'retry',
      'skip-task',
      'fail-track',
    ]);
  });

  it('send a plan back with its stuck tasks open again, so that the next plan may keep them', () => {
    const { state } = given(track, id, [
      ...facts.live(),
      three,
      blocked('1', 'SCOPE_CHANGE'),
      ...facts.at('EXECUTE', 'BLOCKED'),
      asked('a', 'SCOPE_CHANGE'),
      answered('a', 'replan'),
    ])
      .when({ name: 'decision.apply', data: { approvalId: 'a' } })
      .then(['decision.used', 'task.marked', 'step.failed']);
    expect(state.loop).toMatchObject({ step: 'PLAN', status: 'NOT_STARTED' });
    expect(state.plan?.tasks.get('1')).toMatchObject({ status: 'pending' });
    expect(state.plan?.tasks.get('1')).not.toHaveProperty('asks');
  });
});

describe('a question that was answered with no', () => {
  const still = facts.at('EXECUTE', 'BLOCKED');
  it('is asked again as long as its cause stands', () => {
    expect(next(three, blocked('1'), ...still, ...refused('a', 'TASK_LIMIT'))).toMatchObject({ reason: 'TASK_LIMIT' });
    expect(next(three, blocked('1', 'SECURITY'), ...still, ...refused('a', 'SECURITY'))).toMatchObject({
      reason: 'SECURITY',
    });
    for (const [step, reason, limits] of [
      ['EVALUATE_EXECUTION', 'FIX_LIMIT', { maxFixCycles: 0 }],
      ['EVALUATE_PLAN', 'PLAN_LIMIT', { maxPlanRevisions: 0 }],
      ['PLAN', 'ITERATION_LIMIT', { maxIterations: 1 }],
      ['PLAN', 'PLAN_FAILED', {}],
      ['EVALUATE_PLAN', 'BOARD_ESCALATED', {}],
    ] as const)
      expect(
        next(trackEvent('track.configured', { limits }), three, ...facts.at(step, 'BLOCKED'), ...refused('a', reason)),
      ).toMatchObject({ reason, rule: 'T30' });
  });

  it('is a question about the blocker alone once its cause has gone, or nobody said no', () => {
    for (const events of [
      [three, facts.marked('1', 'skipped'), ...still, ...refused('a', 'TASK_LIMIT')],
      [...facts.at('EVALUATE_EXECUTION', 'BLOCKED'), ...refused('a', 'FIX_LIMIT')],
      [...facts.at('EVALUATE_PLAN', 'BLOCKED'), ...refused('a', 'PLAN_LIMIT')],
      [...facts.at('EVALUATE_PLAN', 'BLOCKED'), ...refused('a', 'CTO_LIMIT')],
      [...still, ...refused('a', 'ITERATION_LIMIT')],
      [...facts.at('PLAN', 'BLOCKED'), ...refused('a', 'of a newer version')],
      [...still, trackEvent('blocker.raised', { blockerId: 'k', step: 'EXECUTE', description: 'x' })],
      [...refused('a', 'PLAN_FAILED'), ...facts.at('FIX', 'BLOCKED')],
    ])
      expect(next(...events)).toMatchObject({ do: 'escalate', reason: 'TRACK_BLOCKED' });
  });
});

describe('a task that a person has blocked', () => {
  /** Task 2 is blocked by hand while the work of task 1 is fixed. */
  const story = (answer: (reason: string) => string) => {
    let verdicts = 0;
    const shell = paperShell({
      tasks: [planned('1'), planned('2')],
      choose: (topic, options) => {
        if (topic === 'ask acme/lint') return (verdicts += 1) === 1 ? 'FAIL' : 'PASS';
        return topic.startsWith('answer ') ? answer(topic.slice('answer '.length)) : (options[0] ?? '');
      },
    });
    while (shell.step() && shell.state.loop.step !== 'FIX');
    shell.command({ name: 'task.mark', data: { taskId: '2', state: 'pending', source: 'person' } });
    shell.command({ name: 'task.mark', data: { taskId: '2', state: 'blocked', source: 'person' } });
    return shell;
  };

  it('is asked about before the next fix cycle begins, which could do nothing about it', () => {
    const shell = until(
      story(() => 'retry'),
      'TASK_LIMIT',
    );
    expect(shell.state.loop).toMatchObject({ step: 'FIX', status: 'BLOCKED', fixCycles: 1 });
  });

  it.each(['retry', 'skip-task'])('is not asked about again after %s', (answer) => {
    const asks: string[] = [];
    const shell = story((reason) => (asks.push(reason), answer));
    expect([shell.run(), asks, shell.state.loop.fixCycles]).toEqual(['completed', ['TASK_LIMIT'], 1]);
  });

  it.each(['extend', 'retry', 'skip-task'])(
    'does not use up one fix cycle after the other when %s answers the limit',
    (answer) => {
      const asks: string[] = [];
      const shell = paperShell({
        tasks: [planned('1'), planned('2')],
        limits: { maxFixCycles: 0 },
        choose: (topic, options) => {
          if (!topic.startsWith('answer ')) return options[0] ?? '';
          asks.push(topic.slice('answer '.length));
          return asks.at(-1) === 'FIX_LIMIT' ? answer : 'retry';
        },
      });
      while (shell.step() && shell.state.loop.step !== 'EVALUATE_EXECUTION');
      shell.command({ name: 'task.mark', data: { taskId: '2', state: 'pending', source: 'person' } });
      shell.command({ name: 'task.mark', data: { taskId: '2', state: 'blocked', source: 'person' } });
      expect(shell.run()).toBe('completed');
      expect(asks).toEqual(answer === 'extend' ? ['FIX_LIMIT', 'TASK_LIMIT'] : ['FIX_LIMIT']);
    },
  );

  it('is tried again in a cycle of its own; a stuck fix task is replaced by the next cycle', () => {
    const apply = (...stuck: readonly NewEvent[]) =>
      given(track, id, [
        ...facts.live({ maxFixCycles: 0 }),
        facts.plan(planned('1'), planned('Fix 1')),
        ...stuck,
        ...facts.at('EVALUATE_EXECUTION', 'BLOCKED'),
        asked('a', 'FIX_LIMIT'),
        answered('a', 'retry'),
      ]).when({ name: 'decision.apply', data: { approvalId: 'a' } });
    const raised = { type: 'track.configured', data: { limits: { maxFixCycles: 1 } } };
    const mark = (taskId: string, state: string) => ({
      type: 'task.marked',
      data: { taskId, state, source: 'decision' },
    });
    apply().then(['decision.used', 'step.reopened']);
    apply(blocked('1')).then(['decision.used', raised, mark('1', 'pending'), 'step.reopened']);
    apply(blocked('Fix 1')).then(['decision.used', mark('Fix 1', 'skipped'), 'step.reopened']);
  });

  it('by its fixer, who names a question, is asked about as well', () => {
    const stuck = [facts.plan(planned('1', { state: 'done' }), planned('Fix 1'))];
    const fix = facts.at('FIX', 'NOT_STARTED');
    expect(next(...stuck, blocked('Fix 1'), ...fix)).toMatchObject({ do: 'start', step: 'FIX' });
    expect(next(...stuck, blocked('Fix 1', 'PRODUCTION_DATA'), ...fix)).toMatchObject({ reason: 'PRODUCTION_DATA' });
  });
});

describe('rounds with the CTO', () => {
  const verdicts = (...list: readonly string[]) => {
    let at = 0;
    return (topic: string, options: readonly string[]) =>
      topic === 'ask cto' ? (list[at++] ?? 'PASS') : (options[0] ?? '');
  };

  it('are two by default, then a person is asked; other rejections are not counted as his', () => {
    const shell = until(
      paperShell({ choose: verdicts('FAIL', 'FAIL', 'FAIL'), limits: { maxPlanRevisions: 9 } }),
      'CTO_LIMIT',
    );
    expect(shell.state.loop).toMatchObject({
      step: 'EVALUATE_PLAN',
      status: 'BLOCKED',
      ctoRounds: 2,
      planRevisions: 2,
    });
    const other = paperShell({
      choose: (topic, options) =>
        topic === 'ask plan-checks' && other.state.loop.planRevisions < 3 ? 'FAIL' : (options[0] ?? ''),
    });
    expect(other.run()).toBe('completed');
    expect(other.state.loop).toMatchObject({ planRevisions: 3, ctoRounds: 0 });
  });

  it('get one more by the answer', () => {
    const shell = paperShell({ choose: verdicts('FAIL', 'FAIL'), limits: { maxCtoRounds: 1 } });
    expect(shell.run()).toBe('completed');
    expect(shell.state.policy.limits.maxCtoRounds).toBe(2);
    expect(shell.state.decisions.size).toBe(1);
  });
});
