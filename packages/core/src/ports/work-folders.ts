import type { Opt } from './values.js';
import type { Workspace } from './workspace.js';

/** A copy of the project in which one run works, and nobody else. */
export interface WorkFolder {
  readonly workspace: Workspace;
  /** Files that differ from the commit it was made of, sorted. */
  changed(o?: Opt): Promise<readonly string[]>;
  /** Commits these files, and makes the commit available to the engine as the head of `branch`. `COMMAND_FAILED`. */
  handOver(
    o: Opt & {
      readonly branch: string;
      readonly paths: readonly string[];
      readonly message: string;
      readonly key: string;
    },
  ): Promise<{ readonly commit: string }>;
  /** Removes the copy. */
  close(): Promise<void>;
}

/** A clone of the project's repository, of which a worker on another machine makes a fresh copy for each run. */
export interface WorkFolders {
  /** Throws `FILE_NOT_FOUND` without the branch of the base, `CAPABILITY_MISSING` and `COMMAND_FAILED` without a way to it. */
  open(
    o: Opt & { readonly runId: string; readonly base: { readonly branch: string; readonly commit: string } },
  ): Promise<WorkFolder>;
  /** Removes the copy that a dead worker of this clone left; without one, no effect. */
  remove(runId: string, o?: Opt): Promise<void>;
}
