import { foldTrack, initialTrack } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import { describe, expect, it } from 'vitest';
import { evaluationFirst, requireEvaluatedPlan } from './evaluated-plan.js';

type Loop = Partial<TrackState['loop']>;
const at = (loop: Loop, run?: Partial<NonNullable<TrackState['run']>>): TrackState => {
  const state = foldTrack(initialTrack('greet_20260101'), []);
  return {
    ...state,
    loop: { ...state.loop, ...loop },
    ...(run && { run: { owner: 'o', epoch: 1, iterations: 0, startedAt: '', feedFrom: 1, reached: false, ...run } }),
  };
};
const passed = { EVALUATE_PLAN: { status: 'PASSED' } } as const;

describe('EXECUTE', () => {
  it.each(['NOT_STARTED', 'IN_PROGRESS'] as const)('at %s is refused without a passed plan evaluation', (status) => {
    for (const gate of ['NOT_STARTED', 'IN_PROGRESS', 'FAILED', 'BLOCKED', 'SKIPPED'] as const)
      expect(() =>
        requireEvaluatedPlan(at({ step: 'EXECUTE', status, checkpoints: { EVALUATE_PLAN: { status: gate } } })),
      ).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }));
    expect(() => requireEvaluatedPlan(at({ step: 'EXECUTE', status }))).toThrow('has not passed its evaluation');
    expect(() => requireEvaluatedPlan(at({ step: 'EXECUTE', status, checkpoints: passed }))).not.toThrow();
    expect(() => requireEvaluatedPlan(at({ step: 'PLAN', status }))).not.toThrow();
  });

  it('of a track from elsewhere begins with the evaluation that it never had, unless a blocker or a crash comes first', () => {
    const unevaluated = { step: 'EXECUTE', status: 'IN_PROGRESS' } as const;
    expect(evaluationFirst(at(unevaluated))).toMatchObject([
      { name: 'step.override', data: { to: { step: 'EVALUATE_PLAN' } } },
    ]);
    expect(evaluationFirst(at(unevaluated, { stopped: 'awaiting' }))).toHaveLength(1);
    expect(evaluationFirst(at(unevaluated, {}))).toEqual([]);
    expect(evaluationFirst(at({ ...unevaluated, status: 'BLOCKED' }))).toEqual([]);
    expect(evaluationFirst(at({ ...unevaluated, checkpoints: passed }))).toEqual([]);
  });
});
