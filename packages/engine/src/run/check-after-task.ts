import { ConductorError, toConductorError } from '@conductor/core';
import type { Assignment, Outcome } from '@conductor/core/ports';
import type { TrackSession } from './track-session.js';

/**
 * Runs the project's own check (`afterTask`, usually its tests) on what a worker has just reported as done: nothing is committed
 * with failing tests. A check that fails, or takes longer than `commandTimeoutMs`, fails the attempt with the end of its output.
 */
export async function checkedAfterTask(
  session: TrackSession,
  assignment: Assignment,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<Outcome> {
  const { runCommand, afterTask = [], workspace } = session.engine;
  const [file, ...args] = afterTask;
  if (outcome.status !== 'done' || file === undefined) return outcome;
  if (!runCommand) return failedBy(new ConductorError('CAPABILITY_MISSING', 'This host runs no commands'), outcome);
  const { commandTimeoutMs: timeoutMs, tailBytes } = session.state.policy.limits;
  const { effect, runId } = assignment;
  try {
    const result = await runCommand({
      file,
      args,
      cwd: workspace.root,
      timeoutMs,
      tailBytes,
      spawned: async (process) =>
        void (await session.execute([{ name: 'process.record', data: { effect, runId, process } }])),
      signal,
    });
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
