import { attemptOf, taskEffect } from '@conductor/core';
import type { TaskState } from '@conductor/core';
import type { Assignment, Json } from '@conductor/core/ports';
import { readStream, textOf } from '../load.js';
import type { TrackSession } from './track-session.js';

/** What a worker or fixer is handed: its task, the track's spec, and why the attempt before it failed. */
export async function taskAssignment(session: TrackSession, task: TaskState, runId: string): Promise<Assignment> {
  const { engine, state } = session;
  const fixing = state.loop.step === 'FIX';
  const effect = taskEffect(state.id, fixing ? 'FIX' : 'EXECUTE', task);
  return {
    role: fixing ? 'fixer' : 'worker',
    task: task.task,
    effect,
    idempotencyKey: `${engine.projectId}/${effect}`,
    trackId: state.id,
    step: fixing ? 'FIX' : 'EXECUTE',
    runId,
    attempt: attemptOf(task),
    recovery: task.recoveries,
    folder: engine.workspace.root,
    input: {
      goal: state.about.goal,
      spec: await textOf(engine, state.about.spec),
      acceptance: task.task.acceptance ?? state.about.goal,
      previousFailure: task.failures > 0 ? (task.note ?? null) : null,
      findings: fixing ? await lastFindings(session) : [],
    },
    deadlineMs: state.policy.limits.taskTimeoutMs,
    idleMs: state.policy.limits.idleTimeoutMs,
  };
}

/** What a planner, critic, CTO or scribe is handed. */
export async function roleAssignment(
  session: TrackSession,
  role: 'planner' | 'critic' | 'cto' | 'scribe',
  effect: string,
  input: Readonly<Record<string, Json>> = {},
): Promise<Assignment> {
  const { engine, state } = session;
  return {
    role,
    effect,
    idempotencyKey: `${engine.projectId}/${effect}`,
    trackId: state.id,
    step: state.loop.step,
    runId: engine.ids.id('run'),
    attempt: state.effects.get(effect)?.tries ?? 1,
    recovery: state.effects.get(effect)?.recoveries ?? 0,
    folder: engine.workspace.root,
    input: {
      goal: state.about.goal,
      spec: await textOf(engine, state.about.spec),
      plan: state.plan ? await textOf(engine, state.plan.text) : null,
      planRevision: state.plan?.revision ?? 0,
      trackFolder: `${engine.folder}/tracks/${state.id}`,
      findings: await lastFindings(session),
      ...input,
    },
    deadlineMs: state.policy.limits.effectTimeoutMs,
    idleMs: state.policy.limits.idleTimeoutMs,
  };
}

/** What the last failed evaluation found: handed to the planner and to fixers. */
export async function lastFindings(session: TrackSession): Promise<Json[]> {
  const events = await readStream(session.engine.store, `track/${session.id}`);
  const failed = events.findLast(
    ({ type, data }) => type === 'step.failed' && (data as { step?: string }).step?.startsWith('EVALUATE') === true,
  );
  const findings = (failed?.data as { findings?: Json[] } | undefined)?.findings;
  return findings ?? [];
}
