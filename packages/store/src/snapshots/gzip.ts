import { ConductorError } from '@conductor/core';
import { joined } from '../bytes.js';

/** Gzip (RFC 1952) by the web standard's stream, which Node, browsers and edge runtimes have alike. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return through(bytes, new CompressionStream('gzip'), Number.POSITIVE_INFINITY);
}

/** The opposite. Throws what the runtime throws for damaged input, and `TOO_LARGE` above `maxBytes`. */
export async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  return through(bytes, new DecompressionStream('gzip'), maxBytes);
}

interface ByteTransform {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
}

async function through(bytes: Uint8Array, transform: ByteTransform, maxBytes: number): Promise<Uint8Array> {
  const writer = transform.writable.getWriter();
  // Both ends at once: the transform holds back the writer until somebody reads. The reader meets every failure.
  // The cast: the stream refuses shared memory itself.
  const writing = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  writing.catch(() => undefined);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of transform.readable) {
    length += part.length;
    if (length > maxBytes)
      throw new ConductorError('TOO_LARGE', `More than ${maxBytes} bytes were packed`, { details: { maxBytes } });
    parts.push(part);
  }
  await writing;
  return joined(parts, length);
}
