import { ConductorError } from '../kernel/error.js';
import type { TrackCommandName } from './commands.js';
import type { Rules } from './decide.js';
import { trackEvent } from './events.js';
import type { PlanModelData } from './plan-state.js';
import type { TrackState } from './model.js';
import { invalidState, requireNotEnded, requireUnevaluated } from './refuse.js';

type Names = Extract<TrackCommandName, `plan.${string}` | `work.${string}` | `phase.${string}` | `edit.${string}`>;

/** Rules of the plan's text and shape. Marks are rules of tasks: they do not raise the plan's revision. */
export const decidePlan: Rules<Names> = {
  'plan.submit': (state, data) => {
    requireNotEnded(state);
    requireUnevaluated(state, 'a new plan');
    if (state.plan && state.plan.running.size > 0) throw invalidState(state, 'a new plan while its tasks run');
    if (data.effect !== undefined && !state.effects.has(data.effect))
      throw invalidState(state, 'a plan that was not asked for');
    requireSize(state, data.model);
    return [trackEvent('plan.submitted', { ...data, revision: (state.plan?.revision ?? 0) + 1 })];
  },
  'plan.edit': (state, data) => {
    requireNotEnded(state);
    const revision = state.plan?.revision ?? 0;
    if (data.base !== revision) {
      throw new ConductorError(
        'VERSION_CONFLICT',
        `The plan of ${state.id} is at revision ${revision}, not ${data.base}`,
        {
          details: { expected: data.base, actual: revision },
        },
      );
    }
    if (data.textHash === state.plan?.textHash) return [];
    requireUnevaluated(state, 'another plan');
    requireSize(state, data.model);
    requireRunningKept(state, data.model);
    return [trackEvent('plan.edited', { ...data, revision: revision + 1 })];
  },
  'work.discover': (state, data) => {
    requireNotEnded(state);
    return [trackEvent('work.discovered', data)];
  },
  'phase.complete': (state, data) => {
    requireNotEnded(state);
    return [trackEvent('phase.completed', data)];
  },
  'edit.note': (_state, data) => [trackEvent('edit.noted', data)],
};

function requireSize(state: TrackState, model: PlanModelData): void {
  const max = state.policy.limits.maxPlanTasks;
  if (model.tasks.length > max) {
    throw new ConductorError(
      'PLAN_INVALID',
      `The plan of ${state.id} has ${model.tasks.length} tasks, more than ${max}`,
      { details: { max } },
    );
  }
}

function requireRunningKept(state: TrackState, model: PlanModelData): void {
  const ids = new Set(model.tasks.map((task) => task.id));
  const removed = [...(state.plan?.running ?? [])].filter((id) => !ids.has(id));
  if (removed.length > 0) throw invalidState(state, `a plan without task ${removed.join(', ')}, which runs`);
}
