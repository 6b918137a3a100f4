import type { Finding } from '@conductor/core';
import type { DoctorCheck } from '@conductor/core/api';
import type { EngineContext } from '../engine-context.js';
import { loadProject } from '../load.js';
import type { Imports } from './import-tracks.js';

const shown = 5;

/** Folders of tracks that were not taken over, and what could not be read of those that were. O(tracks). */
export async function foldersCheck({ store }: EngineContext, imports: Pick<Imports, 'refused'>): Promise<DoctorCheck> {
  const { tracks } = await loadProject(store);
  const unread: Finding[] = [];
  for (const id of tracks.keys()) unread.push(...(await errorsOf(store, id)));
  const found = [...imports.refused(), ...unread];
  const [first] = found;
  if (!first) return { id: 'folders', status: 'ok', message: 'Every folder of a track is known' };
  const told = found
    .slice(0, shown)
    .map(({ path = '', message }) => (message.includes(path) ? message : `${path}: ${message}`));
  const more = found.length > shown ? [`and ${found.length - shown} more`] : [];
  return {
    id: 'folders',
    status: 'warn',
    message: [...told, ...more].join('; '),
    ...(first.hint !== undefined && { hint: first.hint }),
  };
}

/** Errors that the first fact of a track tells, when that is its import. */
async function errorsOf(store: EngineContext['store'], id: string): Promise<readonly Finding[]> {
  for await (const [first] of store.read(`track/${id}`)) {
    if (first?.type !== 'track.imported') return [];
    const { findings } = first.data as unknown as { readonly findings: readonly Finding[] }; // our own payload of that type
    return findings.filter(({ severity }) => severity === 'error');
  }
  return [];
}
