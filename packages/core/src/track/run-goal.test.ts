import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../ports/values.js';
import { given } from '../testing/given.js';
import { facts, planned } from '../testing/track-facts.js';
import { trackEvent } from './events.js';
import { steps } from './model.js';
import type { Step } from './model.js';
import { nextAction } from './next-action.js';
import type { RunGoal } from './run-goal.js';
import { track } from './track.js';

const id = 'greet_20260101';

/** What is owed to a run that begins with this goal after these facts. */
function owed({ until, task }: RunGoal, ...events: readonly NewEvent[]): string {
  const run = trackEvent('loop.resumed', {
    owner: 'e2',
    host: 'h',
    epoch: 2,
    previous: 'x',
    ...(until && { until }),
    ...(task !== undefined && { task }),
  });
  const stopped = trackEvent('loop.stopped', { reason: 'stopped' });
  const action = nextAction(given(track, id, [...facts.live(), ...events, stopped, run]).state);
  return action.do === 'stop' ? `stop: ${action.reason}` : action.do;
}

describe('the goal of a run', () => {
  it('is reached where a step lies behind the track that only a failure leads back to', () => {
    const behind: Readonly<Record<Step, readonly Step[]>> = {
      BRAINSTORM: [],
      PLAN: ['BRAINSTORM'],
      EVALUATE_PLAN: ['BRAINSTORM', 'PLAN'],
      EXECUTE: ['BRAINSTORM', 'PLAN', 'EVALUATE_PLAN'],
      EVALUATE_EXECUTION: ['BRAINSTORM', 'PLAN', 'EVALUATE_PLAN', 'EXECUTE'],
      FIX: ['BRAINSTORM', 'PLAN', 'EVALUATE_PLAN', 'EXECUTE'],
      BUSINESS_SYNC: ['BRAINSTORM', 'PLAN', 'EVALUATE_PLAN', 'EXECUTE', 'EVALUATE_EXECUTION', 'FIX'],
      COMPLETE: steps.filter((step) => step !== 'COMPLETE'),
    };
    for (const at of steps) {
      const reached = steps.filter((until) => owed({ until }, ...facts.at(at, 'NOT_STARTED')) === 'stop: stopped');
      expect([at, reached]).toEqual([at, [...behind[at]]]);
    }
  });

  it('is reached where its task is done or left out, and not where it is open', () => {
    const two = [facts.plan(planned('1'), planned('2')), ...facts.at('EXECUTE', 'IN_PROGRESS')];
    expect(owed({ task: '1' }, ...two)).toBe('work');
    expect(owed({ task: '1' }, ...two, facts.marked('1', 'done'))).toBe('stop: stopped');
    expect(owed({ task: '1' }, ...two, facts.marked('1', 'skipped'))).toBe('stop: stopped');
    expect(owed({ task: '2' }, ...two, facts.marked('1', 'done'))).toBe('work');
    expect(owed({}, ...two, facts.marked('1', 'done'))).toBe('work');
  });

  it('is not reached for a task before there is a plan', () => {
    expect(owed({ task: '1' })).toBe('start');
  });

  it('is open while an answer has to be applied: it may lead back', () => {
    const answered = [
      ...facts.at('EXECUTE', 'BLOCKED'),
      trackEvent('decision.requested', {
        approvalId: 'a',
        reason: 'TASK_LIMIT',
        subject: '',
        summary: '',
        options: [],
      }),
      trackEvent('decision.given', { approvalId: 'a', outcome: 'approved', leadsTo: 'replan', by: 'mo' }),
    ];
    expect(owed({ until: 'PLAN' }, ...answered)).toBe('apply');
    const state = given(track, id, [
      ...facts.live(),
      ...answered,
      trackEvent('loop.resumed', { owner: 'e2', host: 'h', epoch: 2, previous: 'x', until: 'PLAN' }),
    ]).state;
    expect(state.run?.reached).toBe(false);
  });
});
