import { ConductorError, systemClock } from '@conductor/core';
import type { BusMessage, WorkItem } from '@conductor/core/ports';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { natsServer, startNats } from '../../test/nats-server.js';
import type { TestNats } from '../../test/nats-server.js';
import { lateBus } from '../late-bus.js';
import { natsBus, natsDriver } from './nats-bus.js';
import type { NatsBus, NatsBusLimits } from './nats-bus.js';

const at = '2026-02-01T12:00:00.000Z';
const message = (id: string, topic = 'feed'): BusMessage => ({ id, topic, body: { id }, at });
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `m${from + index}`);

async function take(source: AsyncIterable<BusMessage>, count: number): Promise<readonly string[]> {
  const read: string[] = [];
  for await (const { id } of source) if (read.push(id) === count) break;
  return read;
}

async function next(items: AsyncIterator<WorkItem>): Promise<WorkItem> {
  const { value, done } = await items.next();
  if (done) throw new Error('the queue ended');
  return value;
}

describe.skipIf(natsServer === undefined)('a bus whose NATS server fails', () => {
  let nats: TestNats;
  let opened = 0;
  const buses: NatsBus[] = [];
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.stop());
  afterEach(async () => {
    nats.thaw();
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
  });

  const open = async (limits: NatsBusLimits = {}, prefix = `faults-${(opened += 1)}`) => {
    const bus = await natsBus({
      servers: nats.url,
      prefix,
      limits: { topicBytes: 1024 * 1024, ...limits },
      connect: { reconnectTimeWait: 50, reconnectJitter: 0 },
    });
    buses.push(bus);
    return { bus, prefix };
  };
  const queueOf = (bus: NatsBus, terms = { max: 5, visibleMs: 60_000 }) =>
    bus.queue.take('jobs', terms)[Symbol.asyncIterator]();

  it('goes on after a kill: what was published waits, and no reader has a gap or a message twice', async () => {
    const { bus, prefix } = await open();
    const { bus: other } = await open({}, prefix);
    const readers = [bus.subscribe('feed'), other.subscribe('**')];
    await other.publish([message('m0')]);
    await bus.publish(numbered(1, 20).map((id) => message(id)));
    const before = numbered(20, 400).map((id) => bus.publish([message(id)])); // on their way when it dies
    await nats.kill();
    const during = numbered(400, 420).map((id) => bus.publish([message(id)]));
    await nats.restart();
    await Promise.all([...before, ...during]);
    await other.publish([message('m420')]);
    for (const reader of readers) expect(await take(reader, 421)).toEqual(numbered(0, 421));
  });

  it('comes up after whoever waits for it: readers that subscribed before hear what is published then', async () => {
    await nats.kill();
    const told: string[] = [];
    let onUp = () => {};
    const up = new Promise<void>((resolve) => (onUp = resolve));
    const bus = await lateBus({
      driver: natsDriver,
      connect: (o) => natsBus({ servers: nats.url, prefix: `faults-${(opened += 1)}`, ...o }),
      onDown: ({ code }) => void told.push(code),
      onUp,
    });
    const reading = take(bus.subscribe('feed'), 1);
    await expect(bus.publish([message('a')])).rejects.toMatchObject({ code: 'BUS_FAILED' });
    await nats.restart();
    await up;
    await bus.publish([message('b')]);
    expect([await reading, told]).toEqual([['b'], ['BUS_FAILED']]);
    await bus.close();
  });

  it('says BUS_FAILED when the server stays away, at once when it has been away for long, and recovers', async () => {
    const { bus } = await open({ publishMs: 800 });
    const reader = bus.subscribe('feed');
    await bus.publish([message('a')]);
    await nats.kill();
    await expect(bus.publish([message('b')])).rejects.toMatchObject({ code: 'BUS_FAILED' });
    await expect(bus.publish([message('c')])).rejects.toMatchObject({ code: 'BUS_FAILED' });
    await nats.restart();
    for (;;) {
      const failure: unknown = await bus.publish([message('b'), message('c')]).catch((error: unknown) => error);
      if (failure === undefined) break;
      expect(ConductorError.is(failure, 'BUS_FAILED')).toBe(true);
      await systemClock().turn();
    }
    expect(await take(reader, 3)).toEqual(['a', 'b', 'c']);
  });

  it('ends a taker and a slow reader that wait for a server that is away', async () => {
    const { bus } = await open({ publishMs: 300, buffered: 2 });
    const items = queueOf(bus);
    const reader = bus.subscribe('feed');
    await bus.queue.push('jobs', [{ id: 'held', body: null }]);
    await bus.publish(numbered(0, 9).map((id) => message(id)));
    await next(items);
    await nats.kill();
    await expect(bus.publish([message('lost')])).rejects.toMatchObject({ code: 'BUS_FAILED' });
    const asked = expect(items.next()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await take(reader, 1)).toEqual(['m0']); // there is room again, and nobody to ask for more
    await bus.close();
    await asked;
    await nats.restart();
  });

  it('tells a message once that was repeated because a frozen server did not answer', async () => {
    const { bus } = await open({ publishMs: 800 });
    const reader = bus.subscribe('feed');
    await bus.publish([message('a')]);
    await nats.freeze();
    await expect(bus.publish([message('b')])).rejects.toMatchObject({ code: 'BUS_FAILED' });
    nats.thaw();
    await bus.publish([message('b')]);
    await bus.publish([message('c')]);
    expect(await take(reader, 3)).toEqual(['a', 'b', 'c']);
  });

  it('loses no item through a kill, and offers again at most what was held', async () => {
    const { bus } = await open({ ackWaitMs: 400 });
    const items = queueOf(bus);
    const pushed = ['held', 'waiting', 'later'];
    await bus.queue.push('jobs', [
      { id: 'held', body: 1 },
      { id: 'waiting', body: 2 },
      { id: 'later', body: 3, delayMs: 300 },
    ]);
    expect((await next(items)).id).toBe('held');
    await nats.kill();
    await nats.restart();
    const offered: string[] = [];
    while (!offered.includes('later') || !offered.includes('waiting')) {
      const item = await next(items);
      offered.push(item.id);
      await item.ack();
    }
    expect(pushed).toEqual(expect.arrayContaining(offered));
    expect(new Set(offered).size).toBe(offered.length);
  });

  it('offers the item of a taker that died when the server has not heard of it for a while', async () => {
    const prefix = 'died';
    const connection = await connect({ servers: nats.url, reconnect: false });
    const limits = { topicBytes: 1024 * 1024, ackWaitMs: 300 };
    const dying = await natsBus({ connection, prefix, limits });
    const { bus } = await open({ ackWaitMs: 300 }, prefix);
    await dying.queue.push('jobs', [{ id: 'a', body: null }]);
    const lost = await next(queueOf(dying));
    await connection.close();
    const again = await next(queueOf(bus));
    expect([again.id, again.attempt]).toEqual(['a', 2]);
    await expect(lost.ack()).rejects.toMatchObject({ code: 'CLOSED' });
    await again.ack();
    await dying.close();
  });

  it('holds an item by heartbeats for longer than the server waits without them', async () => {
    const { bus } = await open({ ackWaitMs: 300 });
    const items = queueOf(bus);
    await bus.queue.push('jobs', [{ id: 'long', body: null }]);
    const long = await next(items);
    await bus.queue.push('jobs', [{ id: 'marker', body: null, delayMs: 900 }]);
    expect((await next(items)).id).toBe('marker');
    await long.ack();
  });

  it('keeps what was given up, to be read by whoever comes later', async () => {
    const { bus, prefix } = await open();
    const items = queueOf(bus);
    await bus.queue.push('jobs', [
      { id: 'a', body: { text: 'ü' } },
      { id: 'b', body: null },
    ]);
    await (await next(items)).dead('cannot be read');
    await (await next(items)).dead('x'.repeat(10_000));
    await bus.close();
    const { bus: later } = await open({}, prefix);
    const letters: unknown[] = [];
    for await (const letter of later.deadLetters('jobs')) letters.push(letter);
    expect(letters).toMatchObject([
      { queue: 'jobs', id: 'a', body: { text: 'ü' }, attempt: 1, reason: 'cannot be read' },
      { queue: 'jobs', id: 'b', body: null, attempt: 1, reason: 'x'.repeat(4096) },
    ]);
    for await (const letter of later.deadLetters('others')) expect(letter).toBeUndefined();
  });

  it('goes on with others when an item cannot be put where those go that are given up', async () => {
    const { bus, prefix } = await open({ maxAttempts: 1, ackWaitMs: 300, publishMs: 300 });
    const connection = await connect({ servers: nats.url });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: `${prefix}_dead`, subjects: [`${prefix}.elsewhere`] });
    await bus.queue.push('jobs', [{ id: 'a', body: null }]);
    const { bus: dying } = await open({ ackWaitMs: 300 }, prefix);
    expect((await next(queueOf(dying))).id).toBe('a');
    await dying.close();
    const items = queueOf(bus, { max: 1, visibleMs: 60_000 });
    const asked = next(items); // the second attempt of the first is one too many
    await bus.queue.push('jobs', [{ id: 'b', body: null }]);
    expect((await asked).id).toBe('b');
    expect((await manager.streams.info(`${prefix}_work`)).state.messages).toBe(2); // and it is not lost
    await connection.close();
  });

  it('leaves out what somebody else wrote on its subjects', async () => {
    const { bus, prefix } = await open();
    const reader = bus.subscribe('**');
    await bus.publish([message('a')]);
    await bus.queue.push('jobs', [{ id: 'job', body: null }]);
    const stranger = await connect({ servers: nats.url });
    for (const text of ['', 'no json', 'null', '[]', '{"id":1}', '{"id":"x","topic":"other/y","at":"z"}'])
      stranger.publish(`${prefix}.t.feed`, text);
    stranger.publish(`${prefix}.q.jobs`, 'no item');
    await stranger.drain();
    await bus.publish([message('b')]);
    const read = await take(reader, 3);
    expect(read).toEqual(['a', 'x', 'b']); // a message of another topic is one of `**`, and none of `feed`
    await bus.queue.push('jobs', [{ id: 'another', body: null }]);
    const items = queueOf(bus);
    expect([(await next(items)).id, (await next(items)).id]).toEqual(['job', 'another']);
    const connection = await connect({ servers: nats.url });
    const manager = await jetstreamManager(connection);
    // Only the items that are held are left: what is none would be offered for ever.
    await expect.poll(async () => (await manager.streams.info(`${prefix}_work`)).state.messages).toBe(2);
    await connection.close();
  });

  it('keeps everything but progress for a slow reader: the stream has it', async () => {
    for (const buffered of [3, 300]) {
      const { bus } = await open({ buffered });
      const reader = bus.subscribe('feed');
      await bus.publish(numbered(0, 1_000).map((id) => message(id)));
      expect(await take(reader, 1_000)).toEqual(numbered(0, 1_000));
    }
  });

  it('uses streams as their operator made them', async () => {
    const connection = await connect({ servers: nats.url });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'made_topics', subjects: ['made.t.>'], max_msgs: 3 });
    const bus = await natsBus({ connection, prefix: 'made' });
    await bus.publish(numbered(0, 9).map((id) => message(id)));
    const { config, state } = await manager.streams.info('made_topics');
    expect([config.max_msgs, state.messages]).toEqual([3, 3]);
    await bus.close();
    expect(connection.isClosed()).toBe(false); // it is the host's
    await connection.close();
  });

  it('tells a reader that its stream was deleted', async () => {
    const { bus, prefix } = await open();
    const told = expect(take(bus.subscribe('feed'), 1)).rejects.toMatchObject({ code: 'BUS_FAILED' });
    await bus.publish([message('a', 'other')]);
    const connection = await connect({ servers: nats.url });
    await (await jetstreamManager(connection)).streams.delete(`${prefix}_topics`);
    await connection.close();
    await told;
  });

  it('makes its streams again that a server came back without', async () => {
    const { bus, prefix } = await open();
    await bus.queue.push('jobs', [{ id: 'lost', body: null }]);
    const connection = await connect({ servers: nats.url });
    const manager = await jetstreamManager(connection);
    for (const stream of ['topics', 'work']) await manager.streams.delete(`${prefix}_${stream}`);
    await bus.publish([message('a')]);
    await bus.queue.push('jobs', [{ id: 'b', body: null }]);
    expect((await next(queueOf(bus))).id).toBe('b');
    await connection.close();
  });

  it('leaves no connection and no consumer behind', async () => {
    const { bus, prefix } = await open();
    const [left, unread] = [bus.subscribe('feed'), bus.subscribe('other')];
    await bus.publish([message('a')]);
    expect(await take(left, 1)).toEqual(['a']);
    await bus.close();
    expect(await take(unread, 1)).toEqual([]);
    // The server counts a connection for a moment after its end.
    await expect.poll(() => nats.connections()).toBe(0);
    const connection = await connect({ servers: nats.url });
    const manager = await jetstreamManager(connection);
    expect((await manager.streams.info(`${prefix}_topics`)).state.consumer_count).toBe(0);
    await connection.close();
  });

  it('rejects with the reason of a signal that aborts while it connects', async () => {
    const reason = new Error('enough');
    const abort = new AbortController();
    const opening = natsBus({ servers: nats.url, prefix: 'aborted', signal: abort.signal });
    abort.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });
});

describe.skipIf(natsServer === undefined)('a NATS server that asks who comes', () => {
  it('lets in whom the address names, and nobody else, without a word of the password', async () => {
    const nats = await startNats({ config: 'authorization { user: ann, password: "p@ss w0rd" }' });
    const place = nats.url.replace('nats://', '');
    const limits = { topicBytes: 1024 * 1024 };
    const bus = await natsBus({ servers: `nats://ann:p%40ss%20w0rd@${place}`, limits });
    await bus.publish([message('a')]);
    await bus.close();
    const refused: unknown = await natsBus({ servers: `nats://ann:s3cret@${place}`, limits }).catch((e: unknown) => e);
    expect(refused).toMatchObject({ code: 'BUS_FAILED', hint: expect.stringContaining('user and password') });
    expect(`${String(refused)} ${JSON.stringify(refused)}`).not.toContain('s3cret');
    await nats.stop();
  });
});
