import { ConductorError } from '@conductor/core';
import type { EngineContext } from '../engine-context.js';

/** What the outside is told of an effect: two projects in one repository do not meet. */
export function commitKey(engine: EngineContext, effect: string): string {
  return `${engine.projectId}/${effect}`;
}

/**
 * Commits these paths, one committer at a time, unless the trailer says that it was done before a crash. `undefined`:
 * nothing to commit, or no version control. Throws `REPO_BUSY`; `REPO_BUSY` too for `git: required` without a repository.
 */
export async function commitWork(
  engine: EngineContext,
  work: { readonly key: string; readonly paths: readonly string[]; readonly message: string },
): Promise<string | undefined> {
  // Paths come from a look at the repository; a second look would say the same.
  const seen = engine.repository !== undefined && engine.git !== 'off' && work.paths.length > 0;
  if (!seen && !(await committing(engine))) return undefined;
  const { repository } = engine;
  if (!repository) return undefined;
  return underRepositoryLock(engine, async () => {
    const before = await repository.findKey(work.key);
    if (before !== undefined) return before;
    if (work.paths.length === 0) return undefined;
    const { sha } = await repository.commit(work);
    return sha;
  });
}

/** One at a time, whatever engine: `commit` and `integrate` are called in here only. */
export async function underRepositoryLock<T>(engine: EngineContext, work: () => Promise<T>): Promise<T> {
  const request = {
    set: engine.ids.id('commit'),
    owner: engine.owner,
    keys: [{ key: 'repo:index', mode: 'exclusive' as const }],
    ttlMs: engine.limits.leaseMs,
  };
  const grant = await engine.store.leases.acquire(request, { waitMs: engine.limits.unlockWaitMs });
  try {
    return await work();
  } finally {
    await engine.store.leases.release(grant.set, grant.token);
  }
}

/** Whether work is committed here at all. */
async function committing(engine: EngineContext): Promise<boolean> {
  if (engine.git === 'off') return false;
  const kind = engine.repository ? (await engine.repository.status()).kind : 'none';
  if (kind === 'none' && engine.git === 'required') {
    throw new ConductorError('REPO_BUSY', 'Work must be committed here, and there is no repository', {
      hint: 'git init, or set git: "auto".',
    });
  }
  return kind !== 'none';
}
