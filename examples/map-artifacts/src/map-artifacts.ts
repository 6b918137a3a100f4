import { ConductorError } from '@conductor/core';
import { sha256Hex } from '@conductor/core/hash';
import type { ArtifactId, Artifacts, Bytes, Clock } from '@conductor/core/ports';

const maxBytes = 256 * 1024 * 1024;
const partBytes = 64 * 1024;

interface Stored {
  readonly bytes: Uint8Array;
  /** When it was put last: a sweep leaves what is young, because who put it may be about to refer to it. */
  readonly putAtMs: number;
}

/** Artifacts in this process: a Map by content id. The clock is handed in, so that tests can let hours pass. */
export function mapArtifacts(clock: Clock): Artifacts {
  const stored = new Map<ArtifactId, Stored>();

  return Object.freeze<Artifacts>({
    async put(source, { expect, signal } = {}) {
      signal?.throwIfAborted();
      const bytes = await collected(source, signal);
      const id: ArtifactId = `sha256:${sha256Hex(bytes)}`;
      if (expect !== undefined && expect !== id) throw corrupt(expect, id);
      // The same bytes have the same id, so they are here once; put again they are young again.
      stored.set(id, { bytes, putAtMs: clock.now() });
      return { id, bytes: bytes.length };
    },

    async *get(id, { from = 0, to = Infinity, signal } = {}) {
      signal?.throwIfAborted();
      if (!isRange(from, to)) throw new ConductorError('VALIDATION_FAILED', `${from} to ${to} is no range of bytes`);
      const found = stored.get(id); // no path is made of an id here, so any text may ask
      if (found === undefined) throw new ConductorError('ARTIFACT_NOT_FOUND', `There is no artifact ${shown(id)}`);
      const { bytes } = found;
      const end = Math.min(to, bytes.length);
      for (let at = from; at < end; at += partBytes) {
        signal?.throwIfAborted();
        yield bytes.slice(at, Math.min(end, at + partBytes)); // a copy: what the reader does to it stays with him
      }
      // At the end, as a driver would say it that reads from a disk; nobody else reaches these bytes.
      const read: ArtifactId = from === 0 && end === bytes.length ? `sha256:${sha256Hex(bytes)}` : id;
      if (read !== id) throw corrupt(id, read);
    },

    async sweep(isReferenced, { olderThanMs, signal }) {
      signal?.throwIfAborted();
      if (Number.isNaN(olderThanMs)) throw new ConductorError('VALIDATION_FAILED', 'NaN is no time in milliseconds');
      const before = clock.now() - olderThanMs;
      let removed = 0;
      let swept = 0;
      for (const [id, { bytes, putAtMs }] of stored) {
        if (putAtMs >= before || isReferenced(id)) continue;
        stored.delete(id);
        removed += 1;
        swept += bytes.length;
      }
      return { removed, bytes: swept };
    },
  });
}

/** Whole numbers, in order. Behind the last byte is no mistake: there is nothing to read there. */
function isRange(from: number, to: number): boolean {
  return Number.isSafeInteger(from) && from >= 0 && (to === Infinity || Number.isSafeInteger(to)) && to >= from;
}

/** All of a source in one piece of our own. Nothing is kept of one that fails, is aborted or never ends. */
async function collected(source: Bytes, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of source instanceof Uint8Array ? [source] : source) {
    signal?.throwIfAborted();
    length += part.length;
    if (length > maxBytes)
      throw new ConductorError('TOO_LARGE', `An artifact may have ${maxBytes} bytes`, { details: { maxBytes } });
    parts.push(new Uint8Array(part)); // a copy, also of a Buffer, whose slice is none
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function corrupt(expected: ArtifactId, found: ArtifactId): ConductorError {
  return new ConductorError('ARTIFACT_CORRUPT', `The bytes of ${expected} have the id ${found}`, {
    details: { id: expected, found },
  });
}

function shown(id: string): string {
  return JSON.stringify(String(id).slice(0, 100));
}
