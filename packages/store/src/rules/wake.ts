import { ConductorError, anySignal, raceAbort } from '@conductor/core';
import type { Clock } from '@conductor/core/ports';

/** Lets many wait for the next change in this process. */
export interface Wake {
  /** Goes up with every change. Read it before looking at the rows, so that no change falls between. */
  readonly tick: number;
  notify(): void;
  /** Resolves when `tick` has moved on, or after `ms`. Rejects with `signal.reason`, or CLOSED after `close`. */
  wait(tick: number, o: { readonly ms: number | undefined; readonly signal: AbortSignal | undefined }): Promise<void>;
  close(): void;
}

export function createWake(clock: Clock): Wake {
  let tick = 0;
  let closed = false;
  // A set and not one shared promise: a promise keeps every reaction, and a poller would add one each time.
  const waiting = new Set<() => void>();
  const notify = () => {
    tick += 1;
    for (const wake of waiting) wake();
    waiting.clear();
  };
  return {
    get tick() {
      return tick;
    },
    notify,
    async wait(seen, { ms, signal }) {
      signal?.throwIfAborted();
      if (!closed && tick === seen) {
        const { promise, resolve } = deferred();
        waiting.add(resolve);
        try {
          await raceAbort(ms === undefined ? promise : orTime(clock, promise, ms, signal), signal);
        } finally {
          waiting.delete(resolve);
        }
      }
      if (closed) throw closedError();
    },
    close() {
      closed = true;
      notify();
    },
  };
}

/** What every call answers after `close`. */
export function closedError(): ConductorError {
  return new ConductorError('CLOSED', 'The store is closed');
}

/** Settles with the first of a promise and a time; the timer is gone afterwards. */
async function orTime(
  clock: Clock,
  promise: Promise<void>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const timer = new AbortController();
  const either = anySignal([signal, timer.signal]);
  const slept = clock.sleep(ms, { signal: either.signal });
  slept.catch(() => undefined); // called off below
  try {
    await Promise.race([promise, slept]);
  } finally {
    timer.abort();
    either.dispose();
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
