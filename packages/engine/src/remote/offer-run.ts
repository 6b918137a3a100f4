import { ConductorError } from '@conductor/core';
import type { RunEventData } from '@conductor/core/run';
import type { Assignment, BranchExchange, RecordOp, Repository } from '@conductor/core/ports';
import type { Unit } from '../commit-units.js';
import type { EngineContext } from '../engine-context.js';
import type { TrackSession } from '../run/track-session.js';
import { openRow, runQueue, runUnit } from './run-log.js';
import type { OpenRun } from './run-log.js';

/** What rides in the commit that starts a task for another machine. */
export interface Offer {
  readonly base: string;
  readonly others: readonly Unit[];
  readonly records: readonly RecordOp[];
}

/** Repository and exchange of an engine that can hand out work. */
export interface Handout {
  readonly repository: Repository;
  readonly exchange: BranchExchange;
}

/** Throws CAPABILITY_MISSING, before anything is written. */
export function requireHandout({ repository, exchange, git }: EngineContext): Handout {
  if (repository && exchange && git !== 'off') return { repository, exchange };
  throw new ConductorError('CAPABILITY_MISSING', 'Work for other machines travels by git, and there is none here', {
    hint: 'Make the project a git repository with a remote that the workers can reach, and leave `git` on.',
    details: { port: 'exchange' },
  });
}

/**
 * Makes the project as it is committed now available to workers, and puts the assignment into the mailbox of its run. The
 * folder is the worker's to fill in. Throws CAPABILITY_MISSING, REPO_BUSY, COMMAND_FAILED.
 */
export async function offerRun(session: TrackSession, assignment: Assignment): Promise<Offer> {
  const { engine } = session;
  if (!('task' in assignment)) throw new ConductorError('UNSUPPORTED', 'Only tasks are done on other machines');
  const { repository, exchange } = requireHandout(engine);
  const { head, kind } = await repository.status();
  if (head === undefined)
    throw new ConductorError('REPO_BUSY', `There is no commit that a worker could begin from: ${kind}`);
  const { effect, trackId, role, task, runId } = assignment;
  const branch = baseBranch(runId);
  await exchange.publish({ branch, commit: head });
  // Inline whatever its size: of all that the engine writes, other machines share only the log.
  const text = JSON.stringify({ ...assignment, folder: '.' });
  const shown = { trackId, role, taskType: task.type };
  const offer: RunEventData<'run.offered'> = {
    ...shown,
    effect,
    taskId: task.id,
    base: { branch, commit: head },
    assignment: { text },
  };
  return {
    base: head,
    others: [runUnit(engine.store, runId, { name: 'run.offer', data: offer })],
    records: [openRow(runId, shown satisfies Omit<OpenRun, 'runId'>)],
  };
}

/** Wakes one worker. Lost, it costs the time until a worker looks by itself. */
export async function announceRun(
  { bus, projectId, logger }: EngineContext,
  runId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await bus?.queue?.push(runQueue(projectId), [{ id: runId, body: { runId } }], { signal });
  } catch (error) {
    if (!signal.aborted) logger.warn(`Run ${runId} could not be announced`, { error: String(error) });
  }
}

/** The branch under which the work of a run is handed over: its own, so that no late worker writes another's. */
export function workBranch(runId: string): string {
  return `conductor/run/${runId}`;
}

/** The branch under which a worker finds what it begins from: of one run, since engines in other clones stand elsewhere. */
function baseBranch(runId: string): string {
  return `conductor/base/${runId}`;
}

/** Of a run that is over. Branches that stay behind harm nobody. */
export async function discardBranches({ exchange, logger }: EngineContext, runId: string): Promise<void> {
  await exchange?.discard([baseBranch(runId), workBranch(runId)]).catch((error: unknown) => {
    logger.warn(`Branches of run ${runId} could not be removed`, { error: String(error) });
  });
}
