import type { TrackCommand, TrackState } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { EngineContext } from '../engine-context.js';
import { contentOf } from '../load.js';

/** spec.md is input: what a person changed in it since the last run is taken up when the next one starts. */
export async function changedSpec(engine: EngineContext, state: TrackState): Promise<readonly TrackCommand[]> {
  const path = `${engine.folder}/tracks/${state.id}/spec.md`;
  const bytes = await engine.workspace.read(path, { maxBytes: state.policy.limits.specBytes });
  if (!bytes) return [];
  const text = new TextDecoder().decode(bytes);
  const specHash = sha256Hex(text);
  return specHash === state.about.specHash
    ? []
    : [{ name: 'track.specify', data: { spec: await contentOf(engine, text), specHash } }];
}
