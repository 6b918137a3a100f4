import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/** Where work trees lie: outside every repository, in the caches of this user. */
export function worktreesFolder(): string {
  const cache =
    process.env['XDG_CACHE_HOME'] ??
    (platform() === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache'));
  return join(cache, 'conductor', 'worktrees');
}
