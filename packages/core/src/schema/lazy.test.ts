import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { lazySchema } from './lazy.js';

const shape = { name: z.string().min(1), tags: z.array(z.string()).default([]) };

describe('lazySchema', () => {
  it('builds at the first use, and once', () => {
    let builds = 0;
    const schema = lazySchema((words) => {
      builds += 1;
      return words.strictObject(shape);
    });
    expect(builds).toBe(0);
    expect(schema.parse({ name: 'a' })).toEqual({ name: 'a', tags: [] });
    expect(schema.safeParse({ name: '' }).success).toBe(false);
    expect(builds).toBe(1);
  });

  it('answers as the schema that it stands for', () => {
    const built = z.strictObject(shape);
    const schema = lazySchema(() => built);
    expect(schema).toBeInstanceOf(z.ZodObject);
    expect(schema).not.toBeInstanceOf(z.ZodString);
    expect(schema.shape).toBe(built.shape);
    expect('parse' in schema).toBe(true);
    expect(schema['~standard'].validate({ name: 'a' })).toEqual({ value: { name: 'a', tags: [] } });
    expect(z.toJSONSchema(schema)).toEqual(z.toJSONSchema(built));
  });

  it('may stand wherever a schema stands, also in one of another copy of zod', () => {
    const plain = z.object(shape);
    const lazy = lazySchema(() => plain);
    const around = (inner: typeof plain) =>
      z.object({
        one: inner,
        many: z.array(inner),
        perhaps: inner.optional(),
        otherwise: inner.nullable().default(null),
        more: inner.extend({ size: z.int() }),
        either: z.union([inner, z.string()]),
      });
    const [made, expected] = [around(lazy), around(plain)];
    expect(z.toJSONSchema(made)).toEqual(z.toJSONSchema(expected));
    const value = { one: { name: 'a' }, many: [{ name: 'b' }], more: { name: 'c', size: 1 }, either: 'd' };
    expect(made.parse(value)).toEqual(expected.parse(value));
    expect(made.safeParse({ ...value, many: [{}] }).error?.issues).toEqual(
      expected.safeParse({ ...value, many: [{}] }).error?.issues,
    );
  });

  it('keeps what a registry is told of it', () => {
    const registry = z.registry<{ id: string }>();
    const schema = lazySchema(({ string }) => string());
    registry.add(schema, { id: 'word' });
    expect(registry.get(schema)).toEqual({ id: 'word' });
    expect(schema.describe('a word').description).toBe('a word');
  });

  it('throws what building throws, each time', () => {
    const schema = lazySchema((): z.ZodString => {
      throw new Error('cannot be built');
    });
    expect(() => schema.parse('a')).toThrow('cannot be built');
    expect(() => schema.parse('a')).toThrow('cannot be built');
  });
});
