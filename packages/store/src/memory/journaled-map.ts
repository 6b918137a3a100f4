/** Undoes what a transaction did, last first. */
export interface Journal {
  /** Runs `work`; when it throws, everything it changed is as before. One inside another undoes its own part only. */
  transaction<T>(work: () => T): T;
  record(undo: () => void): void;
}

export function createJournal(): Journal {
  const undos: (() => void)[] = [];
  let depth = 0;
  return {
    record(undo) {
      undos.push(undo);
    },
    transaction(work) {
      const mark = undos.length;
      depth += 1;
      try {
        return work();
      } catch (error) {
        for (const undo of undos.splice(mark).reverse()) undo();
        throw error;
      } finally {
        depth -= 1;
        if (depth === 0) undos.length = 0;
      }
    },
  };
}

/** Rows by key. */
export interface KeyedRows<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
  values(): Iterable<V>;
}

/** A Map whose changes a journal can take back. */
export class JournaledMap<K, V> implements KeyedRows<K, V> {
  readonly #map = new Map<K, V>();
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  keys(): IterableIterator<K> {
    return this.#map.keys();
  }

  values(): IterableIterator<V> {
    return this.#map.values();
  }

  entries(): IterableIterator<[K, V]> {
    return this.#map.entries();
  }

  set(key: K, value: V): void {
    const before = this.#map.get(key);
    const existed = this.#map.has(key);
    this.#map.set(key, value);
    this.#journal.record(() => {
      if (existed)
        this.#map.set(key, before as V); // it was there, so it is a V
      else this.#map.delete(key);
    });
  }

  delete(key: K): void {
    if (!this.#map.has(key)) return;
    const before = this.#map.get(key) as V; // it was there, so it is a V
    this.#map.delete(key);
    this.#journal.record(() => this.#map.set(key, before));
  }
}
