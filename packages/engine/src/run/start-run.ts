import { ConductorError, instant } from '@conductor/core';
import type { TrackCommand, TrackState } from '@conductor/core';
import type { RunInput } from '@conductor/core/api';
import type { ActorRef, CommitResult, LeaseOp, RecordOp } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { commandTrack } from '../units.js';
import { changedSpec } from './changed-spec.js';
import { evaluationFirst } from './evaluated-plan.js';

/** What a run begins with: the track becomes active, takes up an edited spec, and the run is on record. */
export async function startCommands(
  engine: EngineContext,
  state: TrackState,
  { until, task, budget }: RunInput,
): Promise<TrackCommand[]> {
  const baseline = state.about.baseline ?? (await head(engine));
  const lifecycle: TrackCommand[] = [
    ...(state.lifecycle === 'draft' ? [{ name: 'track.ready', data: {} } as const] : []),
    ...(state.lifecycle === 'draft' || state.lifecycle === 'ready'
      ? [{ name: 'track.activate', data: {} } as const]
      : []),
  ];
  const limits = budget && Object.fromEntries(Object.entries(budget).filter(([, value]) => value !== undefined));
  return [
    ...lifecycle,
    ...(await changedSpec(engine, state)),
    ...evaluationFirst(state),
    {
      name: 'loop.start',
      data: {
        owner: engine.owner,
        host: engine.host,
        ...(until && { until }),
        ...(task !== undefined && { task }),
        ...(limits && { budget: limits }),
        ...(baseline !== undefined && { baseline }),
      },
    },
  ];
}

async function head({ repository, git }: EngineContext): Promise<string | undefined> {
  return git === 'off' ? undefined : (await repository?.status())?.head;
}

/** The run's first commit takes the track's lease: two at once, and one is told who holds it. Throws `TRACK_HELD`. */
export async function leaseTrack(
  engine: EngineContext,
  { id }: TrackState,
  commands: readonly TrackCommand[],
  actor: ActorRef,
  records: readonly RecordOp[],
): Promise<CommitResult> {
  const set = `track:${id}`;
  const acquire: LeaseOp = {
    op: 'acquire',
    set,
    owner: engine.owner,
    keys: [{ key: set, mode: 'exclusive' }],
    ttlMs: engine.limits.leaseMs,
  };
  await engine.store.leases.reap();
  const before = await holderOf(engine, set);
  if (before !== undefined) throw heldBy(id, before);
  try {
    const committed = await commandTrack(engine, id, commands, { actor, leases: [acquire], records });
    if (committed) return committed;
    throw new ConductorError('INTERNAL_ERROR', `The start of a run of ${id} wrote nothing`);
  } catch (error) {
    // Whoever lost the race decided on a track that the winner had changed: it is told who won, not what had changed.
    const winner = await holderOf(engine, set);
    throw winner === undefined ? error : heldBy(id, winner);
  }
}

async function holderOf({ store, clock }: EngineContext, set: string): Promise<string | undefined> {
  const { grants } = await store.leases.list({ prefix: set });
  return grants.find((grant) => grant.set === set && grant.expiresAt > instant(clock.now()))?.owner;
}

function heldBy(track: string, owner: string): ConductorError {
  return new ConductorError('TRACK_HELD', `Track ${track} is run by ${owner}`, { details: { track, owner } });
}
