import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConductorError, systemClock } from '@conductor/core';
import type { DoctorCheck } from '@conductor/core/api';
import type { ArtifactId, Artifacts } from '@conductor/core/ports';
import { filesFolder } from './open-store.js';
import { publishNew } from './publish-new.js';
import { databaseFile } from './state-folder.js';
import { withLog } from './with-log.js';
import type { OpenedLog, ProjectLogOptions } from './with-log.js';

/** A copy of a store that was made, and looked at. */
export interface Backup {
  readonly file: string;
  readonly bytes: number;
  /** How many events it has: the log up to this `seq`. */
  readonly events: number;
}

/**
 * Copies the store of the project in a folder into a new file while others go on writing; the file gets its name when it has
 * been looked through and is on the disk. Artifacts are not in it. Throws `VALIDATION_FAILED` where the file is there,
 * `UNSUPPORTED` for a store that is no SQLite database, and what opening a store throws.
 */
export async function backupProject(dir: string, path: string, options: ProjectLogOptions = {}): Promise<Backup> {
  const file = resolve(path);
  return withLog(dir, { ...options, command: 'backup' }, async ({ copyTo, copyHint, store, place }) => {
    if (copyTo === undefined) {
      const hints = [copyHint, 'conductor export --out <file> writes the log of every store, with its artifacts.'];
      throw new ConductorError('UNSUPPORTED', `The store ${store.driver.name} (${place}) makes no copies of itself`, {
        hint: hints.filter((hint) => hint !== undefined).join(' '),
      });
    }
    let events = 0;
    const bytes = await publishNew(file, async (part) => {
      await copyTo(part, { signal: options.signal });
      events = await lookThrough(part, options);
    });
    return { file, bytes, events };
  });
}

/** A copy is worth something when it opens and holds together. */
async function lookThrough(path: string, { clock = systemClock(), signal }: ProjectLogOptions): Promise<number> {
  const { sqliteStore } = await import('@conductor/store/sqlite');
  const { loadSqlite, openDatabase } = await import('./open-database.js');
  const database = openDatabase(loadSqlite(), path);
  const copy = await sqliteStore({ database, clock, readOnly: true });
  try {
    const [problem] = await copy.verify({ signal });
    if (problem === undefined) return await copy.head();
    throw new ConductorError('STORE_CORRUPT', `The copy is not sound: ${problem}`, { hint: 'conductor doctor --deep' });
  } finally {
    await copy.close();
  }
}

/** What was removed, and the room that the store takes. */
export interface TidiedProject {
  readonly deadLetters: number;
  readonly leases: number;
  readonly artifacts: number;
  readonly artifactBytes: number;
  readonly bytesBefore: number;
  readonly bytes: number;
}

/**
 * Removes what only tells of the past and what nothing refers to: dead letters and artifacts after the times of `limits`,
 * traces of leases; gives the room back. Events stay. Throws `UNSUPPORTED` for a store that cannot be looked after from here.
 */
export async function tidyProject(dir: string, options: ProjectLogOptions = {}): Promise<TidiedProject> {
  const { signal } = options;
  return withLog(dir, { ...options, command: 'tidy' }, async ({ upkeep, store, place, artifacts, limits }) => {
    if (upkeep === undefined)
      throw new ConductorError('UNSUPPORTED', `The store ${store.driver.name} (${place}) is looked after where it is`);
    const { deadLetterMs, artifactGraceMs: olderThanMs } = limits;
    const tidied = await upkeep.tidy({ deadLetterMs, signal });
    const named = await upkeep.references({ signal });
    const swept = await artifacts.sweep((id) => named.has(id), { olderThanMs, signal });
    return { ...tidied, artifacts: swept.removed, artifactBytes: swept.bytes };
  });
}

/**
 * Which store a project has, and whether it is sound: with `deep`, every page, row, line and artifact of it is read. Throws
 * what opening a store throws.
 */
export async function checkProjectStore(
  dir: string,
  { deep = false, ...options }: ProjectLogOptions & { readonly deep?: boolean | undefined } = {},
): Promise<readonly DoctorCheck[]> {
  return withLog(dir, { ...options, command: 'doctor' }, async (log) => {
    if (!deep) return [whereCheck(log)];
    return [whereCheck(log), await contentCheck(log, options), await artifactsCheck(log, options)];
  });
}

const lasting = {
  fsync: 'every commit is synced to the disk',
  os: 'commits survive a kill, not a power loss',
  memory: 'ends with this process',
} as const;

function whereCheck({ store, place, stateDir }: OpenedLog): DoctorCheck {
  const { name, capabilities } = store.driver;
  const message = `${name} in ${place}; ${lasting[capabilities.durability]}`;
  const others = [
    ['sqlite', databaseFile],
    ['file', join(filesFolder, 'log')],
  ] as const;
  const beside = others.find(([driver, file]) => driver !== name && existsSync(join(stateDir, file)));
  if (beside === undefined) return { id: 'place', status: 'ok', message };
  return {
    id: 'place',
    status: 'warn',
    message: `${message}. .conductor/${beside[1]} is there as well, and not read`,
    hint: 'Bring it over with conductor export and import, or move it away.',
  };
}

async function contentCheck({ upkeep, store }: OpenedLog, { signal }: ProjectLogOptions): Promise<DoctorCheck> {
  const id = 'content';
  if (upkeep?.verify === undefined)
    return { id, status: 'skip', message: `The store ${store.driver.name} is looked after where it is` };
  const problems = await upkeep.verify({ signal });
  if (problems.length === 0) return { id, status: 'ok', message: 'Pages, rows and the order of events are sound' };
  const hint = 'Stop writing, keep the files, and go back to a backup or an export.';
  return { id, status: 'fail', message: problems.slice(0, 5).join('; '), hint };
}

async function artifactsCheck(
  { artifacts, sharedArtifacts, stateDir, upkeep }: OpenedLog,
  { signal }: ProjectLogOptions,
): Promise<DoctorCheck> {
  const id = 'artifacts';
  const named = (await upkeep?.references({ signal })) ?? new Set<ArtifactId>();
  // What is shared is looked at from the log; of a folder, also what nothing refers to.
  const stored = sharedArtifacts === undefined ? await artifactsIn(join(stateDir, 'artifacts')) : [];
  const missing: ArtifactId[] = [];
  const wrong: ArtifactId[] = [];
  let whole = 0;
  for (const each of new Set([...stored, ...named])) {
    const state = await stateOf(artifacts, each, signal);
    if (state === 'whole') whole += 1;
    else (state === 'missing' ? missing : wrong).push(each);
  }
  if (wrong.length > 0)
    return { id, status: 'fail', message: `The bytes of ${wrong.slice(0, 5).join(', ')} have changed` };
  const message = `${whole} artifacts have the bytes that their names say`;
  if (missing.length === 0) return { id, status: 'ok', message };
  // Texts of people and agents may name what never was one.
  return { id, status: 'warn', message: `${message}; named but not here: ${missing.slice(0, 5).join(', ')}` };
}

/** The artifacts that a folder has. */
async function artifactsIn(folder: string): Promise<readonly ArtifactId[]> {
  const names = existsSync(folder) ? await readdir(folder, { recursive: true }) : [];
  return names.flatMap((name) => {
    const [, hex] = /^[0-9a-f]{2}[/\\]([0-9a-f]{64})$/u.exec(name) ?? [];
    return hex === undefined ? [] : [`sha256:${hex}` as const];
  });
}

async function stateOf(
  artifacts: Artifacts,
  id: ArtifactId,
  signal: AbortSignal | undefined,
): Promise<'whole' | 'missing' | 'wrong'> {
  try {
    for await (const _ of artifacts.get(id, { signal }));
    return 'whole';
  } catch (error) {
    if (ConductorError.is(error, 'ARTIFACT_CORRUPT')) return 'wrong';
    if (ConductorError.is(error, 'ARTIFACT_NOT_FOUND')) return 'missing';
    throw error;
  }
}
