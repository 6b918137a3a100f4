import { ConductorError, foldedId, isSafeId, project, toConductorError } from '@conductor/core';
import type { Finding, ProjectCommand } from '@conductor/core';
import { decodeText, parseTracksIndex } from '@conductor/core/files';
import type { TrackRow } from '@conductor/core/files';
import { commitUnits, decideAll } from '../commit-units.js';
import type { Unit } from '../commit-units.js';
import { engineActor } from '../engine-context.js';
import type { EngineContext } from '../engine-context.js';
import { loadProject } from '../load.js';
import { trackUnits } from '../units.js';
import { importCommand } from './import-command.js';
import type { FolderImport } from './import-command.js';
import { isDocument, isTrackFile, readFolder } from './read-folder.js';
import { listedFolders } from './track-folders.js';
import type { FolderName, TrackFolders } from './track-folders.js';

/** Takes over tracks whose folders have no history here (contracts 1.3, `track.imported`). */
export interface Imports {
  /** Every folder below `tracks` that is not known yet, once. One that cannot be taken over is a finding, never an error. */
  all(): Promise<void>;
  /** One that somebody names. False when there is no such folder, or when it was refused. */
  one(id: string): Promise<boolean>;
  /** Why folders were refused when they were looked at last. */
  refused(): readonly Finding[];
}

/** Tracks of one commit: few, so that no commit grows too large, and many, so that hundreds of folders take few commits. */
const batchTracks = 20;

export function createImports(engine: EngineContext, folders: TrackFolders = listedFolders(engine)): Imports {
  const refusals = new Map<string, Finding>();
  const refuse = (name: string, message: string, hint: string, code = 'TRACK_REFUSED') => {
    const path = `${engine.folder}/tracks/${name}`;
    if (!refusals.has(name)) engine.logger.warn(`${path} is not taken over: ${message}`, { code });
    refusals.set(name, { severity: 'warning', code, path, message, hint });
  };

  const readOne = async (
    { name, link }: FolderName,
    named: boolean,
    rows: ReadonlyMap<string, TrackRow>,
  ): Promise<FolderImport | undefined> => {
    const entries = link === true ? undefined : await folders.entries(name);
    const first = link === true ? name : entries?.find((file) => file.link === true && isDocument(file.name))?.name;
    if (first !== undefined) {
      refuse(name, `${first} is a symbolic link`, 'Put the file itself there: nothing is written through a link.');
      return undefined;
    }
    const files = await readFolder(engine, name, entries);
    const hostile = files.findings.find(({ code }) => code === 'PATH_UNSAFE');
    if (hostile) refuse(name, hostile.message, hostile.hint ?? 'Rename the folder.', 'PATH_UNSAFE');
    else if (named || [...files.files.keys()].some(isTrackFile) || files.findings.length > 0)
      return importCommand(engine, name, files, rows.get(name));
    return undefined;
  };

  const read = async (names: readonly FolderName[], named: boolean): Promise<FolderImport[]> => {
    const rows = await listedTracks(engine);
    const found: FolderImport[] = [];
    for (const entry of names) {
      try {
        const one = await readOne(entry, named, rows);
        if (one) found.push(one);
      } catch (error) {
        // Whatever is wrong with one folder, the others are not kept waiting for it.
        const { code, message, hint } = toConductorError(error);
        const own = ConductorError.is(error) ? code : 'TRACK_REFUSED';
        refuse(entry.name, message, hint ?? 'Mend it, then open the project again.', own);
      }
    }
    return found;
  };

  /** What may be taken over, in one order on every machine. */
  const fitting = async (): Promise<FolderName[]> => {
    const { tracks, taken } = await loadProject(engine.store);
    const seen = new Set(taken);
    const names: FolderName[] = [];
    const entries = [...(await folders.list())].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (tracks.has(entry.name)) continue;
      if (!isSafeId(entry.name))
        refuse(entry.name, 'its name is not safe on every system', 'Rename the folder.', 'ID_INVALID');
      else if (seen.has(foldedId(entry.name)))
        refuse(entry.name, 'a track whose name differs in upper and lower case only is there', 'Rename one of them.');
      else names.push(entry);
      seen.add(foldedId(entry.name));
    }
    return names;
  };

  const take = async (imports: readonly FolderImport[]): Promise<void> => {
    try {
      await commitImports(engine, imports);
    } catch (error) {
      if (!ConductorError.is(error, 'EVENT_TOO_LARGE', 'COMMIT_TOO_LARGE', 'REVISION_CONFLICT')) throw error;
      const [single] = imports;
      if (imports.length > 1) for (const each of imports) await take([each]);
      // Another engine has taken it over in the meantime, or nobody can.
      else if (single && !(await loadProject(engine.store)).tracks.has(single.id))
        refuse(single.id, error.message, error.hint ?? '', error.code);
    }
  };

  return {
    async all() {
      refusals.clear();
      const names = await fitting();
      for (let from = 0; from < names.length; from += batchTracks)
        await take(await read(names.slice(from, from + batchTracks), false));
    },
    async one(id) {
      const entry = isSafeId(id) ? (await fitting()).find(({ name }) => name === id) : undefined;
      if (!entry) return false;
      await take(await read([entry], true));
      return (await loadProject(engine.store)).tracks.has(id);
    },
    refused: () => [...refusals.values()],
  };
}

async function listedTracks({ workspace, folder, limits }: EngineContext): Promise<ReadonlyMap<string, TrackRow>> {
  const bytes = await workspace.read(`${folder}/tracks.md`, { maxBytes: limits.viewBytes }).catch((error: unknown) => {
    if (ConductorError.is(error)) return undefined; // a list is a help, not a source; whoever writes it next tells
    throw error;
  });
  const rows = bytes ? parseTracksIndex(decodeText(bytes)).rows : [];
  return new Map(rows.flatMap((row) => (row.trackId === undefined ? [] : [[row.trackId, row] as const])));
}

/** One commit: the tracks, the registry, and what is known of their files. Whoever comes second finds them there. */
async function commitImports(engine: EngineContext, imports: readonly FolderImport[]): Promise<void> {
  if (imports.length === 0) return;
  const units = imports.flatMap(({ id, command }) => trackUnits(engine, id, [command]).slice(0, 1));
  const registry: Unit = {
    stream: 'project',
    async decide(context) {
      const state = await loadProject(engine.store);
      const adds = imports
        .filter(({ id }) => !state.tracks.has(id))
        .map(({ id: trackId, name }): ProjectCommand => ({
          name: 'registry.add',
          data: { trackId, name, path: `tracks/${trackId}`, background: false },
        }));
      return { version: state.version, events: decideAll(project, state, state.version, adds, context) };
    },
  };
  const [only] = imports;
  await commitUnits(engine, [...units, registry], {
    actor: engineActor,
    ...(only && imports.length === 1 && { correlation: { track: only.id } }),
    records: imports.flatMap(({ records }) => records),
  });
  for (const { id, findings } of imports)
    engine.logger.info(`Track ${id} was taken over from its folder`, { track: id, findings: findings.length });
}
