import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonText, valueOf } from './json-text.js';
import { patchJson } from './patch-json.js';

const refused = (text: string) => {
  try {
    readJsonText(text);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'read';
};
// Through JSON once, so that -0 is 0.
const anyJson = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !JSON.stringify(value).includes('__proto__'))
  .map((value): unknown => JSON.parse(JSON.stringify(value)));

describe('readJsonText', () => {
  it('reads what JSON.parse reads, spaced and escaped in any way', () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        expect(valueOf(readJsonText(text).node)).toEqual(JSON.parse(text));
      }),
    );
    expect(valueOf(readJsonText('\ufeff { "\\u0061\\"" : [ 1.50e1 , -0.5, "\u0085\u007f" ] }\r\n').node)).toEqual({
      'a"': [15, -0.5, '\u0085\u007f'],
    });
  });

  it('refuses what JSON.parse refuses', () => {
    for (const text of [
      '',
      '{',
      '[1,]',
      '{"a":1,}',
      "{'a':1}",
      '01',
      '1.',
      '+1',
      '{"a" 1}',
      '1 2',
      '"a',
      '"\n"',
      '"\\x"',
      'nul',
      'undefined',
      '// a\n1',
      '{"a":1 "b":2}',
      '\u0000',
    ]) {
      expect(refused(text), JSON.stringify(text)).toBe('VALIDATION_FAILED');
      expect(() => JSON.parse(text)).toThrow();
    }
    expect(refused('['.repeat(65) + ']'.repeat(65))).toBe('VALIDATION_FAILED');
    expect(refused('['.repeat(64) + ']'.repeat(64))).toBe('read');
    expect(refused('['.repeat(2_000_000))).toBe('VALIDATION_FAILED');
    expect(refused(`"${'a'.repeat(17 * 1024 * 1024)}"`)).toBe('TOO_LARGE');
  });

  it('reports duplicate keys and keeps prototype keys out of the value', () => {
    const { node, oddities } = readJsonText('{"a":{"x":1,"x":2},"__proto__":{"polluted":true},"\\u005f_proto__":1}');
    expect(oddities).toEqual([
      { kind: 'duplicate', path: 'a.x' },
      { kind: 'prototype', path: '__proto__' },
      { kind: 'duplicate', path: '__proto__' },
      { kind: 'prototype', path: '__proto__' },
    ]);
    expect(valueOf(node)).toEqual({ a: { x: 2 } });
    expect(Object.getPrototypeOf(valueOf(node))).toBe(Object.prototype);
  });
});

describe('patchJson', () => {
  it('leaves a text alone that says the same already', () => {
    const odd = '{ "b" : 1.0,\r\n\t"a":[1 ,2], "big": 12345678901234567890, "10": 1, "2": 2 }\r\n';
    expect(patchJson(odd, JSON.parse(odd) as never)).toBe(odd);
  });

  it('changes only what changed, keeps unknown keys, and adds in the style of the text', () => {
    expect(
      patchJson('{\n    "z": 1,\n    "keep": {"deep": [ ]},\n    "a": [1]\n}\n', { a: [1, { b: 2 }], z: 2, n: null }),
    ).toBe(
      '{\n    "z": 2,\n    "keep": {"deep": [ ]},\n    "a": [1, {\n            "b": 2\n        }],\n    "n": null\n}\n',
    );
    expect(patchJson('{"a":1}', { b: 'x' })).toBe('{"a":1, "b": "x"}');
    expect(patchJson('{\r\n  "a": {}\r\n}', { a: { b: 1 } })).toBe('{\r\n  "a": {\r\n    "b": 1\r\n  }\r\n}');
    expect(patchJson('\ufeff[1, 2, 3]', [9])).toBe('\ufeff[\n  9\n]');
    expect(patchJson('{"a":1,"a":2}', { a: 3 })).toBe('{"a":1,"a":3}');
  });

  it('makes any value out of any text, with the keys the text had before', () => {
    fc.assert(
      fc.property(anyJson, anyJson, fc.constantFrom(undefined, 2, '\t'), (before, after, space) => {
        const text = patchJson(JSON.stringify(before, undefined, space), after as never);
        expect(valueOf(readJsonText(text).node)).toEqual(merged(before, after));
        expect(patchJson(text, after as never)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});

function merged(before: unknown, after: unknown): unknown {
  if (Array.isArray(after))
    return Array.isArray(before) && before.length <= after.length
      ? after.map((item: unknown, index) => (index < before.length ? merged(before[index], item) : item))
      : after;
  if (!isRecord(before) || !isRecord(after)) return after;
  return {
    ...before,
    ...Object.fromEntries(
      Object.entries(after).map(([key, value]) => [
        key,
        Object.hasOwn(before, key) ? merged(before[key], value) : value,
      ]),
    ),
  };
}
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
