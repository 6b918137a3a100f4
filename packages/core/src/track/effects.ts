import type { EffectId } from '../ports/values.js';
import type { Step, TrackState } from './model.js';
import type { TaskState } from './task-model.js';

/** Gate and plugin ids may hold a slash; an effect id splits at slashes. */
const segment = (role: string) => role.replaceAll('/', ':');

/** Number of the attempt that a task is in, or would begin: every attempt ever made of it has its own (R18). */
export function attemptOf(task: TaskState): number {
  return (task.earlier ?? 0) + task.failures + 1;
}

/** Effect of a task's attempt; a re-used id of another plan revision is another effect. */
export function taskEffect(trackId: string, step: Step, task: TaskState): EffectId {
  return `${trackId}/${step}/${task.task.id}@${task.task.gen}/${attemptOf(task)}`;
}

/** Effect of everything else that a step asks for; `/<try>` from the second try on. */
export function roleEffect(trackId: string, step: Step, visit: number, role: string, tries = 0): EffectId {
  return `${trackId}/${step}/${visit}/${segment(role)}${tries > 0 ? `/${tries + 1}` : ''}`;
}

/** The effect without its try: results and tries are counted under it. */
export function baseEffect(effect: EffectId): EffectId {
  return effect.split('/').slice(0, 4).join('/');
}

/** What an effect of this role is asked as now, with the tries so far. */
export function currentEffect(state: TrackState, role: string): EffectId {
  const { step, visits } = state.loop;
  const base = roleEffect(state.id, step, visits[step], role);
  return roleEffect(state.id, step, visits[step], role, state.tries.get(base) ?? 0);
}
