import type { Journal } from './journaled-map.js';

/** From keys to items with a value each. */
export interface RowIndex<K, I, V> {
  /** The items of a key, in any order. */
  of(key: K): ReadonlyMap<I, V>;
  set(key: K, item: I, value: V): void;
  delete(key: K, item: I): void;
}

/** From keys to items with a value each; a journal can take changes back. Adding and removing cost O(1), however many items. */
export class JournaledIndex<K, I, V> implements RowIndex<K, I, V> {
  readonly #groups = new Map<K, Map<I, V>>();
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** The items of a key; in any order once something was taken back. */
  of(key: K): ReadonlyMap<I, V> {
    return this.#groups.get(key) ?? new Map<I, V>();
  }

  set(key: K, item: I, value: V): void {
    const before = this.#groups.get(key);
    const known = before?.has(item) === true;
    const old = before?.get(item);
    this.#put(key, item, value);
    this.#journal.record(() => {
      if (known)
        this.#put(key, item, old as V); // it was there, so it is a V
      else this.#drop(key, item);
    });
  }

  delete(key: K, item: I): void {
    const group = this.#groups.get(key);
    if (group?.has(item) !== true) return;
    const old = group.get(item) as V; // it was there, so it is a V
    this.#drop(key, item);
    this.#journal.record(() => this.#put(key, item, old));
  }

  /** Forgets everything; no journal takes that back. */
  clear(): void {
    this.#groups.clear();
  }

  #put(key: K, item: I, value: V): void {
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, new Map([[item, value]]));
    else group.set(item, value);
  }

  #drop(key: K, item: I): void {
    const group = this.#groups.get(key);
    group?.delete(item);
    if (group?.size === 0) this.#groups.delete(key);
  }
}
