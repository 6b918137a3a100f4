import { ConductorError, toConductorError } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import type { RunInput } from '@conductor/core/api';
import type { ActorRef, RecordOp } from '@conductor/core/ports';
import type { EngineContext } from './engine-context.js';
import { loadTrack } from './load.js';
import { requireGoal } from './run/require-goal.js';
import { runTrack } from './run/run-track.js';
import { runnable } from './run/runnable.js';
import { leaseTrack, startCommands } from './run/start-run.js';
import { stopRun } from './run/stop-run.js';
import { createSession } from './run/track-session.js';
import type { TrackSession } from './run/track-session.js';

const lost = ['FENCED', 'LEASE_LOST', 'LEASE_EXPIRED', 'OWNER_UNKNOWN'] as const;

/** The runs of this engine. */
export interface Runs {
  /** Resolves when the run is leased. Throws as `TracksApi.run` says. */
  start(id: string, input: RunInput, actor: ActorRef, records?: readonly RecordOp[]): Promise<TrackState>;
  /**
   * Resolves when this engine runs the track no more. Rejects with what kept the end of its last run out of the log (a full
   * disk, a successor): nobody who follows the log would hear of that.
   */
  ended(id: string): Promise<void>;
  /** Ends all runs; running tasks are interrupted, tracks stay resumable. */
  close(o: { readonly drain: boolean }): Promise<void>;
}

export function createRuns(engine: EngineContext): Runs {
  /** By session: a track may be run again while its last run still writes its files. */
  const held = new Map<TrackSession, Promise<void>>();
  const unrecorded = new Map<string, unknown>();
  const starting = new Set<Promise<TrackState>>();
  let watch: { stop(): Promise<void> } | undefined;
  let closing = false;

  const launch = (session: TrackSession) => {
    watch ??= watchOver(engine, () => [...held.keys()]);
    const told = conduct(session).catch((error: unknown) => {
      unrecorded.set(session.id, error);
      throw error;
    });
    const ended = told.finally(async () => {
      held.delete(session);
      if (held.size > 0) return;
      const over = watch;
      watch = undefined;
      await over?.stop();
    });
    held.set(session, ended);
    ended.catch(() => {}); // kept above, for whoever asks
  };

  const begin: Runs['start'] = async (id, input, actor, records = []) => {
    await engine.views.flush(id); // what people have changed since, first: it may be what the track was waiting for
    const state = await runnable(engine, id);
    requireGoal(state, input);
    const commands = await startCommands(engine, state, input);
    const { grants } = await leaseTrack(engine, state, commands, actor, records);
    const [grant] = grants;
    if (!grant) throw new ConductorError('INTERNAL_ERROR', `The store granted no lease for track ${id}`);
    const session = createSession(engine, await loadTrack(engine.store, id, state), grant);
    watchWallTime(session, input.budget?.wallMs);
    engine.views.touch(id);
    unrecorded.delete(id);
    launch(session);
    return session.state;
  };

  return {
    async start(...call) {
      if (closing) throw new ConductorError('CLOSED', 'The engine is closing');
      const started = begin(...call);
      starting.add(started);
      return started.finally(() => starting.delete(started));
    },
    async ended(id) {
      for (const [session, ended] of held) if (session.id === id) await ended;
      if (unrecorded.has(id)) throw toConductorError(unrecorded.get(id));
    },
    async close({ drain }) {
      closing = true;
      await Promise.allSettled(starting); // whose lease is being taken is a run like the others
      const runs = [...held];
      if (!drain)
        for (const [session] of runs) session.requestStop(new DOMException('The engine closes', 'AbortError'));
      // One that could not say so in the log has ended all the same.
      await Promise.allSettled(runs.map(([, ended]) => ended));
    },
  };
}

/** The one limit that needs a clock: it ends the run as the others do, by a fact. */
function watchWallTime(session: TrackSession, wallMs: number | undefined): void {
  if (wallMs === undefined) return;
  const { clock, logger } = session.engine;
  clock
    .sleep(wallMs, { signal: session.signal })
    .then(() => session.execute([{ name: 'budget.exhaust', data: { kind: 'wallMs', limit: wallMs, spent: wallMs } }]))
    .then(() => session.wake())
    .catch((error: unknown) => {
      if (!session.signal.aborted) logger.warn('The wall time of a run could not be ended', { error: String(error) });
    });
}

/**
 * Runs a held track to its stop, whatever happens: only a fenced writer writes nothing more. Rejects with the error that the log
 * could not be told of.
 */
async function conduct(session: TrackSession): Promise<void> {
  const { engine, id } = session;
  try {
    await session.refresh(); // from here on the feed tells what others write
    await runTrack(session);
  } catch (thrown) {
    const error = toConductorError(thrown);
    engine.logger.error(`The run of ${id} ended with ${error.code}`, { error: error.message });
    if (ConductorError.is(error, ...lost)) {
      await session.abortEffects(error);
      throw error;
    }
    const { code, message, hint, retryable } = error;
    await stopRun(session, {
      reason: 'error',
      error: { code, message, retryable, ...(hint !== undefined && { hint }) },
    }).catch((again: unknown) => {
      engine.logger.error(`The end of the run of ${id} could not be recorded`, { error: String(again) });
      throw error;
    });
  }
}

/** Renews the leases and wakes runs whose track somebody else has changed. */
function watchOver(engine: EngineContext, sessions: () => readonly TrackSession[]): { stop(): Promise<void> } {
  const end = new AbortController();
  const keeper = engine.leaseKeeper.keep(engine.owner, {
    ttlMs: engine.limits.leaseMs,
    everyMs: engine.limits.leaseRenewMs,
  });
  const onLost = () => {
    for (const session of sessions()) session.requestStop(keeper.signal.reason);
  };
  keeper.signal.addEventListener('abort', onLost, { once: true });
  const follow = async () => {
    const after = await engine.store.head();
    for (const session of sessions()) await session.refresh().then(session.wake); // written before the feed was read
    for await (const page of engine.store.follow({ after, kinds: ['track'], signal: end.signal })) {
      for (const session of sessions()) {
        const news = page.some(
          ({ stream, version }) => stream === `track/${session.id}` && version > session.state.version,
        );
        if (!news) continue;
        await session.refresh();
        session.wake();
        engine.views.touch(session.id); // whoever wrote it leaves the files to the engine that runs the track
      }
    }
  };
  const following = follow().catch((error: unknown) => {
    if (!end.signal.aborted) engine.logger.warn('The feed of this engine ended', { error: String(error) });
  });
  return {
    async stop() {
      end.abort();
      keeper.signal.removeEventListener('abort', onLost);
      await keeper.stop();
      await following;
    },
  };
}
