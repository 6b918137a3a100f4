import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { anySignal, raceAbort, withTimeout } from './abort.js';

/** A signal that tells how many listeners it has. */
function watchedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  const abort = (reason: unknown) => controller.abort(reason);
  return { abort, signal, listeners: () => getEventListeners(signal, 'abort').length };
}

/** Begins to wait at once, so that a rejection is never without a listener. */
function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`resolved with ${String(value)}`),
    (reason: unknown) => reason,
  );
}

const never = new Promise<never>(() => undefined);

describe('anySignal', () => {
  it('aborts with the reason of the first that does, and lets go of the others', () => {
    const first = watchedSignal();
    const second = watchedSignal();
    const either = anySignal([first.signal, undefined, second.signal]);
    second.abort('second');
    first.abort('first');
    expect(either.signal.reason).toBe('second');
    expect(first.listeners()).toBe(0);
  });

  it('is aborted from the start when one of them is', () => {
    const first = watchedSignal();
    const either = anySignal([first.signal, AbortSignal.abort('already')]);
    expect(either.signal.reason).toBe('already');
    expect(first.listeners()).toBe(0);
  });

  it('leaves no listener after dispose, and stays as it is', () => {
    const source = watchedSignal();
    const either = anySignal([source.signal, source.signal]);
    either.dispose();
    either.dispose();
    source.abort('late');
    expect(source.listeners()).toBe(0);
    expect(either.signal.aborted).toBe(false);
  });
});

describe('raceAbort', () => {
  it('settles as the promise does and removes its listener', async () => {
    const { signal, listeners } = watchedSignal();
    await expect(raceAbort(Promise.resolve(7), signal)).resolves.toBe(7);
    await expect(raceAbort(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(listeners()).toBe(0);
  });

  it('needs no signal', async () => {
    await expect(raceAbort(Promise.resolve(7), undefined)).resolves.toBe(7);
  });

  it('rejects with the reason as soon as the signal aborts', async () => {
    const { signal, abort } = watchedSignal();
    const race = raceAbort(never, signal);
    abort('enough');
    await expect(race).rejects.toBe('enough');
  });

  it('rejects at once under an aborted signal, and a later failure of the work is not unhandled', async () => {
    const failing = Promise.reject(new Error('ignored'));
    await expect(raceAbort(failing, AbortSignal.abort('before'))).rejects.toBe('before');
  });
});

describe('withTimeout', () => {
  it('passes on what the work gives, and leaves neither timer nor listener', async () => {
    const clock = new FakeClock();
    const { signal, listeners } = watchedSignal();
    await expect(withTimeout(Promise.resolve(7), { timeoutMs: 100, clock, signal })).resolves.toBe(7);
    await clock.settle();
    expect(clock.pending).toBe(0);
    expect(listeners()).toBe(0);
  });

  it('never aborts work that ended in time, for its signal may live on in the result', async () => {
    const clock = new FakeClock();
    const handed = await withTimeout((signal) => Promise.resolve(signal), { timeoutMs: 100, clock });
    await clock.advance(1000);
    expect(handed.aborted).toBe(false);
  });

  it('throws TIMEOUT at the deadline and tells the work to stop', async () => {
    const clock = new FakeClock();
    let told: unknown;
    const work = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => (told = signal.reason));
      return never;
    };
    const outcome = rejection(withTimeout(work, { timeoutMs: 100, clock }));
    await clock.advance(99);
    expect(told).toBeUndefined();
    await clock.advance(1);
    expect(await outcome).toMatchObject({ code: 'TIMEOUT', details: { limit: 100 } });
    expect(told).toMatchObject({ code: 'TIMEOUT' });
  });

  it('throws the error that it was given', async () => {
    const clock = new FakeClock();
    const outcome = rejection(withTimeout(never, { timeoutMs: 1, clock, error: () => new Error('too slow') }));
    await clock.advance(1);
    expect(await outcome).toEqual(new Error('too slow'));
  });

  it('rejects with the reason of the caller, and stops the timer', async () => {
    const clock = new FakeClock();
    const { signal, abort, listeners } = watchedSignal();
    const outcome = rejection(withTimeout(() => never, { timeoutMs: 100, clock, signal }));
    await clock.settle();
    abort('enough');
    expect(await outcome).toBe('enough');
    await clock.settle();
    expect(clock.pending).toBe(0);
    expect(listeners()).toBe(0);
  });

  it('does not begin the work under an aborted signal', async () => {
    const work = vi.fn<() => Promise<never>>(() => never);
    await expect(
      withTimeout(work, { timeoutMs: 1, clock: new FakeClock(), signal: AbortSignal.abort('before') }),
    ).rejects.toBe('before');
    expect(work).not.toHaveBeenCalled();
  });

  it('leaves no timer when the work throws at once', async () => {
    const clock = new FakeClock();
    const work = () => {
      throw new Error('at once');
    };
    await expect(withTimeout(work, { timeoutMs: 100, clock })).rejects.toThrow('at once');
    await clock.settle();
    expect(clock.pending).toBe(0);
  });

  it('ends with the refusal of a time that is none', async () => {
    const waiting = withTimeout(never, { timeoutMs: Number.NaN, clock: new FakeClock() });
    await expect(waiting).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
