import { ConductorError, instant } from '@conductor/core';
import type { TrackCommand, TrackState } from '@conductor/core';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import { loadApproval, loadTrack, requireTrackState } from '../load.js';
import { approvalUnit, commandTrack } from '../units.js';

/** The state of a track that may be run now. Throws what `TracksApi.run` says of one that is over, paused, asking or too early. */
export async function runnable(engine: EngineContext, id: string): Promise<TrackState> {
  const state = await requireTrackState(engine.store, id);
  const details = { track: id };
  if (state.lifecycle === 'cancelled' || state.lifecycle === 'archived') {
    throw new ConductorError('TRACK_ENDED', `Track ${id} is ${state.lifecycle}`, {
      details: { ...details, lifecycle: state.lifecycle },
    });
  }
  if (state.lifecycle === 'paused') {
    throw new ConductorError(
      'TRACK_PAUSED',
      `Track ${id} is paused${state.lifecycleReason === undefined ? '' : `: ${state.lifecycleReason}`}`,
      { details },
    );
  }
  await requireRepository(engine);
  if (await expireQuestions(engine, state)) return requireTrackState(engine.store, id);
  const open = [...state.decisions]
    .filter(([, decision]) => decision.state === 'pending')
    .map(([approval]) => approval);
  if (state.loop.status === 'BLOCKED' && open.length > 0) {
    throw new ConductorError('TRACK_BLOCKED', `Track ${id} waits for an answer: ${open.join(', ')}`, {
      hint: `conductor approve ${open[0] ?? ''}`,
      details: { ...details, approvals: open },
    });
  }
  const unmet = await unmetDependencies(engine, state);
  if (unmet.length > 0) {
    throw new ConductorError('PREREQUISITES_UNMET', `Track ${id} needs ${unmet.join(', ')} first`, {
      details: { ...details, tracks: unmet },
    });
  }
  return state;
}

/** An unanswered question is not a yes: once its time is over it counts as a no, and the run that follows says so. */
async function expireQuestions(engine: EngineContext, state: TrackState): Promise<boolean> {
  const now = instant(engine.clock.now());
  let expired = false;
  for (const [approvalId, decision] of state.decisions) {
    const { request } = decision.state === 'pending' ? await loadApproval(engine.store, approvalId) : {};
    if (request?.expiresAt === undefined || request.expiresAt > now) continue;
    const give: TrackCommand = { name: 'decision.give', data: { approvalId, outcome: 'expired', by: engine.owner } };
    await commandTrack(engine, state.id, [give], {
      actor: engineActor,
      others: [approvalUnit(engine, approvalId, { name: 'approval.expire', data: {} })],
    });
    expired = true;
  }
  return expired;
}

/** Said before the first worker is paid, not after: work that cannot be committed would wait for a person at every task. */
async function requireRepository({ repository, git }: EngineContext): Promise<void> {
  if (!repository || git === 'off') return;
  const { kind } = await repository.status();
  if (kind === 'ready' || (kind === 'none' && git !== 'required')) return;
  const why = {
    none: 'there is no repository, and the configuration requires one',
    empty: 'the repository has no commit yet',
    detached: 'the head of the repository is detached',
    busy: 'a merge or a rebase is under way',
  }[kind];
  throw new ConductorError('REPO_BUSY', `Work could not be committed: ${why}`, {
    details: { repository: kind },
  });
}

async function unmetDependencies({ store }: EngineContext, state: TrackState): Promise<string[]> {
  const done = await Promise.all(
    state.about.dependencies.map(async (id) => {
      const { lifecycle, completedAt } = await loadTrack(store, id);
      return lifecycle === 'completed' || completedAt !== undefined;
    }),
  );
  return state.about.dependencies.filter((_, index) => !done[index]);
}
