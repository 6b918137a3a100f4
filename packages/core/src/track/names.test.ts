import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConductorError } from '../kernel/error.js';
import { checkId, foldedId, isSafeId, slugOf, trackIdOf } from './names.js';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());

describe('a slug', () => {
  it('is safe, short and its own slug, whatever it is made of', () => {
    fc.assert(
      fc.property(anyText, (name) => {
        const slug = slugOf(name);
        expect(slug).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/);
        expect(slugOf(slug)).toBe(slug);
        expect(isSafeId(slug)).toBe(true);
      }),
    );
  });

  it('keeps the letters of a name as far as they have a Latin base', () => {
    const slugs = {
      'Größe ändern': 'grosse-andern',
      'Æsop & Øre': 'aesop-ore',
      ' --Hello,  World!-- ': 'hello-world',
      'Crème brûlée': 'creme-brulee',
      ﬁle: 'file',
    };
    for (const [name, slug] of Object.entries(slugs)) expect(slugOf(name)).toBe(slug);
  });

  it('is `track` where nothing usable is left, and never ends in a dash when cut', () => {
    for (const name of ['', '...', '漢字', '🚀', '\u0000']) expect(slugOf(name)).toBe('track');
    expect(slugOf(`${'a'.repeat(63)} b`)).toBe('a'.repeat(63));
    expect(slugOf('a'.repeat(100))).toHaveLength(64);
  });
});

describe('the id of a new track', () => {
  it('is slug and day, with a number from the second one on', () => {
    const taken = new Set<string>();
    const mint = () => {
      const id = trackIdOf('Say hello', '2026-02-03T23:59:59.999Z', (known) => taken.has(known));
      taken.add(id);
      return id;
    };
    expect([mint(), mint(), mint()]).toEqual(['say-hello_20260203', 'say-hello_20260203-2', 'say-hello_20260203-3']);
  });

  it('is always safe', () => {
    fc.assert(fc.property(anyText, (name) => isSafeId(trackIdOf(name, '2026-02-03T00:00:00.000Z', () => false))));
  });
});

describe('a safe id', () => {
  it('is what a stream, a folder and a URL can hold; everything else is refused with its code', () => {
    for (const id of ['a', 'Größe_20260101', '漢字', 'a b', 'a.b', '-', '🚀', 'x'.repeat(128)])
      expect(checkId(id)).toBe(id);
    const unsafe = [
      '',
      '.',
      '..',
      '../x',
      'a/b',
      'a\\b',
      'c:d',
      'a*',
      'a?',
      '"a"',
      '<a',
      'a>',
      'a|b',
      'a@1',
      ' a',
      'a ',
      '.a',
      'a.',
      'a\nb',
      'a\u0000',
      'a\u007f',
      'a\u0085',
      'e\u0301',
      '\ud800',
      'x\udc00y',
      'x'.repeat(129),
      '漢'.repeat(86),
    ];
    for (const id of unsafe) {
      expect(isSafeId(id), JSON.stringify(id)).toBe(false);
      expect(() => checkId(id)).toThrow(
        expect.objectContaining({ code: 'ID_INVALID', hint: expect.any(String) }) as Error,
      );
    }
  });

  it('survives the way into bytes and back, and names one place only', () => {
    fc.assert(
      fc.property(anyText, (id) => {
        fc.pre(isSafeId(id));
        expect(new TextDecoder().decode(new TextEncoder().encode(id))).toBe(id);
        expect(id.normalize('NFC')).toBe(id);
        expect(id.split(/[/\\]/u)).toHaveLength(1);
        expect(['.', '..']).not.toContain(id);
      }),
    );
  });

  it('is told in a message that stays short', () => {
    try {
      checkId('/'.repeat(10_000));
    } catch (error) {
      expect(ConductorError.is(error, 'ID_INVALID') && error.message.length).toBeLessThan(400);
    }
    expect.assertions(1);
  });
});

describe('a folded id', () => {
  it('is the same for names that a disk may take for one', () => {
    const same = [
      ['Greet', 'gREET'],
      ['straße', 'STRASSE'],
      ['ẞ', 'ss'],
      ['ſ', 's'],
      ['ΟΔΟΣ', 'οδος'],
      ['οδοσ', 'οδος'],
      ['é', 'e\u0301'],
      ['ǅ', 'Ǆ'],
      ['K', 'k'],
    ];
    for (const [a = '', b = ''] of same) expect(foldedId(a), `${a} ${b}`).toBe(foldedId(b));
    expect(foldedId('greet')).not.toBe(foldedId('greet-2'));
  });

  it('does not change when folded again, or when the name is written in capitals', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(foldedId(foldedId(name))).toBe(foldedId(name));
        expect(foldedId(name.toUpperCase())).toBe(foldedId(name));
      }),
    );
  });
});
