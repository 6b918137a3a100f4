import { ConductorError } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { Sha256 } from '@conductor/core/hash';
import type { ArtifactId, Bytes, Opt } from '@conductor/core/ports';
import { copyOf, joined } from '../../bytes.js';
import { toBase64 } from '../../transfer/base64.js';
import type { ArtifactRows, Chunk, Upload } from './rows.js';
import type { SendStatements } from '../lazy-client.js';
import { hashAtOnce } from './read.js';

export interface PutParts {
  readonly send: SendStatements;
  readonly rows: ArtifactRows;
  /** Names the upload. */
  readonly upload: string;
  readonly chunkBytes: number;
  readonly maxBytes: number;
  readonly sha256: () => Sha256;
}

type Stored = { readonly id: ArtifactId; readonly bytes: number };

/**
 * Writes chunk after chunk below the name of an upload, and gives it its id with the last one; what is no longer than a chunk
 * is one message. Bytes that are here in one piece are hashed first, and not sent when the server has them.
 */
export async function putArtifact(
  parts: PutParts,
  bytes: Bytes,
  { expect, signal }: Opt & { readonly expect?: ArtifactId | undefined },
): Promise<Stored> {
  const { send, rows, maxBytes, chunkBytes } = parts;
  if (bytes instanceof Uint8Array && bytes.length > maxBytes) throw tooLarge(maxBytes);
  const known =
    bytes instanceof Uint8Array && bytes.length > chunkBytes ? await touched(parts, bytes, { signal }) : undefined;
  if (known !== undefined) {
    checkExpected(known.id, expect);
    return known;
  }
  const upload: Upload = { upload: parts.upload, digests: [], bytes: 0 };
  try {
    const { id, last } = await writeChunks(parts, upload, bytes, { signal });
    checkExpected(id, expect);
    const [[row] = []] = await send(rows.finish(upload, id, last), 1, { signal });
    if (row?.kept === true) return { id, bytes: upload.bytes };
    throw new ConductorError('STORE_BUSY', 'The bytes came so slowly that a sweep took them', {
      hint: 'Put them again.',
    });
  } catch (error) {
    // Whatever stays after all goes with the next sweep: nobody finds it.
    if (upload.digests.length > 1) await send(rows.drop(upload), 0, {}).catch(() => undefined);
    throw error;
  }
}

/** What the server has of these bytes already, whole; now it is young again. */
async function touched({ send, rows, chunkBytes }: PutParts, bytes: Uint8Array, o: Opt): Promise<Stored | undefined> {
  const digests: string[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) digests.push(sha256Hex(bytes.subarray(at, at + chunkBytes)));
  const id: ArtifactId = `sha256:${sha256Hex(bytes)}`;
  const [[row] = []] = await send(rows.touch(id, digests), 1, o);
  return row?.kept === true ? { id, bytes: bytes.length } : undefined;
}

/** Sends all chunks but the last one, which is answered. */
async function writeChunks(
  { send, rows, chunkBytes, maxBytes, sha256 }: PutParts,
  upload: Upload,
  bytes: Bytes,
  o: Opt,
): Promise<{ readonly id: ArtifactId; readonly last: Chunk | undefined }> {
  const hash = bytes instanceof Uint8Array && bytes.length <= chunkBytes ? hashAtOnce() : sha256();
  let last: Chunk | undefined;
  for await (const chunk of chunksOf(bytes, chunkBytes, maxBytes, o)) {
    if (last !== undefined) await send(rows.write(upload, last), 0, o);
    // Hashed and made text in one go: what the caller does to his bytes later changes neither.
    hash.update(chunk);
    last = { n: upload.digests.length, base64: toBase64(chunk) };
    upload.digests.push(sha256Hex(chunk));
    upload.bytes += chunk.length;
  }
  return { id: `sha256:${hash.hex()}`, last };
}

/** The same bytes in pieces of one size; only the last one may be shorter. */
async function* chunksOf(bytes: Bytes, size: number, maxBytes: number, { signal }: Opt): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  let total = 0;
  for await (const part of bytes instanceof Uint8Array ? [bytes] : bytes) {
    signal?.throwIfAborted();
    total += part.length;
    if (total > maxBytes) throw tooLarge(maxBytes);
    let rest = part;
    for (; length + rest.length >= size; length = 0) {
      const head = rest.subarray(0, size - length);
      rest = rest.subarray(head.length);
      yield joined([...waiting, head], size);
      waiting = [];
    }
    // A copy: whoever makes the stream may use his memory for the next part.
    if (rest.length > 0) waiting.push(copyOf(rest));
    length += rest.length;
  }
  if (length > 0) yield joined(waiting, length);
}

function checkExpected(id: ArtifactId, expect: ArtifactId | undefined): void {
  if (expect === undefined || expect === id) return;
  throw new ConductorError('ARTIFACT_CORRUPT', `The bytes are ${id}, not ${expect}`, { details: { id, expect } });
}

function tooLarge(maxBytes: number): ConductorError {
  return new ConductorError('TOO_LARGE', `An artifact may have ${maxBytes} bytes`, { details: { maxBytes } });
}
