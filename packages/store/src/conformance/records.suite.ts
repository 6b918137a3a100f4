import { describe, expect, it } from 'vitest';
import type { Json, Predicate, RecordOp, Store } from '@conductor/core/ports';
import { codeOf, commitOf, emptyCommit, fixtureOf } from './store-fixture.js';
import type { OpenStore } from './store-fixture.js';

const put = (
  key: string,
  value: Json | undefined,
  expectedRevision: number | 'any' = 'any',
  collection = 'things',
): RecordOp => ({
  collection,
  key,
  expectedRevision,
  value,
});

/** Writes records in a commit with one event of a run, where the version does not matter. */
function write(store: Store, ...records: RecordOp[]) {
  return store.commit({ ...commitOf('run/1', 'any'), records });
}

/** Rows, revisions, unique rules, predicates. */
export function recordsSuite(name: string, open: OpenStore): void {
  const using = fixtureOf(open);

  describe(`Store contract, records: ${name}`, () => {
    it('keeps a record as it was when the commit was called', () =>
      using(async ({ store }) => {
        const value = { n: 1, list: ['a'] };
        const written = write(store, put('a', value));
        value.n = 2;
        value.list.push('b');
        await written;
        expect(await store.records.get('things', 'a')).toMatchObject({ value: { n: 1, list: ['a'] } });
      }));

    it('finds nothing under a name that cannot be written', () =>
      using(async ({ store }) => {
        await write(store, put('\ufffd', 1));
        expect(await store.records.get('things', '\ud800')).toBeUndefined();
      }));

    it('writes a record in the commit that logs its change', () =>
      using(async ({ store }) => {
        await write(store, put('a', { x: [1, 'ä'] }, 0));
        expect(await store.records.get('things', 'a')).toEqual({
          key: 'a',
          revision: 1,
          value: { x: [1, 'ä'] },
          deleted: false,
          seq: 1,
        });
        expect(await store.records.get('things', 'b')).toBeUndefined();
        expect(await store.records.get('nothing', 'a')).toBeUndefined();
      }));

    it('refuses a record without an event, except in local collections', () =>
      using(async ({ store }) => {
        expect(await codeOf(store.commit({ ...emptyCommit, records: [put('a', 1)] }))).toBe('RECORD_WITHOUT_EVENT');
        const mixed = [put('a', 1, 'any', '$view'), put('a', 1)];
        expect(await codeOf(store.commit({ ...emptyCommit, records: mixed }))).toBe('RECORD_WITHOUT_EVENT');
        expect(await store.records.get('$view', 'a')).toBeUndefined();
        await store.commit({ ...emptyCommit, records: [put('a', 1, 0, '$view')] });
        expect(await store.records.get('$view', 'a')).toMatchObject({ revision: 1, value: 1 });
        expect(await store.head()).toBe(0);
      }));

    it('counts every write as a revision, and refuses one that was not expected', () =>
      using(async ({ store }) => {
        await write(store, put('a', 1, 0));
        await write(store, put('a', 2, 1));
        await write(store, put('a', 3));
        await expect(write(store, put('a', 4, 2))).rejects.toMatchObject({
          code: 'REVISION_CONFLICT',
          details: { collection: 'things', key: 'a', expected: 2, actual: 3 },
        });
        expect(await codeOf(write(store, put('a', 4, 0)))).toBe('REVISION_CONFLICT');
        expect(await codeOf(write(store, put('new', 4, 1)))).toBe('REVISION_CONFLICT');
        expect(await store.head()).toBe(3);
        expect(await store.records.get('things', 'a')).toMatchObject({ revision: 3, value: 3, seq: 3 });
      }));

    it('lets exactly one of two racing writes of a revision win', () =>
      using(async ({ store }) => {
        const codes = await Promise.all([1, 2].map((n) => codeOf(write(store, put('a', n, 0)))));
        expect(codes.filter((code) => code === 'REVISION_CONFLICT')).toHaveLength(1);
      }));

    it('keeps a tombstone with the revision, and goes on counting when the record comes back', () =>
      using(async ({ store }) => {
        await write(store, put('a', 1, 0));
        await write(store, put('a', undefined, 1));
        expect(await store.records.get('things', 'a')).toEqual({
          key: 'a',
          revision: 2,
          value: null,
          deleted: true,
          seq: 2,
        });
        expect((await store.records.list('things')).rows).toEqual([]);
        expect((await store.records.list('things', { deleted: true })).rows).toHaveLength(1);
        await write(store, put('a', 5, 0));
        expect(await store.records.get('things', 'a')).toMatchObject({ revision: 3, value: 5, deleted: false });
      }));

    it('writes all records of a commit or none', () =>
      using(async ({ store }) => {
        expect(await codeOf(write(store, put('a', 1), put('b', 1, 7)))).toBe('REVISION_CONFLICT');
        expect(await codeOf(store.commit({ ...commitOf('track/1', 3), records: [put('a', 1)] }))).toBe(
          'VERSION_CONFLICT',
        );
        expect(await store.records.get('things', 'a')).toBeUndefined();
        expect(await store.head()).toBe(0);
      }));

    it('lists by key, in pages, by prefix', () =>
      using(async ({ store }) => {
        const names = ['b/2', 'a', 'b/1', '😀', '\uffee', '__proto__', 'b'];
        await write(store, ...names.map((key) => put(key, key)));
        await write(store, put('b', 'other', 'any', 'others'));
        const list = async (o: Parameters<Store['records']['list']>[1]) => {
          const { rows, next } = await store.records.list('things', o);
          return [rows.map(({ key }) => key), next];
        };
        expect(await list({})).toEqual([['__proto__', 'a', 'b', 'b/1', 'b/2', '\uffee', '😀'], undefined]);
        expect(await list({ limit: 3 })).toEqual([['__proto__', 'a', 'b'], 'b']);
        expect(await list({ limit: 3, after: 'b' })).toEqual([['b/1', 'b/2', '\uffee'], '\uffee']);
        expect(await list({ limit: 3, after: '\uffee' })).toEqual([['😀'], undefined]);
        expect(await list({ prefix: 'b/' })).toEqual([['b/1', 'b/2'], undefined]);
        expect(await codeOf(store.records.list('things', { limit: 0 }))).toBe('VALIDATION_FAILED');
      }));

    it('asks a predicate before it fills the page', () =>
      using(async ({ store }) => {
        const ops = Array.from({ length: 1_200 }, (_, n) =>
          put(`k${String(n).padStart(4, '0')}`, { n, odd: n % 2 === 1 }),
        );
        await write(store, ...ops);
        const page = await store.records.list('things', {
          where: { field: 'odd', is: '=', value: true },
          limit: 2,
          after: 'k0900',
        });
        expect(page).toMatchObject({ rows: [{ key: 'k0901' }, { key: 'k0903' }], next: 'k0903' });
        const last = await store.records.list('things', { where: { field: 'n', is: '>=', value: 1_199 } });
        expect(last.rows.map(({ key }) => key)).toEqual(['k1199']);
        expect(last.next).toBeUndefined();
      }));

    it('evaluates every operator of a predicate, on own fields only', () =>
      using(async ({ store }) => {
        await write(
          store,
          put('a', { n: 1, s: 'abc', o: { in: [1, 2] } }),
          put('b', { n: 2, s: 'abd', nil: null }),
          put('c', 'text'),
        );
        const keys = async (where: Predicate) =>
          (await store.records.list('things', { where })).rows.map(({ key }) => key);
        const cases: readonly (readonly [Predicate, readonly string[]])[] = [
          [{ field: 'n', is: '=', value: 1 }, ['a']],
          [{ field: 'n', is: '!=', value: 1 }, ['b', 'c']],
          [{ field: 'n', is: '<', value: 2 }, ['a']],
          [{ field: 'n', is: '<=', value: 2 }, ['a', 'b']],
          [{ field: 'n', is: '>', value: 1 }, ['b']],
          [{ field: 's', is: '>=', value: 'abd' }, ['b']],
          [{ field: 'n', is: '<', value: 'x' }, []],
          [{ field: 'n', is: 'in', value: [2, 3] }, ['b']],
          [{ field: 's', is: 'prefix', value: 'ab' }, ['a', 'b']],
          [{ field: 'o.in', is: '=', value: [1, 2] }, ['a']],
          [{ field: 'nil', is: '=', value: null }, ['b']],
          [{ field: 'constructor', is: '!=', value: 1 }, ['a', 'b', 'c']],
          [{ field: 'constructor', is: '=', value: null }, []],
          [{ not: { field: 'n', is: '=', value: 1 } }, ['b', 'c']],
          [
            {
              all: [
                { field: 'n', is: '>', value: 0 },
                { field: 's', is: '=', value: 'abc' },
              ],
            },
            ['a'],
          ],
          [
            {
              any: [
                { field: 'n', is: '=', value: 1 },
                { field: 'n', is: '=', value: 2 },
              ],
            },
            ['a', 'b'],
          ],
          [{ all: [] }, ['a', 'b', 'c']],
          [{ any: [] }, []],
        ];
        for (const [where, expected] of cases) expect([where, await keys(where)]).toEqual([where, expected]);
      }));

    it('refuses predicates that are too deep, and `in` without a list', () =>
      using(async ({ store }) => {
        let deep: Predicate = { field: 'n', is: '=', value: 1 };
        for (let n = 0; n < 40; n += 1) deep = { not: deep };
        expect(await codeOf(store.records.list('things', { where: deep }))).toBe('VALIDATION_FAILED');
        expect(await codeOf(store.records.list('things', { where: { field: 'n', is: 'in', value: 1 } }))).toBe(
          'VALIDATION_FAILED',
        );
      }));

    it('keeps unique what a collection declares so', () =>
      using(async ({ store }) => {
        await store.records.define('things', { version: 1, indexes: [], unique: [['org', 'name']] });
        await write(
          store,
          put('a', { org: 1, name: 'x' }),
          put('b', { org: 2, name: 'x' }),
          put('c', { org: 1 }),
          put('d', { org: 1 }),
        );
        await expect(write(store, put('e', { org: 1, name: 'x' }))).rejects.toMatchObject({
          code: 'UNIQUE_VIOLATION',
          details: { collection: 'things', fields: ['org', 'name'], key: 'a' },
        });
        await write(store, put('a', { org: 1, name: 'x', more: true }));
        await write(store, put('a', undefined), put('e', { org: 1, name: 'x' }));
        await write(store, put('e', { org: 1, name: 'y' }), put('f', { org: 1, name: 'x' }));
        expect(await codeOf(write(store, put('a', { org: 1, name: 'y' })))).toBe('UNIQUE_VIOLATION');
      }));

    it('defines a collection once per version, and checks what is there already', () =>
      using(async ({ store }) => {
        await write(store, put('a', { n: 1 }), put('b', { n: 1 }));
        const define = (version: number, unique: string[][]) =>
          codeOf(store.records.define('things', { version, indexes: [['n']], unique }));
        expect(await define(1, [['n']])).toBe('UNIQUE_VIOLATION');
        expect(await define(1, [])).toBeUndefined();
        expect(await define(1, [])).toBeUndefined();
        expect(await define(1, [['m']])).toBe('VALIDATION_FAILED');
        await write(store, put('b', { n: 2 }));
        expect(await define(2, [['n']])).toBeUndefined();
        expect(await define(1, [])).toBe('STORE_NEWER');
        expect(await codeOf(write(store, put('c', { n: 2 })))).toBe('UNIQUE_VIOLATION');
      }));

    it('refuses names and values that it could not give back', () =>
      using(async ({ store }) => {
        expect(await codeOf(write(store, put('', 1)))).toBe('ID_INVALID');
        expect(await codeOf(write(store, put('a\u0000', 1)))).toBe('ID_INVALID');
        expect(await codeOf(write(store, put('a', 1, 'any', '')))).toBe('ID_INVALID');
        expect(await codeOf(write(store, put('a', NaN)))).toBe('VALIDATION_FAILED');
        expect(await codeOf(write(store, put('a', 'x'.repeat(8 * 1024 * 1024))))).toBe('EVENT_TOO_LARGE');
      }));
  });
}
