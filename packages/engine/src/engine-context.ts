import type {
  ActorRef,
  Artifacts,
  Authorize,
  Clock,
  EventEnvelope,
  Executor,
  Ids,
  Logger,
  OwnerId,
} from '@conductor/core/ports';
import type { Limits } from '@conductor/core';
import type { Opened, OpenedPlugins, EvaluatorDefinition } from '@conductor/core/plugin';
import type { Director } from '@conductor/board';
import type { EngineStore } from './folds/read-edge.js';
import type { EnginePorts } from './ports.js';

/** Finds who does the work of a role. */
export interface Agents {
  /** `undefined`: nobody was handed in for this role. */
  for(role: string, taskType?: string): Executor | undefined;
  /** True when the role was named, not only reached through the default. */
  names(role: string): boolean;
}

/** Writes the files people read, after the commits they show. */
export interface Views {
  /** The track (and the registry) changed: write its views at the end of this turn. */
  touch(trackId: string): void;
  /**
   * Resolves when everything touched so far is on disk. `patient`: waits for other tools that hold a view, as long as such a
   * lock may last; without it that view is left for the next time.
   */
  flush(trackId: string, o?: { readonly patient?: boolean }): Promise<void>;
  /** Resolves when nothing is being written any more; a write that failed is no matter of the caller's. */
  settled(): Promise<void>;
  /** Writes again what an engine left behind the log when it died. */
  catchUp(): Promise<void>;
  /** What was written for a track, with the hash of its bytes. */
  known(
    trackId: string,
  ): Promise<readonly { readonly path: string; readonly last: string; readonly pending: string }[]>;
}

/** What every part of a running engine shares: the ports with their defaults filled in, options resolved once. */
export interface EngineContext extends EnginePorts {
  readonly store: EngineStore;
  readonly artifacts: Artifacts;
  readonly authorize: Authorize;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly owner: OwnerId;
  readonly host: string;
  readonly projectId: string;
  readonly limits: Limits;
  readonly agents: Agents;
  readonly plugins: OpenedPlugins;
  readonly evaluators: readonly Opened<EvaluatorDefinition>[];
  readonly directors: readonly Director[];
  readonly quorum: number | undefined;
  readonly git: 'auto' | 'required' | 'off';
  /** Run after every task, before its work is committed. */
  readonly afterTask?: readonly string[] | undefined;
  /** Folder of the project's documents below the root, `conductor` by default. */
  readonly folder: string;
  readonly version: string;
  readonly views: Views;
  readonly onEvent: ((event: EventEnvelope) => void | Promise<void>) | undefined;
}

/** The actor of what the engine decides by itself. */
export const engineActor: ActorRef = Object.freeze({ kind: 'engine', id: 'engine' });
