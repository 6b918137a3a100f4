import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyedMap, KeyedSet, Keys } from './keyed.js';
import { Scratch } from './scratch.js';
import { Vector } from './vector.js';

const sizes = fc.oneof(fc.nat(70), fc.constantFrom(31, 32, 33, 1023, 1024, 1025, 1057));
const changes = fc.array(fc.tuple(fc.nat(1100), fc.boolean(), fc.nat(99)), { maxLength: 40 });
const keysOf = (size: number) => new Keys(Array.from({ length: size }, (_, index) => `${index + 1}`));

describe('a vector', () => {
  it('is the list that it was made of, and each version keeps what it was', () => {
    fc.assert(
      fc.property(sizes, changes, (size, edits) => {
        const list = Array.from({ length: size }, (_, index) => index);
        const versions = [{ vector: Vector.from(list), list }];
        for (const [at, , value] of edits) {
          const last = versions.at(-1) ?? expect.fail();
          if (at >= size) continue;
          versions.push({ vector: last.vector.with(at, value, new Scratch()), list: last.list.with(at, value) });
        }
        for (const version of versions) {
          expect([...version.vector]).toEqual(version.list);
          expect(version.list.map((_, at) => version.vector.at(at))).toEqual(version.list);
          expect(version.vector.length).toBe(size);
        }
      }),
      { numRuns: 200, seed: 20260101 },
    );
  });

  it('is deep enough for as many values as there are', () => {
    const vector = Vector.from(Array.from({ length: 40_000 }, (_, index) => index));
    const changed = vector.with(39_999, -1, new Scratch());
    expect([changed.at(39_999), vector.at(39_999), changed.at(32_768), changed.at(0)]).toEqual([-1, 39_999, 32_768, 0]);
  });

  it('is changed in place by the fold that made it, and by no other', () => {
    const first = new Scratch();
    const made = Vector.from([1, 2, 3]).with(0, 9, first);
    expect(made.with(1, 8, first)).toBe(made);
    expect([...made]).toEqual([9, 8, 3]);
    expect(made.with(2, 7, new Scratch())).not.toBe(made);
    expect([...made]).toEqual([9, 8, 3]);
  });
});

describe('a keyed map', () => {
  it('says what a Map says, after any changes, in the order of its keys', () => {
    fc.assert(
      fc.property(sizes, changes, (size, edits) => {
        const keys = keysOf(size);
        const model = new Map(keys.list.map((key) => [key, 0]));
        let map = new KeyedMap<number>(keys, Vector.from(keys.list.map(() => 0)));
        const before = map;
        for (const [at, , value] of edits) {
          const key = `${at + 1}`;
          if (model.has(key)) model.set(key, value);
          map = map.with(key, value, new Scratch());
        }
        const visited: [string, number][] = [];
        map.forEach((value, key) => visited.push([key, value]));
        expect([[...map], [...map.keys()], [...map.values()], [...map.entries()], map.size, visited]).toEqual([
          [...model],
          [...model.keys()],
          [...model.values()],
          [...model],
          model.size,
          [...model],
        ]);
        for (const key of [...keys.list, 'gone', '__proto__'])
          expect([map.has(key), map.get(key)]).toEqual([model.has(key), model.get(key)]);
        expect(new Set(before.values()).size).toBe(size === 0 ? 0 : 1);
      }),
      { numRuns: 150, seed: 20260101 },
    );
  });
});

describe('a keyed set', () => {
  it('says what a Set says, after any changes, in the order of its keys', () => {
    fc.assert(
      fc.property(sizes, changes, (size, edits) => {
        const keys = keysOf(size);
        const model = new Set<string>();
        let set = KeyedSet.of(keys);
        for (const [at, member] of edits) {
          const key = `${at + 1}`;
          if (at < size && member) model.add(key);
          else model.delete(key);
          set = set.with(key, member, new Scratch());
        }
        const ordered = keys.list.filter((key) => model.has(key));
        const visited: string[] = [];
        set.forEach((key) => visited.push(key));
        expect([[...set], [...set.keys()], [...set.values()], set.size, visited]).toEqual([
          ordered,
          ordered,
          ordered,
          model.size,
          ordered,
        ]);
        expect([...set.entries()]).toEqual(ordered.map((key) => [key, key]));
        for (const key of [...keys.list, 'gone']) expect(set.has(key)).toBe(model.has(key));
        expect(KeyedSet.of(keys, [...ordered, ...ordered, 'gone'])).toEqual(set);
      }),
      { numRuns: 150, seed: 20260101 },
    );
  });

  it('is itself when nothing changes', () => {
    const set = KeyedSet.of(keysOf(3), ['2']);
    for (const [key, member] of [
      ['2', true],
      ['1', false],
      ['gone', true],
    ] as const)
      expect(set.with(key, member, new Scratch())).toBe(set);
  });
});
