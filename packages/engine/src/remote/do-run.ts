import { anySignal, ConductorError, toConductorError } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { RunEventData } from '@conductor/core/run';
import type {
  Artifacts,
  Clock,
  Executor,
  Ids,
  Logger,
  MessageBus,
  Outcome,
  ProcessRecord,
  RunCommand,
  RunContext,
  WorkFolder,
  WorkFolders,
  Workspace,
} from '@conductor/core/ports';
import type { Agents } from '../engine-context.js';
import { checkedBy } from '../run/check-after-task.js';
import { limitedRun, publishProgress } from '../run/run-executor.js';
import { commitMessage, isOurs, ownFiles } from '../run/task-files.js';
import type { ClaimedRun, TaskAssignment } from './mailbox.js';
import { workBranch } from './offer-run.js';
import { travellingTranscript } from './transcript.js';
import type { RunRecords } from './worker-ports.js';

/** What a worker needs for the runs that it has claimed. No store is among it. */
export interface Workshop {
  readonly folders: WorkFolders;
  readonly agents: Agents;
  /** Of the runs that are being done: where their agents find the files. */
  readonly workspaces: Map<string, Workspace>;
  readonly bus: MessageBus | undefined;
  readonly artifacts: Artifacts | undefined;
  readonly runCommand: RunCommand | undefined;
  readonly records: RunRecords;
  readonly afterTask: readonly string[] | undefined;
  readonly folder: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
}

/** How a run ended for its worker. */
export type RunResult =
  | { readonly type: 'reported'; readonly status: Outcome['status']; readonly text: string }
  | { readonly type: 'released'; readonly reason: 'stopped' | 'unable'; readonly text: string }
  | { readonly type: 'lost'; readonly text: string };

/** Why a run is to end before its agent has. */
export interface RunSignals {
  /** This worker stops: what is not done is given back. */
  readonly stop: AbortSignal;
  /** The lease is lost, or about to be: whatever is done is another's to do. */
  readonly lost: AbortSignal;
}

/**
 * Does a run that this worker holds, and ends it: reported, given back, or lost without a word. Never throws. Trouble of this
 * machine (no such program, a clone that cannot be reached) is no failure of the task: the run is given back.
 */
export async function doRun(shop: Workshop, run: ClaimedRun, { stop, lost }: RunSignals): Promise<RunResult> {
  const over = new AbortController();
  const gone = new AbortController();
  const ends = anySignal([stop, lost, gone.signal]);
  run.takenBack(over.signal).then(
    () => gone.abort(new ConductorError('FENCED', `Run ${run.runId} was taken back`)),
    () => {}, // called off below, or the store is away: then the lease tells
  );
  try {
    const report = await attempt(shop, run, ends.signal);
    if (lost.aborted || gone.signal.aborted) throw toConductorError(lost.aborted ? lost.reason : gone.signal.reason);
    const { status, summary: text } = report.outcome;
    if (status === 'cancelled' && stop.aborted) return await giveBack(run, 'stopped', 'The worker stops', lost);
    await run.report(report, { signal: lost });
    return { type: 'reported', status, text };
  } catch (thrown) {
    if (stop.aborted && !lost.aborted && !gone.signal.aborted && thrown === stop.reason)
      return giveBack(run, 'stopped', 'The worker stops', lost);
    const error = toConductorError(thrown);
    const counts = !lost.aborted && !gone.signal.aborted && !ConductorError.is(error, ...superseded);
    if (counts) return giveBack(run, 'unable', `${error.code}: ${error.message}`, lost);
    return { type: 'lost', text: error.message };
  } finally {
    over.abort();
    ends.dispose();
  }
}

const superseded = ['FENCED', 'LEASE_LOST', 'LEASE_EXPIRED', 'OWNER_UNKNOWN', 'INVALID_STATE'] as const;

async function giveBack(
  run: ClaimedRun,
  reason: 'stopped' | 'unable',
  text: string,
  lost: AbortSignal,
): Promise<RunResult> {
  try {
    await run.release(reason, { signal: lost, ...(reason === 'unable' && { message: text }) });
    return { type: 'released', reason, text };
  } catch (error) {
    return { type: 'lost', text: toConductorError(error).message };
  }
}

type Report = RunEventData<'run.reported'>;

async function attempt(shop: Workshop, run: ClaimedRun, signal: AbortSignal): Promise<Report> {
  const { runId, base } = run;
  await shop.records.begin(runId);
  const folder = await shop.folders.open({ runId, base, signal });
  shop.workspaces.set(runId, folder.workspace);
  try {
    const assignment = { ...run.assignment(), folder: folder.workspace.root };
    const outcome = await outcomeOf(shop, assignment, signal);
    if (outcome.error?.code === 'COMMAND_MISSING') throw ConductorError.fromJSON(outcome.error);
    const work = outcome.status === 'done' ? await handedOver(shop, folder, assignment, signal) : undefined;
    const { usage, transcript: _, ...answered } = outcome;
    const transcript = await travellingTranscript(shop, outcome);
    return {
      outcome: { ...answered, ...(transcript && { transcript }) } as Report['outcome'], // read-only there
      ...(usage && { usage }),
      ...(work && { work }),
    };
  } finally {
    shop.workspaces.delete(runId);
    try {
      await folder.close();
      await shop.records.forget(runId);
    } catch (error) {
      shop.logger.warn(`The folder of run ${runId} could not be removed`, { error: String(error) });
    }
  }
}

async function outcomeOf(shop: Workshop, assignment: TaskAssignment, signal: AbortSignal): Promise<Outcome> {
  const { runCommand, afterTask, limits } = shop;
  const executor = requireAgent(shop.agents, assignment);
  const contextOf = (own: AbortSignal, heard: () => void) => contextFor(shop, assignment, own, heard);
  const outcome = await limitedRun(shop, executor, assignment, { signal, contextOf });
  const spawned = (process: ProcessRecord) => shop.records.spawned(assignment.runId, process);
  return checkedBy({ runCommand, afterTask, cwd: assignment.folder, limits, spawned }, outcome, signal);
}

function requireAgent(agents: Agents, { role, task }: TaskAssignment): Executor {
  const executor = agents.for(role, task.type);
  if (executor) return executor;
  throw new ConductorError('EXECUTOR_MISSING', `This worker has no agent for ${role} (${task.type})`, {
    details: { role, task: task.id },
  });
}

function contextFor(
  shop: Workshop,
  { trackId, runId, effect, task }: TaskAssignment,
  signal: AbortSignal,
  heard: () => void,
): RunContext {
  return {
    signal,
    clock: shop.clock,
    logger: shop.logger.with({ track: trackId, effect }),
    async report(progress) {
      heard();
      await publishProgress(shop, { trackId, runId, taskId: task.id }, progress);
    },
    async spawned(process) {
      heard();
      await shop.records.spawned(runId, process);
    },
    async extend(paths) {
      throw new ConductorError('UNSUPPORTED', `A worker on another machine cannot take ${paths.join(', ')} as well`, {
        hint: 'Name all files of the task in the plan.',
      });
    },
  };
}

/** Commits what is the task's own; everything else stays behind in a folder that is thrown away. */
async function handedOver(
  shop: Workshop,
  folder: WorkFolder,
  { task, trackId, step, runId, idempotencyKey: key }: TaskAssignment,
  signal: AbortSignal,
): Promise<Report['work']> {
  const changed = await folder.changed({ signal });
  const paths = ownFiles(
    task,
    changed.filter((path) => !isOurs(path, shop.folder)),
  );
  if (paths.length === 0) return undefined;
  const branch = workBranch(runId);
  const message = commitMessage(trackId, step === 'FIX' ? 'FIX' : 'EXECUTE', task);
  const { commit } = await folder.handOver({ branch, paths, message, key, signal });
  return { branch, commit };
}
