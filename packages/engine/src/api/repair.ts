import type { EngineContext } from '../engine-context.js';
import { loadProject } from '../load.js';

/** What was brought in order. */
export interface Repair {
  /** Tracks whose files were compared with the log, and written where they say something else. */
  readonly tracks: readonly string[];
  /** Owners that had died, whose leases are free now. */
  readonly owners: number;
}

/** Brings leases and files in line with the log; see `Engine.repair`. O(tracks). */
export async function repair({ store, views }: EngineContext): Promise<Repair> {
  const dead = await store.leases.reap();
  const { tracks } = await loadProject(store);
  for (const id of tracks.keys()) await views.flush(id, { patient: true });
  return { tracks: [...tracks.keys()], owners: dead.length };
}
