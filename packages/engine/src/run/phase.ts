import type { TrackCommands, TrackState } from '@conductor/core';

/** The phase, when its last task has just been done. */
export function completedPhase(state: TrackState, phase: number): TrackCommands['phase.complete'] | undefined {
  const tasks = [...(state.plan?.tasks.values() ?? [])].filter(({ task }) => task.phase === phase);
  const all = tasks.length > 0 && tasks.every(({ status }) => status === 'done' || status === 'skipped');
  return all ? { phase, title: `Phase ${phase}` } : undefined;
}
