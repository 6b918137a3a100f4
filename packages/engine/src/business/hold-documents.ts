import { ConductorError } from '@conductor/core';
import type { Opt } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { leaseKeys } from '../run/task-leases.js';

/**
 * Takes documents to write them, and holds every other synchronisation off: no task and no second scribe writes them
 * meanwhile. Whoever holds no track has to see to the renewal. Throws `LEASE_HELD` after `waitMs`.
 */
export async function holdDocuments(
  engine: EngineContext,
  paths: readonly string[],
  { waitMs = 0, signal }: Opt & { readonly waitMs?: number } = {},
): Promise<{ release(): Promise<void> }> {
  const files = paths.length > 0 ? leaseKeys(engine.workspace, { files: paths }) : [];
  const keys = [{ key: 'documents:sync', mode: 'exclusive' as const }, ...files];
  const request = { set: engine.ids.id('sync'), owner: engine.owner, keys, ttlMs: engine.limits.leaseMs };
  const { set, token } = await engine.store.leases.acquire(request, { waitMs, signal }).catch((error: unknown) => {
    if (!ConductorError.is(error, 'LEASE_HELD')) throw error;
    const { details, cause } = error;
    throw new ConductorError('LEASE_HELD', 'The documents are being written, by another synchronisation or by a task', {
      hint: 'Try again when that has ended.',
      details,
      cause,
    });
  });
  return { release: () => engine.store.leases.release(set, token) };
}
