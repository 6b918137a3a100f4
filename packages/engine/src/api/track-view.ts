import { nextAction } from '@conductor/core';
import type { Action, TrackState } from '@conductor/core';
import { stopReasons } from '@conductor/core/api';
import type { StopReason, Track, TrackRun } from '@conductor/core/api';

/** A track as hosts and clients see it. O(tasks). */
export function trackView(state: TrackState): Track {
  const { about, loop, run, lifecycle } = state;
  const stop = run?.stopped === undefined ? undefined : stopReason(run.stopped);
  return {
    id: state.id,
    name: about.name,
    type: about.type,
    priority: about.priority,
    lifecycle,
    background: about.background,
    revision: state.version,
    step: loop.step,
    stepStatus: loop.status,
    ...(loop.mode && { mode: loop.mode }),
    fixCycles: loop.fixCycles,
    planRevisions: loop.planRevisions,
    iterations: run?.iterations ?? 0,
    progress: progressOf(state),
    next: nextOf(state),
    ...(run && run.stopped === undefined && { run: runView(state.id, run) }),
    ...(stop && { lastStop: stop }),
    approvals: [...state.decisions].filter(([, decision]) => decision.state === 'pending').map(([id]) => id),
    blockers: [...state.blockers.values()],
    conditions: [...state.conditions.values()],
    usage: state.budget.spent,
    labels: about.labels,
    dependencies: about.dependencies,
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
    ...(state.completedAt !== undefined && { completedAt: state.completedAt }),
  };
}

/** One run; its feed goes from its first event to its `loop.stopped`. */
export function runView(trackId: string, run: NonNullable<TrackState['run']>): TrackRun {
  const stop = run.stopped === undefined ? undefined : stopReason(run.stopped);
  return {
    trackId,
    epoch: run.epoch,
    owner: run.owner,
    startedAt: run.startedAt,
    feed: { trackId, after: run.feedFrom - 1, until: 'stopped' },
    ...(run.stoppedAt !== undefined && { endedAt: run.stoppedAt }),
    ...(stop && { stop }),
    ...(run.error && { error: run.error }),
  };
}

function stopReason(text: string): StopReason {
  return stopReasons.find((reason) => reason === text) ?? 'error';
}

function progressOf(state: TrackState): Track['progress'] {
  const progress = { total: 0, done: 0, running: 0, blocked: 0, failed: 0, skipped: 0 };
  for (const { status } of state.plan?.tasks.values() ?? []) {
    progress.total += 1;
    if (status === 'reported') progress.running += 1;
    else if (status !== 'pending') progress[status] += 1;
  }
  return progress;
}

const atRest: Readonly<Partial<Record<TrackState['lifecycle'], Track['next']>>> = {
  draft: { do: 'run', reason: 'a draft, not started yet' },
  ready: { do: 'run', reason: 'ready to be run' },
  paused: { do: 'resume', reason: 'paused' },
  failed: { do: 'retry', reason: 'failed' },
  cancelled: { do: 'none', reason: 'cancelled' },
  completed: { do: 'none', reason: 'complete' },
  archived: { do: 'none', reason: 'archived' },
};

/** What the engine would do now, and why, in words. */
function nextOf(state: TrackState): Track['next'] {
  const rest = atRest[state.lifecycle];
  const held = state.run !== undefined && state.run.stopped === undefined;
  if (rest && !held)
    return state.lifecycleReason === undefined ? rest : { ...rest, reason: `${rest.reason}: ${state.lifecycleReason}` };
  const resting = state.run === undefined ? undefined : nextAction({ ...state, run: { ...withoutStop(state.run) } });
  return resting
    ? { do: resting.do, reason: reasonOf(resting, state) }
    : { do: 'run', reason: 'active, and no run holds it' };
}

/** As a plain run would find it: what the last one was asked to stop at binds nobody. */
function withoutStop({
  stopped: _,
  stoppedAt: __,
  until: ___,
  onlyTask: ____,
  ...run
}: NonNullable<TrackState['run']>): NonNullable<TrackState['run']> {
  return { ...run, reached: false };
}

function reasonOf(action: Action, state: TrackState): string {
  switch (action.do) {
    case 'start':
      return `${action.step} begins (${action.rule})`;
    case 'ask':
      return `${action.step} needs ${action.role}`;
    case 'work':
      return `${action.ready.size} ${action.ready.size === 1 ? 'task is' : 'tasks are'} ready`;
    case 'await':
      return `waiting for an answer: ${action.approvals.join(', ')}`;
    case 'escalate':
      return `a person must decide: ${action.reason}`;
    case 'close':
      return `${action.step} ends: ${action.outcome}`;
    case 'none':
      return action.because;
    default:
      return `${state.loop.step} goes on`;
  }
}
