import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex, sha256Stream } from './hash.js';
import { portableSha256Hex } from './portable-hash.js';

describe('sha256Hex', () => {
  it('agrees with the examples of FIPS 180-4', () => {
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('takes a text as its UTF-8 bytes', () => {
    expect(sha256Hex('ä')).toBe(sha256Hex(new Uint8Array([0xc3, 0xa4])));
  });

  it('says the same on Node as anywhere else, of halves of characters too', () => {
    const data = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.uint8Array(), fc.constant('\ud800 \udc00'));
    fc.assert(fc.property(data, (one) => sha256Hex(one) === portableSha256Hex(one)));
  });
});

describe('sha256Stream', () => {
  it('says of pieces what is said of the whole', () => {
    const hash = sha256Stream();
    for (const piece of ['', 'a', 'bc']) hash.update(new TextEncoder().encode(piece));
    expect(hash.hex()).toBe(sha256Hex('abc'));
  });
});
