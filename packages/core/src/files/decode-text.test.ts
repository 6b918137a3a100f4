import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, encodeLike, readTextFile } from './decode-text.js';

describe('a text file', () => {
  it('is read and written again byte for byte, in each encoding, with its mark or without', () => {
    const encoding = fc.constantFrom('utf-8' as const, 'utf-16le' as const, 'utf-16be' as const);
    const text = fc.string({ unit: 'grapheme' }).map((words) => `{"${words.replaceAll('\u0000', '')}`);
    fc.assert(
      fc.property(encoding, fc.boolean(), text, (as, mark, words) => {
        const bytes = encodeLike(words, { encoding: as, mark });
        const file = readTextFile(bytes);
        expect(file).toEqual({ text: words, encoding: as, mark, whole: true });
        expect(encodeLike(file.text, file)).toEqual(bytes);
        expect(decodeText(bytes)).toBe(words);
      }),
    );
  });

  it('says when it holds bytes that are no text', () => {
    expect(readTextFile(new Uint8Array([0x7b, 0xff]))).toMatchObject({ text: '{\ufffd', whole: false });
    expect(readTextFile(new Uint8Array())).toEqual({ text: '', encoding: 'utf-8', mark: false, whole: true });
  });
});
