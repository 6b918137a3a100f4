import { compareText } from '../rules/checks.js';

/** The keys of a map in code point order, sorted again only when somebody asks after new ones came. */
export class SortedKeys {
  #keys: string[] = [];
  #stale = false;

  /** Adds a key that is not in it. O(1), or O(n log n) at the next read when it comes out of order. */
  add(key: string): void {
    const last = this.#keys.at(-1);
    this.#stale ||= last !== undefined && compareText(last, key) > 0;
    this.#keys.push(key);
  }

  remove(key: string): void {
    this.#keys = this.#keys.filter((other) => other !== key);
  }

  /** The keys behind `after`. */
  *after(after: string): Generator<string> {
    if (this.#stale) this.#keys.sort(compareText);
    this.#stale = false;
    const keys = this.#keys;
    for (let index = this.#firstAbove(after); index < keys.length; index += 1) {
      const key = keys[index];
      if (key !== undefined) yield key;
    }
  }

  #firstAbove(after: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareText(this.#keys[middle] ?? '', after) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
