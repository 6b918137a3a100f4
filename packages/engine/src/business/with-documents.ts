import type { Opt } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { leaseKeys } from '../run/task-leases.js';

/**
 * Holds documents while they are written, and every other synchronisation off: no task and no second scribe writes them
 * meanwhile. Throws `LEASE_HELD` after `waitMs`.
 */
export async function withDocuments<T>(
  engine: EngineContext,
  paths: readonly string[],
  work: () => Promise<T>,
  { waitMs = 0, signal }: Opt & { readonly waitMs?: number } = {},
): Promise<T> {
  const files = paths.length > 0 ? leaseKeys(engine.workspace, { files: paths }) : [];
  const keys = [{ key: 'documents:sync', mode: 'exclusive' as const }, ...files];
  const request = { set: engine.ids.id('sync'), owner: engine.owner, keys, ttlMs: engine.limits.leaseMs };
  const grant = await engine.store.leases.acquire(request, { waitMs, signal });
  try {
    return await work();
  } finally {
    await engine.store.leases.release(grant.set, grant.token);
  }
}
