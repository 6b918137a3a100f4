import type { Opt } from './values.js';

export interface RepositoryStatus {
  readonly kind: 'none' | 'empty' | 'detached' | 'busy' | 'ready';
  readonly head?: string;
  readonly branch?: string;
  readonly changed: readonly string[];
}

/** Version control as the engine needs it. `commit` and `integrate` are called only under the lease `repo:index`. */
export interface Repository {
  status(o?: Opt & { readonly folder?: string }): Promise<RepositoryStatus>;
  /** These paths only, with the trailer `Conductor-Key: <key>`; no `sha` = nothing to commit. `REPO_BUSY`. */
  commit(
    o: Opt & {
      readonly paths: readonly string[];
      readonly message: string;
      readonly key: string;
      readonly folder?: string;
    },
  ): Promise<{ readonly sha?: string }>;
  /** The commit that carries this trailer, newest first. */
  findKey(key: string, o?: Opt & { readonly since?: string; readonly folder?: string }): Promise<string | undefined>;
  /** What differs between the commit `from` and the working folder, untracked files included. */
  changes(
    from: string,
    o?: Opt & { readonly folder?: string },
  ): Promise<readonly { readonly path: string; readonly change: 'added' | 'modified' | 'deleted' }[]>;
  worktrees(o?: Opt): Promise<readonly { readonly folder: string; readonly branch: string; readonly key: string }[]>;
  addWorktree(
    o: Opt & { readonly key: string; readonly base: string },
  ): Promise<{ readonly folder: string; readonly branch: string }>;
  integrate(
    o: Opt & { readonly branch: string; readonly key: string },
  ): Promise<
    { readonly sha: string } | { readonly conflicts: readonly { readonly path: string; readonly hunk: string }[] }
  >;
  removeWorktree(folder: string, o?: Opt): Promise<void>;
}
