import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, fit, plain, widthOf, wrap } from './plain-text.js';

describe('plain', () => {
  it.each([
    ['colours and cursor moves', 'a\u001b[31mred\u001b[0m\u001b[2Jb', 'aredb'],
    ['titles and links', '\u001b]0;owned\u0007x\u001b]8;;http://e.invalid\u001b\\y\u001b]8;;\u001b\\', 'xy'],
    ['line ends and tabs', 'a\r\nb\tc', 'a b c'],
    ['marks that turn the reading direction', 'a\u202ecba\u2066d', 'acbad'],
    ['a sequence that never ends', 'a\u001b[999', 'a [999'],
    ['halves of a pair', 'a\ud800b', 'a b'],
  ])('takes away %s', (_name, text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it('leaves no control character of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(plain(text)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe('widths', () => {
  it.each([
    ['slug', 4],
    ['crème', 5],
    ['cre\u0300me', 5],
    ['日本', 4],
    ['한', 2],
    ['🚀', 2],
    ['👩‍💻', 2],
    ['✓', 1],
    ['✓\u0301 ▸ · ✗ – — … ─', 15],
    ['✓ ▸ · ✗ – — … ─', 15],
    ['', 0],
  ])('counts %j as %i columns', (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });

  it('cuts between letters, never inside one, and says so', () => {
    expect(cut('Transliteration', 8)).toBe('Transli…');
    expect(cut('日本語', 5)).toBe('日本…');
    expect(cut('日本語', 4)).toBe('日…');
    expect(cut('short', 5)).toBe('short');
    expect(cut('gone', 0)).toBe('');
  });

  it('fits any text into exactly the columns it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, columns) => {
        expect(widthOf(fit(plain(text), columns))).toBe(columns);
      }),
    );
  });

  it('wraps between words, and loses none', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('an unbreakable word', 5)).toEqual(['an', 'unbreakable', 'word']);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 12 })), (words) => {
        const text = plain(words.join(' '));
        const lines = wrap(text, 20);
        expect(lines.join(' ')).toBe(text);
        for (const line of lines) if (line.includes(' ')) expect(widthOf(line)).toBeLessThanOrEqual(20);
      }),
    );
  });
});
