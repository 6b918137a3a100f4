import { describe, expect, it } from 'vitest';
import { FakeClock } from './fake-clock.js';

const start = '2026-01-01T00:00:00.000Z';

describe('FakeClock', () => {
  it('stands still until it is moved, and then moves both times', async () => {
    const clock = new FakeClock();
    expect(clock.instant()).toBe(start);
    await clock.advance(1500);
    expect([clock.instant(), clock.monotonic()]).toEqual(['2026-01-01T00:00:01.500Z', 1500]);
    expect(new FakeClock(5).now()).toBe(5);
  });

  it('runs timers in order of their due time, and those of one moment in order of their making', async () => {
    const clock = new FakeClock();
    const order: string[] = [];
    const sleep = (name: string, ms: number) =>
      clock.sleep(ms).then(() => order.push(`${name} at ${clock.monotonic()}`));
    const all = Promise.all([sleep('c', 30), sleep('a', 10), sleep('b', 10), sleep('d', 31)]);
    await clock.advance(30);
    expect(order).toEqual(['a at 10', 'b at 10', 'c at 30']);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    await all;
    expect(clock.pending).toBe(0);
  });

  it('runs timers that a timer starts, when they fall into the same advance', async () => {
    const clock = new FakeClock();
    const seen: number[] = [];
    const work = async () => {
      for (let round = 0; round < 3; round += 1) {
        await clock.sleep(10);
        await clock.turn();
        await clock.turn();
        seen.push(clock.monotonic());
      }
    };
    const done = work();
    await clock.advance(30);
    await done;
    expect(seen).toEqual([10, 20, 30]);
  });

  it('rejects a sleep with the reason of an abort and forgets its timer', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const slept = clock.sleep(10, { signal: abort.signal });
    expect(clock.pending).toBe(1);
    abort.abort('enough');
    await expect(slept).rejects.toBe('enough');
    expect(clock.pending).toBe(0);
    await expect(clock.sleep(10, { signal: abort.signal })).rejects.toBe('enough');
  });

  it('ends a sleep of no time without being moved', async () => {
    const clock = new FakeClock();
    await clock.sleep(0);
    await clock.sleep(-1);
    expect(clock.monotonic()).toBe(0);
  });

  it('ends a turn after the microtasks, without time passing', async () => {
    const clock = new FakeClock();
    const order: string[] = [];
    const turn = clock.turn().then(() => order.push('turn'));
    await Promise.resolve().then(() => order.push('microtask'));
    await turn;
    expect(order).toEqual(['microtask', 'turn']);
    expect(clock.instant()).toBe(start);
  });

  it('sets the wall time back without touching timers or monotonic time', async () => {
    const clock = new FakeClock();
    const slept = clock.sleep(10);
    clock.setTime('2020-01-01T00:00:00.000Z');
    expect([clock.instant(), clock.monotonic(), clock.pending]).toEqual(['2020-01-01T00:00:00.000Z', 0, 1]);
    await clock.advance(10);
    await slept;
    expect(clock.instant()).toBe('2020-01-01T00:00:00.010Z');
  });

  it('jumps from timer to timer', async () => {
    const clock = new FakeClock();
    const slept = clock.sleep(1000);
    expect(await clock.advanceToNext()).toBe(true);
    await slept;
    expect([clock.monotonic(), await clock.advanceToNext()]).toEqual([1000, false]);
  });

  it('moves as far as work needs, and gives its result or its error', async () => {
    const clock = new FakeClock();
    const work = async (failing: boolean) => {
      await clock.sleep(86_400_000);
      await clock.sleep(5);
      if (failing) throw new Error('no');
      return clock.monotonic();
    };
    await expect(clock.runUntil(work(false))).resolves.toBe(86_400_005);
    await expect(clock.runUntil(work(true))).rejects.toThrow('no');
    await expect(clock.runUntil(Promise.resolve(1))).resolves.toBe(1);
  });

  it('waits in real time for work that sleeps on no clock', async () => {
    const clock = new FakeClock();
    const host = new FakeClock();
    const work = async () => {
      for (let turns = 0; turns < 20; turns += 1) await host.turn();
      return 'done';
    };
    await expect(clock.runUntil(work())).resolves.toBe('done');
  });

  it('does not go back when two advances overlap', async () => {
    const clock = new FakeClock();
    await Promise.all([clock.advance(10), clock.advance(5)]);
    expect(clock.monotonic()).toBe(10);
  });
});
