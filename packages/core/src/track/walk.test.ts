import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooser, goodPlans, tapes } from '../testing/arbitraries.js';
import { paperShell } from '../testing/paper-shell.js';
import type { PaperShell } from '../testing/paper-shell.js';
import { ConductorError } from '../kernel/error.js';
import type { EventEnvelope } from '../ports/values.js';
import type { TrackCommand } from './commands.js';
import { taskEffect } from './effects.js';
import { foldTrack } from './evolve.js';
import { initialTrack } from './initial.js';
import type { TrackState } from './model.js';

/** What people and the world do between two actions. */
const interruptions: Readonly<Record<string, (shell: PaperShell, task: string) => TrackCommand | 'crash'>> = {
  crash: () => 'crash',
  drain: () => ({ name: 'track.pause', data: { mode: 'drain' } }),
  'pause now': () => ({ name: 'track.pause', data: { mode: 'now' } }),
  'mark done': (_, taskId) => ({ name: 'task.mark', data: { taskId, state: 'done', source: 'person' } }),
  'mark pending': (_, taskId) => ({ name: 'task.mark', data: { taskId, state: 'pending', source: 'person' } }),
  'mark skipped': (_, taskId) => ({ name: 'task.mark', data: { taskId, state: 'skipped', source: 'person' } }),
  'mark blocked': (_, taskId) => ({ name: 'task.mark', data: { taskId, state: 'blocked', source: 'person' } }),
  'more cycles': ({ state }) => ({
    name: 'track.configure',
    data: { limits: { maxFixCycles: state.policy.limits.maxFixCycles + 1 } },
  }),
  'one worker': () => ({ name: 'track.configure', data: { limits: { maxWorkers: 1 } } }),
  'out of money': () => ({ name: 'budget.exhaust', data: { kind: 'usd', limit: 1, spent: 2 } }),
  cancel: () => ({ name: 'track.cancel', data: {} }),
};

type Choose = (topic: string, options: readonly string[]) => string;

/** A person who says yes only so often: a task that somebody blocked in FIX is asked about for ever (see FIX_LIMIT). */
function patient(choose: Choose, yeses = 12): Choose {
  let left = yeses;
  return (topic, options) => {
    if (topic.startsWith('answer ') && (left -= 1) < 0) return 'fail-track';
    return choose(topic, options);
  };
}

function interrupt(shell: PaperShell, choose: Choose): void {
  const what = choose('meanwhile', ['nothing', ...Object.keys(interruptions)]);
  const happens = interruptions[what];
  if (!happens) return;
  const task = choose('which task', [...(shell.state.plan?.tasks.keys() ?? ['1'])]);
  const command = happens(shell, task);
  try {
    if (command === 'crash') shell.crash();
    else shell.command(command);
  } catch (error) {
    if (!ConductorError.is(error)) throw error; // a refusal is an answer; anything else is a fault
  }
}

/** The laws of a run, checked at every fact from nothing but the facts before it. */
function lawKeeper() {
  const keys = new Map<string, { ended: boolean }>();
  const law = (holds: boolean, text: string) => {
    if (!holds) throw new Error(text);
  };
  let evaluated = false;
  let fixes = 0;
  return (event: EventEnvelope, before: TrackState, after: TrackState) => {
    const data = event.data as { taskId?: string; step?: string };
    const { limits } = after.policy;
    if (event.type === 'step.started' || event.type === 'plan.submitted')
      evaluated &&= data.step === 'BUSINESS_SYNC' || data.step === 'COMPLETE';
    if (event.type === 'step.passed' && data.step === 'EVALUATE_EXECUTION') evaluated = true;
    if (event.type === 'track.completed') law(evaluated, 'COMPLETE without a passed evaluation right before it');
    if (event.type === 'track.completed') law(after.plan?.open === 0, 'COMPLETE with open tasks');
    if (event.type === 'step.started' && data.step === 'FIX') fixes += 1;
    law(after.loop.fixCycles <= limits.maxFixCycles, `${after.loop.fixCycles} fix cycles of ${limits.maxFixCycles}`);
    law(fixes <= after.loop.fixCycles + after.loop.visits.EXECUTE, 'more fixer runs than cycles');
    law((after.run?.iterations ?? 0) <= limits.maxIterations, 'more iterations than allowed');
    law((after.plan?.running.size ?? 0) <= 5 + (before.plan?.waiting.size ?? 0), 'more workers than allowed');
    const task = data.taskId === undefined ? undefined : before.plan?.tasks.get(data.taskId);
    if (event.type === 'task.started' && task) {
      law(task.status === 'pending', `${task.task.id} started while ${task.status}`);
      for (const need of task.task.dependsOn)
        law(
          ['done', 'skipped', undefined].includes(before.plan?.tasks.get(need)?.status),
          `${task.task.id} started before ${need}`,
        );
      const key = taskEffect(after.id, after.loop.step, task);
      law(keys.get(key)?.ended !== true, `key ${key} is used again`);
      keys.set(key, { ended: false });
    }
    if (task && ['task.completed', 'task.failed', 'task.blocked'].includes(event.type))
      keys.set(taskEffect(before.id, before.loop.step, task), { ended: true });
  };
}

const limits = fc.record({
  maxFixCycles: fc.integer({ min: 0, max: 3 }),
  maxPlanRevisions: fc.integer({ min: 0, max: 3 }),
  maxTaskAttempts: fc.integer({ min: 1, max: 3 }),
  maxIterations: fc.integer({ min: 1, max: 50 }),
  maxRecoveries: fc.integer({ min: 1, max: 5 }),
});

describe('a run that follows nextAction', () => {
  it('comes to an end whatever happens, and breaks no law of the loop on the way [LOOP-12]', () => {
    const ends = new Map<string, number>();
    fc.assert(
      fc.property(goodPlans(6), limits, tapes(), fc.integer({ min: 4, max: 9 }), (tasks, limited, tape, weight) => {
        const choose = patient(chooser(tape, weight));
        const shell = paperShell({ limits: limited, tasks, choose, onEvent: lawKeeper() });
        for (let count = 0; shell.step(); count += 1) {
          if (count > 2000) throw new Error('No end');
          if (['active', 'paused'].includes(shell.state.lifecycle) && shell.state.run?.stopped === undefined)
            interrupt(shell, choose);
        }
        const { lifecycle } = shell.state;
        expect(shell.state.run?.stopped).toBeDefined();
        if (lifecycle === 'completed') expect(shell.state.loop).toMatchObject({ step: 'COMPLETE', status: 'PASSED' });
        ends.set(lifecycle, (ends.get(lifecycle) ?? 0) + 1);
      }),
      { numRuns: 400, seed: 20260101 },
    );
    expect([...ends.keys()].sort()).toEqual(['cancelled', 'completed', 'failed', 'paused']);
  });

  it('leaves a log whose replay is the same state: at once, in pieces, one by one', () => {
    fc.assert(
      fc.property(goodPlans(5), tapes(120), fc.array(fc.nat(20), { maxLength: 20 }), (tasks, tape, cuts) => {
        const shell = paperShell({ tasks, choose: patient(chooser(tape)) });
        shell.run();
        const start = initialTrack(shell.state.id);
        expect(foldTrack(start, shell.log)).toEqual(shell.state);
        const pieces = [...cuts].reduce<{ state: TrackState; at: number }>(
          ({ state, at }, cut) => ({ state: foldTrack(state, shell.log.slice(at, at + cut)), at: at + cut }),
          { state: start, at: 0 },
        );
        expect(foldTrack(pieces.state, shell.log.slice(pieces.at))).toEqual(shell.state);
      }),
      { numRuns: 60, seed: 20260101 },
    );
  });
});
