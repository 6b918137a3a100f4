import type { Clock } from '../ports/clock.js';
import type { Instant, Opt } from '../ports/values.js';
import { lazySchema } from '../schema/lazy.js';
import { ConductorError } from './error.js';

/** Timers of every host take 31 bits of milliseconds; above it they fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The real time of this host. With `ids.ts` the only place that touches `Date`, timers and `performance`. */
export function systemClock(): Clock {
  const turn = endOfTurn();
  return Object.freeze({
    now: () => Date.now(),
    monotonic: () => performance.now(),
    async sleep(ms: number, { signal }: Opt = {}) {
      signal?.throwIfAborted();
      let left = checkedDelay(ms);
      while (left > longestTimerMs) {
        await timer(longestTimerMs, signal);
        left -= longestTimerMs;
      }
      await timer(left, signal);
    },
    turn,
  });
}

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(handle);
      reject(signal?.reason);
    };
    const handle = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function endOfTurn(): () => Promise<void> {
  const { setImmediate: immediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  // A timer of 0 ms is the macrotask that every host has; setImmediate also lets pending I/O of this turn in.
  if (immediate === undefined) return () => timer(0, undefined);
  return () => new Promise((resolve) => void immediate(resolve));
}

/** A delay in milliseconds that a clock accepts: finite, negative counts as 0. Throws VALIDATION_FAILED. */
export function checkedDelay(ms: number): number {
  if (!Number.isFinite(ms))
    throw new ConductorError('VALIDATION_FAILED', `A delay must be a finite number of milliseconds, not ${ms}`);
  return Math.max(0, ms);
}

/** RFC 3339, UTC, milliseconds and `Z`, from milliseconds since the epoch; years 0000 to 9999. Throws VALIDATION_FAILED. */
export function instant(ms: number): Instant {
  if (!(ms >= firstInstant && ms <= lastInstant))
    throw new ConductorError('VALIDATION_FAILED', `${ms} is no time between the years 0 and 9999`);
  return new Date(ms).toISOString();
}

const firstInstant = Date.parse('0000-01-01T00:00:00.000Z');
const lastInstant = Date.parse('9999-12-31T23:59:59.999Z');
const Rfc3339 = lazySchema(({ iso }) => iso.datetime({ offset: true }));

/** Milliseconds since the epoch of an RFC 3339 text with `Z` or an offset. Throws VALIDATION_FAILED. */
export function parseInstant(text: string): number {
  if (!Rfc3339.safeParse(text).success) {
    throw new ConductorError('VALIDATION_FAILED', `Not a time: ${JSON.stringify(text.slice(0, 64))}`, {
      hint: 'Write it as 2026-01-31T12:00:00.000Z.',
    });
  }
  return Date.parse(text);
}
