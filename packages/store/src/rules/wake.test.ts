import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { createWake } from './wake.js';

describe('createWake', () => {
  it('does not wait when something changed since the caller looked', async () => {
    const wake = createWake(new FakeClock());
    const { tick } = wake;
    wake.notify();
    await wake.wait(tick, { ms: undefined, signal: undefined });
  });

  it('wakes all who wait, after the change, the time or the abort, and leaves no timer', async () => {
    const clock = new FakeClock();
    const wake = createWake(clock);
    const stop = new AbortController();
    const long = wake.wait(wake.tick, { ms: 5_000, signal: undefined });
    const short = wake.wait(wake.tick, { ms: 100, signal: undefined });
    const aborted = wake
      .wait(wake.tick, { ms: undefined, signal: stop.signal })
      .catch((error: unknown) => String(error));
    await clock.advance(100);
    await short;
    stop.abort(new Error('stopped'));
    expect(await aborted).toContain('stopped');
    expect(clock.pending).toBe(1);
    wake.notify();
    await long;
    expect(clock.pending).toBe(0);
  });
});
