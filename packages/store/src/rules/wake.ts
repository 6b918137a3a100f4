import { ConductorError, raceAbort } from '@conductor/core';
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
        const { promise, resolve, reject } = deferred();
        waiting.add(resolve);
        const timer = ms === undefined ? undefined : new AbortController();
        if (ms !== undefined) clock.sleep(ms, timer).then(resolve, reject);
        try {
          await raceAbort(promise, signal);
        } finally {
          waiting.delete(resolve);
          timer?.abort(calledOff);
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

/** Made once: an error of each call's own, with its trace, would take longer than all else between a commit and who waits for it. */
const calledOff = new Error('The wait is over');

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function deferred(): Deferred {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((...settlers) => {
    [resolve, reject] = settlers;
  });
  return { promise, resolve, reject };
}
