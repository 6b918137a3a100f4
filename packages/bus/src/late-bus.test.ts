import { ConductorError } from '@conductor/core';
import type { MessageBus } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { describe, expect, it } from 'vitest';
import { lateBus } from './late-bus.js';
import { memoryBus } from './memory-bus.js';
import { messageBusSuite } from './message-bus.suite.js';

const { driver } = memoryBus();
const away = () => new ConductorError('BUS_FAILED', 'nobody answers');
const message = (id: string) => ({ id, topic: 'feed', body: id, at: '2026-02-01T12:00:00.000Z' });

/** A server that is away until it is brought up; counts the tries. */
function server(clock = new FakeClock()) {
  const told: string[] = [];
  const buses: MessageBus[] = [];
  let isUp = false;
  let tries = 0;
  const open = (over: Partial<Parameters<typeof lateBus>[0]> = {}) =>
    lateBus({
      driver,
      clock,
      async connect() {
        tries += 1;
        if (!isUp) throw away();
        const bus = memoryBus({ clock });
        buses.push(bus);
        return bus;
      },
      onDown: ({ code, message: text }) => void told.push(`${code} ${text}`),
      onUp: () => void told.push('up'),
      ...over,
    });
  const bringUp = () => void (isUp = true);
  return { clock, told, buses, tries: () => tries, open, bringUp };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

// The bus that came late is a bus like the one behind it.
messageBusSuite('late, over memory', async ({ clock, maxAttempts }) => {
  let isUp = false;
  const own = new FakeClock();
  const bus = await lateBus({
    driver,
    clock: own,
    async connect() {
      if (isUp) return memoryBus({ clock, limits: { maxAttempts } });
      isUp = true;
      throw away();
    },
  });
  await own.advance(1_000);
  return bus;
});

describe('a bus whose server may be away', () => {
  it('is the bus itself where the server answers, and nothing is told', async () => {
    const { open, bringUp, told, buses } = server();
    bringUp();
    expect(await open()).toBe(buses[0]);
    expect(told).toEqual([]);
  });

  it('opens without its server and says so once; a publish and a push are BUS_FAILED at once', async () => {
    const { open, clock, told, tries } = server();
    const bus = await open();
    await clock.advance(60_000);
    expect(tries()).toBeGreaterThan(10);
    expect(told).toEqual(['BUS_FAILED nobody answers']);
    await expect(bus.publish([message('a')])).rejects.toMatchObject({ code: 'BUS_FAILED' });
    await expect(bus.queue?.push('jobs', [{ id: 'j', body: 1 }])).rejects.toMatchObject({ code: 'BUS_FAILED' });
    await bus.close();
    const before = tries();
    await clock.advance(60_000);
    expect(tries()).toBe(before);
  });

  it('is there when its server is: readers and takers that waited have what is published from then on', async () => {
    const { open, clock, told, bringUp } = server();
    const bus = await open();
    const reader = bus.subscribe('feed')[Symbol.asyncIterator]();
    const taker = bus.queue?.take('jobs', { max: 1, visibleMs: 1_000 })[Symbol.asyncIterator]();
    const [first, item] = [reader.next(), taker?.next()];
    bringUp();
    await clock.advance(10_000);
    expect(told).toEqual(['BUS_FAILED nobody answers', 'up']);
    await bus.publish([message('a')]);
    await bus.queue?.push('jobs', [{ id: 'j', body: 1 }]);
    expect((await first).value).toMatchObject({ id: 'a' });
    expect((await item)?.value).toMatchObject({ id: 'j', attempt: 1 });
    await bus.close();
  });

  it('waits no longer for a server that is there and says nothing than it was told to', async () => {
    const { open, clock, told, buses } = server();
    const late = deferred<MessageBus>();
    const opening = open({ connect: () => late.promise, patienceMs: 300 });
    await clock.advance(300);
    const bus = await opening;
    expect(told).toEqual(['BUS_FAILED The bus did not answer within 300 ms']);
    buses.push(memoryBus({ clock }));
    late.resolve(buses[0] as MessageBus); // one was pushed
    await clock.advance(1);
    await bus.publish([message('a')]);
    await bus.close();
  });

  it('throws what waiting cannot mend', async () => {
    const { open, told } = server();
    const connect = () => Promise.reject(new ConductorError('CONFIG_INVALID', 'no address'));
    await expect(open({ connect })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(told).toEqual([]);
  });

  it('ends whoever waits when it is closed, and closes a connection that comes too late', async () => {
    const { open, clock } = server();
    const late = deferred<MessageBus>();
    const opening = open({ connect: () => late.promise });
    await clock.advance(1_000);
    const bus = await opening;
    const reading = bus.subscribe('feed')[Symbol.asyncIterator]().next();
    const stop = new AbortController();
    const taking = bus.queue
      ?.take('jobs', { max: 1, visibleMs: 1, signal: stop.signal })
      [Symbol.asyncIterator]()
      .next();
    stop.abort(new Error('enough'));
    await expect(taking).rejects.toThrow('enough');
    await bus.close();
    expect(await reading).toMatchObject({ done: true });
    await expect(bus.publish([message('a')])).rejects.toMatchObject({ code: 'CLOSED' });
    const inner = memoryBus({ clock });
    late.resolve(inner);
    await clock.advance(1);
    await expect(inner.publish([message('a')])).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('rejects with the reason when its opening is aborted', async () => {
    const { open } = server();
    const stop = new AbortController();
    const opening = open({ connect: () => new Promise(() => {}), signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
  });
});
