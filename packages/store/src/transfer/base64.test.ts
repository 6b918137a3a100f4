import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.js';

describe('base64', () => {
  it('is that of RFC 4648, and its own inverse', () => {
    for (const [text, expected] of [
      ['', ''],
      ['f', 'Zg=='],
      ['fo', 'Zm8='],
      ['foo', 'Zm9v'],
      ['foob', 'Zm9vYg=='],
    ] as const)
      expect(toBase64(new TextEncoder().encode(text))).toBe(expected);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each(['Zg', 'Zg=', 'Z g==', 'Zh==', 'Zm9v\n', 'Zm9-', '====', 'ä', 'Zm9vZ'])(
    'has no other text for the same bytes: %j',
    (text) => {
      expect(fromBase64(text)).toBeUndefined();
    },
  );
});
