import { attemptOf, taskEffect } from '@conductor/core';
import type { Step, TaskState, TrackEventData } from '@conductor/core';
import { agentNameOf } from '@conductor/core/dispatch';
import type { Assignment, EventEnvelope, Json } from '@conductor/core/ports';
import { readStream, textOf } from '../load.js';
import { brainstormTexts } from './brainstorm.js';
import { doneTasks } from './kept-tasks.js';
import { knownSolution } from './known-solution.js';
import type { TrackSession } from './track-session.js';

/** What a worker or fixer is handed: its task, the track's spec, and why the attempt before it failed. */
export async function taskAssignment(session: TrackSession, task: TaskState, runId: string): Promise<Assignment> {
  const { engine, state } = session;
  const fixing = state.loop.step === 'FIX';
  const effect = taskEffect(state.id, fixing ? 'FIX' : 'EXECUTE', task);
  const findings = fixing ? await lastFindings(session) : [];
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
      findings,
      ...familyInput(session, fixing ? 'FIX' : 'EXECUTE'),
      ...(fixing && { knownSolution: await knownSolution(session, task, findings) }),
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
      findings: await lastFindings(session),
      ...familyInput(session, state.loop.step),
      ...(state.loop.step === 'PLAN' && (await planningInput(session))),
      ...input,
    },
    deadlineMs: state.policy.limits.effectTimeoutMs,
    idleMs: state.policy.limits.idleTimeoutMs,
  };
}

/** What an agent of the published families is called by and with. */
function familyInput({ engine, state }: TrackSession, step: Step): Readonly<Record<string, Json>> {
  const { loop, policy, plan } = state;
  const working = step === 'EXECUTE' || step === 'FIX';
  return {
    trackFolder: `${engine.folder}/tracks/${state.id}`,
    agent: agentNameOf(step, state.about.superpower) ?? null,
    ...(working && { mode: loop.mode ?? 'SEQUENTIAL', openTasks: plan?.open ?? 0 }),
    ...(step === 'FIX' && { maxAttempts: policy.limits.debugAttempts }),
    ...(step === 'BRAINSTORM' && { options: policy.limits.brainstormOptions }),
  };
}

/** What a planner builds on: the tasks that are done and stay, and what a brainstorm led to. */
async function planningInput(session: TrackSession): Promise<Readonly<Record<string, Json>>> {
  const done = doneTasks(session.state).map(({ task }) => ({ id: task.id, title: task.title }));
  return { doneTasks: done, brainstorm: await brainstormTexts(session) };
}

/** What the last failed evaluation found: handed to the planner and to fixers. */
export async function lastFindings(session: TrackSession): Promise<Json[]> {
  const events = await readStream(session.engine.store, `track/${session.id}`);
  const failed = events.findLast(
    ({ type, data }) => type === 'step.failed' && (data as { step?: string }).step?.startsWith('EVALUATE') === true,
  );
  const findings = (failed?.data as { findings?: Json[] } | undefined)?.findings;
  return findings ?? leftBefore(events[0]);
}

/** What another tool's evaluation or fixer had left to be done when the track was taken over. */
function leftBefore(first: EventEnvelope | undefined): Json[] {
  if (first?.type !== 'track.imported') return [];
  const { failures = [] } = (first.data as unknown as TrackEventData<'track.imported'>).loop; // our own payload of that type
  return failures.map((message) => ({ severity: 'error', code: 'LEFT_TO_FIX', message }));
}
