import { JournaledIndex } from '../memory/journaled-index.js';
import type { RowIndex } from '../memory/journaled-index.js';
import type { Journal, KeyedRows } from '../memory/journaled-map.js';
import type { PgRow } from './client.js';
import type { SqlText } from './sql-text.js';

/** Brings rows into the cache: one statement for any number of keys. */
export interface Loader<K> {
  statement(keys: readonly K[]): SqlText;
  learn(keys: readonly K[], rows: readonly PgRow[]): void;
  /** Whether it brings not single rows but a part of a table, such as a page. */
  readonly isScan?: true;
  /** After a full page: the statement of the next one. */
  following?(): SqlText | undefined;
}

/** Which keys to bring, by loader. */
export type Wants = Map<Loader<unknown>, Set<unknown>>;

/** Thrown by a row that is not in the cache. Whoever ran the work fetches it and runs the work again, from its beginning. */
export class Missing extends Error {
  readonly loader: Loader<unknown>;
  readonly key: unknown;

  constructor(loader: Loader<unknown>, key: unknown) {
    super('This row has to be fetched first');
    this.loader = loader;
    this.key = key;
  }
}

/** Thrown where work asks for a part of a table that others of its group have written to: it belongs into the next group. */
export class NotNow extends Error {}

export function want<K>(wants: Wants, loader: Loader<K>, key: K): void {
  // The casts: a loader is only ever given back its own keys.
  const keys = wants.get(loader as Loader<unknown>);
  if (keys === undefined) wants.set(loader as Loader<unknown>, new Set([key]));
  else keys.add(key);
}

export function statementsOf(wants: Wants): readonly SqlText[] {
  return Array.from(wants, ([loader, keys]) => loader.statement([...keys]));
}

/** Takes in what the statements of the same wants answered. */
export function learn(wants: Wants, results: readonly (readonly PgRow[])[]): void {
  let index = 0;
  for (const [loader, keys] of wants) {
    loader.learn([...keys], results[index] ?? []);
    index += 1;
  }
}

/** A row that a group has changed. */
export interface Change<K, V> {
  readonly key: K;
  /** As the database has it; `undefined` also where nobody has looked. */
  readonly before: V | undefined;
  /** `undefined`: it goes. */
  readonly row: V | undefined;
}

/**
 * Rows by key as far as they are known; a known row may also be one that does not exist. Changes go into the journal, and
 * unless they follow from others those that have to be written are remembered.
 */
export class Known<K, V> implements KeyedRows<K, V> {
  readonly loader: Loader<K>;
  readonly #journal: Journal;
  /** Brings the whole table. */
  readonly #everything: Loader<unknown> | undefined;
  readonly #rows = new Map<K, V | undefined>();
  readonly #before = new Map<K, V | undefined>();
  #isWhole = false;
  #supposed: Set<K> | undefined;

  constructor(journal: Journal, loader: Loader<K>, everything?: Loader<unknown>) {
    this.#journal = journal;
    this.loader = loader;
    this.#everything = everything;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Whether every row of the table is known. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  has(key: K): boolean {
    return this.#isWhole || this.#rows.has(key);
  }

  get(key: K): V | undefined {
    const value = this.#rows.get(key);
    if (value !== undefined || this.has(key)) return value;
    if (this.#supposed === undefined) throw new Missing(this.loader as Loader<unknown>, key);
    this.#supposed.add(key);
    return undefined;
  }

  *values(): Generator<V> {
    if (!this.#isWhole && this.#everything !== undefined) throw new Missing(this.#everything, undefined);
    for (const value of this.#rows.values()) if (value !== undefined) yield value;
  }

  known(): readonly K[] {
    return [...this.#rows.keys()];
  }

  peek(key: K): V | undefined {
    return this.#rows.get(key);
  }

  /** Takes in what the database has; what is known already may be newer. */
  learn(key: K, value: V | undefined): void {
    if (!this.#rows.has(key)) this.#rows.set(key, value);
  }

  /** What was learnt is everything there is. */
  learntAll(): void {
    this.#isWhole = true;
  }

  set(key: K, value: V): void {
    this.#put(key, value);
  }

  delete(key: K): void {
    this.#put(key, undefined);
  }

  #put(key: K, value: V | undefined): void {
    const before = this.#rows.get(key);
    const existed = this.#rows.has(key);
    const fresh = !this.#before.has(key);
    this.#rows.set(key, value);
    if (fresh) this.#before.set(key, before);
    this.#journal.record(() => {
      if (existed) this.#rows.set(key, before);
      else this.#rows.delete(key);
      if (fresh) this.#before.delete(key);
    });
  }

  /**
   * Runs `work` as if rows that nobody has looked for did not exist. Each of them has to be written by it, where an index of
   * the database refuses it if it does exist, or else be asked for: those go to `wants`.
   */
  supposing<T>(wants: Wants, work: () => T): T {
    const supposed = new Set<K>();
    this.#supposed = supposed;
    try {
      return work();
    } finally {
      this.#supposed = undefined;
      for (const key of supposed) if (!this.#rows.has(key)) want(wants, this.loader, key);
    }
  }

  /** What has to be written. */
  changes(): readonly Change<K, V>[] {
    return Array.from(this.#before, ([key, before]) => ({ key, before, row: this.#rows.get(key) }));
  }

  get hasChanges(): boolean {
    return this.#before.size > 0;
  }

  written(): void {
    this.#before.clear();
  }

  clear(): void {
    this.#rows.clear();
    this.#before.clear();
    this.#isWhole = false;
  }
}

/** An index: the items of each key, as far as they are known. It follows from rows and is not written itself. */
export class KnownIndex<K, I, V = true> implements RowIndex<K, I, V> {
  readonly loader: Loader<K>;
  readonly #items: JournaledIndex<K, I, V>;
  readonly #keys = new Set<K>();
  /** The rows that it follows from: when all of them are known, so are all items. */
  readonly #of: { readonly isWhole: boolean } | undefined;

  constructor(journal: Journal, loader: Loader<K>, of?: { readonly isWhole: boolean }) {
    this.#items = new JournaledIndex(journal);
    this.loader = loader;
    this.#of = of;
  }

  get size(): number {
    return this.#keys.size;
  }

  has(key: K): boolean {
    return this.#of?.isWhole === true || this.#keys.has(key);
  }

  of(key: K): ReadonlyMap<I, V> {
    if (!this.has(key)) throw new Missing(this.loader as Loader<unknown>, key);
    return this.#items.of(key);
  }

  /** All items of a key, unless they are known already. */
  learn(key: K, items: Iterable<readonly [I, V]>): void {
    if (this.has(key)) return;
    this.#keys.add(key);
    for (const [item, value] of items) this.#items.set(key, item, value);
  }

  /** No effect on a key whose items nobody asked for: they will be fetched when they are written. */
  set(key: K, item: I, value: V): void {
    if (this.has(key)) this.#items.set(key, item, value);
  }

  delete(key: K, item: I): void {
    this.#items.delete(key, item);
  }

  clear(): void {
    this.#keys.clear();
    this.#items.clear();
  }
}

/** A list that a journal can shorten again. */
export function pushTo<T>(journal: Journal, list: T[], item: T): void {
  list.push(item);
  journal.record(() => list.pop());
}

/** Fetches one result that belongs to no key, such as a page of the log; valid until the next write. */
export function scanOf<T>(
  statement: SqlText,
  read: (rows: readonly PgRow[]) => T,
  following?: (value: T) => SqlText | undefined,
): Scan<T> {
  let found: { readonly value: T } | undefined;
  const loader: Loader<unknown> = {
    isScan: true,
    statement: () => statement,
    learn(_, rows) {
      found = { value: read(rows) };
    },
    following: () => found && following?.(found.value),
  };
  return {
    get() {
      if (found === undefined) throw new Missing(loader, undefined);
      return found.value;
    },
    loader,
  };
}

export interface Scan<T> {
  get(): T;
  readonly loader: Loader<unknown>;
}
