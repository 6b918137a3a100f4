/**
 * Private copies within one fold: a map, set or list is copied at the first change and written in place after that, so
 * that folding n events over a plan of m tasks costs O(n + m), not O(n × m). States seen outside never change.
 */
export class Scratch {
  readonly #fresh = new WeakSet<object>();

  map<K, V>(source: ReadonlyMap<K, V>): Map<K, V> {
    if (this.#fresh.has(source)) return source as Map<K, V>; // made below, in this fold
    const copy = new Map(source);
    this.#fresh.add(copy);
    return copy;
  }

  set<T>(source: ReadonlySet<T>): Set<T> {
    if (this.#fresh.has(source)) return source as Set<T>; // made below, in this fold
    const copy = new Set(source);
    this.#fresh.add(copy);
    return copy;
  }

  list<T>(source: readonly T[]): T[] {
    if (this.#fresh.has(source)) return source as T[]; // made below, in this fold
    const copy = [...source];
    this.#fresh.add(copy);
    return copy;
  }
}
