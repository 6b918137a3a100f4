/** How long chunks are. At a border the rolling hash, shifted, must be 0. Shorter matches cost more to say than they save. */
export interface Grain {
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly shift: number;
  readonly minMatch: number;
}

/** About 1.25 KiB: one position in 1,024 is a border. */
export const coarse: Grain = { minBytes: 256, maxBytes: 16 * 1_024, shift: 22, minMatch: 256 };
/** About 50 bytes: one position in 32 is a border. */
export const fine: Grain = { minBytes: 16, maxBytes: 1_024, shift: 27, minMatch: 128 };

/** A fixed table of pseudo-random numbers (Marsaglia's xorshift32): the same borders everywhere, for ever. */
const gear = Uint32Array.from({ length: 256 }, next(0x2545f491));

function next(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/**
 * Ends of content-defined chunks: a border depends on the 32 bytes before it alone, so an insertion moves only the borders
 * next to it. Linear. (Gear hash of FastCDC: Xia et al. 2016.)
 */
export function* chunkEnds(
  bytes: Uint8Array,
  { minBytes, maxBytes, shift }: Grain,
): Generator<number, undefined, undefined> {
  for (let start = 0; start < bytes.length;) {
    const last = Math.min(bytes.length, start + maxBytes);
    let hash = 0;
    let end = Math.min(last, start + minBytes);
    for (let at = Math.max(start, end - 32); at < end; at += 1) hash = rolled(hash, bytes, at);
    while (end < last && hash >>> shift !== 0) {
      hash = rolled(hash, bytes, end);
      end += 1;
    }
    yield end;
    start = end;
  }
  return undefined;
}

function rolled(hash: number, bytes: Uint8Array, at: number): number {
  return ((hash << 1) + (gear[bytes[at] as number] as number)) | 0; // below the length, and a byte is below 256
}
