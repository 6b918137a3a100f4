import { createReadStream } from 'node:fs';
import type { ReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConductorError, randomIds } from '@conductor/core';
import { exportLog, importLog } from '@conductor/store/transfer';
import type { ImportResult, LogSummary } from '@conductor/store/transfer';
import type { StoreChoice } from './open-store.js';
import { sha256 } from './sha256.js';
import { withLog } from './with-log.js';
import type { ProjectLogOptions } from './with-log.js';

export interface ExportProjectOptions extends ProjectLogOptions {
  /** The exact id of a track: only this one, as the log of a project that has no other. */
  readonly track?: string | undefined;
}

export interface ImportProjectOptions extends ProjectLogOptions {
  /** Where the log goes, when not where the configuration says. */
  readonly store?: StoreChoice | undefined;
}

export interface ImportedProject extends ImportResult {
  readonly root: string;
  /** Where the log lies now, for people: without credentials. */
  readonly place: string;
  /** True where the configuration of the folder names another store, so that a command would not find this one. */
  readonly elsewhere: boolean;
}

/**
 * Writes the log of the project in a folder, with its artifacts; no engine is opened, and one that runs goes on. Throws
 * `PROJECT_NOT_FOUND`, `CONFIG_INVALID`, what opening a store throws, and what `exportLog` throws.
 */
export async function exportProject(
  dir: string,
  write: (bytes: Uint8Array) => Promise<void> | void,
  { track, ...options }: ExportProjectOptions = {},
): Promise<LogSummary> {
  return withLog(dir, { ...options, command: 'export' }, ({ store, artifacts }) =>
    exportLog({ store, artifacts }, write, { track, sha256, signal: options.signal }),
  );
}

/** The same into a file, which is there whole or not at all: it gets its name when its bytes are on the disk. */
export async function exportProjectFile(
  dir: string,
  path: string,
  options: ExportProjectOptions = {},
): Promise<LogSummary> {
  const part = `${path}.part`;
  // What people and agents have said is for the owner's eyes.
  const file = await open(part, 'w', 0o600).catch((cause: unknown) => {
    throw new ConductorError('FILE_NOT_FOUND', `${part} cannot be written: ${String(cause)}`, {
      cause,
      hint: 'Name a file in a folder that is there.',
      details: { path: part },
    });
  });
  try {
    const summary = await exportProject(dir, (bytes) => file.writeFile(bytes), options);
    await file.sync();
    await file.close();
    await rename(part, path);
    return summary;
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw error;
  }
}

/**
 * Brings an exported log into the empty store of a folder, which becomes a project. `source` is a file, or bytes that can be
 * read once: these are kept in a file meanwhile. Throws `FILE_NOT_FOUND` and what `importLog` throws.
 */
export async function importProject(
  dir: string,
  source: string | AsyncIterable<Uint8Array>,
  options: ImportProjectOptions = {},
): Promise<ImportedProject> {
  const { signal } = options;
  if (typeof source === 'string') await checkReadable(source);
  return withLog(
    dir,
    { ...options, command: 'import', create: true },
    async ({ store, artifacts, place, root, stateDir, elsewhere }) => {
      const bring = async (path: string) => {
        const result = await importLog({ store, artifacts }, () => bytesOf(path), { sha256, signal });
        return { ...result, root, place, elsewhere };
      };
      if (typeof source === 'string') return bring(source);
      const kept = join(stateDir, 'tmp', `${randomIds().id('import')}.ndjson`);
      try {
        await keep(kept, source, signal);
        return await bring(kept);
      } finally {
        await rm(kept, { force: true });
      }
    },
  );
}

async function checkReadable(path: string): Promise<void> {
  try {
    const file = await open(path, 'r');
    await file.close();
  } catch (cause) {
    throw new ConductorError('FILE_NOT_FOUND', `There is no file ${path} that can be read`, {
      cause,
      details: { path },
    });
  }
}

async function keep(path: string, source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of source) {
      signal?.throwIfAborted();
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
}

function bytesOf(path: string): ReadStream {
  return createReadStream(path, { highWaterMark: 256 * 1024 });
}
