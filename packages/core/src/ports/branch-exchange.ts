import type { Opt } from './values.js';

/** What a branch changes; paths are relative to the project's folder. */
export interface BranchChange {
  readonly path: string;
  readonly change: 'added' | 'modified' | 'deleted';
}

/**
 * Carries branches between clones of one repository that share no folder: the engine's and those of its workers. A remote of
 * git is one. Branch names are ours (`conductor/…`): nobody else writes them.
 */
export interface BranchExchange {
  /** Makes a commit of this clone the head of `branch` for the others, whatever it was before. `COMMAND_FAILED`. */
  publish(o: Opt & { readonly branch: string; readonly commit: string }): Promise<void>;
  /**
   * Brings a branch of the others into this clone, under the same name. `changes`: what differs between `base` and it, sorted
   * by path; `[]` without a base. `FILE_NOT_FOUND` when nobody published it, `COMMAND_FAILED`.
   */
  fetch(
    o: Opt & { readonly branch: string; readonly base?: string | undefined },
  ): Promise<{ readonly commit: string; readonly changes: readonly BranchChange[] }>;
  /** Removes branches here and for the others; those that are gone already are no error. */
  discard(branches: readonly string[], o?: Opt): Promise<void>;
}
