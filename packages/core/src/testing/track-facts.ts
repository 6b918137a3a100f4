import type { NewEvent } from '../ports/values.js';
import { trackEvent } from '../track/events.js';
import type { TrackEventData } from '../track/events.js';
import type { Limits } from '../track/limits.js';
import type { Step, StepStatus } from '../track/model.js';

/** One task of a plan, as an event carries it. */
export type PlannedTask = TrackEventData<'plan.submitted'>['model']['tasks'][number];

/** A task with nothing special about it. */
export function planned(id: string, parts: Partial<PlannedTask> = {}): PlannedTask {
  return {
    id,
    gen: 0,
    title: `Do ${id}`,
    phase: 1,
    type: 'code',
    dependsOn: [],
    files: [],
    shareable: false,
    ...parts,
  };
}

/** A plan of these tasks; a text that differs when they do. */
export function planOf(
  ...tasks: readonly PlannedTask[]
): Pick<TrackEventData<'plan.submitted'>, 'text' | 'textHash' | 'model'> {
  const text = tasks.map(({ id, dependsOn }) => `- [ ] ${id} <- ${dependsOn.join(' ')}`).join('\n');
  return { text: { text }, textHash: `hash of ${text}`, model: { title: 'Plan', tasks: [...tasks] } };
}

/** Facts of a track as tests tell them: each function is one step of its life. */
export const facts = {
  created: (limits: Partial<Limits> = {}): NewEvent =>
    trackEvent('track.created', {
      name: 'Greet',
      type: 'feature',
      priority: 'P2',
      goal: 'Say hello',
      spec: { text: '# Greet' },
      specHash: 'spec-1',
      source: 'user',
      background: false,
      policy: { limits, isolation: 'shared' },
      flags: { superpower: true },
      dependencies: [],
      labels: [],
    }),
  /** Created, ready, active, and held by a run. */
  live: (limits: Partial<Limits> = {}): readonly NewEvent[] => [
    facts.created(limits),
    trackEvent('track.readied', {}),
    trackEvent('track.activated', {}),
    trackEvent('loop.started', { owner: 'engine-1', epoch: 1, host: 'here' }),
  ],
  /** Puts the loop there, whatever the table says. */
  at: (step: Step, status: StepStatus, parts: Partial<TrackEventData<'step.started'>> = {}): readonly NewEvent[] => {
    const move = trackEvent('step.skipped', { step, visit: 0, rule: 'T0', next: { step, status: 'NOT_STARTED' } });
    if (status === 'NOT_STARTED') return [move];
    const start = trackEvent('step.started', { step, visit: 1, rule: 'T0', ...parts });
    if (status === 'IN_PROGRESS') return [move, start];
    if (status === 'BLOCKED') return [move, start, trackEvent('step.blocked', { step, rule: 'T0', blockerIds: [] })];
    return [move, start, trackEvent('step.skipped', { step, visit: 1, rule: 'T0', next: { step, status } })];
  },
  plan: (...tasks: readonly PlannedTask[]): NewEvent =>
    trackEvent('plan.submitted', { revision: 1, ...planOf(...tasks) }),
  started: (taskId: string, runId = `run-${taskId}`, attempt = 1): NewEvent =>
    trackEvent('task.started', { taskId, gen: 1, attempt, runId, executor: 'worker', files: [], isolation: 'shared' }),
  completed: (taskId: string, runId = `run-${taskId}`): NewEvent =>
    trackEvent('task.completed', { taskId, runId, files: [], summary: 'done', commit: `sha-${taskId}` }),
  failed: (taskId: string, attempt: number, parts: Partial<TrackEventData<'task.failed'>> = {}): NewEvent =>
    trackEvent('task.failed', {
      taskId,
      runId: `run-${taskId}`,
      attempt,
      reason: 'EXECUTOR_ERROR',
      message: 'no',
      final: attempt >= 3,
      ...parts,
    }),
  marked: (taskId: string, state: TrackEventData<'task.marked'>['state']): NewEvent =>
    trackEvent('task.marked', { taskId, state, source: 'person' }),
};
