import { resolve } from 'node:path';
import type { Clock, Repository } from '@conductor/core/ports';
import { changesSince } from './changes.js';
import { commitPaths, commitWithKey } from './commit.js';
import { integrateBranch } from './integrate.js';
import { readStatus } from './status.js';
import { listWorktrees, makeWorktree, removeWorktree } from './worktrees.js';

/** Which repository, and where its work trees may lie. */
export interface GitRepositoryOptions {
  /** The project's folder: the top of the repository or below it. Paths are relative to it. */
  readonly root: string;
  readonly clock: Clock;
  /** Folder for work trees, outside the repository; absent: `addWorktree` throws CAPABILITY_MISSING. */
  readonly worktrees?: string | undefined;
}

/**
 * Version control by the git of this machine, 2.38 or newer. Its calls run without hooks, signatures, prompts and the
 * caller's GIT_DIR; where nobody has set `user.name` and `user.email`, Conductor commits as itself. Throws COMMAND_MISSING,
 * COMMAND_FAILED (with the end of what git said) and REPO_BUSY beside what the port says. An abort ends the running git.
 */
export function gitRepository({ root: folder, clock, worktrees }: GitRepositoryOptions): Repository {
  const root = resolve(folder);
  return Object.freeze<Repository>({
    status: (o = {}) => readStatus(o.folder ?? root, o),
    commit: (o) => commitPaths(o.folder ?? root, o, clock),
    findKey: (key, o = {}) => commitWithKey(o.folder ?? root, key, o, clock),
    changes: (from, o = {}) => changesSince(from, o.folder ?? root, o),
    async worktrees(o = {}) {
      return (await listWorktrees(root, o)).map((tree) => ({
        folder: tree.folder,
        branch: tree.branch,
        key: tree.key,
      }));
    },
    addWorktree: (o) => makeWorktree(root, worktrees, o),
    integrate: (o) => integrateBranch(root, o, clock),
    removeWorktree: (tree, o = {}) => removeWorktree(root, tree, o),
  });
}
