import { ConductorError } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { ArtifactId, Artifacts, Bytes, Clock } from '@conductor/core/ports';
import { checkAge, checkRange } from '../byte-range.js';
import { copyOf, joined } from '../bytes.js';

export interface MemoryArtifactsOptions {
  readonly clock: Clock;
  /** Bytes of one artifact; default 256 MiB. */
  readonly maxBytes?: number | undefined;
}

const chunkBytes = 64 * 1024;

/** Artifacts that live as long as this object. For tests and single-shot hosts; what is put is whole in memory, as is all of it. */
export function memoryArtifacts({ clock, maxBytes = 256 * 1024 * 1024 }: MemoryArtifactsOptions): Artifacts {
  const stored = new Map<ArtifactId, { readonly bytes: Uint8Array; putAtMs: number }>();

  async function* get(
    id: ArtifactId,
    { from = 0, to = Infinity, signal }: NonNullable<Parameters<Artifacts['get']>[1]> = {},
  ): AsyncGenerator<Uint8Array> {
    signal?.throwIfAborted();
    checkRange(from, to);
    const found = stored.get(id);
    if (found === undefined) throw notFound(id);
    const end = Math.min(to, found.bytes.length);
    for (let at = from; at < end; at += chunkBytes) {
      signal?.throwIfAborted();
      // A copy: what a reader does to it must not change what is stored.
      yield found.bytes.slice(at, Math.min(end, at + chunkBytes));
    }
  }

  return Object.freeze({
    async put(bytes, { expect, signal } = {}) {
      signal?.throwIfAborted();
      const content = await collect(bytes, maxBytes, signal);
      const id: ArtifactId = `sha256:${sha256Hex(content)}`;
      if (expect !== undefined && expect !== id)
        throw new ConductorError('ARTIFACT_CORRUPT', `The bytes are ${id}, not ${expect}`, { details: { id, expect } });
      // Put again counts as new: somebody is about to refer to it.
      stored.set(id, { bytes: content, putAtMs: clock.now() });
      return { id, bytes: content.length };
    },
    get,
    async sweep(isReferenced, { olderThanMs, signal }) {
      signal?.throwIfAborted();
      checkAge(olderThanMs);
      let removed = 0;
      let bytes = 0;
      for (const [id, artifact] of stored) {
        if (clock.now() - artifact.putAtMs <= olderThanMs || isReferenced(id)) continue;
        stored.delete(id);
        removed += 1;
        bytes += artifact.bytes.length;
      }
      return { removed, bytes };
    },
  } satisfies Artifacts);
}

async function collect(bytes: Bytes, maxBytes: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of bytes instanceof Uint8Array ? [bytes] : bytes) {
    signal?.throwIfAborted();
    length += part.length;
    if (length > maxBytes)
      throw new ConductorError('TOO_LARGE', `An artifact has at most ${maxBytes} bytes`, { details: { maxBytes } });
    parts.push(copyOf(part));
  }
  return joined(parts, length);
}

function notFound(id: ArtifactId): ConductorError {
  const shown = String(id).slice(0, 100);
  return new ConductorError('ARTIFACT_NOT_FOUND', `There is no artifact ${JSON.stringify(shown)}`, {
    details: { id: shown },
  });
}
