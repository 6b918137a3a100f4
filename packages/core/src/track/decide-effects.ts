import { reasonNamed } from '../loop/escalations.js';
import { baseEffect } from './effects.js';
import type { TrackCommandName } from './commands.js';
import type { Rules } from './decide.js';
import { trackEvent } from './events.js';
import { invalidState, requireRun } from './refuse.js';

type Names = Extract<
  TrackCommandName,
  `effect.${string}` | `process.${string}` | `evaluation.${string}` | `timer.${string}`
>;

/** Rules of the calls that are not tasks: planner, critic, checks, evaluators, scribe. */
export const decideEffects: Rules<Names> = {
  'effect.start': (state, data) => {
    requireRun(state, `effect ${data.effect}`);
    const base = baseEffect(data.effect);
    if (state.effects.has(data.effect) || state.results.has(base))
      throw invalidState(state, `a second start of effect ${data.effect}`);
    return [trackEvent('effect.started', { ...data, try: (state.tries.get(base) ?? 0) + 1 })];
  },
  'effect.fail': (state, { retryable, ...data }) => {
    if (!state.effects.has(data.effect)) return [];
    const tries = (state.tries.get(baseEffect(data.effect)) ?? 0) + 1;
    const named = reasonNamed(data.message, retryable ? '' : data.reason);
    const final = !retryable || named !== undefined || tries >= state.policy.limits.maxEffectTries;
    const { retryAt, ...rest } = data;
    return [
      trackEvent('effect.failed', {
        ...rest,
        final,
        ...(named && { asks: named }),
        ...(!final && retryAt && { retryAt }),
      }),
    ];
  },
  'effect.interrupt': (state, data) => {
    const open = state.effects.get(data.effect);
    return open ? [trackEvent('effect.interrupted', { ...data, recoveries: open.recoveries + 1 })] : [];
  },
  'process.record': (state, data) => {
    requireRun(state, 'a process');
    return [trackEvent('process.spawned', data)];
  },
  'evaluation.report': (state, data) => {
    requireRun(state, `verdict of ${data.evaluator}`);
    if (state.results.has(baseEffect(data.effect))) return [];
    if (!state.effects.has(data.effect))
      throw invalidState(state, `a verdict of ${data.evaluator} that was not asked for`);
    return [trackEvent('evaluation.reported', data)];
  },
  'timer.fire': (state, data) => (state.timers.has(data.timerId) ? [trackEvent('timer.fired', data)] : []),
};
