import { ConductorError, defaultLimits, parseLimits, randomIds, systemClock } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { Agents } from '@conductor/core/plugin';
import { silentLogger } from '@conductor/core/ports';
import type { Clock, Ids, Logger, MessageBus, Opt, Store } from '@conductor/core/ports';
import type { WorkerEvent, WorkerSummary } from '@conductor/engine/remote';
import { configurationOf } from './configuration.js';
import { rootOf } from './find-root.js';
import { keptRuns } from './left-behind.js';
import { openBus } from './open-bus.js';
import type { BusChoice } from './open-bus.js';
import { openStore } from './open-store.js';
import type { StoreChoice } from './open-store.js';
import { sharedRepository } from './shared-repository.js';
import { documentsFolder, makeFolders } from './state-folder.js';
import { temporaryFolder } from './temporary-folder.js';
import { warningsOf } from './warnings.js';
import { worktreesFolder } from './worktrees-folder.js';

export interface OpenWorkerOptions {
  /** A configuration file instead of the folder's own; `false` loads none. */
  readonly config?: string | false | undefined;
  /** The store of the engine whose tasks are done here; required, here or in the configuration. */
  readonly store?: StoreChoice | Store | undefined;
  readonly bus?: BusChoice | MessageBus | undefined;
  readonly agents?: Agents | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Remote, path or URL of the repository that engine and workers share; default `CONDUCTOR_REPO`, else `origin`. */
  readonly repo?: string | undefined;
  readonly roles?: readonly ('worker' | 'fixer')[] | undefined;
  /** Tasks at one time; default 1. */
  readonly maxWorkers?: number | undefined;
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined;
  readonly logger?: Logger | undefined;
  /** Told what is wrong and keeps nothing from going on: a bus that is away (`BUS_FAILED`). Default: the logger's warning. */
  readonly onWarning?: ((warning: ConductorError) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  /** Breaks off the opening. */
  readonly signal?: AbortSignal | undefined;
}

/** A worker on this machine that does tasks for an engine on another one. */
export interface ProjectWorker {
  readonly root: string;
  /** Where the log lies, for people: without credentials. */
  readonly store: string;
  /** Claims and does tasks until `signal`; then gives back what is not done. Once. */
  run(o?: Opt): Promise<WorkerSummary>;
  close(): Promise<void>;
}

/**
 * Opens a clone of a project as a worker: its configuration says who does the work. It writes no document and runs no track.
 * Throws PROJECT_NOT_FOUND, CONFIG_INVALID, and what store and bus throw.
 */
export async function openWorker(dir: string, options: OpenWorkerOptions = {}): Promise<ProjectWorker> {
  const root = await rootOf(dir, false);
  const { config: file, repo, roles, maxWorkers, onEvent, signal, logger = silentLogger, ...rest } = options;
  const { clock = systemClock(), ids = randomIds(), onWarning = warningsOf(logger), ...own } = rest;
  const { config } = await configurationOf(root, own, { file, command: 'worker' });
  if (config.store === undefined)
    throw new ConductorError('CONFIG_INVALID', 'A worker must be told where the log of its engine lies', {
      hint: 'conductor worker --store postgres://<user>:<password>@<host>/<database>',
    });
  const { commandRunner, gitWorkFolders, hostProcesses, leaseKeeper, runWorker, withExecutors } =
    await import('./worker-parts.js');
  const folder = await documentsFolder(root, config.dir);
  const stateDir = await makeFolders(root, folder);
  const limits: Limits = { ...defaultLimits, ...parseLimits(config.limits) };
  const temporary = await temporaryFolder(stateDir, { clock, logger });
  const storeHost = { stateDir, clock, ids, limits };
  const { store, place, sharedArtifacts } = await openStore(config.store, storeHost, { signal }).catch(
    async (error: unknown) => {
      await temporary.close();
      throw error;
    },
  );
  let bus: MessageBus | undefined;
  const close = async () => {
    await bus?.close().catch((error: unknown) => logger.warn('The bus could not be closed', { error: String(error) }));
    await store.close();
    await temporary.close();
  };
  try {
    bus = await reachingBus(config.bus, { clock, ids, storeId: store.id, onWarning, logger }, { signal });
    const processes = hostProcesses({ clock });
    const { killGraceMs } = limits;
    const folders = gitWorkFolders({ root, clock, worktrees: worktreesFolder(), remote: sharedRepository(repo) });
    const records = await keptRuns({ stateDir, processes, folders, clock, logger, graceMs: killGraceMs });
    const ports = {
      store,
      leaseKeeper: leaseKeeper({ leases: store.leases, clock }),
      folders,
      bus,
      artifacts: sharedArtifacts,
      runCommand: commandRunner({ clock, ids, killGraceMs }),
      records,
      host: processes,
      clock,
      ids,
      logger,
    };
    const { plugins, disable, afterTask } = config;
    const agents = withExecutors(config.agents, { root, temporary: temporary.path, killGraceMs });
    const settings = { agents, plugins, disable, afterTask, folder, roles, maxWorkers, onEvent, limits: config.limits };
    return Object.freeze({
      root,
      store: place,
      run: (o?: Opt) => runWorker(ports, settings, o),
      async close() {
        await records.close();
        await close();
      },
    });
  } catch (error) {
    await close();
    throw error;
  }
}

/** A bus that only this process hears wakes nobody here: then the feed of the store does. */
async function reachingBus(
  choice: BusChoice | MessageBus | undefined,
  host: Parameters<typeof openBus>[1],
  o: Opt,
): Promise<MessageBus | undefined> {
  return choice === undefined || choice === 'memory' || choice === 'file' ? undefined : openBus(choice, host, o);
}
