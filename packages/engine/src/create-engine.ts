import { directorOf } from '@conductor/board';
import { standardDirectors } from '@conductor/board/directors';
import type { Director } from '@conductor/board';
import { ConductorError, defaultLimits, parseLimits, randomIds, systemClock } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { ApiSource, ConductorApi } from '@conductor/core/api';
import { openPlugins } from '@conductor/core/plugin';
import type { EngineOptions, OpenedPlugins } from '@conductor/core/plugin';
import { requireWholeLog, silentLogger } from '@conductor/core/ports';
import type { ActorRef, Clock, Ids, Logger } from '@conductor/core/ports';
import { resolveAgents } from './agents.js';
import { advise } from './api/advice-api.js';
import type { Advice, AdviceQuestion } from './api/advice-api.js';
import { approvalsApi } from './api/approvals-api.js';
import { boardsApi } from './api/boards-api.js';
import { documentsApi } from './api/documents-api.js';
import { eventsApi } from './api/events-api.js';
import { repair } from './api/repair.js';
import type { Repair } from './api/repair.js';
import { plansApi } from './api/plans-api.js';
import { artifactsApi, systemApi } from './api/system-api.js';
import { tracksApi } from './api/tracks-api.js';
import { localOwnerMayAll } from './authorize.js';
import { createSyncs } from './business/syncs.js';
import type { Syncs } from './business/syncs.js';
import { commitUnits } from './commit-units.js';
import { engineActor } from './engine-context.js';
import type { EngineContext, Views } from './engine-context.js';
import { createFoldCache } from './folds/fold-cache.js';
import type { FoldCache } from './folds/fold-cache.js';
import { readEdge } from './folds/read-edge.js';
import { loadProject } from './load.js';
import type { EnginePorts } from './ports.js';
import { createImports } from './import/import-tracks.js';
import type { Imports } from './import/import-tracks.js';
import { namedTracks } from './import/named-tracks.js';
import type { TrackFolders } from './import/track-folders.js';
import { limitedCalls } from './api/limited-calls.js';
import { createRuns } from './runs.js';
import type { Runs } from './runs.js';
import { tellEvents } from './tell-events.js';
import { projectUnit } from './units.js';
import { createViews, noViews } from './views/views.js';

export interface CloseOptions {
  /** `interrupt` (default) ends workers with grace, tasks are interrupted; `drain` lets runs end. */
  readonly mode?: 'interrupt' | 'drain' | undefined;
}

/** Runs tracks over the ports it was given; a source of APIs, one per actor. */
export interface Engine extends ApiSource, AsyncDisposable {
  readonly projectId: string;
  /**
   * Resolves when this engine runs the track no more. Rejects with what kept the end of its run out of the log: a full disk, or a
   * successor that took the track over. Whoever waits for `loop.stopped` waits for this as well.
   */
  ended(trackId: string): Promise<void>;
  /**
   * Asks an agent for its opinion: no track is run, nothing is written. Throws `EXECUTOR_MISSING`, `TRACK_NOT_FOUND`, and the
   * error of an agent that gave none.
   */
  advise(question: AdviceQuestion, o?: { readonly signal?: AbortSignal | undefined }): Promise<Advice>;
  /**
   * Frees what dead owners hold, infers the step of a track that stands where no rule leads on, and writes the files of all tracks that
   * say something else than the log. Edits of people stay.
   */
  repair(): Promise<Repair>;
  /** Idempotent. Tracks stay active and resumable. */
  close(o?: CloseOptions): Promise<void>;
}

/** What only a composition root decides. */
export interface EngineSettings extends EngineOptions {
  /** Folder of the project's documents below the workspace's root. */
  readonly folder?: string | undefined;
  readonly projectName?: string | undefined;
  readonly views?: boolean | undefined;
  readonly version?: string | undefined;
  /** Which folders of tracks there are; default: those that the workspace lists. */
  readonly trackFolders?: TrackFolders | undefined;
}

/**
 * Opens an engine; resolves after the owner's lock is taken and dead owners' leases are void, so that nobody holds a
 * half-started one. Starts no run. Throws `INVALID_STATE` for a store that an import did not fill to its end, `PLUGIN_INVALID`,
 * `PLUGIN_FAILED`, and what the ports throw.
 */
export async function createEngine(ports: EnginePorts, settings: EngineSettings = {}): Promise<Engine> {
  await requireWholeLog(ports.store);
  const clock = ports.clock ?? systemClock();
  const ids = ports.ids ?? randomIds();
  const closing = new AbortController();
  const plugins = await openPlugins(settings.plugins ?? [], {
    disable: settings.disable,
    logger: ports.logger ?? silentLogger,
    clock,
    signal: closing.signal,
  });
  const { processes } = ports;
  const owner = await ports.store.leases.openOwner({
    owner: ids.id('owner'),
    host: processes?.host ?? 'local',
    bootId: processes?.bootId ?? 'unknown',
  });
  const dead = await ports.store.leases.reap();
  const context = await contextOf(ports, settings, { clock, ids, plugins, owner: owner.owner });
  if (dead.length > 0) await caughtUp(context);
  const imports = createImports(context, settings.trackFolders);
  await takenOver(context, imports);
  const runs = createRuns(context);
  const syncs = createSyncs(context);
  const telling = tellEvents(context, closing.signal);

  let closed: Promise<void> | undefined;
  const close = async ({ mode = 'interrupt' }: CloseOptions = {}) => {
    // Each part is closed even when one before it fails: a full disk must not keep a process alive.
    try {
      await runs.close({ drain: mode === 'drain' });
      await syncs.close();
      await context.views.settled(); // a command of a moment ago shows in the files of the project
      closing.abort(new ConductorError('CLOSED', 'The engine is closed'));
      await telling;
      await plugins.close();
    } finally {
      await owner.close();
    }
  };
  return Object.freeze({
    projectId: context.projectId,
    as: (actor: ActorRef) => apiOf(context, { runs, imports, syncs }, actor),
    ended: (trackId: string) => runs.ended(trackId),
    advise: (question: AdviceQuestion, o?: { readonly signal?: AbortSignal | undefined }) =>
      advise(context, question, o),
    repair: () => repair(context),
    close: (o?: CloseOptions) => (closed ??= close(o)),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  });
}

/** What a killed engine had on record but not yet in the files; they can wait, the engine cannot. */
async function caughtUp({ views, logger }: EngineContext): Promise<void> {
  await views.catchUp().catch((error: unknown) => {
    logger.warn('Files that a dead engine left behind its log could not be written yet', { error: String(error) });
  });
}

/** Tracks that lie in the project and have no history here yet. What cannot be taken over now can be later; the engine works. */
async function takenOver({ logger }: EngineContext, imports: Imports): Promise<void> {
  await imports.all().catch((error: unknown) => {
    logger.warn('Folders of tracks could not be looked at', { error: String(error) });
  });
}

interface Running {
  readonly runs: Runs;
  readonly imports: Imports;
  readonly syncs: Syncs;
}

function apiOf(engine: EngineContext, { runs, imports, syncs }: Running, actor: ActorRef): ConductorApi {
  const api: ConductorApi = limitedCalls(
    engine.clock,
    namedTracks(imports, {
      tracks: tracksApi(engine, runs, actor, () => api),
      plans: plansApi(engine, actor),
      approvals: approvalsApi(engine, actor),
      boards: boardsApi(engine, actor),
      events: eventsApi(engine, actor),
      artifacts: artifactsApi(engine, actor),
      documents: documentsApi(engine, syncs, actor),
      system: systemApi(engine, actor, imports),
    }),
  );
  return api;
}

interface Opened {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly plugins: OpenedPlugins;
  readonly owner: string;
}

async function contextOf(
  ports: EnginePorts,
  settings: EngineSettings,
  { clock, ids, plugins, owner }: Opened,
): Promise<EngineContext> {
  const { views: writesViews = true } = settings;
  const views: Views = writesViews ? createViews(() => context) : noViews;
  const limits = { ...defaultLimits, ...parseLimits(settings.limits ?? {}) };
  const logger = ports.logger ?? silentLogger;
  const context: EngineContext = Object.freeze({
    ...ports,
    store: readEdge(ports.store, foldsOf(ports, limits, { clock, logger })),
    authorize: ports.authorize ?? localOwnerMayAll,
    clock,
    ids,
    logger,
    owner,
    host: ports.processes?.host ?? 'local',
    projectId: await projectIdOf(ports, settings, { clock, ids }),
    limits,
    agents: resolveAgents(settings.agents, plugins.executors, () => ports.workspace),
    plugins,
    evaluators: plugins.evaluators,
    directors: directorsOf(settings, plugins),
    quorum: settings.board?.quorum,
    git: settings.git ?? 'auto',
    afterTask: settings.afterTask,
    folder: settings.folder ?? 'conductor',
    version: settings.version ?? '0.0.0',
    views,
    onEvent: settings.onEvent,
  });
  return context;
}

function foldsOf(
  { snapshots }: EnginePorts,
  { foldSnapshotEvery: every, snapshotsKept: kept }: Limits,
  host: { readonly clock: Clock; readonly logger: Logger },
): FoldCache | undefined {
  return snapshots && createFoldCache({ snapshots, every, kept, ...host });
}

/** Directors named by id or code in the configuration, else the standard five. */
function directorsOf({ board }: EngineSettings, plugins: OpenedPlugins): readonly Director[] {
  const standard = standardDirectors.map(({ definition }) => directorOf(definition, undefined));
  // A director's options were parsed by its own schema; the board hands them back to it untouched.
  const own = plugins.directors.map(({ definition, options }) => directorOf(definition as Director, options));
  if (!board?.directors) return standard;
  const known = [...standard, ...own];
  return board.directors.map((name) => {
    const director = known.find(({ id, code }) => id === name || code === name);
    if (director) return director;
    throw new ConductorError('PLUGIN_INVALID', `There is no director ${name}`, {
      details: { plugin: name, reason: 'unknown' },
    });
  });
}

/** The project's id is minted once, in the first commit of its store. */
async function projectIdOf(
  { store }: EnginePorts,
  { projectName = 'project' }: EngineSettings,
  { clock, ids }: Pick<Opened, 'clock' | 'ids'>,
): Promise<string> {
  const known = await loadProject(store);
  if (known.version > 0) return known.projectId;
  const limits = defaultLimits;
  const create = projectUnit({ store } as EngineContext, [
    { name: 'project.create', data: { projectId: ids.id('project'), name: projectName } },
  ]);
  await commitUnits({ store, clock, limits } as EngineContext, [create], { actor: engineActor });
  return (await loadProject(store)).projectId;
}
