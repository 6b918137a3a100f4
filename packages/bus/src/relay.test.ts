import { ConductorError } from '@conductor/core';
import type { BusMessage, Clock, MessageBus, Store, Subscriptions } from '@conductor/core/ports';
import { FakeClock } from '@conductor/core/testing';
import { memoryStore } from '@conductor/store/memory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsServer, startNats } from '../test/nats-server.js';
import type { TestNats } from '../test/nats-server.js';
import { memoryBus } from './memory-bus.js';
import { natsBus } from './nats/nats-bus.js';
import { relay } from './relay.js';

const reason = new Error('enough');
const name = 'relay';

async function append(store: Store, stream: string, count: number, from = 0): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({ type: 'test.happened', v: 1, data: from + index }));
  await store.commit({
    appends: [{ stream, expectedVersion: 'any', events }],
    meta: { at: '2026-02-01T12:00:00.000Z', actor: { kind: 'system', id: 'test' } },
  });
}

async function take(source: AsyncIterable<BusMessage>, count: number): Promise<readonly BusMessage[]> {
  const read: BusMessage[] = [];
  for await (const one of source) if (read.push(one) === count) break;
  return read;
}

function running(
  subscriptions: Subscriptions,
  bus: MessageBus,
  clock: Clock,
  o: { readonly owner?: string; readonly max?: number } = {},
) {
  const abort = new AbortController();
  const done = relay(subscriptions, bus, { name, owner: 'one', clock, signal: abort.signal, ...o });
  const ended = done.then(
    () => undefined,
    (error: unknown) => error,
  );
  return { ended, stop: () => (abort.abort(reason), ended) };
}

function relayTests(driver: string, open: (clock: Clock) => Promise<MessageBus>): void {
  const setUp = async () => {
    const clock = new FakeClock();
    return { clock, store: memoryStore({ clock }), bus: await open(clock) };
  };

  describe(`a relay to a ${driver} bus`, () => {
    it('tells the log in its order, what is there and what comes, each event as a pointer under its id', async () => {
      const { clock, store, bus } = await setUp();
      const reader = bus.subscribe('log/**');
      await append(store, 'run/a', 3);
      await append(store, 'run/b', 2);
      const { stop } = running(store.subscriptions, bus, clock, { max: 2 });
      expect((await take(reader, 5)).map(({ id, topic }) => [id, topic])).toEqual([
        ['run/a@1', 'log/run/a'],
        ['run/a@2', 'log/run/a'],
        ['run/a@3', 'log/run/a'],
        ['run/b@1', 'log/run/b'],
        ['run/b@2', 'log/run/b'],
      ]);
      const later = bus.subscribe('log/run/a');
      await append(store, 'run/a', 1);
      const [woken] = await take(later, 1);
      expect(woken).toMatchObject({
        id: 'run/a@4',
        body: { seq: 6, stream: 'run/a', version: 4, type: 'test.happened' },
      });
      expect(await stop()).toBe(reason);
      await bus.close();
    });

    it('tells nothing twice when it dies between telling and settling', async () => {
      const { clock, store, bus } = await setUp();
      const reader = bus.subscribe('log/**');
      await append(store, 'run/a', 100);
      // What a kill does here: the bus has the messages, the store never hears of it.
      let died = () => {};
      const death = new Promise<void>((resolve) => (died = resolve));
      const dying: Subscriptions = {
        ...store.subscriptions,
        settle() {
          died();
          return new Promise(() => {});
        },
      };
      const first = running(dying, bus, clock, { owner: 'first', max: 60 });
      await death;
      await append(store, 'run/a', 5);
      const second = running(store.subscriptions, bus, clock, { owner: 'second', max: 60 });
      await clock.advance(30_000);
      const read = (await take(reader, 105)).map(({ id }) => id);
      expect(read).toEqual(Array.from({ length: 105 }, (_, index) => `run/a@${index + 1}`));
      expect(await second.stop()).toBe(reason);
      void first.stop();
      await bus.close();
    });
  });
}

relayTests('memory', async (clock) => memoryBus({ clock }));

describe.skipIf(natsServer === undefined)('with a NATS server', () => {
  let nats: TestNats;
  let opened = 0;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.stop());
  relayTests('nats', (clock) => {
    opened += 1;
    return natsBus({ servers: nats.url, prefix: `relay-${opened}`, clock, limits: { topicBytes: 1024 * 1024 } });
  });
});

describe('a relay whose bus fails', () => {
  const failing = (bus: MessageBus, failure: (messages: readonly BusMessage[]) => Error | undefined): MessageBus => ({
    ...bus,
    async publish(messages, o) {
      const error = failure(messages);
      if (error) throw error;
      await bus.publish(messages, o);
    },
  });

  it('waits while it is down, without counting a try, and then goes on in order', async () => {
    const clock = new FakeClock();
    const store = memoryStore({ clock });
    const bus = memoryBus({ clock });
    const reader = bus.subscribe('log/**');
    await append(store, 'run/a', 3);
    let failures = 20;
    const down = failing(bus, () => (failures-- > 0 ? new ConductorError('BUS_FAILED', 'down') : undefined));
    const { stop } = running(store.subscriptions, down, clock);
    const read = await clock.runUntil(take(reader, 3));
    expect(read.map(({ id }) => id)).toEqual(['run/a@1', 'run/a@2', 'run/a@3']);
    expect(await stop()).toBe(reason);
    expect((await store.subscriptions.status(name)).dead).toEqual([]);
  });

  it('buries the one message that is refused, with the reason, and tells the others', async () => {
    const clock = new FakeClock();
    const store = memoryStore({ clock });
    const bus = memoryBus({ clock });
    const reader = bus.subscribe('log/**');
    await append(store, 'run/a', 4);
    const refused = new ConductorError('TOO_LARGE', 'too large');
    const strict = failing(bus, (messages) => (messages.some(({ id }) => id === 'run/a@2') ? refused : undefined));
    const { stop } = running(store.subscriptions, strict, clock);
    expect((await take(reader, 3)).map(({ id }) => id)).toEqual(['run/a@1', 'run/a@3', 'run/a@4']);
    expect(await stop()).toBe(reason);
    const { dead, behind } = await store.subscriptions.status(name);
    expect([dead, behind]).toEqual([[{ seq: 2, attempts: 1, error: 'too large' }], 0]);
  });

  it('ends when the bus or the store is closed', async () => {
    const clock = new FakeClock();
    const store = memoryStore({ clock });
    const bus = memoryBus({ clock });
    await append(store, 'run/a', 1);
    await bus.close();
    expect(await running(store.subscriptions, bus, clock).ended).toMatchObject({ code: 'CLOSED' });
    const other = memoryStore({ clock });
    const { ended } = running(other.subscriptions, memoryBus({ clock }), clock);
    await clock.turn();
    await other.close();
    expect(await ended).toMatchObject({ code: 'CLOSED' });
  });
});
