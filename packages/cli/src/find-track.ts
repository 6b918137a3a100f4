import { ConductorError } from '@conductor/core';
import type { Track } from '@conductor/core/api';
import type { Project } from '@conductor/node';

const over: readonly Track['lifecycle'][] = ['completed', 'cancelled', 'archived'];

/** The track a person means: its id, a unique prefix of it; nothing = the active track, else the only open one. Throws `TRACK_NOT_FOUND`. */
export async function findTrack({ api }: Project, wanted: string | undefined): Promise<Track> {
  const { everyItem } = await import('@conductor/core/api');
  const tracks: Track[] = [];
  for await (const track of everyItem((query, o) => api.tracks.list(query, o), {})) tracks.push(track);
  if (wanted === undefined)
    return only(
      tracks.filter(({ lifecycle }) => lifecycle === 'active'),
      tracks.filter(({ lifecycle }) => !over.includes(lifecycle)),
    );
  const exact = tracks.find(({ id }) => id === wanted);
  const starting = tracks.filter(({ id }) => id.startsWith(wanted));
  const [first, second] = exact ? [exact] : starting;
  if (!first)
    throw new ConductorError('TRACK_NOT_FOUND', `There is no track ${wanted}`, {
      hint: 'conductor list --all',
      details: { track: wanted },
    });
  if (second) {
    throw new ConductorError('TRACK_NOT_FOUND', `${wanted} may be ${starting.map(({ id }) => id).join(' or ')}`, {
      hint: 'Type more of the id.',
      details: { track: wanted },
    });
  }
  return first;
}

function only(active: readonly Track[], open: readonly Track[]): Track {
  const [found] = active.length > 0 ? active : open;
  if (found && (active.length === 1 || open.length === 1)) return found;
  const message =
    open.length === 0 ? 'There is no open track' : `Several tracks are open: ${open.map(({ id }) => id).join(', ')}`;
  throw new ConductorError('TRACK_NOT_FOUND', message, {
    hint: open.length === 0 ? 'conductor go "<what shall be true afterwards>"' : 'Name one of them.',
  });
}
