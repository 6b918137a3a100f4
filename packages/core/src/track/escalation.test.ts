import { describe, expect, it } from 'vitest';
import { escalations } from '../loop/escalations.js';
import { given } from '../testing/given.js';
import { paperShell } from '../testing/paper-shell.js';
import { facts, planned } from '../testing/track-facts.js';
import { trackEvent } from './events.js';
import { nextAction } from './next-action.js';
import { track } from './track.js';

const id = 'greet_20260101';
const two = facts.plan(planned('1'), planned('2'));

const named = (reason: string) => ({ topic: 'task 1', bad: `block ${reason}: shall it be so?`, times: 1 });

describe('an escalation, its answer, and what follows', () => {
  /** The story that leads to each question for the first time; everything else goes well. */
  const stories: Readonly<
    Record<keyof typeof escalations, { topic: string; bad: string; times: number; limits?: object }>
  > = {
    PLAN_FAILED: { topic: 'ask planner', bad: 'give-up', times: 1 },
    PLAN_LIMIT: { topic: 'ask plan-checks', bad: 'FAIL', times: 1, limits: { maxPlanRevisions: 0 } },
    TASK_LIMIT: { topic: 'task 1', bad: 'fail', times: 3 },
    FIX_LIMIT: { topic: 'ask acme/lint', bad: 'FAIL', times: 1, limits: { maxFixCycles: 0 } },
    ITERATION_LIMIT: { topic: '', bad: '', times: 0, limits: { maxIterations: 2 } },
    TRACK_BLOCKED: { topic: 'ask scribe', bad: 'give-up', times: 1 },
    BOARD_ESCALATED: { topic: 'board', bad: 'ESCALATE', times: 1 },
    CTO_LIMIT: { topic: 'ask cto', bad: 'FAIL', times: 1, limits: { maxCtoRounds: 0 } },
    USER_ONLY: named('USER_ONLY'),
    LEAD_ESCALATED: named('LEAD_ESCALATED'),
    LEADS_DISAGREE: named('LEADS_DISAGREE'),
    SECURITY: named('SECURITY'),
    PRODUCTION_DATA: named('PRODUCTION_DATA'),
    SCOPE_CHANGE: named('SCOPE_CHANGE'),
    REQUIREMENT_AMBIGUOUS: named('REQUIREMENT_AMBIGUOUS'),
    CRITICAL_DECISION: named('CRITICAL_DECISION'),
    INPUT_MISSING: named('INPUT_MISSING'),
  };

  function tell(reason: keyof typeof escalations, answer: string) {
    const { topic, bad, limits = {} } = stories[reason];
    let { times } = stories[reason];
    return paperShell({
      limits,
      tasks: [planned('1'), planned('2', { dependsOn: ['1'] })],
      choose: (about, options) => {
        if (about === `answer ${reason}`) return answer;
        if (about === 'paused') return 'leave';
        if (about === 'task 1' && reason === 'TRACK_BLOCKED') return 'flag';
        if (about !== topic || times === 0) return options[0] ?? '';
        times -= 1;
        return bad;
      },
    });
  }

  it('resolves the blocker and the loop goes on, for every reason and every option [ESC-03]', () => {
    for (const [name, { options }] of Object.entries(escalations)) {
      const reason = name as keyof typeof escalations; // the keys of the table itself
      for (const { leadsTo } of options) {
        const shell = tell(reason, leadsTo);
        const end = shell.run();
        const asked = shell.actions.some((action) => action.do === 'escalate' && action.reason === reason);
        expect(
          [
            asked,
            end,
            [...shell.state.decisions.values()].map(({ state }) => state).every((state) => state === 'used'),
          ],
          `${reason} ${leadsTo}`,
        ).toEqual([true, leadsTo === 'fail-track' ? 'error' : 'completed', true]);
        if (leadsTo !== 'fail-track')
          expect([...shell.state.blockers.values()].filter(({ active }) => active)).toEqual([]);
      }
    }
  });

  it('pauses the track when the answer is no, or none; after that the same is asked again, with its options', () => {
    for (const name of Object.keys(escalations)) {
      for (const no of ['denied', 'expired']) {
        const shell = tell(name as keyof typeof escalations, no); // the keys of the table itself
        expect([shell.run(), shell.state.lifecycle, shell.state.loop.status], `${name} ${no}`).toEqual([
          'paused',
          'paused',
          'BLOCKED',
        ]);
        shell.command({ name: 'track.resume', data: {} });
        shell.command({ name: 'loop.start', data: { owner: 'e', host: 'h' } });
        expect(nextAction(shell.state)).toMatchObject({ do: 'escalate', reason: name, rule: 'T30' });
      }
    }
  });

  it('does what the option says', () => {
    const after = (reason: keyof typeof escalations, leadsTo: string) => {
      const shell = tell(reason, leadsTo);
      while (shell.step() && shell.actions.at(-1)?.do !== 'apply');
      return shell.state;
    };
    expect(after('PLAN_FAILED', 'retry').loop).toMatchObject({ step: 'PLAN', status: 'NOT_STARTED' });
    expect(after('PLAN_LIMIT', 'extend')).toMatchObject({
      policy: { limits: { maxPlanRevisions: 1 } },
      loop: { step: 'EVALUATE_PLAN', status: 'NOT_STARTED' },
    });
    expect(after('FIX_LIMIT', 'extend')).toMatchObject({
      policy: { limits: { maxFixCycles: 1 } },
      loop: { step: 'EVALUATE_EXECUTION', status: 'NOT_STARTED' },
    });
    expect(after('ITERATION_LIMIT', 'extend')).toMatchObject({
      run: { iterations: 0 },
      policy: { limits: { maxIterations: 2 } },
      loop: { status: 'NOT_STARTED' },
    });
    expect(after('TASK_LIMIT', 'retry').plan?.tasks.get('1')).toMatchObject({
      status: 'pending',
      failures: 0,
      earlier: 3,
    });
    expect(after('TASK_LIMIT', 'skip-task').plan?.tasks.get('1')?.status).toBe('skipped');
    expect(after('TASK_LIMIT', 'skip-task').plan?.ready.has('2')).toBe(true);
    for (const leadsTo of ['retry', 'skip-task'])
      expect(after('TASK_LIMIT', leadsTo).loop).toMatchObject({ step: 'EXECUTE', status: 'NOT_STARTED' });
    expect(after('TRACK_BLOCKED', 'resolved').loop).toMatchObject({ step: 'BUSINESS_SYNC', status: 'NOT_STARTED' });
    expect(after('BOARD_ESCALATED', 'replan').loop).toMatchObject({
      step: 'PLAN',
      status: 'NOT_STARTED',
      planRevisions: 1,
      rejectedRevision: 1,
    });
    expect(after('FIX_LIMIT', 'fail-track')).toMatchObject({ lifecycle: 'failed', lifecycleReason: 'FIX_LIMIT' });
  });

  it('sends the work of a board that could not decide back to the planner, who is really asked', () => {
    const board = trackEvent('board.concluded', { boardId: 'b', verdict: 'ESCALATE', summary: '', conditions: [] });
    const events = [
      ...facts.live(),
      two,
      facts.marked('1', 'done'),
      facts.marked('2', 'done'),
      ...facts.at('EVALUATE_EXECUTION', 'BLOCKED', { boardId: 'b' }),
      board,
      trackEvent('decision.requested', {
        approvalId: 'a',
        reason: 'BOARD_ESCALATED',
        subject: '',
        summary: '',
        options: [],
      }),
      trackEvent('decision.given', { approvalId: 'a', outcome: 'approved', leadsTo: 'replan', by: 'mo' }),
    ];
    const replanned = given(track, id, events)
      .when({ name: 'decision.apply', data: { approvalId: 'a' } })
      .then(['decision.used', 'step.failed']);
    const { state } = given(track, id, [...events, ...replanned.events])
      .when({ name: 'step.start', data: { step: 'PLAN', visit: 1, rule: 'T4' } })
      .then(['step.started']);
    expect(nextAction(state)).toMatchObject({ do: 'ask', role: 'planner' });
    expect(state.loop.planRevisions).toBe(1);
  });
});
