import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaseKeys } from './task-leases.js';

/** A disk that tells upper from lower case: one spelling, one key. */
const workspace = { key: (path: string) => path };
const keysOf = (...files: string[]) => leaseKeys(workspace, { files });

/** As the store decides: two keys conflict when they are equal, unless both are shared. */
function conflict(a: ReturnType<typeof keysOf>, b: ReturnType<typeof keysOf>): boolean {
  return a.some((one) =>
    b.some((two) => one.key === two.key && (one.mode === 'exclusive' || two.mode === 'exclusive')),
  );
}

describe('leaseKeys', () => {
  it('takes a file exclusively and the folders above it shared', () => {
    expect(keysOf('src/a/b.ts')).toEqual([
      { key: 'dir:.', mode: 'shared' },
      { key: 'dir:src', mode: 'shared' },
      { key: 'dir:src/a', mode: 'shared' },
      { key: 'file:src/a/b.ts', mode: 'exclusive' },
    ]);
  });

  it('takes the whole tree for a task that names no files', () => {
    expect(keysOf()).toEqual([{ key: 'dir:.', mode: 'exclusive' }]);
  });

  it.each([
    ['src/**/*.ts', 'src/a/b.ts', true],
    ['src/', 'src/a.ts', true],
    ['*.md', 'docs/a.md', true],
    ['src/a/*', 'src/b/c.ts', false],
    ['src/a.ts', 'src/b.ts', false],
    ['src/a/', 'src/', true],
  ])('lets %s and %s exclude each other: %s', (one, two, excluded) => {
    expect(conflict(keysOf(one), keysOf(two))).toBe(excluded);
    expect(conflict(keysOf(two), keysOf(one))).toBe(excluded);
  });

  it('keeps a folder exclusive that a file below it only needs shared, in any order', () => {
    const expected = keysOf('src/', 'src/a.ts');
    expect(keysOf('src/a.ts', 'src/')).toEqual(expected);
    expect(expected).toContainEqual({ key: 'dir:src', mode: 'exclusive' });
  });

  it('lets two tasks of the same file always exclude each other, and asks in one order', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(
        fc.array(path, { minLength: 1, maxLength: 4 }),
        fc.array(path, { minLength: 1, maxLength: 4 }),
        (one, two) => {
          const [a, b] = [keysOf(...one), keysOf(...two)];
          if (one.some((file) => two.includes(file))) expect(conflict(a, b)).toBe(true);
          const names = a.map(({ key }) => key);
          expect(names).toEqual([...new Set(names)].sort());
        },
      ),
    );
  });
});
