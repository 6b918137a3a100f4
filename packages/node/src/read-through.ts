import { ConductorError } from '@conductor/core';
import type { Artifacts } from '@conductor/core/ports';

/**
 * Artifacts that every machine shares, and behind them those that only this one has: from before there were shared ones. An id
 * says what its bytes are, so it does not matter where they are found. Nothing is put into the second place, or swept there:
 * another log of this folder may refer to it.
 */
export function readThrough(shared: Artifacts, local: Pick<Artifacts, 'get'>): Artifacts {
  return Object.freeze<Artifacts>({
    put: (bytes, o) => shared.put(bytes, o),
    sweep: (isReferenced, o) => shared.sweep(isReferenced, o),
    async *get(id, o) {
      let begun = false;
      try {
        for await (const part of shared.get(id, o)) {
          begun = true;
          yield part;
        }
        return;
      } catch (error) {
        if (begun || !ConductorError.is(error, 'ARTIFACT_NOT_FOUND')) throw error;
      }
      yield* local.get(id, o);
    },
  });
}
