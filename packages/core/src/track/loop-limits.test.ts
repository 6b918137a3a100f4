import { describe, expect, it } from 'vitest';
import { paperShell } from '../testing/paper-shell.js';
import type { Action } from './actions.js';
import type { Step } from './model.js';

describe('limits', () => {
  const planner = (verdicts: readonly string[]) => {
    let at = 0;
    return (topic: string, options: readonly string[]) =>
      topic === 'ask plan-checks' ? (verdicts[at++] ?? 'PASS') : (options[0] ?? '');
  };
  const starts = (actions: readonly Action[], step: Step) =>
    actions.filter((action) => action.do === 'start' && action.step === step).length;
  const until = (shell: ReturnType<typeof paperShell>, reason: string) => {
    while (shell.step()) {
      const action = shell.actions.at(-1);
      if (action?.do === 'escalate' && action.reason === reason) return;
    }
    expect.fail(`never asked about ${reason}`);
  };

  it('the fixer runs exactly as often as allowed, three times by default; the next failed evaluation asks a person [LOOP-06]', () => {
    for (const [limits, allowed] of [
      [{}, 3],
      [{ maxFixCycles: 0 }, 0],
      [{ maxFixCycles: 1 }, 1],
      [{ maxFixCycles: 5 }, 5],
    ] as const) {
      const shell = paperShell({
        limits,
        choose: (topic, options) => (topic === 'ask acme/lint' ? 'FAIL' : (options[0] ?? '')),
      });
      until(shell, 'FIX_LIMIT');
      expect([
        starts(shell.actions, 'FIX'),
        starts(shell.actions, 'EVALUATE_EXECUTION'),
        shell.state.loop.fixCycles,
      ]).toEqual([allowed, allowed + 1, allowed]);
      expect(shell.state.loop).toMatchObject({ step: 'EVALUATE_EXECUTION', status: 'BLOCKED' });
    }
  });

  it('a fix cycle is counted by the engine alone, when a failed evaluation leads to FIX, and never by a fixer [LOOP-05]', () => {
    const counted: string[] = [];
    const shell = paperShell({
      choose: (topic, options) => (topic === 'ask acme/lint' && counted.length < 2 ? 'FAIL' : (options[0] ?? '')),
      onEvent: (event, before, after) => {
        if (after.loop.fixCycles === before.loop.fixCycles) return;
        expect(after.loop.fixCycles).toBe(before.loop.fixCycles + 1);
        counted.push(`${event.type} ${(event.data as { step: string }).step}`);
      },
    });
    expect(shell.run()).toBe('completed');
    expect(counted).toEqual(['step.failed EVALUATE_EXECUTION', 'step.failed EVALUATE_EXECUTION']);
    expect(starts(shell.actions, 'FIX')).toBe(2);
  });

  it('a plan that fails goes back to the planner with its revision counted', () => {
    const shell = paperShell({ choose: planner(['FAIL', 'FAIL']) });
    expect(shell.run()).toBe('completed');
    expect(shell.state.loop).toMatchObject({ planRevisions: 2, visits: { PLAN: 3, EVALUATE_PLAN: 3 } });
    expect(shell.state.plan?.revision).toBe(3);
  });

  it('a plan is revised as often as allowed, then a person is asked [LOOP-10]', () => {
    for (const [limits, allowed] of [
      [{}, 3],
      [{ maxPlanRevisions: 0 }, 0],
      [{ maxPlanRevisions: 1 }, 1],
    ] as const) {
      const shell = paperShell({ limits, choose: planner(Array.from({ length: 9 }, () => 'FAIL')) });
      until(shell, 'PLAN_LIMIT');
      expect([starts(shell.actions, 'PLAN'), shell.state.loop.planRevisions]).toEqual([allowed + 1, allowed]);
    }
  });

  it('fifty iterations are made, the next one is asked for; the answer starts the count again [LOOP-04]', () => {
    for (const [limits, allowed] of [
      [{ maxFixCycles: 1000 }, 50],
      [{ maxFixCycles: 1000, maxIterations: 7 }, 7],
    ] as const) {
      const shell = paperShell({
        limits,
        choose: (topic, options) => (topic === 'ask acme/lint' ? 'FAIL' : (options[0] ?? '')),
      });
      until(shell, 'ITERATION_LIMIT');
      expect(shell.actions.filter((action) => action.do === 'start')).toHaveLength(allowed);
      expect(shell.state).toMatchObject({ run: { iterations: allowed }, loop: { status: 'BLOCKED' } });
      until(shell, 'ITERATION_LIMIT');
      expect(shell.actions.filter((action) => action.do === 'start')).toHaveLength(2 * allowed);
    }
  });
});
