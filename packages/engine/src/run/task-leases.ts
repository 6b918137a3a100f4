import { ConductorError } from '@conductor/core';
import type { Task } from '@conductor/core';
import type { Grant, LeaseKey, Mode, Workspace } from '@conductor/core/ports';
import type { TrackSession } from './track-session.js';

const isGlob = (path: string) => /[*?[\]{}]/u.test(path) || path.endsWith('/');

/**
 * The keys a task needs: its files, and with them each folder above shared, a folder or glob exclusive (intent locks,
 * Gray 1976), so that folders and files exclude each other by equality alone. A task that names no files takes the
 * whole tree. Files are exclusive always: `file_lock` lets two tasks be dispatched together, and the second one waits.
 * Sorted, so that two requests ask in one order.
 */
export function leaseKeys(workspace: Pick<Workspace, 'key'>, task: Pick<Task, 'files'>): readonly LeaseKey[] {
  if (task.files.length === 0) return [{ key: 'dir:.', mode: 'exclusive' }];
  const keys = new Map<string, Mode>();
  const add = (key: string, mode: Mode) => keys.set(key, keys.get(key) === 'exclusive' ? 'exclusive' : mode);
  for (const file of task.files) {
    const path = isGlob(file) ? folderOf(file) : workspace.key(file);
    for (const above of ancestors(path)) add(`dir:${above}`, 'shared');
    add(isGlob(file) ? `dir:${path}` : `file:${path}`, 'exclusive');
  }
  return [...keys].map(([key, mode]) => ({ key, mode })).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** The part of a glob before its first wildcard, as a folder. */
function folderOf(glob: string): string {
  const fixed = glob.split(/[*?[{]/u, 1)[0] ?? '';
  const folder = fixed.endsWith('/') ? fixed.slice(0, -1) : fixed.split('/').slice(0, -1).join('/');
  return folder === '' ? '.' : folder;
}

function ancestors(path: string): readonly string[] {
  if (path === '.') return [];
  const parts = path.split('/');
  return ['.', ...parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('/'))];
}

/** Further files for a running task: three tries of `unlockWaitMs`, then `LEASE_HELD`. */
export async function extendTask(
  session: TrackSession,
  taskId: string,
  runId: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { engine } = session;
  const grant = session.grants.get(runId);
  if (!grant) throw new ConductorError('LEASE_LOST', `Run ${runId} holds no files`, { details: { run: runId } });
  const keys = leaseKeys(engine.workspace, { files: paths });
  for (let tries = 1; ; tries += 1) {
    try {
      const extended: Grant = await engine.store.leases.extend(grant.set, grant.token, keys, {
        waitMs: engine.limits.unlockWaitMs,
        signal,
      });
      session.grants.set(runId, extended);
      await session.execute([{ name: 'lease.extend', data: { taskId, runId, keys: keys.map(({ key }) => key) } }]);
      return;
    } catch (error) {
      if (!ConductorError.is(error, 'LEASE_HELD') || tries >= engine.limits.lockTries) throw error;
    }
  }
}
