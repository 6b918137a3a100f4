import { chunkEnds, coarse, fine } from './cut.js';
import type { Grain } from './cut.js';

/** A stretch of new bytes: taken over from the old ones at `copied`, or given in full. */
export interface Stretch {
  /** Where it begins in the new bytes. */
  readonly start: number;
  readonly length: number;
  /** Where the same bytes stand in the old ones; `undefined`: nowhere. */
  readonly copied: number | undefined;
}

/** Of a chunk that stands in many places, this many are known. */
const maxPlaces = 64;

/** A gap between two matches is looked at more closely where it is worth it, and not so large that it costs more than it saves. */
const closer = { from: 64, to: 1024 * 1024 } as const;

/**
 * Describes `after` by stretches of `before` and what is new, in order and without a gap. Chunks that both have are found by
 * hash, compared byte by byte, and extended to both sides as far as the bytes agree; between two matches the same is done
 * once more with small chunks. So an edit costs about its own length, and edits may be as near as lines are. Linear in both.
 * (Anchors by content-defined chunks, Muthitacharoen 2001; extension as in xdelta, MacDonald 2000.)
 */
export function difference(before: Uint8Array, after: Uint8Array): readonly Stretch[] {
  const found: Stretch[] = [];
  let from = 0;
  const rough = matches(before, after, coarse);
  for (const [index, stretch] of rough.entries()) {
    if (stretch.copied !== undefined) {
      from = stretch.copied + stretch.length;
      found.push(stretch);
      continue;
    }
    const to = rough[index + 1]?.copied ?? before.length;
    found.push(...refined(before, after, stretch, { from, to }));
  }
  return found;
}

/** What stands between two matches in `after`, by what stands between them in `before`. */
function refined(
  before: Uint8Array,
  after: Uint8Array,
  { start, length }: Stretch,
  { from, to }: { readonly from: number; readonly to: number },
): readonly Stretch[] {
  const gap = to - from;
  if (length < closer.from || length > closer.to || gap < closer.from || gap > closer.to)
    return [{ start, length, copied: undefined }];
  return matches(before.subarray(from, to), after.subarray(start, start + length), fine).map((inner) => ({
    start: start + inner.start,
    length: inner.length,
    copied: inner.copied === undefined ? undefined : from + inner.copied,
  }));
}

function matches(before: Uint8Array, after: Uint8Array, grain: Grain): readonly Stretch[] {
  const known = chunksByHash(before, grain);
  const found: Stretch[] = [];
  let covered = 0;
  /** Where the last match ends in `before`. */
  let reached = 0;
  let start = 0;
  for (const end of chunkEnds(after, grain)) {
    const place = end > covered ? nearest(known.get(hashOf(after, start, end)), reached) : undefined;
    if (place !== undefined && equal(before, place, after, start, end - start)) {
      const match = extended(before, after, { copied: place, start, end }, covered);
      if (match.length < grain.minMatch) {
        start = end;
        continue;
      }
      if (match.start > covered) found.push({ start: covered, length: match.start - covered, copied: undefined });
      found.push(match);
      covered = match.start + match.length;
      reached = match.copied + match.length;
    }
    start = end;
  }
  if (covered < after.length) found.push({ start: covered, length: after.length - covered, copied: undefined });
  return found;
}

/** Where chunks with one hash stand, as far as it is worth to choose; bytes are compared before anything is believed. */
function chunksByHash(bytes: Uint8Array, grain: Grain): ReadonlyMap<number, readonly number[]> {
  const places = new Map<number, number[]>();
  let start = 0;
  for (const end of chunkEnds(bytes, grain)) {
    const hash = hashOf(bytes, start, end);
    const known = places.get(hash);
    if (known === undefined) places.set(hash, [start]);
    else if (known.length < maxPlaces) known.push(start);
    start = end;
  }
  return places;
}

/** The next place behind the last match: what files have in common then leads on in the same file, and not in the first one. */
function nearest(places: readonly number[] | undefined, reached: number): number | undefined {
  return places?.find((place) => place >= reached) ?? places?.[0];
}

function extended(
  before: Uint8Array,
  after: Uint8Array,
  match: { readonly copied: number; readonly start: number; readonly end: number },
  covered: number,
): Stretch & { readonly copied: number } {
  // What the match before this one reached already is its own.
  const taken = Math.max(0, covered - match.start);
  let start = match.start + taken;
  let copied = match.copied + taken;
  while (start > covered && copied > 0 && before[copied - 1] === after[start - 1]) {
    start -= 1;
    copied -= 1;
  }
  let end = match.end;
  let from = match.copied + (match.end - match.start);
  while (end < after.length && from < before.length && before[from] === after[end]) {
    end += 1;
    from += 1;
  }
  return { start, length: end - start, copied };
}

function equal(a: Uint8Array, atA: number, b: Uint8Array, atB: number, length: number): boolean {
  if (atA + length > a.length) return false;
  for (let index = 0; index < length; index += 1) if (a[atA + index] !== b[atB + index]) return false;
  return true;
}

/** FNV-1a, 32 bits: cheap, and never trusted. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193); // below the length
  return hash >>> 0;
}
