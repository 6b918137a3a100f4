import { foldTrack, initialTrack } from '@conductor/core';
import type { TrackState } from '@conductor/core';
import type { Store } from '@conductor/core/ports';

/** The track as it was at a version of its stream. O(events up to it): asked only when a file was changed by somebody else. */
export async function trackAt(store: Store, id: string, version: number): Promise<TrackState> {
  let state = initialTrack(id);
  for await (const page of store.read(`track/${id}`)) {
    state = foldTrack(
      state,
      page.filter((event) => event.version <= version),
    );
    if ((page.at(-1)?.version ?? 0) >= version) break;
  }
  return state;
}
