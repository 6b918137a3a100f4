import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareText } from './checks.js';
import { utf8Bytes } from './limits.js';

const text = fc.string({ unit: 'binary', maxLength: 8 });

describe('texts', () => {
  it('are ordered as their UTF-8 bytes are', () =>
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    ));

  it('are measured as UTF-8', () =>
    fc.assert(
      fc.property(text, fc.constantFrom(1, 300), (value, times) => {
        expect(utf8Bytes(value.repeat(times))).toBe(Buffer.byteLength(value.repeat(times)));
      }),
    ));
});
