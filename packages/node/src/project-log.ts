import { createReadStream } from 'node:fs';
import type { ReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConductorError, raceAbort, randomIds } from '@conductor/core';
import type { ImportResult, LogSummary } from '@conductor/store/transfer';
import type { StoreChoice } from './open-store.js';
import { replaceFile } from './replace-file.js';
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
 * `PROJECT_NOT_FOUND`, `CONFIG_INVALID`, `UNSUPPORTED` for a store in memory, what opening a store throws, and what
 * `exportLog` throws.
 */
export async function exportProject(
  dir: string,
  write: (bytes: Uint8Array) => Promise<void> | void,
  { track, ...options }: ExportProjectOptions = {},
): Promise<LogSummary> {
  return withLog(dir, { ...options, command: 'export' }, async ({ store, artifacts }) => {
    if (store.driver.capabilities.durability === 'memory') {
      throw new ConductorError('UNSUPPORTED', 'A store in memory ends with each command: there is no log to export', {
        hint: 'Name the store that has the log, in the configuration or in CONDUCTOR_STORE.',
      });
    }
    const { exportLog } = await import('@conductor/store/transfer');
    return exportLog({ store, artifacts }, write, { track, sha256, signal: options.signal });
  });
}

/**
 * The same into a file, which is there whole or not at all: it gets its name when its bytes are on the disk. Throws besides
 * `VALIDATION_FAILED` for a folder, `FILE_NOT_FOUND` where no file can be made.
 */
export async function exportProjectFile(
  dir: string,
  path: string,
  options: ExportProjectOptions = {},
): Promise<LogSummary> {
  return replaceFile(path, (file) => exportProject(dir, (bytes) => file.writeFile(bytes), options));
}

/**
 * Brings an exported log into the empty store of a folder, which becomes a project. `source` is a file, or bytes that can be
 * read once: these are kept in a file meanwhile. Throws `FILE_NOT_FOUND`, `FILE_INVALID` for a folder, and what `importLog` throws.
 */
export async function importProject(
  dir: string,
  source: string | AsyncIterable<Uint8Array>,
  options: ImportProjectOptions = {},
): Promise<ImportedProject> {
  const { signal } = options;
  const given = typeof source === 'string' ? await readableTwice(source) : source;
  return withLog(
    dir,
    { ...options, command: 'import', create: true },
    async ({ store, artifacts, place, root, stateDir, elsewhere }) => {
      const { importLog } = await import('@conductor/store/transfer');
      const bring = async (path: string) => {
        const result = await importLog({ store, artifacts }, () => bytesOf(path), { sha256, signal });
        return { ...result, root, place, elsewhere };
      };
      if (typeof given === 'string') return bring(given);
      const kept = join(stateDir, 'tmp', `${randomIds().id('import')}.ndjson`);
      try {
        await keep(kept, given, signal);
        return await bring(kept);
      } finally {
        await rm(kept, { force: true });
      }
    },
  );
}

/** A file as it is named, and what can be read once only (a pipe) as its bytes. */
async function readableTwice(path: string): Promise<string | AsyncIterable<Uint8Array>> {
  try {
    const kind = await stat(path);
    if (kind.isDirectory()) throw new ConductorError('FILE_INVALID', `${path} is a folder`, { hint: exportHint });
    if (!kind.isFile()) return bytesOf(path);
    const file = await open(path, 'r');
    await file.close();
    return path;
  } catch (cause) {
    if (ConductorError.is(cause)) throw cause;
    throw new ConductorError('FILE_NOT_FOUND', `There is no file ${path} that can be read`, {
      hint: exportHint,
      cause,
      details: { path },
    });
  }
}

const exportHint = 'Name a file that conductor export --out <file> has written.';

async function keep(path: string, source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    const chunks = source[Symbol.asyncIterator]();
    for (;;) {
      // Whoever types, or a pipe that hangs, may send nothing more.
      const { value, done } = await raceAbort(chunks.next(), signal);
      if (done === true) return;
      await file.writeFile(value);
    }
  } finally {
    await file.close();
  }
}

function bytesOf(path: string): ReadStream {
  return createReadStream(path, { highWaterMark: 256 * 1024 });
}
