import type { Clock } from '../ports/clock.js';
import { ConductorError } from './error.js';

/** One signal for several, and the way to let go of them. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Removes every listener. The signal stays as it is. May be called twice. */
  dispose(): void;
}

/**
 * A signal that aborts with the reason of the first of `signals` that does. Unlike `AbortSignal.any` it can be let go,
 * so that many short calls under one long-lived signal leave nothing behind: call `dispose` in `finally`.
 */
export function anySignal(signals: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const sources = new Map<AbortSignal, () => void>();
  const dispose = () => {
    for (const [source, listener] of sources) source.removeEventListener('abort', listener);
    sources.clear();
  };
  for (const source of signals) {
    if (source === undefined || sources.has(source)) continue;
    const onAbort = () => {
      dispose();
      controller.abort(source.reason);
    };
    if (source.aborted) {
      onAbort();
      break;
    }
    sources.set(source, onAbort);
    source.addEventListener('abort', onAbort, { once: true });
  }
  return { signal: controller.signal, dispose };
}

/**
 * Settles as `promise` does, or rejects with `signal.reason` as soon as the signal aborts. Ends the wait, not the work:
 * what the promise does later is ignored.
 */
export function raceAbort<T>(promise: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return Promise.resolve(promise);
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const settle = () => signal.removeEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).then(settle);
  });
}

/** How long work may take, on which clock, and what is thrown when it takes longer. */
export interface TimeoutOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Default: TIMEOUT with `details.limit`. */
  readonly error?: (() => Error) | undefined;
}

/**
 * Waits for work at most `timeoutMs`. Work given as a function receives a signal that aborts at the deadline, or with the
 * caller's, and should stop then; either way the wait ends. Throws TIMEOUT, the given error, or `signal.reason`.
 */
export async function withTimeout<T>(
  work: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>),
  { timeoutMs, clock, signal, error }: TimeoutOptions,
): Promise<T> {
  if (typeof work === 'function') signal?.throwIfAborted();
  const deadline = new AbortController();
  const timer = new AbortController();
  const either = anySignal([signal, deadline.signal]);
  const onTime = () => deadline.abort(error === undefined ? timedOut(timeoutMs) : error());
  // Called off in the end, the sleep rejects, and aborts what nobody listens to any more. A refused `timeoutMs` ends the wait.
  clock
    .sleep(timeoutMs, { signal: timer.signal })
    .then(onTime)
    .catch((reason: unknown) => deadline.abort(reason));
  try {
    return await raceAbort(typeof work === 'function' ? work(either.signal) : work, either.signal);
  } finally {
    timer.abort();
    either.dispose();
  }
}

function timedOut(timeoutMs: number): ConductorError {
  return new ConductorError('TIMEOUT', `Not finished after ${timeoutMs} ms`, { details: { limit: timeoutMs } });
}
