import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safePattern } from './safe-pattern.js';

function found(source: string, text: string): boolean | string {
  const pattern = safePattern(source, 1024);
  return 'refused' in pattern ? pattern.refused : pattern.test(text);
}

describe('a pattern of somebody else', () => {
  it.each([
    ['Cannot find module .*', 'x: cannot FIND module "a"'],
    ['^TS\\d{4}: (?:Type|Property) .+ (?<what>missing)$', 'TS2322: property a is missing'],
    ['a{2,3}b{2}c{1,}?', 'aabbcc'],
    ['[^\\]x-z\\d]+\\]', 'ab]'],
    ['\\bfix\\b|\\Bx', 'prefix'],
    ['\\x41\\u0042\\.\\/\\t', 'ab./\t'],
    ['a{x}{2', 'a{x}{2'],
    ['(|a)*b', 'aab'],
    ['.', '\n'],
    ['^$', ''],
    ['[]', 'a'],
    ['[^]', '\n'],
    ['a]}', 'a]}'],
    ['\\0\\cA', '\0\u0001'],
  ])('finds what the platform finds: %s', (source, text) => {
    for (const candidate of [text, `${text} `, text.slice(1), '']) {
      expect([candidate, found(source, candidate)]).toEqual([candidate, new RegExp(source, 'i').test(candidate)]);
    }
  });

  it('finds in any text what the platform finds', () => {
    const atom = fc.constantFrom('a', 'B', '.', '[ab]', '[^a]', '\\w', '\\b', '^', '$', ' ', '\\.', '');
    const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
      part: fc.oneof(
        { maxDepth: 3 },
        atom,
        tie('pattern').map((inner) => `(?:${inner})`),
        tie('pattern').map((inner) => `(${inner})`),
      ),
      pattern: fc.oneof(
        { maxDepth: 3 },
        tie('part'),
        fc
          .tuple(tie('part'), fc.constantFrom('*', '+?', '?', '{0,2}', '{2}'))
          .map(([inner, times]) => `(${inner})${times}`),
        fc.tuple(tie('part'), tie('part')).map(([left, right]) => left + right),
        fc.tuple(tie('part'), tie('part')).map(([left, right]) => `${left}|${right}`),
      ),
    }));
    const text = fc
      .array(fc.constantFrom('a', 'b', 'A', ' ', '.', '\n'), { maxLength: 8 })
      .map((chars) => chars.join(''));
    fc.assert(
      fc.property(pattern, text, (source, candidate) => {
        expect(found(source, candidate)).toBe(new RegExp(source, 'i').test(candidate));
      }),
      { numRuns: 500 },
    );
  });

  it('is run in linear time where the platform would hang', () => {
    const text = 'a'.repeat(5000);
    for (const source of ['(a+)+$b', '(a|a)*b', '(.*)*x', 'a*a*a*a*a*b', '(\\w+\\s?)+!', '((a?){10}){10}b']) {
      expect(found(source, text)).toBe(false);
    }
  });

  it('is refused when it is no pattern, too long, or cannot be run so', () => {
    expect(found('(', 'a')).toMatch(/no valid/);
    expect(found('x'.repeat(1025), 'x')).toMatch(/longer than 1024 bytes/);
    expect(found('ä'.repeat(513), 'ä')).toMatch(/longer/);
    expect(found('(?=a)', 'a')).toMatch(/looks ahead/);
    expect(found('(?<!a)b', 'b')).toMatch(/looks ahead or behind/);
    expect(found('(a)\\1', 'aa')).toMatch(/refers back/);
    expect(found('a{5000}', 'a')).toMatch(/repeats more/);
    expect(found('((a{100}){100}){100}', 'a')).toMatch(/states/);
    expect(found('(((a{0}){900}){900}){900}', 'a')).toMatch(/states/);
    expect(found(`${'('.repeat(60)}${')'.repeat(60)}`, 'a')).toMatch(/nested/);
  });

  it('is read to its end or refused, whatever it is', () => {
    const chars = fc.constantFrom(...'ab\\[](){}?*+|^$.,1-:<>=!cxku0');
    fc.assert(
      fc.property(
        fc.array(chars, { maxLength: 12 }).map((parts) => parts.join('')),
        (source) => {
          const answer = found(source, 'ab1');
          if (typeof answer === 'boolean')
            expect([source, answer]).toEqual([source, new RegExp(source, 'i').test('ab1')]);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
