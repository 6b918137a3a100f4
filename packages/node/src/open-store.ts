import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConductorError, raceAbort } from '@conductor/core';
import type { Limits } from '@conductor/core';
import type { ConductorConfig } from '@conductor/core/plugin';
import type { Artifacts, Clock, Ids, Opt, Store } from '@conductor/core/ports';
import type { PostgresArtifacts } from '@conductor/store/postgres';
import type { SqliteStore, Upkeep } from '@conductor/store/sqlite';
import { hideAddress, hideCredentials } from './hide-credentials.js';
import { openPostgres } from './open-postgres.js';
import { readOnlyStore } from './read-only-store.js';
import { readThrough } from './read-through.js';
import { databaseFile } from './state-folder.js';
import { storeOptions } from './store-options.js';

/** What can be said in `store` of a configuration, in `CONDUCTOR_STORE` and in the options of `openProject`. */
export type StoreChoice = NonNullable<ConductorConfig['store']>;

export interface StoreHost {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: Limits;
  /** A SQLite store in a thread of its own. */
  readonly thread?: boolean | undefined;
  /** The state folder cannot be written: the store is opened for reading, and refuses the rest with `STORE_READ_ONLY`. */
  readonly readOnly?: boolean | undefined;
  /** Told what is wrong and keeps nothing from going on. */
  readonly onWarning?: ((warning: ConductorError) => void) | undefined;
}

export interface OpenedStore {
  readonly store: Store;
  /** What can be done for the store from here; `verify` for one on a disk of this machine: pages elsewhere are the server's business. */
  readonly upkeep?: (Pick<Upkeep, 'tidy' | 'references'> & Partial<Pick<Upkeep, 'verify'>>) | undefined;
  /** Writes a copy of the database as of now into a file that is not there, or is empty. */
  readonly copyTo?: ((path: string, o?: Opt) => Promise<void>) | undefined;
  readonly artifacts: Artifacts;
  /** Those of them that every machine reads which has this log; absent where they lie on this one. */
  readonly sharedArtifacts?: PostgresArtifacts | undefined;
  /** What copies the store and its artifacts as of one moment, where it makes no copies itself. */
  readonly copyHint?: string | undefined;
  /** Where the log lies, for people: without credentials. */
  readonly place: string;
}

/**
 * Opens the store that was chosen, with the artifacts that go with it. The only place that knows which driver a word stands
 * for, and loads no other. Throws CONFIG_INVALID, CAPABILITY_MISSING and what the driver throws; no message holds a password. On
 * abort it rejects at once, however long a server takes to answer.
 */
export async function openStore(
  choice: StoreChoice | Store,
  host: StoreHost,
  { signal }: Opt = {},
): Promise<OpenedStore> {
  signal?.throwIfAborted();
  const opening = chosenStore(choice, host, { signal });
  try {
    const opened = await raceAbort(opening, signal);
    return host.readOnly === true ? { ...opened, store: readOnlyStore(opened.store, host.stateDir) } : opened;
  } catch (error) {
    // Aborted while it opens: nobody will close what comes of it.
    opening.then(({ store }) => store.close()).catch(() => undefined);
    throw error;
  }
}

async function chosenStore(choice: StoreChoice | Store, host: StoreHost, o: Opt): Promise<OpenedStore> {
  if (choice === 'memory') {
    const { memoryArtifacts, memoryStore } = await import('@conductor/store/memory');
    const { clock, ids } = host;
    const { limits } = storeOptions(host.limits);
    return { store: memoryStore({ clock, ids, limits }), artifacts: memoryArtifacts({ clock }), place: 'this process' };
  }
  const { fileArtifacts } = await import('@conductor/store/file');
  const { stateDir, clock, limits } = host;
  const artifacts = fileArtifacts({ directory: join(stateDir, 'artifacts'), clock, limits });
  if (typeof choice === 'object') return { store: choice, artifacts, place: 'as handed in' };
  if (choice === 'sqlite') return { ...(await openDatabaseStore(host)), artifacts };
  if (choice === 'files') return { ...(await openFiles(host)), artifacts };
  if (/^postgres(?:ql)?:\/\//u.test(choice)) return openShared(choice, { ...host, local: artifacts }, o);
  throw new ConductorError('CONFIG_INVALID', `There is no store ${JSON.stringify(hideAddress(String(choice)))}`, {
    hint: 'Use sqlite, files, memory or postgres://<user>:<password>@<host>/<database>.',
  });
}

type OpenedLog = Omit<OpenedStore, 'artifacts'>;

/** The folder of a file store in the state folder; a store of another kind may lie beside it. */
export const filesFolder = 'files';

async function openDatabaseStore(host: StoreHost): Promise<OpenedLog> {
  const store = await openSqliteStore(host);
  return { store, upkeep: store, copyTo: store.copyTo, place: `.conductor/${databaseFile}` };
}

async function openSqliteStore(host: StoreHost): Promise<SqliteStore> {
  if (host.readOnly === true) return (await import('./read-sqlite.js')).readSqlite(host);
  if (host.thread === true) return (await import('./open-sqlite-thread.js')).openSqliteThread(host);
  return (await import('./open-sqlite.js')).openSqlite(host);
}

async function openFiles({ stateDir, clock, ids, limits, readOnly = false }: StoreHost): Promise<OpenedLog> {
  const { fileStore, nodeLogFiles } = await import('@conductor/store/file');
  const { databaseLock } = await import('@conductor/store/sqlite');
  const { loadSqlite, openDatabase } = await import('./open-database.js');
  const { ownerLocks } = await import('./open-sqlite.js');
  const folder = join(stateDir, filesFolder);
  const shared = { clock, ids, ...storeOptions(limits) };
  if (readOnly) {
    const files = nodeLogFiles(join(folder, 'log'), { readOnly });
    const store = await fileStore({ ...shared, files, lock: noLock, readOnly });
    return { store, upkeep: store, place: `.conductor/${filesFolder}/log` };
  }
  const sqlite = loadSqlite(); // for locks only: no data lies in these files
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const store = await fileStore({
    ...shared,
    files: nodeLogFiles(join(folder, 'log')),
    lock: databaseLock(openDatabase(sqlite, join(folder, 'lock.db'))),
    owners: ownerLocks(sqlite, stateDir),
  });
  return { store, upkeep: store, place: `.conductor/${filesFolder}/log` };
}

/** What lies on this disk from before there were shared artifacts is still read. */
async function openShared(
  url: string,
  { local, ...host }: StoreHost & { readonly local: Artifacts },
  o: Opt,
): Promise<OpenedStore> {
  const { store, artifacts, upkeep, schema } = await openPostgres(url, host, o);
  const copyHint = `pg_dump --schema=${schema} --format=custom --file=<file> <address of the database> copies log and artifacts as of one moment, while others write; pg_restore brings them back.`;
  return {
    store,
    upkeep,
    artifacts: readThrough(artifacts, local),
    sharedArtifacts: artifacts,
    copyHint,
    place: hideCredentials(url),
  };
}

/** Taking the lock would write: a reader takes a line that is half written for the end of the log. */
const noLock = { tryLock: () => () => {}, close: () => {} };
