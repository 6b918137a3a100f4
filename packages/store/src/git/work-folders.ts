import type { BranchExchange, Clock, Opt, Repository, WorkFolder, WorkFolders } from '@conductor/core/ports';
import { fileWorkspace } from '../file/workspace.js';
import { gitExchange } from './exchange.js';
import { gitRepository } from './repository.js';
import { runGit } from './run-git.js';

/** A worker's clone, the repository that it shares, and where its copies may lie. */
export interface GitWorkFoldersOptions {
  /** The project's folder in this clone. */
  readonly root: string;
  readonly clock: Clock;
  /** Folder for the copies, outside the clone. */
  readonly worktrees: string;
  /** Name of a remote, or its path or URL; default `origin`. */
  readonly remote?: string | undefined;
}

/**
 * A work tree for each run. Nothing that a person has in the clone is touched, and a copy that a killed worker left is made
 * anew. Calls of git that lock the clone are made one at a time.
 */
export function gitWorkFolders({ root, clock, worktrees, remote }: GitWorkFoldersOptions): WorkFolders {
  const repository = gitRepository({ root, clock, worktrees });
  const exchange = gitExchange({ root, remote });
  let chain: Promise<unknown> = Promise.resolve();
  const oneByOne = <T>(work: () => Promise<T>): Promise<T> => {
    const next = chain.then(work, work);
    chain = next.catch(() => {}); // the caller gets the error; the chain only orders
    return next;
  };
  const remove = async (runId: string, o: Opt) => {
    const left = (await repository.worktrees(o)).find(({ key }) => key === runId);
    if (left) await repository.removeWorktree(left.folder, o);
  };
  return Object.freeze<WorkFolders>({
    open: ({ runId, base, signal }) =>
      oneByOne(async () => {
        await exchange.fetch({ branch: base.branch, signal });
        const { folder } = await repository.addWorktree({ key: runId, base: base.commit, signal });
        await runGit({ folder: root, signal, args: ['branch', '--quiet', '-D', base.branch] }); // it was the way here
        return workFolder(folder, { base: base.commit, clock, repository, exchange, oneByOne });
      }),
    remove: (runId, o = {}) => oneByOne(() => remove(runId, o)),
  });
}

interface Clone {
  readonly base: string;
  readonly clock: Clock;
  readonly repository: Repository;
  readonly exchange: BranchExchange;
  oneByOne<T>(work: () => Promise<T>): Promise<T>;
}

function workFolder(folder: string, { base, clock, repository, exchange, oneByOne }: Clone): WorkFolder {
  return Object.freeze<WorkFolder>({
    workspace: fileWorkspace({ root: folder, clock }),
    async changed(o = {}) {
      return (await repository.changes(base, { folder, ...o })).map(({ path }) => path);
    },
    handOver: ({ branch, paths, message, key, signal }) =>
      oneByOne(async () => {
        const { sha } = await repository.commit({ folder, paths, message, key, signal });
        // An agent that has committed by itself has left nothing to commit.
        const commit = sha ?? (await repository.status({ folder, signal })).head ?? base;
        await exchange.publish({ branch, commit, signal });
        return { commit };
      }),
    close: () => oneByOne(() => repository.removeWorktree(folder)),
  });
}
