import { ConductorError, instant } from '@conductor/core';
import { readSyncFlag } from '@conductor/core/business';
import type { TrackCommand } from '@conductor/core';
import type { Content, Json, Outcome } from '@conductor/core/ports';
import { contentOf } from '../load.js';
import { discoveredWork } from './discovered-work.js';
import type { ExecuteOptions, TrackSession } from './track-session.js';

/** Turns an outcome into a fact. `done` is a claim only; the result gives the files back in the same commit. */
export async function recordOutcome(
  session: TrackSession,
  taskId: string,
  runId: string,
  outcome: Outcome,
): Promise<void> {
  const { state } = session;
  if (state.plan?.tasks.get(taskId)?.runId !== runId) return; // interrupted meanwhile: somebody else owns the story
  if (outcome.status === 'cancelled' && session.signal.aborted) return; // stop-run interrupts it: no attempt is lost
  // As with an agent that nobody handed in (decision 0004): another attempt would say the same, and a person can only install it.
  if (outcome.error?.code === 'COMMAND_MISSING') throw ConductorError.fromJSON(outcome.error);
  const transcript = await transcriptOf(session, outcome);
  if (outcome.status === 'done') {
    const { summary, session: resume, usage } = outcome;
    const answer = flagged(outcome);
    const report: TrackCommand = {
      name: 'task.report',
      data: {
        taskId,
        runId,
        summary,
        changed: [],
        ...(answer !== undefined && { answer }),
        ...(resume && { session: resume }),
        ...(transcript && { transcript }),
        ...(usage && { usage }),
      },
    };
    await reportWork(session, taskId, report, answer);
    return;
  }
  await endTask(session, runId, outcomeCommand(session, taskId, runId, outcome, transcript));
}

/** What the worker printed, put away before the commit that names it. */
async function transcriptOf({ engine }: TrackSession, { transcript }: Outcome): Promise<Content | undefined> {
  if (!transcript || !('text' in transcript)) return transcript;
  return transcript.text === '' ? undefined : contentOf(engine, transcript.text, 'text/plain');
}

function outcomeCommand(
  { engine, state }: TrackSession,
  taskId: string,
  runId: string,
  outcome: Outcome,
  transcript: Content | undefined,
): TrackCommand {
  if (outcome.status === 'blocked') return { name: 'task.block', data: { taskId, runId, reason: outcome.summary } };
  // The call itself was wrong: another attempt would say the same, and only a person can mend it.
  if (outcome.exitCode === 2 || outcome.exitCode === 3)
    return { name: 'task.block', data: { taskId, runId, reason: outcome.summary, asks: 'INPUT_MISSING' } };
  const { error, summary, usage } = outcome;
  const delayMs = state.policy.limits.taskRetryDelayMs;
  return {
    name: 'task.fail',
    data: {
      taskId,
      runId,
      reason: error?.code ?? 'EXECUTOR_ERROR',
      message: error?.message ?? summary,
      ...(delayMs > 0 && { retryAt: instant(engine.clock.now() + delayMs) }),
      ...(transcript && { transcript }),
      ...(usage && { usage }),
    },
  };
}

/** Commits the end of a task under its own fence and gives its files back. */
export async function endTask(
  session: TrackSession,
  runId: string,
  command: TrackCommand,
  { leases = [], ...more }: Omit<ExecuteOptions, 'fence'> = {},
): Promise<void> {
  const grant = session.grants.get(runId);
  const set = grant && { set: grant.set, token: grant.token };
  await session.execute([command], {
    ...more,
    ...(set && { fence: [set] }),
    leases: [...leases, ...(set ? [{ op: 'release' as const, ...set }] : [])],
  });
  session.grants.delete(runId);
}

/** The flag for the business documents counts in whatever form the worker gave it; the fold knows one. */
function flagged({ answer, summary }: Outcome): Json | undefined {
  const { required, reason, documents } = readSyncFlag(answer, summary);
  if (!required) return answer;
  const own = typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? answer : {};
  return {
    ...own,
    businessSyncRequired: true,
    ...(reason !== undefined && { businessSyncReason: reason }),
    ...(documents.length > 0 && { businessDocuments: [...documents] }),
  };
}

/** The report and what was found beside it are one commit; a person's edit of the plan in between is built upon. */
async function reportWork(
  session: TrackSession,
  taskId: string,
  report: TrackCommand,
  answer: Json | undefined,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await session.execute([report, ...(await discoveredWork(session, taskId, answer))]);
      return;
    } catch (error) {
      if (!ConductorError.is(error, 'VERSION_CONFLICT') || tries > session.engine.limits.decideRetries) throw error;
      await session.refresh();
    }
  }
}
