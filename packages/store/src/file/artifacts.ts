import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ConductorError } from '@conductor/core';
import type { ArtifactId, Artifacts, Bytes, Clock, Opt } from '@conductor/core/ports';
import { checkAge, checkRange } from '../byte-range.js';
import { copyOf } from '../bytes.js';
import { ifExists, onDisk } from './file-error.js';
import { openTemporary, syncFolder } from './write-file.js';

/** Where artifacts lie on this disk. */
export interface FileArtifactsOptions {
  /** Made on demand, for its owner only (0700). */
  readonly directory: string;
  /** Ages are told by it, and kept as the time of change of the files. */
  readonly clock: Clock;
  /** Bytes of one artifact; default 256 MiB. */
  readonly limits?: { readonly artifactBytes?: number | undefined } | undefined;
}

const idShape = /^sha256:([0-9a-f]{64})$/;
const defaultArtifactBytes = 256 * 1024 * 1024;
const chunkBytes = 64 * 1024;
/** Hashed and written in one go: a long piece is not in memory twice. */
const writeBytes = 1024 * 1024;

/**
 * Bytes by content id, one file each: `<2 hex>/<sha256>`. Written to a temporary file, synced, renamed, synced: durable
 * when `put` resolves. A put always writes anew, which mends a damaged copy and restarts the time before a sweep. For any
 * number of processes of one machine. A sweep takes temporary files of dead processes too, uncounted, and leaves what is not its
 * own. What the disk refuses is STORE_FULL, STORE_READ_ONLY, FILE_INVALID or PATH_UNSAFE for what stands in the way, else STORE_FAILED.
 */
export function fileArtifacts({ directory, clock, limits = {} }: FileArtifactsOptions): Artifacts {
  const root = resolve(directory);
  const maxBytes = limits.artifactBytes ?? defaultArtifactBytes;

  return Object.freeze<Artifacts>({
    async put(bytes, { signal, expect } = {}) {
      signal?.throwIfAborted();
      // Not around the whole: what the caller's stream fails with is none of this disk.
      const writing: Writing = (work) => onDisk(root, 'write to', work);
      const temporary = await writing(async () => {
        await mkdir(root, { recursive: true, mode: 0o700 });
        return openTemporary(root, 'put', 0o600);
      });
      try {
        const written = await fill(temporary.handle, bytes, { maxBytes, writing, signal });
        if (expect !== undefined && expect !== written.id) throw corrupt(expect, written.id);
        await writing(() => keep(root, temporary.path, written.id, clock));
        return written;
      } catch (error) {
        await rm(temporary.path, { force: true });
        throw error;
      }
    },

    async *get(id, { signal, from = 0, to = Infinity } = {}) {
      signal?.throwIfAborted();
      checkRange(from, to);
      const handle = await openArtifact(root, id);
      try {
        yield* readRange(handle, id, from, to, signal);
      } finally {
        await handle.close();
      }
    },

    async sweep(isReferenced, { signal, olderThanMs }) {
      signal?.throwIfAborted();
      checkAge(olderThanMs);
      const before = clock.now() - olderThanMs;
      return onDisk(root, 'sweep', async () => {
        let removed = 0;
        let bytes = 0;
        for await (const file of storedFiles(root)) {
          signal?.throwIfAborted();
          if (file.id !== undefined && isReferenced(file.id)) continue;
          const size = await removeOld(root, file.path, before);
          // A temporary file of a process that died is no artifact: it goes uncounted.
          if (size === undefined || file.id === undefined) continue;
          removed += 1;
          bytes += size;
        }
        return { removed, bytes };
      });
    },
  });
}

/** Runs work on the disk, with its errors made readable. */
type Writing = <T>(work: () => Promise<T>) => Promise<T>;

async function fill(
  handle: FileHandle,
  bytes: Bytes,
  { maxBytes, writing, signal }: Opt & { readonly maxBytes: number; readonly writing: Writing },
): Promise<{ readonly id: ArtifactId; readonly bytes: number }> {
  try {
    const hash = createHash('sha256');
    let length = 0;
    for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
      signal?.throwIfAborted();
      length += chunk.length;
      if (length > maxBytes)
        throw new ConductorError('TOO_LARGE', `An artifact may have ${maxBytes} bytes`, { details: { maxBytes } });
      for (let at = 0; at < chunk.length; at += writeBytes) {
        // A copy: what the caller does to his bytes meanwhile must not change what was hashed.
        const part = copyOf(chunk.subarray(at, at + writeBytes));
        hash.update(part);
        await writing(() => handle.writeFile(part));
      }
    }
    await writing(() => handle.sync());
    return { id: idOf(hash), bytes: length };
  } finally {
    await handle.close();
  }
}

async function keep(root: string, temporary: string, id: ArtifactId, clock: Clock): Promise<void> {
  const target = placeOf(root, id) ?? temporary;
  const folder = join(target, '..');
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  // Age is judged by this clock, which in tests is not the clock of the disk.
  await utimes(temporary, clock.now() / 1000, clock.now() / 1000);
  await rename(temporary, target);
  await syncFolder(folder);
  if (made !== undefined) await syncFolder(root);
}

async function openArtifact(root: string, id: ArtifactId): Promise<FileHandle> {
  const place = placeOf(root, id);
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const handle = place === undefined ? undefined : await onDisk(place, 'read', () => ifExists(open(place, flags)));
  if (handle !== undefined) return handle;
  const shown = String(id).slice(0, 100);
  throw new ConductorError('ARTIFACT_NOT_FOUND', `There is no artifact ${JSON.stringify(shown)}`, {
    details: { id: shown },
  });
}

async function* readRange(
  handle: FileHandle,
  id: ArtifactId,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { size } = await onDisk(id, 'read', () => handle.stat());
  const whole = from === 0 && to >= size;
  const hash = createHash('sha256');
  for (let position = from; position < Math.min(to, size);) {
    signal?.throwIfAborted();
    const chunk = new Uint8Array(Math.min(chunkBytes, Math.min(to, size) - position));
    const { bytesRead } = await onDisk(id, 'read', () => handle.read(chunk, 0, chunk.length, position));
    if (bytesRead === 0) break;
    position += bytesRead;
    const read = chunk.subarray(0, bytesRead);
    if (whole) hash.update(read);
    yield read;
  }
  const found = whole ? idOf(hash) : id;
  if (found !== id) throw corrupt(id, found);
}

/** Every file below the root; `id` is absent for what is no artifact. */
async function* storedFiles(
  root: string,
): AsyncGenerator<{ readonly path: string; readonly id: ArtifactId | undefined }> {
  for (const folder of (await ifExists(readdir(root, { withFileTypes: true }))) ?? []) {
    if (folder.isFile() && folder.name.endsWith('.tmp')) yield { path: join(root, folder.name), id: undefined };
    if (!folder.isDirectory()) continue;
    for (const name of (await ifExists(readdir(join(root, folder.name)))) ?? [])
      if (idShape.test(`sha256:${name}`)) yield { path: join(root, folder.name, name), id: `sha256:${name}` };
  }
}

/** Removes a file that has not been put again meanwhile; its size, or `undefined` when it stays. */
async function removeOld(root: string, path: string, before: number): Promise<number | undefined> {
  const seen = await ifExists(stat(path));
  if (seen === undefined || seen.mtimeMs >= before) return undefined;
  // Taken aside first: a put that comes between the look and the removal would lose its bytes. Each sweep under a name of its
  // own: two that share one would take from each other what they have to give back.
  const { path: aside, handle } = await openTemporary(root, basename(path), 0o600);
  await handle.close();
  const taken = (await moved(path, aside)) ? await ifExists(stat(aside)) : undefined;
  if (taken !== undefined && taken.mtimeMs >= before) {
    await rename(aside, path);
    return undefined;
  }
  await rm(aside, { force: true });
  return taken?.size;
}

/** False when it was not there any more: somebody else sweeps too. */
async function moved(from: string, to: string): Promise<boolean> {
  return (await ifExists(rename(from, to).then(() => true))) === true;
}

function placeOf(root: string, id: ArtifactId): string | undefined {
  const hex = idShape.exec(id)?.[1];
  return hex === undefined ? undefined : join(root, hex.slice(0, 2), hex);
}

function idOf(hash: Hash): ArtifactId {
  return `sha256:${hash.digest('hex')}`;
}

function corrupt(expected: ArtifactId, found: ArtifactId): ConductorError {
  return new ConductorError('ARTIFACT_CORRUPT', `The bytes of ${expected} have the id ${found}`, {
    hint: 'Restore it from a copy, or put the bytes again.',
    details: { id: expected, found },
  });
}
