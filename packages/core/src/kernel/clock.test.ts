import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkedDelay, instant, parseInstant, systemClock } from './clock.js';

const invalid = expect.objectContaining({ code: 'VALIDATION_FAILED' });

describe('systemClock', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('tells the time of the host, and a monotonic one', () => {
    vi.useFakeTimers({ now: 1_000 });
    const clock = systemClock();
    const start = clock.monotonic();
    vi.advanceTimersByTime(250);
    expect(clock.now()).toBe(1_250);
    expect(clock.monotonic() - start).toBe(250);
  });

  it('sleeps as long as asked', async () => {
    vi.useFakeTimers();
    let awake = false;
    const slept = systemClock()
      .sleep(100)
      .then(() => (awake = true));
    await vi.advanceTimersByTimeAsync(99);
    expect(awake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await slept;
    expect(awake).toBe(true);
  });

  it('sleeps longer than a timer of the host can, which would fire at once', async () => {
    vi.useFakeTimers();
    const month = 31 * 86_400_000;
    let awake = false;
    const slept = systemClock()
      .sleep(month)
      .then(() => (awake = true));
    await vi.advanceTimersByTimeAsync(month - 1);
    expect(awake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await slept;
    expect(awake).toBe(true);
  });

  it('rejects with the reason of an abort and leaves no timer', async () => {
    vi.useFakeTimers();
    const abort = new AbortController();
    const slept = systemClock().sleep(100, { signal: abort.signal });
    abort.abort('enough');
    await expect(slept).rejects.toBe('enough');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not begin to sleep under an aborted signal', async () => {
    await expect(systemClock().sleep(100, { signal: AbortSignal.abort('before') })).rejects.toBe('before');
  });

  it('lets go of the signal when the sleep ends', async () => {
    vi.useFakeTimers();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const slept = systemClock().sleep(5, { signal });
    await vi.advanceTimersByTimeAsync(5);
    await slept;
    expect(removed).toHaveBeenCalledOnce();
  });

  it('ends a turn after everything that this turn queued', async () => {
    const order: string[] = [];
    const turn = systemClock()
      .turn()
      .then(() => order.push('turn'));
    await Promise.resolve().then(() => order.push('microtask'));
    await turn;
    expect(order).toEqual(['microtask', 'turn']);
  });

  it('ends a turn on a host without setImmediate too', async () => {
    vi.stubGlobal('setImmediate', undefined);
    const clock = systemClock();
    vi.unstubAllGlobals();
    const order: string[] = [];
    await Promise.all([
      clock.turn().then(() => order.push('turn')),
      Promise.resolve().then(() => order.push('microtask')),
    ]);
    expect(order).toEqual(['microtask', 'turn']);
  });
});

describe('checkedDelay', () => {
  it('takes a negative delay for none and refuses what is no delay', () => {
    expect(checkedDelay(-5)).toBe(0);
    expect(checkedDelay(5)).toBe(5);
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY]) expect(() => checkedDelay(ms)).toThrow(invalid);
  });
});

describe('instants', () => {
  it('are RFC 3339 in UTC with milliseconds, and read back', () => {
    expect(instant(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(parseInstant('1970-01-01T00:00:00.000Z')).toBe(0);
    expect(parseInstant('2026-01-31T12:00:00+02:00')).toBe(parseInstant('2026-01-31T10:00:00.000Z'));
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [253_402_300_800_000], [-62_167_219_200_001]])(
    'are not made of %s',
    (ms) => {
      expect(() => instant(ms)).toThrow(invalid);
    },
  );

  it.each([
    [''],
    ['yesterday'],
    ['2026-02-30T00:00:00Z'],
    ['2026-01-31'],
    ['2026-01-31T12:00:00'],
    [`${'1'.repeat(99)}Z`],
  ])('are not read from "%s"', (text) => {
    expect(() => parseInstant(text)).toThrow(invalid);
  });
});
