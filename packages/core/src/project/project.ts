import type * as z from '@conductor/core/schema';
import { ConductorError } from '../kernel/error.js';
import { idSchema as id } from '../schema/id.js';
import { lazySchema } from '../schema/lazy.js';
import type { EventEnvelope, Json, NewEvent } from '../ports/values.js';
import type { Decider } from '../track/decider.js';
import { foldedId } from '../track/names.js';
import { eventVersion } from '../track/upcast.js';

/** Events of the stream `project`: registry, uniqueness, the active track. */
export const projectEvents = {
  'project.created': lazySchema((z) => z.object({ projectId: id, name: z.string() })),
  'registry.added': lazySchema((z) =>
    z.object({ trackId: id, name: z.string(), path: z.string(), background: z.boolean() }),
  ),
  'registry.activated': lazySchema((z) => z.object({ trackId: id })),
  'registry.released': lazySchema((z) => z.object({ trackId: id })),
} as const;

type Data<T extends keyof typeof projectEvents> = z.infer<(typeof projectEvents)[T]>;

export interface RegistryEntry {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly background: boolean;
}

/** What the whole project knows of its tracks. Rules of uniqueness live here, in the same commit as the track's. */
export interface ProjectState {
  readonly version: number;
  readonly projectId: string;
  readonly name: string;
  /** In order of registration. */
  readonly tracks: ReadonlyMap<string, RegistryEntry>;
  /** Case-folded ids, because disks fold case. */
  readonly taken: ReadonlySet<string>;
  /** At most one foreground track is active. */
  readonly active?: string;
}

export type ProjectCommand =
  | { readonly name: 'project.create'; readonly data: Data<'project.created'> }
  | { readonly name: 'registry.add'; readonly data: Data<'registry.added'> }
  | { readonly name: 'registry.activate'; readonly data: Data<'registry.activated'> }
  | { readonly name: 'registry.release'; readonly data: Data<'registry.released'> };

function event<T extends keyof typeof projectEvents>(type: T, data: Data<T>): NewEvent {
  return { type, v: 1, data: data as Json }; // the schemas above describe plain JSON
}

function decide(state: ProjectState, command: ProjectCommand): readonly NewEvent[] {
  if (command.name === 'project.create') return state.version > 0 ? [] : [event('project.created', command.data)];
  const { trackId } = command.data;
  if (command.name === 'registry.add') {
    if (state.taken.has(foldedId(trackId))) {
      throw new ConductorError('TRACK_EXISTS', `A track ${trackId} exists already`, { details: { track: trackId } });
    }
    return [event('registry.added', command.data)];
  }
  if (command.name === 'registry.release')
    return state.active === trackId ? [event('registry.released', { trackId })] : [];
  return activate(state, trackId);
}

function activate(state: ProjectState, trackId: string): readonly NewEvent[] {
  const entry = state.tracks.get(trackId);
  if (!entry)
    throw new ConductorError('TRACK_NOT_FOUND', `There is no track ${trackId}`, { details: { track: trackId } });
  if (entry.background || state.active === trackId) return [];
  if (state.active !== undefined) {
    throw new ConductorError('ACTIVE_TRACK_EXISTS', `Track ${state.active} is active; only one may be`, {
      details: { active: state.active, track: trackId },
    });
  }
  return [event('registry.activated', { trackId })];
}

function evolve(state: ProjectState, { type, v, data, version }: EventEnvelope): ProjectState {
  const next = { ...state, version };
  if (v > eventVersion(type)) return next; // written by a later version: kept, and not guessed at
  if (type === 'project.created') return { ...next, ...(data as Data<'project.created'>) };
  if (type === 'registry.added') {
    const { trackId, ...rest } = data as Data<'registry.added'>;
    return {
      ...next,
      tracks: new Map(state.tracks).set(trackId, { id: trackId, ...rest }),
      taken: new Set(state.taken).add(foldedId(trackId)),
    };
  }
  if (type === 'registry.activated') return { ...next, active: (data as Data<'registry.activated'>).trackId };
  if (type !== 'registry.released') return next;
  const { active: _, ...rest } = next;
  return rest;
}

/** The decider of the stream `project`. Throws `TRACK_EXISTS`, `TRACK_NOT_FOUND`, `ACTIVE_TRACK_EXISTS`. */
export const project: Decider<ProjectState, ProjectCommand> = Object.freeze<Decider<ProjectState, ProjectCommand>>({
  kind: 'project',
  foldVersion: 1,
  initial: (): ProjectState => ({ version: 0, projectId: '', name: '', tracks: new Map(), taken: new Set() }),
  decide,
  evolve,
});

const releasing = new Set(['track.paused', 'track.failed', 'track.cancelled', 'track.completed']);
const activating = new Set(['track.activated', 'track.resumed']);

/** What the registry owes for facts of a track, in the same commit: the check that one track is active, or its release. */
export function registryFollowUps(
  trackId: string,
  background: boolean,
  events: readonly NewEvent[],
): readonly ProjectCommand[] {
  if (background) return [];
  const last = events.filter(({ type }) => releasing.has(type) || activating.has(type)).at(-1);
  if (!last) return [];
  return [{ name: releasing.has(last.type) ? 'registry.release' : 'registry.activate', data: { trackId } }];
}
