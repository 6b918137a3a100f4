import type { Journal } from '../memory/journaled-map.js';
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

/**
 * Rows by key as far as they are known; a known row may also be one that does not exist. Changes go into the journal, and
 * those that have to be written are remembered.
 */
export class Known<K, V> {
  readonly loader: Loader<K>;
  readonly #journal: Journal;
  readonly #rows = new Map<K, V | undefined>();
  readonly #changed = new Set<K>();

  constructor(journal: Journal, loader: Loader<K>) {
    this.#journal = journal;
    this.loader = loader;
  }

  get size(): number {
    return this.#rows.size;
  }

  has(key: K): boolean {
    return this.#rows.has(key);
  }

  get(key: K): V | undefined {
    const value = this.#rows.get(key);
    if (value === undefined && !this.#rows.has(key)) throw new Missing(this.loader as Loader<unknown>, key);
    return value;
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

  /** Changes a row, `undefined` removes it. Unless `derived`, it is one of those to write. */
  put(key: K, value: V | undefined, derived = false): void {
    const before = this.#rows.get(key);
    const existed = this.#rows.has(key);
    const fresh = !derived && !this.#changed.has(key);
    this.#rows.set(key, value);
    if (fresh) this.#changed.add(key);
    this.#journal.record(() => {
      if (existed) this.#rows.set(key, before);
      else this.#rows.delete(key);
      if (fresh) this.#changed.delete(key);
    });
  }

  /** What has to be written. */
  changes(): readonly (readonly [K, V | undefined])[] {
    return Array.from(this.#changed, (key) => [key, this.#rows.get(key)] as const);
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  written(): void {
    this.#changed.clear();
  }

  clear(): void {
    this.#rows.clear();
    this.#changed.clear();
  }
}

/** An index: the members of each key, as far as they are known. It follows from rows and is not written itself. */
export class KnownIndex<K, M, X = true> {
  readonly loader: Loader<K>;
  readonly #journal: Journal;
  readonly #members = new Map<K, Map<M, X>>();

  constructor(journal: Journal, loader: Loader<K>) {
    this.#journal = journal;
    this.loader = loader;
  }

  get size(): number {
    return this.#members.size;
  }

  has(key: K): boolean {
    return this.#members.has(key);
  }

  get(key: K): ReadonlyMap<M, X> {
    const members = this.#members.get(key);
    if (members === undefined) throw new Missing(this.loader as Loader<unknown>, key);
    return members;
  }

  /** All members of a key, unless they are known already. */
  learn(key: K, members: readonly (readonly [M, X])[]): void {
    if (!this.#members.has(key)) this.#members.set(key, new Map(members));
  }

  /** No effect on a key whose members nobody asked for: they will be fetched when they are written. */
  add(key: K, member: M, value: X): void {
    const members = this.#members.get(key);
    if (members === undefined) return;
    const before = members.get(member);
    members.set(member, value);
    this.#journal.record(() => {
      if (before === undefined) members.delete(member);
      else members.set(member, before);
    });
  }

  remove(key: K, member: M): void {
    const members = this.#members.get(key);
    const before = members?.get(member);
    if (members === undefined || before === undefined) return;
    members.delete(member);
    this.#journal.record(() => members.set(member, before));
  }

  clear(): void {
    this.#members.clear();
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
