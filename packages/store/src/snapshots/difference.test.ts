import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkEnds, coarse } from './cut.js';
import { difference } from './difference.js';
import type { Stretch } from './difference.js';

function rebuilt(before: Uint8Array, after: Uint8Array, stretches: readonly Stretch[]): Uint8Array {
  const parts = stretches.map(({ start, length, copied }) =>
    copied === undefined ? after.subarray(start, start + length) : before.subarray(copied, copied + length),
  );
  return new Uint8Array(Buffer.concat(parts));
}

const fresh = (stretches: readonly Stretch[]) =>
  stretches.reduce((sum, { copied, length }) => sum + (copied === undefined ? length : 0), 0);

/** Text without long repetitions. */
function lines(count: number, seed = 1): string {
  let state = seed;
  return Array.from(
    { length: count },
    () => `line ${(state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0)}\n`,
  ).join('');
}
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('difference', () => {
  it('rebuilds the new bytes from the old ones, whatever was cut out, put in or moved', () => {
    const base = bytesOf(lines(3_000));
    const edit = fc.record({
      at: fc.nat(base.length),
      cut: fc.nat(20_000),
      insert: fc.uint8Array({ maxLength: 3_000 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 6 }), fc.boolean(), (edits, swap) => {
        let after = base;
        for (const { at, cut, insert } of edits)
          after = new Uint8Array(Buffer.concat([after.subarray(0, at), insert, after.subarray(at + cut)]));
        if (swap) after = new Uint8Array(Buffer.concat([after.subarray(9_000), after.subarray(0, 9_000)]));
        const stretches = difference(base, after);
        expect(Buffer.compare(rebuilt(base, after, stretches), after)).toBe(0); // toEqual is slow on bytes
        const ends = stretches.map(({ start, length }) => start + length);
        expect(stretches.map(({ start }) => start)).toEqual([0, ...ends.slice(0, -1)].slice(0, stretches.length));
      }),
      { numRuns: 50 },
    );
  });

  it('costs about the bytes of the edits, not the chunks around them', () => {
    const before = lines(20_000).split('\n');
    const after = before.map((line, index) => (index % 100 === 50 ? 'another line' : line));
    const stretches = difference(bytesOf(before.join('\n')), bytesOf(after.join('\n')));
    expect(fresh(stretches)).toBeGreaterThan(0);
    expect(fresh(stretches)).toBeLessThanOrEqual(200 * 'another line'.length);
  });

  it('takes the same bytes over in one stretch, also where they repeat', () => {
    for (const bytes of [bytesOf(lines(5_000)), new Uint8Array(300_000)])
      expect(difference(bytes, bytes)).toEqual([{ start: 0, length: bytes.length, copied: 0 }]);
    expect(difference(new Uint8Array(), new Uint8Array())).toEqual([]);
    expect(difference(new Uint8Array(), bytesOf('a'))).toEqual([{ start: 0, length: 1, copied: undefined }]);
  });
});

describe('chunkEnds', () => {
  it('cuts chunks of 256 bytes to 16 KiB that end with the bytes, and finds its borders again after an insertion', () => {
    const bytes = bytesOf(lines(40_000));
    const ends = [...chunkEnds(bytes, coarse)];
    const sizes = ends.map((end, index) => end - (ends[index - 1] ?? 0));
    expect(ends.at(-1)).toBe(bytes.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16_384);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(256);

    const longer = new Uint8Array(Buffer.concat([bytes.subarray(0, 5), bytesOf('inserted'), bytes.subarray(5)]));
    const moved = new Set([...chunkEnds(longer, coarse)].map((end) => end - 8));
    expect(ends.filter((end) => moved.has(end)).length).toBeGreaterThan(0.9 * ends.length);
  });
});
