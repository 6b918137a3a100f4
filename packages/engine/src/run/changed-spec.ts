import { ConductorError } from '@conductor/core';
import type { TrackCommand, TrackState } from '@conductor/core';
import { formatSpec } from '@conductor/core/plan';
import { sha256Hex } from '@conductor/core/hash';
import type { EngineContext } from '../engine-context.js';
import { engineActor } from '../engine-context.js';
import { contentOf, textOf } from '../load.js';
import { commandTrack } from '../units.js';

/**
 * What people changed in the files since the last run is taken up before the next one starts: by the views, where they are written,
 * else spec.md alone, which is input. Throws `WORKSPACE_GONE` when the track's folder was deleted.
 */
export async function changedSpec(engine: EngineContext, state: TrackState): Promise<readonly TrackCommand[]> {
  await engine.views.flush(state.id);
  const path = `${engine.folder}/tracks/${state.id}/spec.md`;
  const known = (await engine.views.known(state.id)).find((view) => view.path === path);
  const bytes = await engine.workspace.read(path, { maxBytes: state.policy.limits.specBytes });
  if (!bytes && known)
    throw new ConductorError('WORKSPACE_GONE', `The folder of track ${state.id} is gone`, { details: { path } });
  if (!bytes) await specifyGoal(engine, state);
  if (!bytes || known) return [];
  const text = new TextDecoder().decode(bytes);
  const specHash = sha256Hex(text);
  return specHash === state.about.specHash
    ? []
    : [{ name: 'track.specify', data: { spec: await contentOf(engine, text), specHash } }];
}

/** Nothing can be judged against no spec: a track whose folder came without one is about its goal, as one made from a goal is. */
async function specifyGoal(engine: EngineContext, { id, about, lifecycle }: TrackState): Promise<void> {
  if (lifecycle === 'completed' || (await textOf(engine, about.spec)).trim() !== '') return;
  const text = formatSpec({ name: about.name, goal: about.goal, acceptance: [about.goal] });
  const specify: TrackCommand = {
    name: 'track.specify',
    data: { spec: await contentOf(engine, text), specHash: sha256Hex(text) },
  };
  await commandTrack(engine, id, [specify], { actor: engineActor });
}
