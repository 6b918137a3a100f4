import { userInfo } from 'node:os';
import { defaultLimits, parseLimits, randomIds, systemClock } from '@conductor/core';
import type { ConductorError, Limits } from '@conductor/core';
import type { ConductorApi } from '@conductor/core/api';
import type { ConductorConfig } from '@conductor/core/plugin';
import { silentLogger } from '@conductor/core/ports';
import type { ActorRef, Authorize, Clock, Ids, Logger, MessageBus, Store } from '@conductor/core/ports';
import type { Engine } from '@conductor/engine';
import { configurationOf } from './configuration.js';
import { rootOf } from './find-root.js';
import { openBus } from './open-bus.js';
import { openStore } from './open-store.js';
import { openToLook } from './open-to-look.js';
import type { LookedAt } from './open-to-look.js';
import { documentsFolder, openFolders } from './state-folder.js';
import { noTemporaryFolder, temporaryFolder } from './temporary-folder.js';
import type { TemporaryFolder } from './temporary-folder.js';
import { warningsOf } from './warnings.js';

export interface OpenProjectOptions extends Omit<ConductorConfig, 'store' | 'bus'> {
  /** Make the folders of a project that is not there yet; never runs `git init`. */
  readonly create?: boolean | undefined;
  /** A configuration file instead of the folder's own; `false` loads none. */
  readonly config?: string | false | undefined;
  readonly store?: ConductorConfig['store'] | Store | undefined;
  readonly bus?: ConductorConfig['bus'] | MessageBus | undefined;
  /** Who `project.api` speaks as; default: the user of this process. */
  readonly actor?: ActorRef | undefined;
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
  readonly ids?: Ids | undefined;
  readonly authorize?: Authorize | undefined;
  /**
   * Nothing is to be changed: no file is written, and a store that has no event yet stays so. What an engine would write down at
   * its first opening, such as tracks that lie in the folder, is shown all the same.
   */
  readonly looking?: boolean | undefined;
  /** Told to a configuration that is a function. */
  readonly command?: string | undefined;
  /**
   * Told what is wrong and keeps nothing from going on: a bus that is away (`BUS_FAILED`), a store that is read as of a moment
   * (`STORE_READ_ONLY`). Default: the logger's warning.
   */
  readonly onWarning?: ((warning: ConductorError) => void) | undefined;
  /** Breaks off the opening, however long a server takes to answer. */
  readonly signal?: AbortSignal | undefined;
}

/** An engine over a folder of this machine. */
export interface Project extends Engine {
  /** Everything a person can do, as the local owner. */
  readonly api: ConductorApi;
  readonly root: string;
  readonly stateDir: string;
  /** Folder of the project's documents below the root. */
  readonly folder: string;
  readonly config: ConductorConfig;
  /** Opened for `looking` where nothing was logged yet: what its log shows is forgotten with this process. */
  readonly isPassing: boolean;
}

/**
 * Opens the project in a folder: configuration, store, bus, git and engine, wired for this machine. Starts no run. Options
 * win over the configuration, key by key. A project that this user may read and not write is opened for looking at it: whatever
 * would change it is `STORE_READ_ONLY` then. Throws `PROJECT_NOT_FOUND`, `CONFIG_INVALID`, `PLUGIN_INVALID`, `STORE_*`.
 */
export async function openProject(dir: string, options: OpenProjectOptions = {}): Promise<Project> {
  const root = await rootOf(dir, options.create === true);
  const {
    create: _,
    config: file,
    actor: who,
    logger = silentLogger,
    clock = systemClock(),
    ids = randomIds(),
    authorize,
    command = 'open',
    looking = false,
    onWarning = warningsOf(logger),
    signal,
    ...own
  } = options;
  const { fromFile, config } = await configurationOf(root, own, { file, command });
  const { createEngine, driversOf, fileWorkspace, settingsOf } = await import('./engine-parts.js');
  const folder = await documentsFolder(root, config.dir);
  const { stateDir, readOnly } = await openFolders(root, folder);
  const limits: Limits = { ...defaultLimits, ...parseLimits(config.limits) };
  const temporary = readOnly ? noTemporaryFolder(stateDir) : await temporaryFolder(stateDir, { clock, logger });
  const workspace = fileWorkspace({ root, clock, temporary: temporary.path });
  const storeHost = { stateDir, clock, ids, limits, thread: config.storeThread, readOnly, onWarning };
  const choice = config.store ?? 'sqlite';
  const opening = looking ? openToLook(choice, storeHost, { signal }) : openStored(choice, storeHost, { signal });
  const opened = await opening.catch(async (error: unknown) => {
    await temporary.close();
    throw error;
  });
  const { store, artifacts } = opened;
  const writesFiles = !readOnly && !opened.isPassing;
  const busHost = { clock, ids, storeId: store.id, files: { workspace, folder }, onWarning, logger };
  const bus = await openBus(writesFiles ? (config.bus ?? 'file') : 'memory', busHost, { signal }).catch(
    async (error: unknown) => {
      await store.close();
      await temporary.close();
      throw error;
    },
  );
  try {
    const { killGraceMs } = limits;
    const machine = { root, folder, clock, ids, temporary: temporary.path, killGraceMs, writesFiles };
    const engine = await createEngine(
      { store, artifacts, workspace, bus, clock, ids, logger, authorize, ...driversOf(config, machine, opened) },
      settingsOf(config, machine),
    );
    const actor = who ?? localOwner();
    const { isPassing } = opened;
    return projectOf(engine, { root, stateDir, folder, config: fromFile, isPassing, store, bus, temporary, actor });
  } catch (error) {
    await bus.close();
    await store.close();
    await temporary.close();
    throw error;
  }
}

async function openStored(...of: Parameters<typeof openStore>): Promise<LookedAt> {
  return { ...(await openStore(...of)), isPassing: false };
}

interface Parts {
  readonly root: string;
  readonly stateDir: string;
  readonly folder: string;
  readonly config: ConductorConfig;
  readonly isPassing: boolean;
  readonly store: Store;
  readonly bus: MessageBus;
  readonly temporary: TemporaryFolder;
  readonly actor: ActorRef;
}

function projectOf(engine: Engine, parts: Parts): Project {
  const { root, stateDir, folder, config, isPassing, store, bus, temporary, actor } = parts;
  let closed: Promise<void> | undefined;
  const close: Engine['close'] = (o) =>
    (closed ??= (async () => {
      // The store is closed whatever happens before: it holds timers and the connection.
      try {
        await engine.close(o);
      } finally {
        await bus.close().finally(() => store.close());
        await temporary.close();
      }
    })());
  return Object.freeze({
    ...engine,
    api: engine.as(actor),
    root,
    stateDir,
    folder,
    config,
    isPassing,
    close,
    [Symbol.asyncDispose]: () => close(),
  });
}

function localOwner(): ActorRef {
  return { kind: 'user', id: userName() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`; // of a container that lists no such user
  }
}
