import type { TaskState, TrackCommand } from '@conductor/core';
import { changedPaths } from './changed-paths.js';
import type { TrackSession } from './track-session.js';

/** The command that begins an attempt. `base`: the commit that a worker in a clone of its own begins from. */
export async function startCommand(
  { engine, state }: TrackSession,
  { task }: TaskState,
  runId: string,
  { executor, base }: { readonly executor: string; readonly base?: string | undefined },
): Promise<TrackCommand> {
  const dirty = task.files.length === 0 && base === undefined ? await changedPaths(engine) : undefined;
  return {
    name: 'task.start',
    data: {
      taskId: task.id,
      runId,
      executor,
      files: task.files.map((path) => ({ path, mode: 'exclusive' as const })),
      isolation: base === undefined ? state.policy.isolation : 'worktree',
      ...(base !== undefined && { base }),
      ...(dirty && { dirty: [...dirty] }),
    },
  };
}
