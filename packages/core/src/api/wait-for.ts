import { withTimeout } from '../kernel/abort.js';
import { systemClock } from '../kernel/clock.js';
import { ConductorError } from '../kernel/error.js';
import type { Clock } from '../ports/clock.js';
import type { Call } from './contract/calls.js';
import type { ConductorApi } from './contract/conductor-api.js';
import type { Track, WaitUntil } from './contract/tracks.js';

/** `clock` measures `timeoutMs`; default: the system's. */
export interface WaitOptions extends Call {
  readonly clock?: Clock | undefined;
}

/** The parts of an API that waiting needs. */
export interface WaitSource {
  readonly tracks: Pick<ConductorApi['tracks'], 'get'>;
  readonly events: Pick<ConductorApi['events'], 'follow'>;
  readonly system: Pick<ConductorApi['system'], 'health'>;
}

/** Whether the track is where `until` wants it. Throws TRACK_ENDED when it can never be `completed`. */
export function isReached(track: Track, until: WaitUntil): boolean {
  if (typeof until === 'function') return until(track);
  if (until === 'stopped') return track.run === undefined || track.run.endedAt !== undefined;
  if (track.lifecycle === 'completed' || track.completedAt !== undefined) return true;
  if (track.lifecycle === 'cancelled' || track.lifecycle === 'archived') {
    throw new ConductorError('TRACK_ENDED', `Track ${track.id} is ${track.lifecycle} and will not be completed`, {
      details: { track: track.id, lifecycle: track.lifecycle },
    });
  }
  return false;
}

/**
 * Waits until a track is where it should be, by `get` and `follow` alone, so it works on any ConductorApi. Level-triggered:
 * it looks first and follows from before that look, so nothing between is missed. Throws what `get` throws, TRACK_ENDED,
 * TIMEOUT, CLOSED when the feed ends under it.
 */
export async function waitForTrack(
  source: WaitSource,
  id: string,
  until: WaitUntil = 'stopped',
  { signal, timeoutMs, clock = systemClock() }: WaitOptions = {},
): Promise<Track> {
  signal?.throwIfAborted();
  if (timeoutMs === undefined) return watch(source, id, until, { signal });
  return withTimeout((deadline) => watch(source, id, until, { signal: deadline }), { timeoutMs, clock, signal });
}

async function watch({ tracks, events, system }: WaitSource, id: string, until: WaitUntil, o: Call): Promise<Track> {
  const first = await tracks.get(id, o);
  if (isReached(first, until)) return first;
  const { seq } = await system.health(o);
  const track = await tracks.get(id, o); // again, because something may have happened before that `seq`
  if (isReached(track, until)) return track;
  // Only these can end a wait by name; a predicate may look at anything.
  const types = typeof until === 'function' ? undefined : ['loop.*', 'track.*'];
  for await (const _ of events.follow({ trackId: id, after: seq, types }, o)) {
    const now = await tracks.get(id, o);
    if (isReached(now, until)) return now;
  }
  o.signal?.throwIfAborted();
  throw new ConductorError('CLOSED', `The feed of track ${id} ended while it was awaited`);
}
