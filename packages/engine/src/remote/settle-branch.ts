import { ConductorError } from '@conductor/core';
import type { Action, TaskState } from '@conductor/core';
import type { BranchChange } from '@conductor/core/ports';
import { commitKey, underRepositoryLock } from '../run/commit-work.js';
import { completeTask } from '../run/complete-task.js';
import { endTask } from '../run/record-outcome.js';
import { isOurs, namedFiles, ownFiles } from '../run/task-files.js';
import type { TrackSession } from '../run/track-session.js';
import { discardBranches, requireHandout, workBranch } from './offer-run.js';
import { loadRun } from './run-log.js';

type Settle = Extract<Action, { do: 'settle' }>;

/**
 * Verifies the branch that a worker handed over, brings it in as one commit with the key of its task, and closes the task. A
 * worker may change the files of its task and nothing else: no plan, no document, no state of ours.
 */
export async function settleBranch(session: TrackSession, task: TaskState, settle: Settle): Promise<void> {
  const { engine } = session;
  const { taskId, runId, effect } = settle;
  const { offer, report } = await loadRun(engine.store, runId);
  const branch = workBranch(runId); // never one that was only reported
  const base = offer?.base.commit;
  try {
    const changes = report?.work ? await handedOver(session, { branch, base, commit: report.work.commit }) : [];
    await requireOwnWork(session, task, changes);
    const sha = report?.work ? await integrated(session, { branch, key: commitKey(engine, effect) }) : undefined;
    const paths = changes.map(({ path }) => path);
    await completeTask(session, taskId, runId, paths, sha);
  } catch (error) {
    if (!ConductorError.is(error, 'WORK_UNPROVEN', 'MERGE_CONFLICT')) throw error;
    const { code: reason, message } = error;
    await endTask(session, runId, { name: 'task.fail', data: { taskId, runId, reason, message } });
  }
  await discardBranches(engine, runId);
}

/** What the branch changes. Throws WORK_UNPROVEN when it is not what was reported. */
async function handedOver(
  { engine }: TrackSession,
  reported: { readonly branch: string; readonly base: string | undefined; readonly commit: string },
): Promise<readonly BranchChange[]> {
  const { branch, base, commit } = reported;
  const { exchange } = requireHandout(engine);
  try {
    const found = await exchange.fetch({ branch, base });
    if (found.commit === commit) return found.changes;
    throw unproven(`The worker reported ${commit}, and ${branch} is at ${found.commit}`);
  } catch (error) {
    if (!ConductorError.is(error, 'FILE_NOT_FOUND')) throw error;
    throw unproven(`The worker reported work in ${branch}, and there is no such branch`);
  }
}

/** Throws WORK_UNPROVEN: files of others, or named files that are not there. */
async function requireOwnWork(
  { engine }: TrackSession,
  { task }: TaskState,
  changes: readonly BranchChange[],
): Promise<void> {
  const paths = changes.map(({ path }) => path);
  const own = new Set(ownFiles(task, paths).filter((path) => !isOurs(path, engine.folder) && !path.startsWith('../')));
  const foreign = paths.filter((path) => !own.has(path));
  if (foreign.length > 0) throw unproven(`The worker changed what is not of its task: ${listed(foreign)}`);
  const changed = new Map(changes.map(({ path, change }) => [path, change]));
  const missing: string[] = [];
  for (const path of namedFiles(task)) {
    const there = changed.has(path)
      ? changed.get(path) !== 'deleted'
      : (await engine.workspace.read(path)) !== undefined;
    if (!there) missing.push(path);
  }
  if (missing.length > 0) throw unproven(`The worker reported success, but has not made ${listed(missing)}`);
}

/** The commit under which the work came in. Throws MERGE_CONFLICT, REPO_BUSY, WORKTREE_DIRTY. */
async function integrated(
  { engine }: TrackSession,
  work: { readonly branch: string; readonly key: string },
): Promise<string> {
  const { repository } = requireHandout(engine);
  const merged = await underRepositoryLock(engine, () => repository.integrate(work));
  if ('sha' in merged) return merged.sha;
  const paths = merged.conflicts.map(({ path }) => path);
  throw new ConductorError('MERGE_CONFLICT', `What came in meanwhile is in the way of ${listed(paths)}`, {
    details: { paths },
  });
}

function unproven(message: string): ConductorError {
  return new ConductorError('WORK_UNPROVEN', message);
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, 10).join(', ');
  return paths.length > 10 ? `${shown} and ${paths.length - 10} more` : shown;
}
