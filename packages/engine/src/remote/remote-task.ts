import { anySignal, ConductorError } from '@conductor/core';
import { outcomeSchema } from '@conductor/core/run';
import type { RemoteRun, RunEventData } from '@conductor/core/run';
import type { Fence, Outcome } from '@conductor/core/ports';
import { checkedOutcome } from '../run/checked-outcome.js';
import { endTask, recordOutcome } from '../run/record-outcome.js';
import type { TrackSession } from '../run/track-session.js';
import { endOfRun } from './end-of-run.js';
import type { RunEnd } from './end-of-run.js';
import { announceRun, discardBranches } from './offer-run.js';
import { loadRun, openRow, runUnit } from './run-log.js';

/** A task of this session that a worker on another machine does. */
export interface RemoteTask {
  readonly taskId: string;
  readonly runId: string;
  readonly effect: string;
}

/** Waits for a run beside the loop, and turns its end into a fact of the track. */
export function followRun(session: TrackSession, task: RemoteTask): void {
  const { engine } = session;
  session.launch(task.effect, async (signal) => {
    const over = new AbortController();
    const either = anySignal([signal, over.signal]);
    const announced = announceRun(engine, task.runId, either.signal); // beside: a bus that is away holds up nothing
    try {
      const end = await endOfRun(engine, task.runId, signal);
      return () => recordEnd(session, task, end);
    } catch (error) {
      if (!signal.aborted) throw error;
      return () => takeBackIfCurrent(session, task);
    } finally {
      over.abort();
      await announced;
      either.dispose();
    }
  });
}

async function recordEnd(session: TrackSession, task: RemoteTask, { run, grant }: RunEnd): Promise<void> {
  const held = grant && { set: grant.set, token: grant.token };
  if (isCurrent(session, task) && run.status === 'claimed') return takeBack(session, task, 'lost', held);
  if (held) await session.engine.store.leases.release(held.set, held.token);
  if (!isCurrent(session, task)) return;
  if (run.status === 'reported') return recordReport(session, task, run);
  await givenBack(session, task, run.release);
}

/** The track's run stops while a worker is at work. */
async function takeBackIfCurrent(session: TrackSession, task: RemoteTask): Promise<void> {
  if (isCurrent(session, task)) await takeBack(session, task, 'withdrawn');
}

/** Else its task was interrupted meanwhile, and somebody else owns the story. */
function isCurrent({ state }: TrackSession, { taskId, runId }: RemoteTask): boolean {
  return state.plan?.tasks.get(taskId)?.runId === runId;
}

/** Turns what a worker reported into a fact of the track. Its branch comes in, or is removed, when the task is settled. */
export async function recordReport(
  session: TrackSession,
  { taskId, runId }: Pick<RemoteTask, 'taskId' | 'runId'>,
  run: RemoteRun,
): Promise<void> {
  const outcome = outcomeOf(session, run);
  await recordOutcome(session, taskId, runId, outcome);
  if (outcome.status !== 'done') await discardBranches(session.engine, runId);
}

/** What a worker answered, as far as it is an outcome at all: it comes from another machine. */
function outcomeOf({ state }: TrackSession, { report }: RemoteRun): Outcome {
  const parsed = outcomeSchema.safeParse(report?.outcome);
  try {
    const usage = report?.usage;
    return checkedOutcome(
      parsed.success ? { ...parsed.data, ...(usage && { usage }) } : undefined,
      state.policy.limits,
    );
  } catch (error) {
    if (!ConductorError.is(error)) throw error;
    const { code, message, retryable } = error;
    return { status: 'failed', summary: message, error: { code, message, retryable } };
  }
}

const interruptions = { withdrawn: 'stopped', lost: 'leaseLost' } as const;

/**
 * Ends a run from the engine's side, in the commit that interrupts its task: same attempt, same key, another run. A result that
 * came a moment before counts: the agent was paid for it.
 */
export async function takeBack(
  session: TrackSession,
  { taskId, runId }: RemoteTask,
  reason: keyof typeof interruptions,
  held?: Fence,
): Promise<void> {
  const { store } = session.engine;
  try {
    await endTask(
      session,
      runId,
      { name: 'task.interrupt', data: { taskId, runId, reason: interruptions[reason] } },
      {
        others: [runUnit(store, runId, { name: 'run.release', data: { reason } })],
        records: [openRow(runId, undefined)],
        leases: held ? [{ op: 'release', ...held }] : [],
      },
    );
  } catch (error) {
    if (!ConductorError.is(error, 'INVALID_STATE')) throw error;
    const run = await loadRun(store, runId);
    if (run.status !== 'reported') throw error;
    return recordReport(session, { taskId, runId }, run);
  }
  await discardBranches(session.engine, runId);
}

/** A worker that was stopped costs nothing; one that was not able to counts as one more recovery, so that this ends. */
async function givenBack(
  session: TrackSession,
  { taskId, runId }: RemoteTask,
  release: RunEventData<'run.released'> | undefined,
): Promise<void> {
  const { reason, message } = release ?? {};
  if (message !== undefined) session.engine.logger.warn(`Run ${runId} was given back: ${message}`);
  const why = reason === 'unable' ? 'leaseLost' : 'stopped';
  await endTask(session, runId, { name: 'task.interrupt', data: { taskId, runId, reason: why } });
  await discardBranches(session.engine, runId);
}
