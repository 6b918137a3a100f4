import fc from 'fast-check';
import type { NewEvent } from '../ports/values.js';
import { trackEvent } from '../track/events.js';
import { planned, planOf } from './track-facts.js';
import type { PlannedTask } from './track-facts.js';

/** Choices for a story: the beginning of the tape decides, the rest of the story takes the good outcome. */
export const tapes = (maxLength = 300): fc.Arbitrary<readonly number[]> =>
  fc.array(fc.noBias(fc.nat(999)), { maxLength, size: 'max' });

/** Picks along a tape; `weight` of 10 choices go to the good outcome, so that stories get far. */
export function chooser(tape: readonly number[], weight = 5): (topic: string, options: readonly string[]) => string {
  let position = 0;
  return (_topic, options) => {
    const value = tape[position] ?? 0;
    position += 1;
    const index = value % 10 < weight ? 0 : Math.floor(value / 10) % options.length;
    return options[index] ?? '';
  };
}

/** Tasks of a plan whose dependencies all point back: what a good planner hands in. */
export const goodPlans = (maxTasks = 8): fc.Arbitrary<readonly PlannedTask[]> =>
  fc
    .array(fc.tuple(fc.nat(2 ** maxTasks - 1), fc.constantFrom(1, 2)), { minLength: 1, maxLength: maxTasks })
    .map((rows) =>
      rows.map(([bits, phase], index) =>
        planned(`${index + 1}`, {
          phase,
          dependsOn: Array.from({ length: index }, (_, at) => `${at + 1}`).filter((_, at) => (bits & (1 << at)) !== 0),
        }),
      ),
    );

/** Tasks as a bad planner hands them in: cycles, unknown and repeated dependencies, ids that stand twice, marks. */
export const anyPlans = (maxTasks = 6): fc.Arbitrary<readonly PlannedTask[]> => {
  const ids = Array.from({ length: maxTasks }, (_, index) => `${index + 1}`);
  const taskId = fc.constantFrom(...ids);
  return fc
    .array(
      fc.record({
        id: taskId,
        dependsOn: fc.array(
          fc.oneof({ weight: 9, arbitrary: taskId }, { weight: 1, arbitrary: fc.constantFrom('', '99', '__proto__') }),
          { maxLength: 3 },
        ),
        state: fc.constantFrom(undefined, undefined, 'pending', 'done', 'skipped', 'blocked' as const),
      }),
      { maxLength: maxTasks },
    )
    .map((rows) => rows.map(({ id, dependsOn, state }) => planned(id, { dependsOn, ...(state && { state }) })));
};

/** Facts about tasks in any order, whether they make sense or not: folds must take them all. */
export const taskFacts = (maxTasks = 6): fc.Arbitrary<readonly NewEvent[]> => {
  const taskId = fc.constantFrom(...Array.from({ length: maxTasks }, (_, index) => `${index + 1}`), 'gone');
  const runId = fc.constantFrom('run-1', 'run-2');
  const effect = fc.constantFrom('t/PLAN/1/planner', 't/PLAN/1/planner/2', 't/EVALUATE_PLAN/1/critic');
  const retryAt = fc.constantFrom(undefined, '2026-01-02T00:00:00.000Z');
  const fact = fc.oneof(
    fc.tuple(taskId, runId).map(([id, run]) =>
      trackEvent('task.started', {
        taskId: id,
        runId: run,
        gen: 1,
        attempt: 1,
        executor: 'x',
        files: [],
        isolation: 'shared',
      }),
    ),
    fc
      .tuple(taskId, runId)
      .map(([id, run]) => trackEvent('task.reported', { taskId: id, runId: run, summary: '', changed: [] })),
    fc
      .tuple(taskId, runId)
      .map(([id, run]) => trackEvent('task.completed', { taskId: id, runId: run, files: [], summary: '' })),
    fc.tuple(taskId, runId, fc.boolean(), retryAt).map(([id, run, final, at]) =>
      trackEvent('task.failed', {
        taskId: id,
        runId: run,
        attempt: 1,
        reason: 'x',
        message: '',
        final,
        ...(at && { retryAt: at }),
      }),
    ),
    fc
      .tuple(taskId, runId)
      .map(([id, run]) =>
        trackEvent('task.interrupted', { taskId: id, runId: run, recoveries: 1, reason: 'engineLost' }),
      ),
    taskId.map((id) => trackEvent('task.blocked', { taskId: id, reason: '' })),
    fc
      .tuple(taskId, fc.constantFrom('pending', 'done', 'blocked', 'skipped' as const))
      .map(([id, state]) => trackEvent('task.marked', { taskId: id, state, source: 'person' })),
    taskId.map((id) => trackEvent('lease.waited', { taskId: id, keys: [], holders: [] })),
    taskId.map((id) => trackEvent('timer.fired', { timerId: `retry:${id}`, due: '' })),
    fc
      .tuple(fc.nat(9), anyPlans(maxTasks))
      .map(([revision, tasks]) =>
        trackEvent('plan.edited', { revision: revision + 2, base: 1, ...planOf(...tasks), ops: [], cause: 'person' }),
      ),
    fc.nat(9).map((epoch) => trackEvent('loop.resumed', { owner: 'e', host: 'h', epoch: epoch + 1, previous: 'x' })),
    effect.map((name) => trackEvent('effect.started', { effect: name, role: 'planner', executor: 'x', try: 1 })),
    fc
      .tuple(effect, fc.boolean(), retryAt)
      .map(([name, final, at]) =>
        trackEvent('effect.failed', { effect: name, reason: 'x', message: '', final, ...(at && { retryAt: at }) }),
      ),
    effect.map((name) =>
      trackEvent('evaluation.reported', {
        visit: 1,
        evaluator: 'x',
        effect: name,
        verdict: 'PASS',
        findings: [],
        evidence: [],
      }),
    ),
  );
  return fc.array(fact, { maxLength: 40 });
};
