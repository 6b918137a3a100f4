import { defaultLimits, parseLimits, randomIds, systemClock } from '@conductor/core';
import type { ConductorError, Limits } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';
import { configurationOf } from './configuration.js';
import { rootOf } from './find-root.js';
import { openStore } from './open-store.js';
import type { OpenedStore, StoreChoice } from './open-store.js';
import { documentsFolder, openFolders } from './state-folder.js';

/** How the log of a folder is opened without an engine. */
export interface ProjectLogOptions {
  /** A configuration file instead of the folder's own; `false` loads none. */
  readonly config?: string | false | undefined;
  readonly clock?: Clock | undefined;
  /** Told what is wrong and keeps nothing from going on: a store that is read as of a moment (`STORE_READ_ONLY`). */
  readonly onWarning?: ((warning: ConductorError) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface OpenedLog extends OpenedStore {
  readonly root: string;
  readonly stateDir: string;
  readonly limits: Limits;
  /** True where the configuration of the folder names another store. */
  readonly elsewhere: boolean;
}

interface WithLogOptions extends ProjectLogOptions {
  /** Told to a configuration that is a function. */
  readonly command: string;
  readonly create?: boolean | undefined;
  /** Another store than the configured one. */
  readonly store?: StoreChoice | undefined;
}

/**
 * Opens the store of the project in a folder, works with it, closes it; no engine is opened, and one that runs goes on. Throws
 * `PROJECT_NOT_FOUND`, `CONFIG_INVALID`, and what opening a store throws.
 */
export async function withLog<T>(
  dir: string,
  { config: file, clock = systemClock(), command, create = false, store: wanted, onWarning, signal }: WithLogOptions,
  work: (log: OpenedLog) => Promise<T>,
): Promise<T> {
  const root = await rootOf(dir, create);
  const { config } = await configurationOf(root, {}, { file, command });
  const configured = config.store ?? 'sqlite';
  const { stateDir, readOnly } = await openFolders(root, await documentsFolder(root, config.dir));
  const limits = { ...defaultLimits, ...parseLimits(config.limits) };
  const host = { stateDir, clock, ids: randomIds(), limits, readOnly, onWarning };
  const opened = await openStore(wanted ?? configured, host, { signal });
  try {
    return await work({ ...opened, root, stateDir, limits, elsewhere: (wanted ?? configured) !== configured });
  } finally {
    await opened.store.close();
  }
}
