import type { Action, TaskState } from '@conductor/core';
import { settleBranch } from '../remote/settle-branch.js';
import { changedPaths } from './changed-paths.js';
import { commitKey, commitWork } from './commit-work.js';
import { completeTask } from './complete-task.js';
import { endTask } from './record-outcome.js';
import { commitMessage, namedFiles, ownFiles } from './task-files.js';
import type { TrackSession } from './track-session.js';

type Settle = Extract<Action, { do: 'settle' }>;

/** Verifies what a worker claims, commits its files, and closes the task. The agent is never paid twice for it. */
export async function settleTask(session: TrackSession, settle: Settle): Promise<void> {
  const task = session.state.plan?.tasks.get(settle.taskId);
  if (!task) return;
  if (task.isolated === true) return settleBranch(session, task, settle);
  const { taskId, runId, effect } = settle;
  const missing = await missingFiles(session, task);
  if (missing.length > 0) {
    const message = `The worker reported success, but ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there`;
    await endTask(session, runId, { name: 'task.fail', data: { taskId, runId, reason: 'WORK_UNPROVEN', message } });
    return;
  }
  const files = await workFiles(session, task);
  const sha = await commitWork(session.engine, {
    key: commitKey(session.engine, effect),
    paths: files,
    message: commitMessage(session.id, session.state.loop.step === 'FIX' ? 'FIX' : 'EXECUTE', task.task),
  });
  await completeTask(session, taskId, runId, files, sha);
}

/** Named files that do not exist after the work. */
async function missingFiles({ engine }: TrackSession, { task }: TaskState): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const path of namedFiles(task)) if ((await engine.workspace.read(path)) === undefined) missing.push(path);
  return missing;
}

/** The task's own files that changed; for a task that names none, what changed since it began. */
async function workFiles({ engine }: TrackSession, { task, dirty }: TaskState): Promise<readonly string[]> {
  const changed = await changedPaths(engine);
  if (task.files.length === 0) return changed.filter((path) => !dirty?.includes(path));
  return engine.repository ? ownFiles(task, changed) : task.files;
}
