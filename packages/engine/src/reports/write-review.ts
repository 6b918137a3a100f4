import { ConductorError } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Opt } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { saveRecord } from '../views/view-row.js';

const collection = '$review';
const maxNames = 1000;

/**
 * Writes the review of a phase beside the phase reports and returns its path. Over a review of ours that nobody has touched; a
 * file that somebody else wrote or edited stays, and the review takes the next free name.
 */
export async function writeReview(
  engine: EngineContext,
  { trackId, label, text }: { readonly trackId: string; readonly label: string; readonly text: string },
  { signal }: Opt = {},
): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  for (let number = 1; number <= maxNames; number += 1) {
    const name = `phase-${label}-review${number === 1 ? '' : `-${number}`}.md`;
    const path = `${engine.folder}/tracks/${trackId}/reports/${name}`;
    const now = await engine.workspace.read(path, { signal, maxBytes: engine.limits.viewBytes });
    const hash = now ? sha256Hex(now) : '';
    if (now && hash !== (await ownHash(engine, path))) continue;
    try {
      const { sha256 } = await engine.workspace.replace(path, bytes, { ifHash: hash, signal });
      await saveRecord(engine, { collection, key: path, expectedRevision: 'any', value: { hash: sha256 } });
      return path;
    } catch (error) {
      if (!ConductorError.is(error, 'FILE_CHANGED')) throw error;
    }
  }
  throw new ConductorError('CONTENTION', `${maxNames} reviews of phase ${label} lie there already`);
}

async function ownHash({ store }: EngineContext, path: string): Promise<string | undefined> {
  const row = await store.records.get(collection, path);
  return row && !row.deleted ? (row.value as { hash: string }).hash : undefined; // written above
}
