import { checkedKind } from '../kernel/ids.js';
import type { Ids } from '../ports/clock.js';

/** Ids a person can predict: `task_1`, `task_2`, `run_1` …, and random numbers that `seed` determines (mulberry32, Ettinger). */
export function sequentialIds(seed = 1): Ids {
  const counts = new Map<string, number>();
  let state = seed >>> 0;
  return Object.freeze({
    id(kind: string) {
      const count = (counts.get(checkedKind(kind)) ?? 0) + 1;
      counts.set(kind, count);
      return `${kind}_${count}`;
    },
    random() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  });
}
