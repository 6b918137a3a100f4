import { checkId, ConductorError, defaultLimits, foldTrack, initialTrack, parseLimits } from '@conductor/core';
import type { TrackCommand, TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import { decodeCursor, encodeCursor, waitForTrack } from '@conductor/core/api';
import type { ConductorApi, Page, Track, TrackQuery, TrackRun, TracksApi } from '@conductor/core/api';
import type { ActorRef } from '@conductor/core/ports';
import * as z from '@conductor/core/schema';
import { requireAllowed } from '../authorize.js';
import type { EngineContext } from '../engine-context.js';
import { contentOf, loadProject, loadTrack, readStream, requireTrackState } from '../load.js';
import type { Runs } from '../runs.js';
import { approvalUnit } from '../units.js';
import type { TrackShare } from '../units.js';
import { activityOf } from './activity.js';
import { createTrack } from './create-track.js';
import { go } from './goal-api.js';
import { runView, trackView } from './track-view.js';
import { remembered, replayed, writeTrack } from './write.js';
import type { Request, Together } from './write.js';

export function tracksApi(engine: EngineContext, runs: Runs, actor: ActorRef, api: () => ConductorApi): TracksApi {
  const allowed = (action: string, subject: string) => requireAllowed(engine, actor, action, subject);
  const request = (action: string, body: unknown, key: string | undefined): Request => ({ actor, action, body, key });
  const command = async (
    id: string,
    action: string,
    body: unknown,
    commands: Parameters<typeof writeTrack>[3],
    o: Parameters<TracksApi['pause']>[2] = {},
    together: Together = {},
  ) => {
    checkId(id);
    await allowed(action, `track/${id}`);
    return trackView(
      await writeTrack(engine, id, request(action, [id, body], o.idempotencyKey), commands, o, together),
    );
  };

  return {
    async create(input, o = {}) {
      await allowed('track.create', 'project');
      const id = await createTrack(engine, input, request('track.create', input, o.idempotencyKey));
      return trackView(await requireTrackState(engine.store, id));
    },
    go: (input, o = {}) => go(engine, actor, input, o),
    async list(query = {}) {
      await allowed('tracks.list', 'project');
      return listTracks(engine, query);
    },
    async get(id) {
      await allowed('tracks.get', `track/${checkId(id)}`);
      return trackView(await requireTrackState(engine.store, id));
    },
    async update(id, patch, o = {}) {
      return command(id, 'track.configure', patch, await updates(engine, patch), o);
    },
    async run(id, input = {}, o = {}) {
      await allowed('track.run', `track/${checkId(id)}`);
      const asked = request('track.run', [id, input], o.idempotencyKey);
      if ((await replayed(engine, asked)) === undefined)
        return runView(id, held(await runs.start(id, input, actor, remembered(asked, id))));
      return runView(id, held(await requireTrackState(engine.store, id)));
    },
    pause: (id, { reason, mode = 'drain' } = {}, o) =>
      command(
        id,
        'track.pause',
        { reason, mode },
        [{ name: 'track.pause', data: { mode, reason: reason ?? 'Manual pause' } }],
        o,
      ),
    resume: (id, { reason } = {}, o) =>
      command(
        id,
        'track.resume',
        { reason },
        [{ name: 'track.resume', data: { ...(reason !== undefined && { reason }) } }],
        o,
      ),
    cancel: (id, { reason } = {}, o) =>
      command(
        id,
        'track.cancel',
        { reason },
        [{ name: 'track.cancel', data: { ...(reason !== undefined && { reason }) } }],
        o,
        {
          others: (state) =>
            openQuestions(state).map((approval) =>
              approvalUnit(engine, approval, {
                name: 'approval.cancel',
                data: { reason: `Track ${id} was cancelled` },
              }),
            ),
        },
      ),
    async move(id, input, o = {}) {
      const { to, reason } = input;
      const why = { ...(reason !== undefined && { reason }) };
      const first = to === 'active' && input.switch === true ? await pauseActive(engine, checkId(id)) : [];
      const moves = (state: TrackState): Readonly<Record<typeof to, TrackCommand>> => ({
        ready: { name: 'track.ready', data: why },
        active: { name: state.lifecycle === 'paused' ? 'track.resume' : 'track.activate', data: why },
        draft: { name: 'track.retry', data: why },
        archived: { name: 'track.archive', data: why },
      });
      const track = await command(id, moveActions[to], input, (state) => [moves(state)[to]], o, { first: () => first });
      for (const { id: paused } of first) engine.views.touch(paused);
      return track;
    },
    async runs(id) {
      await allowed('tracks.runs', `track/${checkId(id)}`);
      return { items: await runsOf(engine, id) };
    },
    async activity(id) {
      await allowed('tracks.activity', `track/${checkId(id)}`);
      return activityOf(engine, await requireTrackState(engine.store, id));
    },
    waitFor: (id, until, o = {}) => waitForTrack(api(), id, until, { ...o, clock: engine.clock }),
  };
}

/** What a move is called where it is authorised and remembered: the command's own name. */
const moveActions = {
  ready: 'track.ready',
  active: 'track.activate',
  draft: 'track.retry',
  archived: 'track.archive',
} as const;

function openQuestions(state: TrackState): readonly string[] {
  return [...state.decisions].filter(([, decision]) => decision.state === 'pending').map(([id]) => id);
}

function held(state: Parameters<typeof trackView>[0]) {
  if (state.run) return state.run;
  throw new ConductorError('INVALID_STATE', `Track ${state.id} was never run`);
}

async function updates(
  engine: EngineContext,
  { spec, limits, ...about }: Parameters<TracksApi['update']>[1],
): Promise<TrackCommand[]> {
  const patch = stripped({ ...about, ...(limits && { limits: parseLimits(limits) }) });
  return [
    ...(Object.keys(patch).length > 0 ? [{ name: 'track.configure', data: patch } as TrackCommand] : []), // keys of TrackPatch are keys of the command
    ...(spec === undefined
      ? []
      : [{ name: 'track.specify', data: { spec: await contentOf(engine, spec), specHash: sha256Hex(spec) } } as const]),
  ];
}

function stripped<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T; // only absent keys go
}

/** What switching to a track does to the active one, in the same commit: if the other cannot be activated, it stays active. */
async function pauseActive({ store }: EngineContext, next: string): Promise<readonly TrackShare[]> {
  const { active } = await loadProject(store);
  if (active === undefined || active === next) return [];
  return [{ id: active, commands: [{ name: 'track.pause', data: { reason: `Switched to ${next}`, mode: 'drain' } }] }];
}

async function listTracks(engine: EngineContext, query: TrackQuery): Promise<Page<Track>> {
  const { tracks } = await loadProject(engine.store);
  const all = await Promise.all([...tracks.keys()].map(async (id) => trackView(await loadTrack(engine.store, id))));
  const fitting = all
    .filter((track) => !query.lifecycle || query.lifecycle.length === 0 || query.lifecycle.includes(track.lifecycle))
    .filter((track) => query.type === undefined || track.type === query.type)
    .filter((track) => query.priority === undefined || track.priority === query.priority)
    .filter(
      (track) =>
        query.text === undefined || `${track.id} ${track.name}`.toLowerCase().includes(query.text.toLowerCase()),
    )
    .sort((a, b) => (a.updatedAt === b.updatedAt ? (a.id < b.id ? -1 : 1) : a.updatedAt < b.updatedAt ? 1 : -1));
  const scope = { query, order: 'updated' };
  const after =
    query.cursor === undefined ? undefined : decodeCursor(query.cursor, scope, z.tuple([z.string(), z.string()]));
  const rest = after
    ? fitting.filter((track) => track.updatedAt < after[0] || (track.updatedAt === after[0] && track.id > after[1]))
    : fitting;
  const items = rest.slice(0, query.limit ?? defaultLimits.pageItems);
  const last = items.at(-1);
  return {
    items,
    ...(rest.length > items.length && last && { nextCursor: encodeCursor(scope, [last.updatedAt, last.id]) }),
  };
}

async function runsOf(engine: EngineContext, id: string): Promise<TrackRun[]> {
  await requireTrackState(engine.store, id);
  const found: TrackRun[] = [];
  let state = initialTrack(id);
  for (const event of await readStream(engine.store, `track/${id}`)) {
    if (!event.type.startsWith('loop.')) continue;
    state = foldTrack(state, [event]);
    if (event.type === 'loop.stopped') found.shift();
    found.unshift(runView(id, held(state)));
  }
  return found;
}
