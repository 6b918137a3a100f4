import { ConductorError } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Sha256 } from '@conductor/core/hash';
import type { ArtifactId, Opt } from '@conductor/core/ports';
import { hexOf } from './rows.js';
import type { ArtifactRows } from './rows.js';
import type { SendStatements } from '../lazy-client.js';
import type { PgRow } from '../client.js';

export interface ReadParts {
  readonly send: SendStatements;
  readonly rows: ArtifactRows;
  readonly sha256: () => Sha256;
}

const idShape = /^sha256:[0-9a-f]{64}$/;

/**
 * Reads chunk after chunk, each asked for by its place in the artifact: who reads notices nothing when the same bytes are put
 * anew meanwhile. Checked at the end of a full read; a chunk that is missing or of another length ends any read.
 */
export async function* readArtifact(
  { send, rows, sha256 }: ReadParts,
  id: ArtifactId,
  { from = 0, to = Infinity, signal }: Opt & { readonly from?: number | undefined; readonly to?: number | undefined },
): AsyncGenerator<Uint8Array> {
  if (!idShape.test(id)) throw notFound(id);
  checkRange(from, to);
  const chunkAt = async (position: number): Promise<FoundChunk> => {
    const [[row] = []] = await send([rows.read(id, position)], 1, { signal });
    if (row === undefined) throw notFound(id);
    return foundChunk(id, position, row);
  };
  let found = await chunkAt(from);
  const { size, data: first } = found;
  const end = Math.min(to, size);
  const hash = from === 0 && to >= size ? (first.length === size ? hashAtOnce() : sha256()) : undefined;
  for (let position = from; position < end;) {
    if (position > from) found = await chunkAt(position);
    const { start, data } = found;
    const part = data.subarray(position - start, end - start);
    hash?.update(part); // before anybody else has it
    yield part;
    position = start + data.length;
  }
  const hex = hash?.hex();
  if (hex !== undefined && hex !== hexOf(id)) throw corrupt(id, `The bytes of ${id} have the id sha256:${hex}`);
}

interface FoundChunk {
  /** Of the whole artifact. */
  readonly size: number;
  /** Where in the artifact the chunk begins. */
  readonly start: number;
  readonly data: Uint8Array;
}

function foundChunk(id: ArtifactId, position: number, { bytes, chunk, data }: PgRow): FoundChunk {
  const size = Number(bytes);
  const start = position - (position % Number(chunk));
  if (position >= size) return { size, start, data: new Uint8Array() };
  const found = typeof data === 'string' ? bytesOf(data) : undefined;
  if (found?.length === Math.min(size - start, Number(chunk))) return { size, start, data: found };
  throw corrupt(id, `Of ${id}, what begins at byte ${start} is not there whole`);
}

function bytesOf(base64: string): Uint8Array {
  const binary = atob(base64); // the server breaks it into lines, which atob skips
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** For what comes in one piece: the hash of the platform, which is faster than the one that takes pieces. */
export function hashAtOnce(): Sha256 {
  let hex = sha256Hex('');
  return { update: (bytes) => void (hex = sha256Hex(bytes)), hex: () => hex };
}

function checkRange(from: number, to: number): void {
  const ok = Number.isSafeInteger(from) && from >= 0 && (to === Infinity || Number.isSafeInteger(to)) && to >= from;
  if (!ok) throw new ConductorError('VALIDATION_FAILED', `${from} to ${to} is no range of bytes`);
}

function notFound(id: ArtifactId): ConductorError {
  const shown = String(id).slice(0, 100);
  return new ConductorError('ARTIFACT_NOT_FOUND', `There is no artifact ${JSON.stringify(shown)}`, {
    details: { id: shown },
  });
}

function corrupt(id: ArtifactId, message: string): ConductorError {
  return new ConductorError('ARTIFACT_CORRUPT', message, {
    hint: 'Restore it from a copy, or put the bytes again.',
    details: { id },
  });
}
