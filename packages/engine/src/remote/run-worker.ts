import {
  anySignal,
  ConductorError,
  defaultLimits,
  delayMs,
  parseLimits,
  raceAbort,
  randomIds,
  systemClock,
} from '@conductor/core';
import { openPlugins } from '@conductor/core/plugin';
import type { OpenedPlugins } from '@conductor/core/plugin';
import { silentLogger } from '@conductor/core/ports';
import type { Opt, Workspace } from '@conductor/core/ports';
import { resolveAgents } from '../agents.js';
import { loadProject } from '../load.js';
import { doRun } from './do-run.js';
import type { RunResult, RunSignals, Workshop } from './do-run.js';
import { openMailbox } from './mailbox.js';
import type { ClaimedRun, Mailbox } from './mailbox.js';
import { remoteExecutor } from './remote-executor.js';
import type { OpenRun } from './run-log.js';
import { wakeUps } from './wake-ups.js';
import type { RunRecords, WorkerPorts, WorkerSettings, WorkerSummary } from './worker-ports.js';

/** Nothing that waiting could mend: the store has closed itself. */
const fatal = ['CLOSED', 'STORE_FAILED'] as const;

/** A worker while it runs. */
interface Worker {
  readonly shop: Workshop;
  readonly projectId: string;
  readonly maxWorkers: number;
  can(run: OpenRun): boolean;
  openMailbox(): Promise<Mailbox>;
  claimed(run: ClaimedRun): void;
  ended(run: ClaimedRun, result: RunResult): void;
}

/**
 * Takes tasks of whatever track is run with `remote` as its agent, until `signal`: then what its agents have not done is given
 * back. Resolves with what it did. A worker that loses its leases drops its work and begins anew. Throws PROJECT_NOT_FOUND,
 * PLUGIN_INVALID, and what closes the store.
 */
export async function runWorker(
  ports: WorkerPorts,
  settings: WorkerSettings,
  { signal = new AbortController().signal }: Opt = {},
): Promise<WorkerSummary> {
  const { clock = systemClock(), logger = silentLogger } = ports;
  const { plugins: wanted = [], disable } = settings;
  const plugins = await openPlugins(wanted, { disable, logger, clock, signal });
  const done = { tasks: 0, failed: 0 };
  try {
    const worker = workerOf(ports, settings, { plugins, done, projectId: await projectOf(ports) });
    for (let failures = 0; !signal.aborted;) {
      try {
        await shift(worker, signal);
        failures = 0;
      } catch (error) {
        if (ConductorError.is(error, ...fatal)) throw error;
        failures += 1;
        logger.warn('This worker begins anew', { error: String(error) });
      }
      await rest(worker.shop, failures, signal);
    }
    return done;
  } finally {
    await plugins.close();
  }
}

/** Claims and does runs under one owner of leases, until the end or until these leases are lost. */
async function shift(worker: Worker, stop: AbortSignal): Promise<void> {
  const { shop, projectId, maxWorkers } = worker;
  const mailbox = await worker.openMailbox();
  const over = anySignal([stop, mailbox.signal]);
  const { signal } = over;
  const wakes = wakeUps({ ...shop, mailbox, projectId, signal });
  const runs = new Set<Promise<void>>();
  try {
    while (!signal.aborted) {
      const run = runs.size < maxWorkers ? await nextRun(worker, mailbox, signal) : undefined;
      if (run) {
        const flight = perform(worker, run, { stop, lost: mailbox.signal }).finally(() => runs.delete(flight));
        runs.add(flight);
      } else if (runs.size < maxWorkers)
        await raceAbort(wakes.next(), signal).catch(() => {}); // it ends above
      else await Promise.race(runs);
    }
  } finally {
    await Promise.all(runs); // they end by the same signals
    over.dispose();
    await mailbox.close();
  }
}

/** Claims the oldest run that this worker can do. A claim that failed in doubt ends the shift: nobody would do what it holds. */
async function nextRun(worker: Worker, mailbox: Mailbox, signal: AbortSignal): Promise<ClaimedRun | undefined> {
  for (const run of await openRuns(worker, mailbox, signal)) {
    const claimed = await mailbox.claim(run, { signal });
    if (claimed) return claimed;
  }
  return undefined;
}

/** A store that is away for a moment is no reason to drop what runs. */
async function openRuns({ can, shop }: Worker, mailbox: Mailbox, signal: AbortSignal): Promise<readonly OpenRun[]> {
  const open: OpenRun[] = [];
  try {
    for await (const run of mailbox.open({ signal })) if (can(run)) open.push(run);
  } catch (error) {
    if (ConductorError.is(error, ...fatal)) throw error;
    if (!signal.aborted) shop.logger.warn('Runs could not be looked for', { error: String(error) });
  }
  return open;
}

/** A machine that could not do a run rests a while, so that another one takes it. */
async function perform({ shop, claimed, ended }: Worker, run: ClaimedRun, signals: RunSignals): Promise<void> {
  claimed(run);
  const result = await doRun(shop, run, signals);
  ended(run, result);
  const { clock, limits } = shop;
  if (result.type === 'released' && result.reason === 'unable')
    await clock.sleep(limits.retryMaxMs, { signal: signals.stop }).catch(() => {}); // called off by the end
}

/** Leases were lost, or the store is away. */
async function rest({ clock, ids, limits }: Workshop, failures: number, signal: AbortSignal): Promise<void> {
  const policy = { baseMs: Math.max(1, limits.retryMinMs), maxMs: Math.max(1, limits.retryMaxMs) };
  await clock.sleep(delayMs(policy, failures + 1, ids.random()), { signal }).catch(() => {}); // called off by the end
}

interface Opened {
  readonly plugins: OpenedPlugins;
  readonly done: { tasks: number; failed: number };
  readonly projectId: string;
}

function workerOf(ports: WorkerPorts, settings: WorkerSettings, { plugins, done, projectId }: Opened): Worker {
  const {
    store,
    leaseKeeper,
    folders,
    bus,
    artifacts,
    runCommand,
    host = { host: 'local', bootId: 'unknown' },
  } = ports;
  const { clock = systemClock(), ids = randomIds(), logger = silentLogger, records = unrecorded } = ports;
  const { roles = ['worker', 'fixer'], maxWorkers = 1, folder = 'conductor', afterTask, onEvent = () => {} } = settings;
  const limits = { ...defaultLimits, ...parseLimits(settings.limits ?? {}) };
  const workspaces = new Map<string, Workspace>();
  const agents = resolveAgents(settings.agents, plugins.executors, ({ runId }) => workspaceOf(workspaces, runId));
  return {
    shop: {
      folders,
      agents,
      workspaces,
      bus,
      artifacts,
      runCommand,
      records,
      afterTask,
      folder,
      limits,
      clock,
      ids,
      logger,
    },
    projectId,
    maxWorkers,
    can({ role, taskType }) {
      const agent = agents.for(role, taskType);
      return roles.includes(role) && agent !== undefined && agent !== remoteExecutor;
    },
    openMailbox: () => openMailbox({ store, leaseKeeper, host, clock, ids, limits }),
    claimed: ({ runId, trackId, taskId }) => onEvent({ type: 'claimed', runId, trackId, taskId }),
    ended({ runId, trackId, taskId }, { type, text, ...result }) {
      const status = 'status' in result ? result.status : undefined;
      if (status !== undefined) done.tasks += 1;
      if (status !== undefined && status !== 'done') done.failed += 1;
      onEvent({ type, runId, trackId, taskId, ...(status && { status }), text });
    },
  };
}

const unrecorded: RunRecords = { begin: async () => {}, spawned: async () => {}, forget: async () => {} };

function workspaceOf(workspaces: ReadonlyMap<string, Workspace>, runId: string): Workspace {
  const workspace = workspaces.get(runId);
  if (workspace) return workspace;
  throw new ConductorError('INTERNAL_ERROR', `Run ${runId} has no folder`);
}

async function projectOf({ store }: WorkerPorts): Promise<string> {
  const { version, projectId } = await loadProject(store);
  if (version > 0) return projectId;
  throw new ConductorError('PROJECT_NOT_FOUND', 'There is no project in this store yet', {
    hint: 'Run `conductor init` or `conductor run` with the same store first.',
  });
}
