import { buildGraph, pick, priorities } from '@conductor/dag';
import type { Priorities, TaskGraph } from '@conductor/dag';
import { ConductorError } from '@conductor/core';
import type { Action, PlanState, TaskState } from '@conductor/core';
import type { Grant, LeaseOp, LeaseRequest } from '@conductor/core/ports';
import type { EngineContext } from '../engine-context.js';
import { launchTask } from './launch-task.js';
import { leaseKeys } from './task-leases.js';
import { waitPrefix } from './track-session.js';
import type { TrackSession } from './track-session.js';

/** The graph of a plan revision, built once: its shape does not change while its tasks run. */
const graphs = new WeakMap<TrackSession, { revision: number; graph: TaskGraph; ranks: Priorities }>();

function graphOf(session: TrackSession, plan: PlanState) {
  const known = graphs.get(session);
  if (known?.revision === plan.revision) return known;
  const graph = buildGraph([...plan.tasks.values()].map(({ task }) => task));
  const built = { revision: plan.revision, graph, ranks: priorities(graph) };
  graphs.set(session, built);
  return built;
}

/** Starts what should go first of what may run, as far as its files can be had now. */
export async function startTasks(
  session: TrackSession,
  { ready, slots }: Extract<Action, { do: 'work' }>,
): Promise<void> {
  const { plan } = session.state;
  if (!plan) return;
  const { graph, ranks } = graphOf(session, plan);
  for (const id of pick({ graph, ready, running: plan.running, slots, priorities: ranks })) {
    const task = session.state.plan?.tasks.get(id);
    if (task) await startTask(session, task);
  }
}

async function startTask(session: TrackSession, task: TaskState): Promise<void> {
  const { engine } = session;
  const executor = engine.agents.for(session.state.loop.step === 'FIX' ? 'fixer' : 'worker', task.task.type);
  if (!executor) {
    throw new ConductorError(
      'EXECUTOR_MISSING',
      `Nobody was handed in to do task ${task.task.id} (${task.task.type})`,
      {
        details: { role: 'worker', task: task.task.id },
      },
    );
  }
  const runId = engine.ids.id('run');
  const keys = leaseKeys(engine.workspace, task.task);
  const acquire: LeaseOp = { op: 'acquire', set: runId, owner: engine.owner, keys, ttlMs: engine.limits.leaseMs };
  try {
    await launchTask(session, task, runId, executor, { leases: [acquire] });
  } catch (error) {
    if (!ConductorError.is(error, 'LEASE_HELD')) throw error;
    await waitForFiles(session, task, runId, acquire, error);
  }
}

/** Says so once, then queues for the files beside the loop; the task starts under the grant. */
async function waitForFiles(
  session: TrackSession,
  task: TaskState,
  runId: string,
  acquire: Extract<LeaseOp, { op: 'acquire' }>,
  held: ConductorError,
): Promise<void> {
  const { engine } = session;
  const { op: _, ...request } = acquire;
  const keys = request.keys.filter(({ key }) => !key.startsWith('dir:')).map(({ key }) => key);
  await session.execute([{ name: 'lease.wait', data: { taskId: task.task.id, keys, holders: holdersOf(held) } }]);
  session.launch(`${waitPrefix}${task.task.id}`, async (signal) => {
    const grant = await patiently(engine, request, signal);
    return async () => {
      if (grant) await startUnder(session, task.task.id, runId, grant);
    };
  });
}

/** Waits for as long as the run goes on: a file that somebody holds for hours delays its task, not the run. */
async function patiently(
  { store, limits }: EngineContext,
  request: LeaseRequest,
  signal: AbortSignal,
): Promise<Grant | undefined> {
  for (;;) {
    try {
      return await store.leases.acquire(request, { waitMs: limits.fileLeaseMs, signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!ConductorError.is(error, 'LEASE_HELD')) throw error;
    }
  }
}

/** Starts a task whose files have come; unless nothing more may start, and when a worker is free. */
async function startUnder(session: TrackSession, taskId: string, runId: string, grant: Grant): Promise<void> {
  const { engine, state } = session;
  const task = state.plan?.tasks.get(taskId);
  const executor = task && engine.agents.for(state.loop.step === 'FIX' ? 'fixer' : 'worker', task.task.type);
  const due = state.plan?.waiting.has(taskId) === true && state.lifecycle === 'active' && !session.stopRequested;
  if (!task || !executor || !due) {
    await engine.store.leases.release(grant.set, grant.token);
    return;
  }
  if ((state.plan?.running.size ?? 0) >= state.policy.limits.maxWorkers) {
    session.launch(`${waitPrefix}${taskId}`, async () => {
      await session.oneEnded();
      return () => startUnder(session, taskId, runId, grant);
    });
    return;
  }
  await launchTask(session, task, runId, executor, { fence: [{ set: grant.set, token: grant.token }], grant });
}

function holdersOf(error: ConductorError): string[] {
  const { holders } = error.details;
  return Array.isArray(holders) ? holders.map(holderName) : [];
}

function holderName(holder: unknown): string {
  if (typeof holder === 'string') return holder;
  const { set } = (holder ?? {}) as { readonly set?: unknown };
  return typeof set === 'string' ? set : 'unknown';
}
