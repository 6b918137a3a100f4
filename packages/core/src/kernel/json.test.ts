import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalJson, deepFreeze, isJson, jsonValue, parseJson } from './json.js';

const invalid = expect.objectContaining({ code: 'VALIDATION_FAILED' });
const anyJson = fc.jsonValue({ maxDepth: 5 }).filter(isJson);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

/** The same value, with the keys of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, child]) => [key, reversed(child)]),
  );
}

class Point {
  readonly x = 1;
}

const notJson: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['NaN', { a: [Number.NaN] }],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['an undefined member', { a: undefined }],
  ['a hole', Array.from({ length: 1 })],
  ['a function', () => 1],
  ['a bigint', 1n],
  ['a class instance', [new Point()]],
  ['a Map', new Map()],
  ['a prototype key', JSON.parse('{"a":{"__proto__":1}}')],
  ['a constructor with a prototype', { constructor: { prototype: {} } }],
];

describe('canonicalJson', () => {
  it('sorts keys at every depth and writes no spaces', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 'ä' }], a: null, B: true })).toBe(
      '{"B":true,"a":null,"b":[{"c":"ä","d":1}]}',
    );
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('asks no toJSON that a prototype brings', () => {
    const value = Object.create(Object.assign(Object.create(null), { toJSON: () => 'something else' })) as object;
    expect(canonicalJson(Object.assign(value, { a: 1 }))).toBe('{"a":1}');
  });

  it('is read back as the same value', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(parseJson(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is a fixed point: the text of the read text is the text', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(canonicalJson(parseJson(canonicalJson(value)))).toBe(canonicalJson(value));
      }),
    );
  });

  it.each(notJson)('refuses %s', (_name, value) => {
    expect(() => canonicalJson(value)).toThrow(invalid);
  });

  it('names the place of what it refuses', () => {
    expect(() => canonicalJson({ a: [1, Number.NaN] })).toThrow(
      expect.objectContaining({ message: 'No JSON value at a.1: NaN', details: { path: ['a', 1] } }),
    );
    expect(() => canonicalJson(undefined)).toThrow('No JSON value at the root: undefined');
    expect(() => canonicalJson({ at: new Point() })).toThrow('No JSON value at at: a class instance');
  });

  it('refuses a cycle instead of exhausting the stack', () => {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    expect(() => canonicalJson(value)).toThrow(invalid);
  });

  it('takes objects without a prototype and of other realms for what they are', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    const otherRealm = Object.assign(
      Object.create(Object.assign(Object.create(null) as object, { toString: 1 })) as object,
      { a: 1 },
    );
    expect([canonicalJson(bare), canonicalJson(otherRealm)]).toEqual(['{"a":1}', '{"a":1}']);
  });
});

describe('jsonValue', () => {
  it('accepts every JSON value as it is', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(jsonValue.parse(value)).toBe(value);
      }),
    );
    expect(jsonValue.parse({ constructor: 'a word', prototype: { constructor: null } })).toEqual({
      constructor: 'a word',
      prototype: { constructor: null },
    });
  });

  it.each(notJson)('refuses %s', (_name, value) => {
    expect(jsonValue.safeParse(value).success).toBe(false);
  });

  it('refuses what is nested deeper than 64 levels', () => {
    expect(isJson(nested(64))).toBe(true);
    expect(isJson(nested(65))).toBe(false);
    expect(isJson(nested(100_000))).toBe(false);
  });

  it('can be part of a published schema', () => {
    expect(z.toJSONSchema(z.strictObject({ body: jsonValue }))).toMatchObject({ properties: { body: {} } });
  });
});

describe('parseJson', () => {
  it('reads JSON', () => {
    expect(parseJson(String.raw` {"a\"[":[1,{"b":"]\\"}],"c":{}} `)).toEqual({
      'a"[': [1, { b: String.raw`]\ `.trim() }],
      c: {},
    });
  });

  it('measures a text in UTF-8 bytes', () => {
    expect(parseJson('"ää"', { maxBytes: 6 })).toBe('ää');
    expect(() => parseJson('"ää"', { maxBytes: 5 })).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE', details: { maxBytes: 5 } }),
    );
    expect(() => parseJson('"abcd"', { maxBytes: 5 })).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
  });

  it('refuses deep nesting before it builds anything', () => {
    expect(parseJson('[[]]', { maxDepth: 2 })).toEqual([[]]);
    expect(() => parseJson('[[[]]]', { maxDepth: 2 })).toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED', details: { maxDepth: 2 } }),
    );
    expect(() => parseJson('{"a":'.repeat(1_000_000))).toThrow(invalid);
  });

  it('takes brackets in strings for text', () => {
    expect(parseJson(String.raw`"[[[\"[["`, { maxDepth: 1 })).toBe('[[["[[');
  });

  it('names its source where a text is no JSON, and keeps the cause', () => {
    expect(() => parseJson('{', { source: 'metadata.json' })).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^metadata\.json is not JSON: /) as string,
        cause: expect.any(SyntaxError) as unknown,
      }),
    );
  });

  it.each([
    ['__proto__', '{"a":[{"__proto__":{"admin":true}}]}'],
    ['an escaped __proto__', String.raw`{"\u005f_proto__":1}`],
    ['constructor.prototype', '{"constructor":{"prototype":{"admin":true}}}'],
  ])('refuses %s as key', (_name, text) => {
    expect(() => parseJson(text)).toThrow(invalid);
  });

  it('accepts the word constructor as an ordinary key', () => {
    expect(parseJson('{"constructor":"x","other":{"constructor":null}}')).toEqual({
      constructor: 'x',
      other: { constructor: null },
    });
  });
});

describe('deepFreeze', () => {
  it('freezes plain data all the way down and returns it', () => {
    const value = { a: [{ b: 1 }] };
    expect(deepFreeze(value)).toBe(value);
    expect([value, value.a, value.a[0]].every(Object.isFrozen)).toBe(true);
  });

  it('ends on a cycle, and leaves Maps, instances and scalars alone', () => {
    const value = { map: new Map(), point: new Point(), self: undefined as unknown };
    value.self = value;
    deepFreeze(value);
    expect(Object.isFrozen(value)).toBe(true);
    expect(Object.isFrozen(value.map) || Object.isFrozen(value.point)).toBe(false);
    expect(deepFreeze(7)).toBe(7);
  });
});
