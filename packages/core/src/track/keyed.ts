import type { Scratch } from './scratch.js';
import { Vector } from './vector.js';

const wordBits = 32;

/** The ids of a plan's tasks in their order: what all versions of its maps and sets share. */
export class Keys {
  readonly list: readonly string[];
  readonly #places: ReadonlyMap<string, number>;

  constructor(list: readonly string[]) {
    this.list = list;
    this.#places = new Map(list.map((key, index) => [key, index]));
  }

  /** Its place, or `undefined` for a key that is none. */
  place(key: string): number | undefined {
    return this.#places.get(key);
  }
}

/** A map over fixed keys, in their order. `with` is O(log n) and leaves this version as it is. */
export class KeyedMap<V> implements ReadonlyMap<string, V> {
  /** Its keys, for sets that go with it. */
  readonly index: Keys;
  readonly #values: Vector<V>;

  constructor(index: Keys, values: Vector<V>) {
    this.index = index;
    this.#values = values;
  }

  get size(): number {
    return this.index.list.length;
  }

  has(key: string): boolean {
    return this.index.place(key) !== undefined;
  }

  get(key: string): V | undefined {
    const place = this.index.place(key);
    return place === undefined ? undefined : this.#values.at(place);
  }

  /** The map with another value for a key that it has. */
  with(key: string, value: V, scratch: Scratch): KeyedMap<V> {
    const place = this.index.place(key);
    if (place === undefined) return this;
    const values = this.#values.with(place, value, scratch);
    return values === this.#values ? this : new KeyedMap(this.index, values);
  }

  keys(): MapIterator<string> {
    return this.index.list.values();
  }

  values(): MapIterator<V> {
    return this.#values[Symbol.iterator]();
  }

  *entries(): Generator<[string, V], undefined, undefined> {
    let place = 0;
    for (const value of this.#values) {
      yield [this.index.list[place] as string, value]; // one key per value
      place += 1;
    }
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  forEach(visit: (value: V, key: string, map: ReadonlyMap<string, V>) => void, that?: unknown): void {
    for (const [key, value] of this) visit.call(that, value, key, this);
  }
}

/** A subset of fixed keys, in their order: one bit each. Changes are O(log n) and leave this version as it is. */
export class KeyedSet implements ReadonlySet<string> {
  readonly size: number;
  readonly #keys: Keys;
  readonly #words: Vector<number>;

  private constructor(keys: Keys, words: Vector<number>, size: number) {
    this.#keys = keys;
    this.#words = words;
    this.size = size;
  }

  /** The set of those that are keys. O(n). */
  static of(keys: Keys, members: Iterable<string> = []): KeyedSet {
    const words = Array.from<number>({ length: Math.ceil(keys.list.length / wordBits) }).fill(0);
    let size = 0;
    for (const member of members) {
      const place = keys.place(member);
      if (place === undefined) continue;
      const word = words[place >>> 5] as number; // a word for every 32 keys
      size += Number((word & (1 << (place & 31))) === 0);
      words[place >>> 5] = word | (1 << (place & 31));
    }
    return new KeyedSet(keys, Vector.from(words), size);
  }

  has(key: string): boolean {
    const place = this.#keys.place(key);
    return place !== undefined && (this.#words.at(place >>> 5) & (1 << (place & 31))) !== 0;
  }

  /** The set with the key in it, or out of it. */
  with(key: string, member: boolean, scratch: Scratch): KeyedSet {
    const place = this.#keys.place(key);
    if (place === undefined || this.has(key) === member) return this;
    const words = this.#words.with(place >>> 5, this.#words.at(place >>> 5) ^ (1 << (place & 31)), scratch);
    return new KeyedSet(this.#keys, words, this.size + (member ? 1 : -1));
  }

  *values(): Generator<string, undefined, undefined> {
    if (this.size === 0) return;
    let first = 0;
    for (const word of this.#words) {
      for (let rest = word; rest !== 0; rest &= rest - 1)
        yield this.#keys.list[first + 31 - Math.clz32(rest & -rest)] as string; // only keys have a bit
      first += wordBits;
    }
  }

  keys(): SetIterator<string> {
    return this.values();
  }

  *entries(): Generator<[string, string], undefined, undefined> {
    for (const key of this.values()) yield [key, key];
  }

  [Symbol.iterator](): SetIterator<string> {
    return this.values();
  }

  forEach(visit: (value: string, key: string, set: ReadonlySet<string>) => void, that?: unknown): void {
    for (const key of this) visit.call(that, key, key, this);
  }
}
