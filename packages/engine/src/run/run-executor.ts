import { anySignal, ConductorError, instant, toConductorError } from '@conductor/core';
import type { Assignment, Executor, Outcome, Progress, RunContext } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { whenAborted } from '../when-aborted.js';
import { checkedOutcome } from './checked-outcome.js';
import { extendTask } from './task-leases.js';
import type { TrackSession } from './track-session.js';

/**
 * Calls an executor with its time limits. Always one outcome: a throw is a failure, silence or too long is
 * `EXECUTOR_TIMEOUT`, and an executor that does not end after its signal is abandoned after its grace.
 */
export async function runExecutor(
  session: TrackSession,
  executor: Executor,
  assignment: Assignment,
  signal: AbortSignal,
): Promise<Outcome> {
  return limitedRun(session.engine, executor, assignment, {
    signal,
    contextOf: (own, heard) => runContext(session, assignment, own, heard),
  });
}

/** What an executor is called with: the signal that ends it, and what it may ask of its surroundings. */
export interface LimitedRun {
  readonly signal: AbortSignal;
  /** `heard` is called at each sign of life. */
  readonly contextOf: (signal: AbortSignal, heard: () => void) => RunContext;
}

/** As `runExecutor`, for whoever runs no track. */
export async function limitedRun(
  { clock, limits }: Pick<EngineContext, 'clock' | 'limits'>,
  executor: Executor,
  assignment: Assignment,
  { signal, contextOf }: LimitedRun,
): Promise<Outcome> {
  const own = new AbortController();
  const linked = anySignal([signal, own.signal]);
  const limitsOver = new AbortController();
  let lastReport = clock.monotonic();
  const expire = (what: string, ms: number) =>
    own.abort(
      new ConductorError('EXECUTOR_TIMEOUT', `${executor.driver.name} ${what} of ${ms} ms`, { details: { limit: ms } }),
    );
  const watch = async () => {
    const end = clock.monotonic() + assignment.deadlineMs;
    for (;;) {
      const now = clock.monotonic();
      const idleLeft = lastReport + assignment.idleMs - now;
      if (end <= now) return expire('went over its deadline', assignment.deadlineMs);
      if (idleLeft <= 0) return expire('was silent over its limit', assignment.idleMs);
      await clock.sleep(Math.min(end - now, idleLeft), { signal: limitsOver.signal });
    }
  };
  const abandoned = async (): Promise<Outcome> => {
    await whenAborted(linked.signal, limitsOver.signal);
    await clock.sleep(limits.killGraceMs + limits.pluginGraceMs, { signal: limitsOver.signal });
    return cancelled('It did not end in time and was abandoned');
  };
  const context = contextOf(linked.signal, () => (lastReport = clock.monotonic()));
  watch().catch(() => {}); // ends by its own signal below
  try {
    const answer = await Promise.race([executor.run(assignment, context), abandoned()]);
    if (own.signal.aborted) return failure(own.signal.reason);
    const outcome = checkedOutcome(answer, limits);
    // What fails after we have ended it failed because of that: an interruption, not an attempt.
    return signal.aborted && outcome.status === 'failed' ? cancelled(outcome.summary) : outcome;
  } catch (error) {
    if (signal.aborted) return cancelled('The run was stopped');
    return failure(own.signal.aborted ? own.signal.reason : error);
  } finally {
    limitsOver.abort();
    linked.dispose();
  }
}

function cancelled(summary: string): Outcome {
  return { status: 'cancelled', summary };
}

function failure(error: unknown): Outcome {
  const known = ConductorError.is(error)
    ? error
    : new ConductorError(
        'EXECUTOR_ERROR',
        toConductorError(error).cause instanceof Error ? (error as Error).message : String(error),
        { cause: error },
      );
  const { code, message, hint, retryable } = known;
  return {
    status: 'failed',
    summary: message,
    error: { code, message, retryable, ...(hint !== undefined && { hint }) },
  };
}

function runContext(session: TrackSession, assignment: Assignment, signal: AbortSignal, heard: () => void): RunContext {
  const { engine } = session;
  const { effect, runId, trackId } = assignment;
  const taskId = 'task' in assignment ? assignment.task.id : undefined;
  return {
    signal,
    clock: engine.clock,
    logger: engine.logger.with({ track: trackId, effect }),
    async report(progress: Progress) {
      heard();
      await publishProgress(engine, { trackId, runId, taskId }, progress);
    },
    async spawned(process) {
      heard();
      await session.execute([{ name: 'process.record', data: { effect, runId, process } }]);
      // The program begins when this resolves. It reads the files, and may write into them without our lock.
      await engine.views.flush(trackId);
    },
    async extend(paths) {
      if (taskId === undefined) throw new ConductorError('UNSUPPORTED', 'Only tasks hold files');
      await extendTask(session, taskId, runId, paths, signal);
    },
  };
}

/** Progress is a bus topic, never a fact; a bus that fails costs nothing but the message. */
export async function publishProgress(
  { bus, ids, clock, logger }: Pick<EngineContext, 'bus' | 'ids' | 'clock' | 'logger'>,
  of: { readonly trackId: string; readonly runId: string; readonly taskId: string | undefined },
  progress: Progress,
): Promise<void> {
  if (!bus) return;
  const { trackId, runId, taskId } = of;
  const body = {
    runId,
    ...(taskId !== undefined && { taskId }),
    ...(progress.percent !== undefined && { percent: progress.percent }),
    ...(progress.note !== undefined && { note: progress.note }),
  };
  try {
    await bus.publish([{ id: ids.id('msg'), topic: `track/${trackId}/progress`, body, at: instant(clock.now()) }]);
  } catch (error) {
    logger.warn('Progress could not be published', { error: String(error) });
  }
}
