import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Cursor, Page } from './contract/calls.js';
import { jsonValue } from '../kernel/json.js';
import type { Json } from '../ports/values.js';
import { decodeCursor, encodeCursor, everyItem } from './paging.js';

const scope = { query: { type: 'feature' }, order: 'updated' };
const invalid = expect.objectContaining({ code: 'CURSOR_INVALID' }) as Error;

describe('cursors', () => {
  it('gives back any position for the same query and order', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const position = JSON.parse(JSON.stringify(value)) as Json;
        fc.pre(jsonValue.safeParse(position).success);
        expect(decodeCursor(encodeCursor(scope, position), scope, jsonValue)).toEqual(position);
      }),
    );
  });

  it('does not mind another page size, the order of keys, or an absent value written out', () => {
    const cursor = encodeCursor({ query: { type: 'a', text: 'b', limit: 5 }, order: 'o' }, 7);
    const again = { query: { cursor, limit: 50, text: 'b', type: 'a', priority: undefined }, order: 'o' };
    expect(decodeCursor(cursor, again, z.int())).toBe(7);
  });

  it('refuses a cursor of another query, another order or another kind of position', () => {
    const cursor = encodeCursor(scope, 7);
    expect(() => decodeCursor(cursor, { ...scope, query: { type: 'bugfix' } }, z.int())).toThrow(invalid);
    expect(() => decodeCursor(cursor, { ...scope, order: 'created' }, z.int())).toThrow(invalid);
    expect(() => decodeCursor(cursor, scope, z.string())).toThrow(invalid);
  });

  it('refuses whatever no server wrote, without throwing anything else', () => {
    const text = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.constantFrom('', 'WzEs', btoa('[1,"x"'), 'A'.repeat(5000)),
    );
    fc.assert(
      fc.property(text, (cursor) => {
        expect(() => decodeCursor(cursor, scope, z.int())).toThrow(invalid);
      }),
    );
  });
});

describe('everyItem', () => {
  const pages: Record<string, Page<number>> = {
    first: { items: [1, 2], nextCursor: 'b' },
    b: { items: [], nextCursor: 'c' },
    c: { items: [3] },
  };
  const asked: unknown[] = [];
  const list = async (query?: Cursor & { tag: string }): Promise<Page<number>> => {
    asked.push(query);
    return pages[query?.cursor ?? 'first'] ?? { items: [] };
  };

  it('walks over empty pages to the last one and keeps the query', async () => {
    asked.length = 0;
    const items: number[] = [];
    for await (const item of everyItem(list, { tag: 't', limit: 2 })) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    expect(asked).toEqual([
      { tag: 't', limit: 2 },
      { tag: 't', limit: 2, cursor: 'b' },
      { tag: 't', limit: 2, cursor: 'c' },
    ]);
  });

  it('asks for no page that nobody reads', async () => {
    asked.length = 0;
    for await (const item of everyItem(list, { tag: 't' })) if (item === 2) break;
    expect(asked).toHaveLength(1);
  });
});
