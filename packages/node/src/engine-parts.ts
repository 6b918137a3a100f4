// What an engine of this machine is made of, in a file of its own: only who opens a project loads it.
import { commandRunner, evalCodeQuality } from '@conductor/agents/evaluators';
import { hostProcesses } from '@conductor/agents/node';
import type { ConductorConfig } from '@conductor/core/plugin';
import type { Clock, Ids } from '@conductor/core/ports';
import { leaseKeeper, storedSnapshots } from '@conductor/store';
import { gitExchange, gitRepository } from '@conductor/store/git';
import { withExecutors } from './agents.js';
import type { OpenedStore } from './open-store.js';
import { sharedRepository } from './shared-repository.js';
import { diskFolders } from './track-folders.js';
import { version } from './version.js';
import { worktreesFolder } from './worktrees-folder.js';

export { createEngine } from '@conductor/engine';
export { fileWorkspace } from '@conductor/store/file';

/** What of this machine the parts of an engine are made for. */
interface Machine {
  readonly root: string;
  /** Of the documents, below the root. */
  readonly folder: string;
  /** For files that outlive no run. */
  readonly temporary: string;
  readonly killGraceMs: number;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Else the documents are only looked at. */
  readonly writesFiles: boolean;
}

/** Drivers over the store, over git and over the processes of this machine. */
export function driversOf(
  { git }: ConductorConfig,
  { root, killGraceMs, clock, ids }: Machine,
  { store, artifacts }: Pick<OpenedStore, 'store' | 'artifacts'>,
) {
  return {
    leaseKeeper: leaseKeeper({ leases: store.leases, clock }),
    snapshots: storedSnapshots({ store, artifacts, ids }),
    repository: git === 'off' ? undefined : gitRepository({ root, clock, worktrees: worktreesFolder() }),
    exchange: git === 'off' ? undefined : gitExchange({ root, remote: sharedRepository() }),
    processes: hostProcesses({ clock }),
    runCommand: commandRunner({ clock, ids, killGraceMs }),
  };
}

/** What the configuration says to the engine itself. */
export function settingsOf(config: ConductorConfig, { root, folder, temporary, killGraceMs, writesFiles }: Machine) {
  const { store: _store, storeThread: _thread, bus: _bus, server: _server, dir: _dir, ...settings } = config;
  return {
    ...settings,
    agents: withExecutors(config.agents, { root, temporary, killGraceMs }),
    plugins: [evalCodeQuality, ...(config.plugins ?? [])],
    folder,
    projectName: root.split(/[/\\]/u).at(-1),
    trackFolders: diskFolders(root, folder),
    ...(!writesFiles && { views: false }),
    version,
  };
}
