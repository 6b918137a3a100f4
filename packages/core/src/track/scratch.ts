/**
 * Private copies within one fold: a map, set or list is copied at the first change and written in place after that, so
 * that folding n events over a plan of m tasks costs O(n + m), not O(n × m). States seen outside never change.
 */
export class Scratch {
  /** Made in this fold. Empty for most: one fact changes few maps. */
  #fresh: Set<object> | undefined;

  map<K, V>(source: ReadonlyMap<K, V>): Map<K, V> {
    if (this.#fresh?.has(source)) return source as Map<K, V>; // made below, in this fold
    return this.#keep(new Map(source));
  }

  set<T>(source: ReadonlySet<T>): Set<T> {
    if (this.#fresh?.has(source)) return source as Set<T>; // made below, in this fold
    return this.#keep(new Set(source));
  }

  list<T>(source: readonly T[]): T[] {
    if (this.#fresh?.has(source)) return source as T[]; // made below, in this fold
    return this.#keep([...source]);
  }

  #keep<T extends object>(copy: T): T {
    (this.#fresh ??= new Set()).add(copy);
    return copy;
  }
}
