import type { Action, TaskState, TrackCommand } from '@conductor/core';
import { phaseReport } from '../reports/phase-report.js';
import { changedPaths } from './changed-paths.js';
import { commitKey, commitWork } from './commit-work.js';
import { endTask } from './launch-task.js';
import { completedPhase } from './phase.js';
import type { TrackSession } from './track-session.js';

type Settle = Extract<Action, { do: 'settle' }>;

/** Verifies what a worker claims, commits its files, and closes the task. The agent is never paid twice for it. */
export async function settleTask(session: TrackSession, { taskId, runId, effect }: Settle): Promise<void> {
  const task = session.state.plan?.tasks.get(taskId);
  if (!task) return;
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
    message: commitMessage(session, task),
  });
  await completeTask(session, taskId, runId, files, sha);
}

/** Records a finished task, and its phase when it was the last one of it. */
export async function completeTask(
  session: TrackSession,
  taskId: string,
  runId: string,
  files: readonly string[],
  sha: string | undefined,
): Promise<void> {
  const task = session.state.plan?.tasks.get(taskId);
  const complete: TrackCommand = {
    name: 'task.complete',
    data: { taskId, runId, files: [...files], summary: task?.note ?? '', ...(sha !== undefined && { commit: sha }) },
  };
  await endTask(session, runId, complete);
  const phase = task && completedPhase(session.state, task.task.phase);
  if (!phase) return;
  const report = await phaseReport(session, phase.phase);
  await session.execute([{ name: 'phase.complete', data: { ...phase, ...report } }]);
}

/** Named files that do not exist after the work; globs and folders name no single file. */
async function missingFiles({ engine }: TrackSession, { task }: TaskState): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const path of task.files) {
    if (/[*?[\]{}]|\/$/u.test(path)) continue;
    if ((await engine.workspace.read(path)) === undefined) missing.push(path);
  }
  return missing;
}

/** The task's own files that changed; for a task that names none, what changed since it began. */
async function workFiles({ engine }: TrackSession, { task, dirty }: TaskState): Promise<readonly string[]> {
  const changed = await changedPaths(engine);
  if (task.files.length === 0) return changed.filter((path) => !dirty?.includes(path));
  if (!engine.repository) return task.files;
  const own = task.files.map((file) => file.split(/[*?[{]/u, 1)[0] ?? file);
  return changed.filter(
    (path) =>
      task.files.includes(path) || own.some((prefix, index) => prefix !== task.files[index] && path.startsWith(prefix)),
  );
}

function commitMessage({ id, state }: TrackSession, { task }: TaskState): string {
  const title = task.title
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, 120);
  return state.loop.step === 'FIX' ? `fix(${id}): ${task.id} - ${title}` : `feat(${id}): Task ${task.id} - ${title}`;
}
