import { raceAbort } from '../kernel/abort.js';
import { checkedDelay, instant, parseInstant, systemClock } from '../kernel/clock.js';
import type { Clock } from '../ports/clock.js';
import type { Instant, Opt } from '../ports/values.js';

interface Timer {
  readonly dueMs: number;
  fire(): void;
}

/** Work that ends its turn this often without ever sleeping is taken for endless. */
const maxTurns = 10_000;

/**
 * A clock that stands still until a test moves it. Timers fire in order of their due time, those of one moment in order of
 * their making; between two of them everything that the first one woke runs to its next wait. `turn` costs no time.
 */
export class FakeClock implements Clock {
  readonly #host = systemClock();
  #now: number;
  #monotonic = 0;
  #timers: Timer[] = [];
  #openTurns = 0;

  /** Starts at a moment, as milliseconds or RFC 3339; default 2026-01-01T00:00:00.000Z. */
  constructor(start: number | Instant = '2026-01-01T00:00:00.000Z') {
    this.#now = millis(start);
  }

  /** Sleeps that have not ended. */
  get pending(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** The wall time as events carry it. */
  instant(): Instant {
    return instant(this.#now);
  }

  async sleep(ms: number, { signal }: Opt = {}): Promise<void> {
    signal?.throwIfAborted();
    const delay = checkedDelay(ms);
    // What is due already waits for no test to move the clock.
    if (delay === 0) return raceAbort(this.turn(), signal);
    let timer: Timer | undefined;
    const due = new Promise<void>((resolve) => {
      timer = this.#add(this.#monotonic + delay, resolve);
    });
    try {
      await raceAbort(due, signal);
    } finally {
      this.#timers = this.#timers.filter((other) => other !== timer);
    }
  }

  async turn(): Promise<void> {
    this.#openTurns += 1;
    try {
      await this.#host.turn();
    } finally {
      this.#openTurns -= 1;
    }
  }

  /** Moves both times forward by `ms` and runs what comes due on the way. Throws VALIDATION_FAILED. */
  async advance(ms: number): Promise<void> {
    const target = this.#monotonic + checkedDelay(ms);
    await this.settle();
    for (let next = this.#timers[0]; next !== undefined && next.dueMs <= target; next = this.#timers[0])
      await this.#fire(next);
    this.#moveTo(target);
  }

  /** Jumps to the next timer and runs it; false when there is none. */
  async advanceToNext(): Promise<boolean> {
    await this.settle();
    const next = this.#timers[0];
    if (next === undefined) return false;
    await this.#fire(next);
    return true;
  }

  /**
   * Moves from timer to timer until `promise` settles, and settles as it does. For work in memory: real I/O takes real
   * time, in which this clock would run ahead.
   */
  async runUntil<T>(promise: PromiseLike<T>): Promise<T> {
    let open = true;
    const close = () => {
      open = false;
    };
    promise.then(close, close);
    await this.settle();
    for (let moved = true; open && moved;) moved = await this.advanceToNext();
    return promise;
  }

  /** Sets the wall time, as a person or NTP does: it may go back, no timer fires, monotonic time stands still. */
  setTime(at: number | Instant): void {
    this.#now = millis(at);
  }

  /** Lets everything run that waits for no time: microtasks, and turns until none is open. */
  async settle(): Promise<void> {
    let turns = 0;
    do {
      await this.#host.turn();
      turns += 1;
    } while (this.#openTurns > 0 && turns < maxTurns);
  }

  #add(dueMs: number, fire: () => void): Timer {
    const timer = { dueMs, fire };
    const later = this.#timers.findIndex((other) => other.dueMs > dueMs);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    return timer;
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.shift();
    this.#moveTo(timer.dueMs);
    timer.fire();
    await this.settle();
  }

  #moveTo(monotonicMs: number): void {
    const step = Math.max(0, monotonicMs - this.#monotonic);
    this.#monotonic += step;
    this.#now += step;
  }
}

function millis(at: number | Instant): number {
  return typeof at === 'number' ? at : parseInstant(at);
}
