import { ConductorError, toConductorError } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { Assignment, Outcome, ProcessRecord, RunCommand } from '@conductor/core/ports';
import type { TrackSession } from './track-session.js';

/** Of a worker in the project's folder: see `checkedBy`. */
export async function checkedAfterTask(
  { engine, state, execute }: TrackSession,
  { effect, runId }: Assignment,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<Outcome> {
  const { runCommand, afterTask, workspace } = engine;
  const spawned = async (process: ProcessRecord) =>
    void (await execute([{ name: 'process.record', data: { effect, runId, process } }]));
  const check = { runCommand, afterTask, cwd: workspace.root, limits: state.policy.limits, spawned };
  return checkedBy(check, outcome, signal);
}

/** The check of a project, and where it is run. */
export interface TaskCheck {
  readonly runCommand: RunCommand | undefined;
  /** Program and arguments; absent: what is reported as done is taken as it is. */
  readonly afterTask: readonly string[] | undefined;
  readonly cwd: string;
  readonly limits: Pick<Limits, 'commandTimeoutMs' | 'tailBytes'>;
  spawned(process: ProcessRecord): Promise<void>;
}

/**
 * Runs the project's own check (`afterTask`, usually its tests) on what a worker has just reported as done: nothing is committed
 * with failing tests. A check that fails, or takes longer than `commandTimeoutMs`, fails the attempt with the end of its output.
 */
export async function checkedBy(
  { runCommand, afterTask = [], cwd, limits, spawned }: TaskCheck,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<Outcome> {
  const [file, ...args] = afterTask;
  if (outcome.status !== 'done' || file === undefined) return outcome;
  if (!runCommand) return failedBy(new ConductorError('CAPABILITY_MISSING', 'This host runs no commands'), outcome);
  const { commandTimeoutMs: timeoutMs, tailBytes } = limits;
  try {
    const result = await runCommand({ file, args, cwd, timeoutMs, tailBytes, spawned, signal });
    if (result.exitCode === 0) return outcome;
    const how = result.timedOut ? `was not done after ${timeoutMs} ms` : `ended with exit code ${result.exitCode}`;
    const last = result.tail.trimEnd().split('\n').slice(-10).join('\n');
    return failedBy(new ConductorError('COMMAND_FAILED', `${afterTask.join(' ')} ${how}: ${last}`), outcome);
  } catch (error) {
    if (signal.aborted) return { status: 'cancelled', summary: 'The run was stopped' };
    return failedBy(toConductorError(error), outcome);
  }
}

function failedBy({ code, message, retryable }: ConductorError, { usage, transcript }: Outcome): Outcome {
  return {
    status: 'failed',
    summary: message,
    error: { code, message, retryable },
    ...(usage && { usage }),
    ...(transcript && { transcript }),
  };
}
