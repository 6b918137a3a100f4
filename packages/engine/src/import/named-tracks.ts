import { ConductorError } from '@conductor/core';
import type { ConductorApi } from '@conductor/core/api';
import type { Imports } from './import-tracks.js';

type Call = (id: string, ...rest: never[]) => unknown;

/** The same API, which looks for the folder of a track that it does not know before it says so. Costs nothing for one that is known. */
export function namedTracks(imports: Pick<Imports, 'one'>, api: ConductorApi): ConductorApi {
  const { create, list, ...tracks } = api.tracks;
  return Object.freeze({
    ...api,
    tracks: { create, list, ...named(tracks, imports) },
    plans: named(api.plans, imports),
  });
}

/** Every method whose first argument names a track. */
function named<T extends object>(methods: T, imports: Pick<Imports, 'one'>): T {
  const entries = Object.entries(methods).map(([name, call]) => [
    name,
    async (id: string, ...rest: never[]) => {
      try {
        return await (call as Call)(id, ...rest);
      } catch (error) {
        if (!ConductorError.is(error, 'TRACK_NOT_FOUND') || error.details['track'] !== id) throw error;
        if (!(await imports.one(id))) throw error;
        return (call as Call)(id, ...rest);
      }
    },
  ]);
  return Object.fromEntries(entries) as T; // the same methods, each behind the same arguments
}
