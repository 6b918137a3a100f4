import { ConductorError, instant, track } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import { parseState, stateText } from '@conductor/core/state-text';
import type { Clock, Logger, Opt, Snapshots } from '@conductor/core/ports';

/** States of tracks, kept so that a long stream need not be folded from its beginning. Never needed for correctness. */
export interface FoldCache {
  /** The newest state that is kept and sound, when it is newer than `version`. Rejects only with the reason of an abort. */
  track(id: string, version: number, o?: Opt): Promise<TrackState | undefined>;
  /** Keeps the state when enough has happened since the last one that was kept; `atStop`: when anything has. Never rejects. */
  keep(state: TrackState, o?: { readonly atStop?: boolean }): Promise<void>;
}

export interface FoldCacheOptions {
  readonly snapshots: Snapshots;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Events between two snapshots of a stream. A shorter stream has none: reading it costs one page. */
  readonly every: number;
  /** Unpinned snapshots of a stream. */
  readonly kept: number;
}

const subjectOf = (id: string) => `track/${id}`;

/**
 * Fold snapshots over the port: only those of this `foldVersion` count, and one that is damaged is thrown away. Whatever
 * goes wrong is a warning and a fold from the log.
 */
export function createFoldCache({ snapshots, clock, logger, every, kept }: FoldCacheOptions): FoldCache {
  /** Version of the last state that was kept or found, by track. */
  const last = new Map<string, number>();
  const writing = new Map<string, Promise<void>>();
  const { foldVersion } = track;

  async function put(state: TrackState): Promise<void> {
    const subject = subjectOf(state.id);
    const at = instant(clock.now());
    const { id, version } = state;
    try {
      // `seq` of the head is for checkpoints of a whole project; a fold goes by the version of its stream.
      await snapshots.put({
        subject,
        kind: 'fold',
        at,
        seq: 0,
        version,
        foldVersion,
        pinned: false,
        state: stateText(state),
      });
      await snapshots.prune({ subject, keep: kept });
    } catch (error) {
      logger.warn('A snapshot of a track could not be kept', { track: id, error: String(error) });
    }
  }

  async function read(id: string, version: number, o: Opt): Promise<TrackState | undefined> {
    const head = await snapshots.latest(subjectOf(id), { ...o, kind: 'fold', foldVersion });
    if (head === undefined || head.version <= version) return undefined;
    try {
      const text = await snapshots.read(head.id, o);
      const state = typeof text === 'string' ? (parseState(text) as TrackState) : undefined; // its checksum says that stateText wrote it
      if (state?.id === id && state.version === head.version) return state;
    } catch (error) {
      if (!ConductorError.is(error, 'SNAPSHOT_CORRUPT')) throw error;
    }
    logger.warn('A damaged snapshot of a track is thrown away', { track: id, snapshot: head.id });
    await snapshots.remove(head.id);
    return undefined;
  }

  return Object.freeze<FoldCache>({
    async track(id, version, o = {}) {
      try {
        const state = await read(id, version, o);
        if (state) last.set(id, Math.max(state.version, last.get(id) ?? 0));
        return state;
      } catch (error) {
        o.signal?.throwIfAborted();
        logger.warn('The snapshots of a track could not be read', { track: id, error: String(error) });
        return undefined;
      }
    },
    async keep(state, { atStop = false } = {}) {
      const { id, version, degraded } = state;
      if (atStop) await writing.get(id);
      const since = version - (last.get(id) ?? 0);
      // What a build did not understand must not reach one that does.
      if (degraded || version < every || since < (atStop ? 1 : every) || writing.has(id)) return;
      last.set(id, version);
      const written = put(state).finally(() => writing.delete(id));
      writing.set(id, written);
      await written;
    },
  });
}
